#!/usr/bin/env bash
# The OpenAPI document against a running server: schemathesis asks every route what the document allows and more. No
# answer may be a 5xx, of a status, type or shape that the document does not declare.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# shellcheck source=ops/testing/missing.sh
. ops/testing/missing.sh
# shellcheck source=ops/testing/serve.sh
. ops/testing/serve.sh

schemathesis=target/tools/schemathesis/bin/schemathesis
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance

if [ ! -x "$schemathesis" ]; then
    missing "contract test" "schemathesis could not be installed into target/tools"
    exit
fi
# Without limits of rate: here it is one person who asks thousands of times.
serve --set limits.sends_per_second_max=0

echo "correct horse" | "$moim" user add contract@example.org 계약 --data "$folder/data" >/dev/null
"$moim" room create 모임 --by contract@example.org --data "$folder/data" >/dev/null
token=$("$moim" user token contract@example.org --data "$folder/data")

# What ends the login that asks is left to the tests of its own.
if "$schemathesis" run "${base_url%/}/v3/api-docs" --checks "$checks" --max-examples "${EXAMPLES:-20}" --seed 1 \
    --header "Authorization: Bearer $token" --header "contactEmail: contract@example.org" \
    --exclude-path /api/user/logout --exclude-path /api/user --no-color --suppress-health-check all; then
    echo "test result: ok. 1 passed; 0 failed; 0 ignored"
else
    echo "test result: FAILED. 0 passed; 1 failed; 0 ignored"
    exit 1
fi

served
