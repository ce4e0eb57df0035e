#!/usr/bin/env bash
# A CQL server of one's own: one Apache Cassandra node made of the jars in Maven Central, its data and ports in a folder
# that the caller names. Errors and warnings go to FOLDER/logs.
#   cassandra.sh java                print the Java that it would run on
#   cassandra.sh install             fetch its jars (67 MB, once)
#   cassandra.sh start FOLDER [PORT] start it, wait until it answers, print its address as MOIM_TEST_CQL takes it
#   cassandra.sh stop FOLDER         stop the one that was started there, and wait for its end
# Its process is FOLDER/pid. PORT + 1 is taken too. By the environment: CQL_AUTH=1 wants passwords (cassandra/cassandra),
# CQL_SYNC=batch syncs before it confirms; the default, as everywhere, is to sync every ten seconds.
set -euo pipefail

# shellcheck source=ops/testing/stop.sh
. "$(dirname "${BASH_SOURCE[0]}")/stop.sh"

version=5.0.9
jars=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/target/tools/cassandra-$version
heap=512m
start_s_max=300

say() { printf 'cassandra: %s\n' "$*" >&2; }

usage() {
    sed -n 's/^#   //p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

# Java 17: newer ones lack what this server relies on.
java() {
    local home
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/java-17-openjdk-* /usr/lib/jvm/*17*; do
        if [ -n "$home" ] && [ -x "$home/bin/java" ] && "$home/bin/java" -version 2>&1 | grep -q 'version "17'; then
            echo "$home/bin/java"
            return
        fi
    done
    say "Java 17 is not here (Debian and Ubuntu: sudo apt-get install openjdk-17-jre-headless)"
    return 1
}

install() {
    if [ -e "$jars/complete" ]; then return 0; fi
    if ! command -v mvn >/dev/null; then
        say "Maven is not here (Debian and Ubuntu: sudo apt-get install maven)"
        return 1
    fi
    say "fetching Apache Cassandra $version"
    mkdir -p "$jars"
    cat >"$jars/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>moim</groupId><artifactId>cql-server</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId>
<version>$version</version></dependency></dependencies></project>
XML
    mvn -B -q -f "$jars/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars" >&2
    touch "$jars/complete"
}

# Sends OPTIONS of CQL's version 4; the answer SUPPORTED is operation 6.
answers() {
    local reply
    reply=$({ exec 3<>"/dev/tcp/127.0.0.1/$1" && printf '\x04\0\0\0\x05\0\0\0\0' >&3 &&
        timeout 2 head -c 5 <&3 | od -An -tx1; } 2>/dev/null) || true
    [[ $reply == *" 06" ]]
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 6000 * 2))
        if ! is_taken "$port" && ! is_taken $((port + 1)); then
            echo "$port"
            return
        fi
    done
    say "found no two free ports"
    exit 1
}

configure() {
    local folder=$1 port=$2 sync='commitlog_sync: periodic
commitlog_sync_period: 10000ms' auth=''
    [ "${CQL_SYNC:-periodic}" != batch ] || sync='commitlog_sync: batch'
    [ -z "${CQL_AUTH:-}" ] || auth='authenticator: PasswordAuthenticator'
    mkdir -p "$folder"/{conf/triggers,data,tmp,logs}
    cat >"$folder/conf/cassandra.yaml" <<YAML
cluster_name: moim
num_tokens: 1
initial_token: '0'
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{seeds: "127.0.0.1:$((port + 1))"}]
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: $((port + 1))
start_native_transport: true
native_transport_port: $port
data_file_directories: [$folder/data/data]
commitlog_directory: $folder/data/commitlog
hints_directory: $folder/data/hints
saved_caches_directory: $folder/data/saved_caches
cdc_raw_directory: $folder/data/cdc_raw
$sync
$auth
commitlog_segment_size: 32MiB
commitlog_disk_access_mode: mmap
disk_failure_policy: die
commit_failure_policy: die
hinted_handoff_enabled: false
auto_snapshot: false
memtable_allocation_type: offheap_objects
concurrent_reads: 16
concurrent_writes: 32
YAML
    cat >"$folder/conf/logback.xml" <<XML
<configuration><appender name="F" class="ch.qos.logback.core.FileAppender"><file>$folder/logs/system.log</file>
<encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder></appender>
<root level="INFO"><appender-ref ref="F"/></root></configuration>
XML
}

# Becomes the server. What Java hides from others by default, this server asks for by name.
serve() {
    local folder=$1 java opened=() package
    java=$(java)
    for package in java.base/jdk.internal.misc java.management.rmi/com.sun.jmx.remote.internal.rmi \
        java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.sql/java.sql java.base/java.lang.ref \
        jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file jdk.attach/sun.tools.attach; do
        opened+=(--add-exports "$package=ALL-UNNAMED")
    done
    for package in java.base/{java.lang,java.lang.module,java.lang.reflect,java.io,java.util,sun.nio.ch} \
        java.base/jdk.internal.{loader,ref,reflect,math,module,util.jar} \
        jdk.management/com.sun.management.internal jdk.compiler/com.sun.tools.javac; do
        opened+=(--add-opens "$package=ALL-UNNAMED")
    done
    exec "$java" -Xms$heap -Xmx$heap -Xss256k -XX:+UseSerialGC -XX:+PerfDisableSharedMem -XX:+ExitOnOutOfMemoryError \
        -XX:ErrorFile="$folder/logs/hs_err.log" -Djdk.attach.allowAttachSelf=true "${opened[@]}" \
        -Dio.netty.tryReflectionSetAccessible=true -javaagent:"$(ls "$jars"/jamm-*.jar)" \
        -Djava.net.preferIPv4Stack=true -Djava.io.tmpdir="$folder/tmp" -Djna.tmpdir="$folder/tmp" \
        -Dcassandra.config="file://$folder/conf/cassandra.yaml" \
        -Dlogback.configurationFile="$folder/conf/logback.xml" -Dcassandra.storagedir="$folder/data" \
        -Dcassandra.logdir="$folder/logs" -Dcassandra.triggers_dir="$folder/conf/triggers" \
        -Dcassandra-foreground=yes -Dcassandra.ring_delay_ms=0 -Dcassandra.skip_wait_for_gossip_to_settle=0 \
        -Dcassandra.superuser_setup_delay_ms=0 -Dcassandra.consistent.rangemovement=false -Dcassandra.libjemalloc=- \
        -cp "$jars/*" org.apache.cassandra.service.CassandraDaemon </dev/null >"$folder/logs/out.log" 2>&1
}

start() {
    local folder port=${2:-} server begin=$SECONDS
    install
    java >/dev/null
    mkdir -p "$1"
    folder=$(cd "$1" && pwd)
    [ -n "$port" ] || port=$(free_port)
    if is_taken "$port"; then
        say "port $port is taken"
        exit 1
    fi
    configure "$folder" "$port"
    serve "$folder" >/dev/null 2>&1 &
    server=$!
    echo "$server" >"$folder/pid"
    until answers "$port"; do
        if ! kill -0 "$server" 2>/dev/null; then
            say "the server did not start; see $folder/logs"
            exit 1
        fi
        if [ $((SECONDS - begin)) -gt $start_s_max ]; then
            kill -9 "$server"
            say "the server did not answer within $start_s_max s; see $folder/logs"
            exit 1
        fi
        sleep 0.1
    done
    echo "127.0.0.1:$port"
}

stop() { stop_server "$1/pid"; }

case "${1:-}:$#" in
java:1 | install:1 | start:2 | start:3 | stop:2) "$@" ;;
*) usage ;;
esac
