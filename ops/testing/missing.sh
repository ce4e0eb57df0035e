# shellcheck shell=bash
# What a test script does without a tool; to be sourced.

# skip NAME REASON
skip() { printf 'skipped: %s, because %s\n' "$1" "$2"; }

# missing NAME REASON: skipped on a machine of one's own; continuous integration has everything, so there it is a failure.
missing() {
    if [ -n "${CI:-}" ]; then
        printf 'failed: %s, because %s\n' "$1" "$2"
        return 1
    fi
    skip "$1" "$2"
}
