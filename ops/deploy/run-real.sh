#!/usr/bin/env bash
# Moim on real databases, all of them started here and stopped with it. Their data stay in data/real.
# MOIM names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

moim=${MOIM:-target/release/moim}
databases=data/real
# As in real.toml.
mariadb_port=7406
cassandra_port=7408

stop_databases() {
    ops/testing/mariadb.sh stop "$databases/mariadb"
    ops/testing/cassandra.sh stop "$databases/cassandra"
}

mkdir -p "$databases"
trap stop_databases EXIT
# Ctrl-C reaches the server as well: it stops by it, and this script when it has.
trap : INT

ops/testing/mariadb.sh start "$databases/mariadb" "$mariadb_port" >"$databases/mariadb.address"
ops/testing/cassandra.sh start "$databases/cassandra" "$cassandra_port" >"$databases/cassandra.address"
"$moim" store init --config ops/deploy/real.toml
"$moim" serve --config ops/deploy/real.toml
