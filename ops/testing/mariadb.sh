#!/usr/bin/env bash
# A MariaDB of one's own: its data, port and socket in a folder that the caller names; the system's service, if there is
# one, is left alone. Errors and warnings go to FOLDER/server.log.
#   mariadb.sh start FOLDER [PORT]   start it, wait until it answers, print its address as Moim's configuration takes it
#   mariadb.sh run FOLDER PORT       become the server, in the foreground; who starts it waits for the port
#   mariadb.sh stop FOLDER           stop the one that was started there, and wait for its end
set -euo pipefail

# shellcheck source=ops/testing/stop.sh
. "$(dirname "${BASH_SOURCE[0]}")/stop.sh"

start_s_max=300

# Debian keeps servers where an ordinary user's path does not lead.
PATH=$PATH:/usr/sbin

say() { printf 'mariadb: %s\n' "$*" >&2; }

usage() {
    sed -n 's/^#   //p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

address() { printf 'mysql://moim:moim-test@127.0.0.1:%s/moim\n' "$1"; }

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 12000))
        if ! answers "$port"; then
            echo "$port"
            return
        fi
    done
    say "found no free port"
    exit 1
}

# Makes the data folder with the user and the database, unless it is there.
prepare() {
    local folder=$1
    # A server that starts empties its folder of temporary files, other servers' with it: each has one of its own.
    mkdir -p "$folder/tmp"
    if [ -d "$folder/data" ]; then return; fi
    # Made beside and moved when it is whole: half of one would be taken for a server's.
    rm -rf "$folder/data.new"
    mkdir "$folder/data.new"
    cat >"$folder/first.sql" <<'SQL'
CREATE DATABASE IF NOT EXISTS moim CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS moim@'127.0.0.1' IDENTIFIED BY 'moim-test';
GRANT ALL ON *.* TO moim@'127.0.0.1';
SQL
    mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$folder/data.new" --tmpdir="$folder/tmp" \
        --skip-test-db --auth-root-authentication-method=normal >"$folder/install.log" 2>&1 || {
        say "the data folder could not be made ($folder/install.log): $(head -n 5 "$folder/install.log")"
        exit 1
    }
    mv "$folder/data.new" "$folder/data"
}

run() {
    local folder port=$2
    folder=$(realpath "$1")
    # A socket's path has an end at 107 characters, which a folder's may be past; nobody uses it.
    cd "$folder"
    # A commit is on the disk when it is answered, as on a server that matters; the rest is small.
    exec mariadbd --no-defaults --user="$(id -un)" --datadir="$folder/data" --tmpdir="$folder/tmp" --socket=socket \
        --pid-file="$folder/pid" --log-error="$folder/server.log" --init-file="$folder/first.sql" \
        --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --max-connections=400 \
        --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=64M --innodb-log-file-size=32M \
        --performance-schema=OFF --skip-log-bin
}

start() {
    local folder port=${2:-} deadline=$((SECONDS + start_s_max))
    mkdir -p "$1"
    # The server's tools look for a relative path below a folder of their own.
    folder=$(realpath "$1")
    [ -n "$port" ] || port=$(free_port)
    prepare "$folder"
    # In a session of its own: a Ctrl-C is for whoever uses it, and it is stopped when they have.
    setsid "${BASH_SOURCE[0]}" run "$folder" "$port" </dev/null >/dev/null 2>&1 &
    local server=$!
    until answers "$port"; do
        if ! kill -0 "$server" 2>/dev/null; then
            say "the server did not start; see $folder/server.log"
            exit 1
        fi
        if [ "$SECONDS" -ge "$deadline" ]; then
            kill -9 "$server"
            say "the server did not answer within $start_s_max s; see $folder/server.log"
            exit 1
        fi
        sleep 0.1
    done
    address "$port"
}

stop() { stop_server "$1/pid"; }

case "${1:-}:$#" in
start:2 | start:3 | run:3 | stop:2) ;;
*) usage ;;
esac
if [ "$1" != stop ] && ! command -v mariadbd >/dev/null; then
    say "MariaDB is not here (Debian and Ubuntu: sudo apt-get install mariadb-server-core mariadb-client-core)"
    exit 1
fi
if [ "$1" = run ]; then prepare "$(realpath "$2")"; fi
"$@"
