#!/usr/bin/env bash
# All tests of the tree, or with the argument `stores` those of the stores alone. Each step runs even when one before it failed; the last line says how many passed, failed and
# were skipped. What is skipped says so in a line `skipped: NAME, because …`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-target}
logs="$target/test-logs"
mkdir -p "$logs"

# shellcheck source=ops/testing/missing.sh
. ops/testing/missing.sh

passed=0
failed=0
skipped=0
failed_steps=()

# Adds up the summaries of cargo test, vitest and node's runner in a log, and what a step says it skipped.
count() {
    local plain
    plain=$(sed 's/\x1b\[[0-9;]*m//g' "$1")
    awk '
        /^(test result: | *Tests  )/ {
            for (i = 1; i < NF; i++) {
                if ($(i + 1) ~ /^passed/) p += $i
                if ($(i + 1) ~ /^failed/) f += $i
                if ($(i + 1) ~ /^(ignored|skipped)/) s += $i
            }
        }
        /^(#|ℹ) pass [0-9]+$/ { p += $3 }
        /^(#|ℹ) fail [0-9]+$/ { f += $3 }
        /^(#|ℹ) skipped [0-9]+$/ { s += $3 }
        /^skipped: / { s++ }
        END { print p + 0, f + 0, s + 0 }
    ' <<<"$plain"
}

# step NAME COMMAND...: a step that fails without having counted a failed test counts as one.
step() {
    local name=$1 log begin status p f s
    shift
    log="$logs/${name//[^a-z0-9]/-}.log"
    begin=$(date +%s)
    printf '\n== %s\n' "$name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    read -r p f s <<<"$(count "$log")"
    if [ "$status" -ne 0 ]; then
        [ "$f" -gt 0 ] || f=1
        failed_steps+=("$name")
    fi
    passed=$((passed + p))
    failed=$((failed + f))
    skipped=$((skipped + s))
    printf -- '-- %s: %s in %s s\n' "$name" "$([ "$status" -eq 0 ] && echo done || echo failed)" "$(($(date +%s) - begin))"
}

# What the failed tests of a log said, for the end of a long output: of each at most so many lines.
failures() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk -v most=60 '
        /^---- .* stdout ----$/ || /^ *not ok / || /^ *FAIL / || /^error/ { left = most }
        /^failures:$/ || /^ *ok [0-9]/ || /^error: test failed/ { left = 0 }
        left > 0 { print; left-- }
    ' | head -n 400
}

dependencies() {
    if ! cargo deny --version >/dev/null 2>&1; then
        skip "licences and sources" "cargo-deny is not installed (cargo install --locked cargo-deny)"
        return 0
    fi
    cargo deny --offline check bans licenses sources
}

page() {
    if ! command -v npm >/dev/null || [ ! -d bridge-ws/web/node_modules ]; then
        missing "page tests" "Node is not here, or too old for the page"
        return
    fi
    (cd bridge-ws/web && npm test --silent)
}

# Servers are started where none is given, and end with this script. Each has a start function, which writes the variable
# that names it for the tests, or says why it is missing; and a stop function.
servers() {
    local status=0
    start_mariadb || status=1
    start_cassandra || status=1
    start_s3 || status=1
    return "$status"
}

stop_servers() {
    stop_mariadb
    stop_cassandra
    ops/testing/s3.sh stop "$server_data/s3"
    rm -rf "$server_data"
}

start_mariadb() {
    if [ -n "${MOIM_TEST_MYSQL:-}" ]; then return 0; fi
    if ! PATH=$PATH:/usr/sbin command -v mariadbd >/dev/null; then
        missing "accounts on MySQL" "MariaDB is not here (MOIM_TEST_MYSQL=mysql://user:password@host:port/database names one)"
        return
    fi
    local address
    address=$(ops/testing/mariadb.sh start "$server_data/mariadb") || return 1
    printf 'export MOIM_TEST_MYSQL=%q\n' "$address" >>"$server_data/variables"
    printf 'MariaDB is at %s\n' "${address#*@}"
}

stop_mariadb() {
    ops/testing/mariadb.sh stop "$server_data/mariadb"
}

# What MOIM_TEST_CQL names may be a ScyllaDB. Beside a node of our own some tests start and kill a further one.
start_cassandra() {
    if [ -n "${MOIM_TEST_CQL:-}" ]; then return 0; fi
    local address
    if ! ops/testing/cassandra.sh install || ! address=$(ops/testing/cassandra.sh start "$server_data/cassandra"); then
        missing "messages on a CQL server" "there is none to start (MOIM_TEST_CQL=host:port names one)"
        return
    fi
    printf 'export MOIM_TEST_CQL=%q MOIM_TEST_CQL_NODES=1\n' "$address" >>"$server_data/variables"
    printf 'Cassandra is at %s\n' "$address"
}

start_s3() {
    if [ -n "${MOIM_TEST_S3:-}" ]; then return 0; fi
    if [ ! -x target/tools/moto/bin/moto_server ]; then
        missing "files in a bucket" "moto could not be installed (MOIM_TEST_S3=s3://key:secret@bucket?endpoint=URL names a bucket)"
        return
    fi
    local address
    address=$(ops/testing/s3.sh start "$server_data/s3") || return 1
    printf 'export MOIM_TEST_S3=%q\n' "$address" >>"$server_data/variables"
    printf 'S3 is at %s\n' "${address#*@}"
}

stop_cassandra() {
    ops/testing/cassandra.sh stop "$server_data/cassandra"
}

ops/tools/prepare.sh test || exit 1

server_data=$(mktemp -d)
: >"$server_data/variables"
trap stop_servers EXIT

step "servers" servers
# A step runs in a process of its own; what it exports is taken over here.
# shellcheck disable=SC1091
. "$server_data/variables"

if [ "${1:-all}" = stores ]; then
    step "store tests" cargo test -p moim-persistence --locked --no-fail-fast
else
    step "page build" ops/tools/page.sh
    step "format" cargo fmt --all --check
    step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
    step "dependencies" dependencies
    step "rust tests" cargo test --workspace --locked --no-fail-fast
    step "contract test" ops/testing/contract.sh
    step "page tests" page
    step "browser tests" ops/testing/browser.sh
    step "stomp tests" ops/testing/stomp.sh
fi

printf '\n'
for name in "${failed_steps[@]}"; do
    log="$logs/${name//[^a-z0-9]/-}.log"
    printf 'failed: %s (see %s)\n' "$name" "$log"
    failures "$log"
done
printf 'moim-tests: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "${#failed_steps[@]}" -eq 0 ]
