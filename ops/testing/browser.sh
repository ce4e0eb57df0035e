#!/usr/bin/env bash
# Two people in two browsers, against a server of its own on free ports and a folder that is thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# shellcheck source=ops/testing/missing.sh
. ops/testing/missing.sh

moim=${CARGO_TARGET_DIR:-target}/debug/moim

for browser in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    CHROMIUM=$(command -v "$browser" 2>/dev/null || true)
    [ -z "$CHROMIUM" ] || break
done
if ! command -v npm >/dev/null || [ ! -f bridge-ws/web/dist/index.html ]; then
    missing "browser tests" "Node is not here, or too old for the page"
    exit
fi
if [ -z "$CHROMIUM" ]; then
    missing "browser tests" "Chromium is not here (CHROMIUM names one that is not on the path)"
    exit
fi
export CHROMIUM

# With the whole workspace, so that dependencies have the features that the tests built them with.
cargo build --locked --workspace --bin moim
(cd ops/testing/browser && npm ci --no-audit --no-fund --loglevel=error)

folder=$(mktemp -d)
: >"$folder/said"
"$moim" serve --data "$folder/data" --listen 127.0.0.1:0 --engine-listen 127.0.0.1:0 --set log.filter=warn >"$folder/said" &
server=$!
# Ends the server with the tests, however they end.
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

base_url=
while [ -z "$base_url" ]; do
    kill -0 "$server" || { echo "the server did not start"; exit 1; }
    base_url=$(sed -n 's/^ *browsers *\(http[^ ]*\).*/\1/p' "$folder/said")
    [ -n "$base_url" ] || sleep 0.05
done

(cd ops/testing/browser && BASE_URL=$base_url npm test --silent -- --test-reporter=tap)

kill -TERM "$server"
wait "$server"
