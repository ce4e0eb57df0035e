#!/usr/bin/env bash
# Makes the golden frames the corpus that fuzzing starts from: a byte for the split, then the frame.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p corpus/decode
for golden in ../golden/*.hex; do
    { printf '\007'; grep -v '^#' "$golden" | xxd -r -p; } >"corpus/decode/$(basename "$golden" .hex)"
done
