#!/usr/bin/env bash
# Builds the web page when one of its sources is newer than the last build. Without Node the binary is built without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../bridge-ws/web"

node_needed=20

say() { printf 'moim: %s\n' "$*" >&2; }

found=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//' || true)
if [ -z "$found" ] || [ "$found" -lt "$node_needed" ] || ! command -v npm >/dev/null; then
    if [ -f dist/index.html ]; then
        say "Node $node_needed or newer is not here: the page is the one that was built before"
    else
        say "Node $node_needed or newer is needed for the page (found ${found:-none}): it is left out"
        say "install Node from https://nodejs.org/ or your system's packages and run this again"
    fi
    exit 0
fi

if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    say "installing the page's dependencies"
    npm ci --no-audit --no-fund --loglevel=error
fi
newer=$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer dist/index.html -print -quit 2>/dev/null || true)
if [ ! -f dist/index.html ] || [ -n "$newer" ]; then
    say "building the page"
    npm run --silent build
fi
