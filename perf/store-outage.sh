#!/usr/bin/env bash
# What an outage of the message store costs those who talk: a CQL server and a Moim on it are started here, then
#   1. the same load with the store up and with the store stopped (SIGSTOP), in turns: latency of acknowledgements;
#   2. an hour of 1,000 messages a second in one minute with the store stopped: the server's memory, every five seconds;
#   3. the store goes on: how long until it has everything.
#   perf/store-outage.sh [FOLDER]     FOLDER, by default target/perf-data/outage, is emptied before
# Needs what `make test-stores` and `make bench-setup` install. The server runs on core 0, the generator on core 1, the
# store on both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
folder=${1:-$target/perf-data/outage}
rm -rf "$folder"
mkdir -p "$folder"
folder=$(realpath "$folder")
perf=$target/release/moim-perf
moim=$target/release/moim
engine=127.0.0.1:7431
bridge=127.0.0.1:7432
rounds=3

cql=$(ops/testing/cassandra.sh start "$folder/cassandra")
cassandra=$(cat "$folder/cassandra/pid")
server=
stop() {
    kill -CONT "$cassandra" 2>/dev/null || true
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" || true; }
    ops/testing/cassandra.sh stop "$folder/cassandra"
}
trap stop EXIT

export MOIM_STORE_MESSAGES="scylla://$cql/moim?consistency=one" MOIM_DATA="$folder/data"
$moim store init >/dev/null
$moim mock --set trial.enabled=true --users 1000 --rooms 500 --members 2 --seats "$folder/seats" >/dev/null
taskset -c 0 "$moim" serve --shards 1 --engine-listen $engine --listen $bridge \
    --set limits.sends_per_second_max=0 --set log.filter=error &
server=$!
until (exec 3<>/dev/tcp/127.0.0.1/${engine##*:}) 2>/dev/null; do sleep 0.1; done

# A load of its own: between the pairs of 500 rooms, 100 bytes each.
workload() {
    cat >"$folder/$1.toml" <<TOML
title = "Outage"
about = "An outage of the message store"
rooms = 500
members = 2
warm_up_s = 4
measure_s = $3
peers = ["moim"]
[load]
kind = "open"
publishes_per_s = $2
TOML
}
load() {
    $perf run "$folder/$1.toml" --peer moim --rounds 1 --address $engine --process "$server" --seats "$folder/seats" --out "$folder/$1"
}
# Those who come read what was said in their rooms, which a stopped store cannot tell: it is stopped when all are in.
all_in() {
    until [ "$(metric moim_engine_sessions)" -ge 1000 ] && [ "$(metric moim_engine_rooms)" -ge 500 ]; do sleep 0.1; done
    sleep 2
}
acknowledged() { grep -m1 -E 'acknowledged/s, p50' "$folder/log" | sed "s/^ */store $1: /"; }
metric() { curl -fsS "http://$bridge/metrics" | awk -v name="$1" '$1 ~ "^"name"($|{)" { sum += $2 } END { printf "%.0f\n", sum }'; }
drained() { until [ "$(metric moim_engine_unconfirmed_records)" -eq 0 ]; do sleep 0.2; done; }

workload turn 2000 10
workload hour 60000 60
load turn >/dev/null 2>&1 # rooms are read from the store once
for _ in $(seq $rounds); do
    drained
    load turn >"$folder/log" 2>&1
    acknowledged up
    load turn >"$folder/log" 2>&1 &
    turn=$!
    all_in
    kill -STOP "$cassandra"
    wait $turn
    acknowledged stopped
    kill -CONT "$cassandra"
done
drained

load hour >"$folder/log" 2>&1 &
hour=$!
all_in
kill -STOP "$cassandra"
while kill -0 $hour 2>/dev/null; do
    printf 'stopped: %9d messages behind, %4d MiB resident\n' "$(metric moim_engine_unconfirmed_records)" \
        "$(($(awk '/^VmRSS/ { print $2 }' /proc/$server/status) / 1024))"
    sleep 5
done
acknowledged 'stopped for an hour'
behind=$(metric moim_engine_unconfirmed_records)
kill -CONT "$cassandra"
begun=$SECONDS
drained
echo "drained: $behind messages in $((SECONDS - begun)) s"
