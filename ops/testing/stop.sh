# shellcheck shell=bash
# The end of a server that another run of a script started; to be sourced.

# has_ended PID: one that has ended stays in the list for as long as nobody asks for it, as where PID 1 does not.
has_ended() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

# stop_server FILE: ends the one whose number is in FILE, and waits for its end.
stop_server() {
    local server
    [ -s "$1" ] || return 0
    server=$(cat "$1")
    kill "$server" 2>/dev/null || true
    until has_ended "$server"; do sleep 0.1; done
    rm -f "$1"
}
