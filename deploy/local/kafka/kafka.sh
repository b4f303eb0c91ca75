#!/usr/bin/env bash
# One Kafka broker on this machine: the real one, a single KRaft node on 127.0.0.1. Everything it writes lies in one
# folder. It only ever signals the process that it started for that folder.
#
# Both of its listeners take mutual TLS and nothing else, and what a certificate's owner may do is what the access rules say
# (bhr topics acl); ops and broker may do everything. With BHR_KAFKA_PLAINTEXT=1 anybody may, as tests want it.
#
# Usage: kafka.sh {fetch|start|stop|kill|status}
#   fetch   gets the jars once (Maven); start does it too
#   start   formats the folder if it is new, starts the broker and waits until it is ready; one that runs with other
#           settings or an older certificate is stopped first
#   stop    ends it in order; kill ends it like a power cut would (kill -9)
#   status  says whether it runs; exits 3 when it does not
# Environment:
#   BHR_KAFKA_DIR   its folder (run/kafka)         BHR_KAFKA_PORT  its port (ports.env); the controller has the next one
#   BHR_KAFKA_LIBS  the jars (build/kafka-libs)    BHR_KAFKA_HEAP  its heap (512m)
#   BHR_KAFKA_SETTINGS  further lines for its properties, name=value, separated by spaces
#   BHR_KAFKA_TLS   its certificates (run/tls: ca.crt, broker.pem)     BHR_KAFKA_PLAINTEXT  1 for none
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
# shellcheck source=deploy/local/ports.env
source "$here/../ports.env"

dir=${BHR_KAFKA_DIR:-$root/run/kafka}
libs=${BHR_KAFKA_LIBS:-$root/build/kafka-libs}
heap=${BHR_KAFKA_HEAP:-512m}
tls=${BHR_KAFKA_TLS:-$root/run/tls}
plaintext=${BHR_KAFKA_PLAINTEXT:-}
port=$BHR_KAFKA_PORT
readonly READY_SECONDS=60 STOP_SECONDS=30

main() {
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    case "${1:-}" in
    fetch) fetch ;;
    start) start ;;
    stop) end TERM "stopped" ;;
    kill) end KILL "killed" ;;
    status) status ;;
    *)
        sed -n '2,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
    esac
}

start() {
    check_certificates
    write_properties >"$dir/server.properties.new"
    if running; then
        if ! outdated; then
            rm "$dir/server.properties.new"
            echo "kafka: already runs on 127.0.0.1:$port (pid $(cat "$dir/pid"))"
            return
        fi
        end TERM "stopped, because its settings or its certificate are others now"
    fi
    fetch
    mv "$dir/server.properties.new" "$dir/server.properties"
    [[ -f $dir/data/meta.properties ]] || format
    local java_options=(-Xms128m "-Xmx$heap" -XX:+UseSerialGC -Djava.awt.headless=true "-Dkafka.logs.dir=$dir/logs"
        "-Dlog4j2.configurationFile=file:$here/log4j2.properties")
    : >"$dir/out"
    # A session of its own: an interrupt at the terminal ends the script, not the broker.
    setsid java "${java_options[@]}" -cp "$libs/*" kafka.Kafka "$dir/server.properties" \
        >>"$dir/out" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    local deadline=$((SECONDS + READY_SECONDS))
    until grep -q "Kafka Server started" "$dir/out"; do
        if ! running || ((SECONDS >= deadline)); then
            echo "kafka: did not start on 127.0.0.1:$port; the end of $dir/out:" >&2
            tail -n 15 "$dir/out" >&2
            if running; then kill -KILL "$(cat "$dir/pid")"; fi
            exit 1
        fi
        sleep 0.1
    done
    echo "kafka: ready on 127.0.0.1:$port (pid $(cat "$dir/pid"), $dir)"
}

