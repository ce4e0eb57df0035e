#!/usr/bin/env bash
# Installs and builds what the load harness compares with. Servers that are there already are left alone; what cannot be
# had is said and left out of the comparison.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/peers"
peers=$(cd "$target/peers" && pwd)

say() { printf 'bench-setup: %s\n' "$*" >&2; }

# A server that this script brought is not left running: the harness starts its own, on its own core and port.
quieten() {
  if [ -d /run/systemd/system ]; then
    systemctl disable --now "$1" >/dev/null 2>&1 || say "service $1 could not be stopped; it may disturb the figures"
  fi
}

debian_servers() {
  local missing=() server
  for server in redis-server nats-server mosquitto; do
    PATH="$PATH:/usr/sbin" command -v "$server" >/dev/null || missing+=("$server")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
  fi
  if ! command -v apt-get >/dev/null || { [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; }; then
    say "not installed, and left out of the comparison: ${missing[*]}"
    return 0
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  for server in "${missing[@]}"; do quieten "$server"; done
}

floor() {
  cargo build --quiet --release --locked --manifest-path perf/peers/floor/Cargo.toml --target-dir "$peers/build"
  cp -f "$peers/build/release/floor" "$peers/floor"
}

centrifuge() {
  if ! command -v go >/dev/null; then
    say "Go is not installed (https://go.dev/dl): centrifuge is left out of the comparison"
    return 0
  fi
  (cd perf/peers/centrifuge && go build -trimpath -o "$peers/centrifuge" .)
}

# Parts of Moim on their own: the embedded store, and shards with sessions in their own process. Built with the other
# crates of the workspace named, so that dependencies are those of the server's build and not built once more.
alone() {
  local built name
  built=$(cargo build --release --locked --message-format=json-render-diagnostics \
    -p moim -p moim-perf -p moim-engine -p moim-persistence \
    --bin moim --bin moim-perf --bench shards --bench bare-store)
  for name in shards bare-store; do
    cp -f "$(sed -nE "s/.*\"name\":\"$name\".*\"executable\":\"([^\"]+)\".*/\1/p" <<<"$built")" "$peers/$name"
  done
}

debian_servers
floor
centrifuge
alone
