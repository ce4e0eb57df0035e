#!/usr/bin/env bash
# All tests of the tree. Each step runs even when one before it failed; the last line says how many passed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-target}
logs="$target/test-logs"
mkdir -p "$logs"

passed=0
failed=0
failed_steps=()

# Adds up the summaries of cargo test, vitest and node's runner in a log.
count() {
    local plain
    plain=$(sed 's/\x1b\[[0-9;]*m//g' "$1")
    awk '
        /^test result: / { for (i = 1; i < NF; i++) { if ($(i + 1) ~ /^passed/) p += $i; if ($(i + 1) ~ /^failed/) f += $i } }
        /^ *Tests  / { for (i = 1; i < NF; i++) { if ($(i + 1) ~ /^passed/) p += $i; if ($(i + 1) ~ /^failed/) f += $i } }
        /^(#|ℹ) pass [0-9]+$/ { p += $3 }
        /^(#|ℹ) fail [0-9]+$/ { f += $3 }
        END { print p + 0, f + 0 }
    ' <<<"$plain"
}

# step NAME COMMAND...: a step that fails without having counted a failed test counts as one.
step() {
    local name=$1 log begin status p f
    shift
    log="$logs/${name//[^a-z0-9]/-}.log"
    begin=$(date +%s)
    printf '\n== %s\n' "$name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    read -r p f <<<"$(count "$log")"
    if [ "$status" -ne 0 ]; then
        [ "$f" -gt 0 ] || f=1
        failed_steps+=("$name")
    fi
    passed=$((passed + p))
    failed=$((failed + f))
    printf -- '-- %s: %s in %s s\n' "$name" "$([ "$status" -eq 0 ] && echo done || echo failed)" "$(($(date +%s) - begin))"
}

dependencies() {
    if ! cargo deny --version >/dev/null 2>&1; then
        echo "cargo-deny is not installed, so licences and sources are not judged here (cargo install --locked cargo-deny)"
        return 0
    fi
    cargo deny --offline check bans licenses sources
}

page() {
    if [ ! -d bridge-ws/web/node_modules ]; then
        echo "without Node there is no page to test"
        return 0
    fi
    (cd bridge-ws/web && npm test --silent)
}


ops/tools/prepare.sh test || exit 1

step "page build" ops/tools/page.sh
step "format" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
step "dependencies" dependencies
step "rust tests" cargo test --workspace --locked --no-fail-fast
step "page tests" page
step "browser tests" ops/testing/browser.sh

printf '\n'
for name in "${failed_steps[@]}"; do
    printf 'failed: %s (see %s)\n' "$name" "$logs"
done
printf 'moim-tests: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "${#failed_steps[@]}" -eq 0 ]