check_certificates() {
    if [[ -n $plaintext ]]; then return; fi
    if [[ ! -r $tls/ca.crt || ! -r $tls/broker.pem ]]; then
        echo "kafka: $tls has no ca.crt and broker.pem: \"suite.sh configure\" makes them (bhr keys ca, keys new broker)" >&2
        exit 1
    fi
    tls=$(cd "$tls" && pwd)
}

# A broker reads its certificate when it starts.
outdated() {
    ! cmp -s "$dir/server.properties" "$dir/server.properties.new" ||
        [[ -z $plaintext && $tls/broker.pem -nt $dir/pid ]]
}

# The pid file may be older than the process that has its number now: the command line must name our folder.
running() {
    local pid
    pid=$(cat "$dir/pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ && -r /proc/$pid/cmdline ]] || return 1
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$dir/server.properties"
}

end() {
    local signal=$1 word=$2 pid deadline=$((SECONDS + STOP_SECONDS))
    if ! running; then
        rm -f "$dir/pid"
        echo "kafka: does not run in $dir"
        return
    fi
    pid=$(cat "$dir/pid")
    kill "-$signal" "$pid"
    until gone "$pid"; do
        if ((SECONDS >= deadline)); then
            echo "kafka: pid $pid has not ended after $STOP_SECONDS s" >&2
            exit 1
        fi
        sleep 0.05
    done
    rm -f "$dir/pid"
    echo "kafka: $word (pid $pid)"
}

# A dying process has no command line any more, and its first thread may be a zombie, while other threads still hold its
# files and locks: it is gone when that zombie is the only one left.
gone() {
    local state threads
    state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
    threads=$(compgen -G "/proc/$1/task/*" | wc -l) || true
    [[ -z $state ]] || { [[ $state == [ZX] ]] && ((threads <= 1)); }
}

status() {
    if running; then
        echo "kafka: runs on 127.0.0.1:$port (pid $(cat "$dir/pid"), $dir)"
    else
        echo "kafka: does not run in $dir"
        exit 3
    fi
}

# The list of jars is written last, so a fetch that was cut off is done again; so is one for another pom.
fetch() {
    mkdir -p "$libs"
    local lock
    exec {lock}>"$libs/.lock"
    flock "$lock"
    if ! cmp -s "$here/pom.xml" "$libs/.fetched"; then
        rm -f "$libs"/*.jar "$libs/.fetched"
        mvn -q -B -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$libs" -DincludeScope=runtime >&2
        cp "$here/pom.xml" "$libs/.fetched"
        echo "kafka: fetched $(find "$libs" -name '*.jar' | wc -l) jars into $libs"
    fi
    exec {lock}>&-
}

format() {
    local id
    # An id that begins with a hyphen would be taken for an option.
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c1-22 | sed 's/^-/A/')
    java -Xmx128m "-Dkafka.logs.dir=$dir/logs" "-Dlog4j2.configurationFile=file:$here/log4j2.properties" \
        -cp "$libs/*" kafka.tools.StorageTool format -t "$id" -c "$dir/server.properties" >"$dir/format.out" 2>&1 || {
        cat "$dir/format.out" >&2
        exit 1
    }
}

write_properties() {
    local listener=SSL
    if [[ -n $plaintext ]]; then listener=PLAINTEXT; fi
    cat <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=$listener://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=$listener://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=$listener
listener.security.protocol.map=CONTROLLER:$listener,$listener:$listener
log.dirs=$dir/data
num.network.threads=2
num.io.threads=2
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
# The first member of a group need not wait for others; a short session costs less when an owner is killed.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# Topics are made by the suite's own table only.
auto.create.topics.enable=false
log.segment.bytes=16777216
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=4194304
EOF
    tr ' ' '\n' <<<"${BHR_KAFKA_SETTINGS:-}"
    if [[ -z $plaintext ]]; then write_trust; fi
}

# The controller's listener is no back door: it asks for a certificate too, and nobody is anonymous.
write_trust() {
    cat <<EOF
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=broker;User:CN=ops
allow.everyone.if.no.acl.found=false
ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location=$tls/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=$tls/ca.crt
EOF
}

main "$@"
