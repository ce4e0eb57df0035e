#!/usr/bin/env bash
# The original page's STOMP client and a native one in one room, and every row of the original's interface, against a server of
# its own. CONTRACT_TABLE names a file for the table of rows, requests and answers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# shellcheck source=ops/testing/missing.sh
. ops/testing/missing.sh
# shellcheck source=ops/testing/serve.sh
. ops/testing/serve.sh

found=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//' || true)
if ! command -v npm >/dev/null || [ "${found:-0}" -lt 20 ]; then
    missing "stomp tests" "Node 20 or newer is not here"
    exit
fi

(cd ops/testing/stomp && npm ci --no-audit --no-fund --loglevel=error)
serve
(cd ops/testing/stomp && BASE_URL=$base_url ENGINE=$engine MOIM=$moim npm test --silent -- --test-reporter=tap)
served
