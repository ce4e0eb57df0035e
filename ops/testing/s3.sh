#!/usr/bin/env bash
# An S3-compatible server of one's own, moto's: in memory, for tests alone.
#   s3.sh start FOLDER   start it with one bucket, print its address as MOIM_TEST_S3 takes it
#   s3.sh stop FOLDER    stop the one that was started there, and wait for its end
set -euo pipefail

# shellcheck source=ops/testing/stop.sh
. "$(dirname "${BASH_SOURCE[0]}")/stop.sh"

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/target/tools/moto/bin
start_s_max=60

start() {
    local folder=$1 url= deadline=$((SECONDS + start_s_max))
    mkdir -p "$folder"
    "$tools/moto_server" -H 127.0.0.1 -p 0 >"$folder/log" 2>&1 </dev/null &
    echo $! >"$folder/pid"
    while [ -z "$url" ]; do
        kill -0 "$(cat "$folder/pid")" && [ "$SECONDS" -lt "$deadline" ] || { cat "$folder/log" >&2; return 1; }
        url=$(sed -n 's/.*Running on \(http:[^ ]*\).*/\1/p' "$folder/log" | head -n 1)
        [ -n "$url" ] || sleep 0.1
    done
    "$tools/python" -c 'import sys, urllib.request as r; r.urlopen(r.Request(sys.argv[1], method="PUT"))' "$url/moim-test"
    echo "s3://any:secret@moim-test/files?endpoint=$url&region=us-east-1"
}

stop() { stop_server "$1/pid"; }

case ${1:-} in
start | stop) "$1" "$2" ;;
*)
    sed -n 's/^#   //p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
