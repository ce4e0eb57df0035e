#!/usr/bin/env bash
# Two people in two browsers, against a server of its own on free ports and a folder that is thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# shellcheck source=ops/testing/missing.sh
. ops/testing/missing.sh
# shellcheck source=ops/testing/serve.sh
. ops/testing/serve.sh

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

# The page of the original is met in one room with ours.
for folder in browser stomp; do
    (cd ops/testing/$folder && npm ci --no-audit --no-fund --loglevel=error)
done
serve
(cd ops/testing/browser && BASE_URL=$base_url MOIM=$moim npm test --silent -- --test-reporter=tap)
served
