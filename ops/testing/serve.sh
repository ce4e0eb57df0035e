# shellcheck shell=bash
# A server of a test's own, on free ports and a folder that is thrown away; to be sourced, at the top of the tree.

# serve [OPTION...]: starts it, with further options, and sets moim, base_url (where browsers connect) and engine (where
# native clients do). It ends with the script, however that ends.
serve() {
    moim=$(realpath "${CARGO_TARGET_DIR:-target}/debug/moim")
    # With the whole workspace, so that dependencies have the features that the tests built them with.
    cargo build --locked --workspace --bin moim
    folder=$(mktemp -d)
    : >"$folder/said"
    "$moim" serve --data "$folder/data" --listen 127.0.0.1:0 --engine-listen 127.0.0.1:0 --set log.filter=warn \
        --set trial.enabled=true "$@" >"$folder/said" &
    server=$!
    trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
    base_url=
    engine=
    while [ -z "$base_url" ] || [ -z "$engine" ]; do
        kill -0 "$server" || { echo "the server did not start"; exit 1; }
        base_url=$(sed -n 's/^ *browsers *\(http[^ ]*\).*/\1/p' "$folder/said")
        engine=$(sed -n 's/^ *engine *\([^ ]*\).*/\1/p' "$folder/said")
        [ -n "$engine" ] || sleep 0.05
    done
}

# served: the tests are through; the server must end as it should.
served() {
    kill -TERM "$server"
    wait "$server"
}
