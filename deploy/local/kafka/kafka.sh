#!/usr/bin/env bash
# Kafka on this machine: the real one, KRaft; a single broker on 127.0.0.1 unless told otherwise. Everything it writes lies
# in one folder. It only ever signals the processes that it started for that folder.
#
# Both of a broker's listeners take mutual TLS and nothing else, and what a certificate's owner may do is what the access
# rules say (bhr topics acl); ops and broker may do everything. With BHR_KAFKA_PLAINTEXT=1 anybody may, as tests want it.
#
# Usage: kafka.sh {fetch|start|stop|kill|status} [number ...]
#   fetch   gets the jars once (Maven); start does it too
#   start   formats what is new, starts the brokers and waits until they are ready; one that runs with other settings or
#           an older certificate is stopped first
#   stop    ends them in order; kill ends them like a power cut would (kill -9)
#   status  says which run; exits 3 when one does not
# Without numbers it means all of them. Environment:
#   BHR_KAFKA_DIR   its folder (run/kafka); of several brokers each has a folder in it, 1, 2, 3
#   BHR_KAFKA_PORT, BHR_KAFKA_COUNT, BHR_KAFKA_HOSTS    as in ports.env
#   BHR_KAFKA_LIBS  the jars (build/kafka-libs)    BHR_KAFKA_HEAP  the heap of each (512m)
#   BHR_KAFKA_JAVA  further options for java
#   BHR_KAFKA_SETTINGS  further lines for their properties, name=value, separated by spaces
#   BHR_KAFKA_TLS   the certificates (run/tls: ca.crt, broker.pem)     BHR_KAFKA_PLAINTEXT  1 for none
#   BHR_LAUNCH      a command that is given a name (kafka-1) and a command line, and becomes it: where the broker runs
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
# shellcheck source=deploy/local/ports.env
source "$here/../ports.env"

dir=${BHR_KAFKA_DIR:-$root/run/kafka}
libs=${BHR_KAFKA_LIBS:-$root/build/kafka-libs}
classes=$libs/classes.jsa
heap=${BHR_KAFKA_HEAP:-512m}
read -ra java_more <<<"${BHR_KAFKA_JAVA:-}"
tls=${BHR_KAFKA_TLS:-$root/run/tls}
plaintext=${BHR_KAFKA_PLAINTEXT:-}
count=$BHR_KAFKA_COUNT
read -ra launch <<<"${BHR_LAUNCH:-}"
readonly READY_SECONDS=60 STOP_SECONDS=30

main() {
    local verb=${1:-}
    shift || true
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if (($# == 0)); then
        # shellcheck disable=SC2046
        set -- $(seq "$count")
    fi
    case $verb in
    fetch) fetch ;;
    start) start "$@" ;;
    stop) end TERM "stopped" "$@" ;;
    kill) end KILL "killed" "$@" ;;
    status) status "$@" ;;
    *)
        sed -n '2,24s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
    esac
}

# All are started before one is waited for: a broker is ready when most of them have found each other.
start() {
    local number started=()
    check_certificates
    for number in "$@"; do
        if is_kept "$number"; then
            echo "kafka: already runs on $(kafka_address "$number") (pid $(cat "$(home "$number")/pid"))"
            continue
        fi
        fetch
        launch "$number"
        started+=("$number")
    done
    for number in "${started[@]}"; do await_ready "$number"; done
}

# Whether it runs as it should; one that runs otherwise is stopped.
is_kept() {
    local home
    home=$(home "$1")
    mkdir -p "$home"
    write_properties "$1" >"$home/server.properties.new"
    if running "$1"; then
        if ! outdated "$home"; then
            rm "$home/server.properties.new"
            return 0
        fi
        end TERM "stopped, because its settings or its certificate are others now" "$1"
    fi
    mv "$home/server.properties.new" "$home/server.properties"
    return 1
}

launch() {
    local home
    home=$(home "$1")
    [[ -f $home/data/meta.properties ]] || format "$home"
    local java_options=(-Xms128m "-Xmx$heap" -XX:+UseSerialGC -Djava.awt.headless=true "-Dkafka.logs.dir=$home/logs"
        "-Dlog4j2.configurationFile=file:$here/log4j2.properties" "${java_more[@]}")
    if [[ -e $classes ]]; then
        java_options+=("-XX:SharedArchiveFile=$classes")
    else
        java_options+=("-XX:ArchiveClassesAtExit=$home/classes.jsa")
    fi
    : >"$home/out"
    # A session of its own: an interrupt at the terminal ends the script, not the broker.
    setsid ${launch:+"${launch[@]}" "kafka-$1"} java "${java_options[@]}" -cp "$libs/*" kafka.Kafka \
        "$home/server.properties" >>"$home/out" 2>&1 </dev/null &
    echo $! >"$home/pid"
}

await_ready() {
    local home deadline=$((SECONDS + READY_SECONDS))
    home=$(home "$1")
    until grep -q "Kafka Server started" "$home/out"; do
        # On a busy machine it may not have got as far as its own command line yet.
        if gone "$(cat "$home/pid")" || ((SECONDS >= deadline)); then
            echo "kafka: did not start on $(kafka_address "$1"); the end of $home/out:" >&2
            tail -n 15 "$home/out" >&2
            if running "$1"; then kill -KILL "$(cat "$home/pid")"; fi
            exit 1
        fi
        sleep 0.1
    done
    echo "kafka: ready on $(kafka_address "$1") (pid $(cat "$home/pid"), $home)"
}

# A single broker has the folder to itself.
home() {
    if ((count == 1)); then echo "$dir"; else echo "$dir/$1"; fi
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
    ! cmp -s "$1/server.properties" "$1/server.properties.new" || [[ -z $plaintext && $tls/broker.pem -nt $1/pid ]]
}

# The pid file may be older than the process that has its number now: the command line must name our folder.
running() {
    local home pid
    home=$(home "$1")
    pid=$(cat "$home/pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ && -r /proc/$pid/cmdline ]] || return 1
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$home/server.properties"
}

# All are told first and then waited for: a broker that ends in order hands over to one that stays.
end() {
    local signal=$1 word=$2 deadline=$((SECONDS + STOP_SECONDS)) number
    local -A pids=()
    shift 2
    for number in "$@"; do
        if running "$number"; then
            pids[$number]=$(cat "$(home "$number")/pid")
            kill "-$signal" "${pids[$number]}"
        fi
    done
    for number in "$@"; do
        if [[ -z ${pids[$number]:-} ]]; then
            echo "kafka: does not run in $(home "$number")"
        else
            await_end "${pids[$number]}" "$deadline"
            echo "kafka: $word (pid ${pids[$number]})"
            keep_classes "$(home "$number")"
        fi
        rm -f "$(home "$number")/pid"
    done
}

# The classes of a broker as it had loaded them: with them the next ones start in a third of the time (java's AppCDS). They are
# made by the first that ends in order; java passes over an archive that does not fit.
keep_classes() {
    if [[ -e $1/classes.jsa && ! -e $classes ]]; then mv "$1/classes.jsa" "$classes"; fi
    rm -f "$1/classes.jsa"
}

await_end() {
    until gone "$1"; do
        if ((SECONDS >= $2)); then
            echo "kafka: pid $1 has not ended after $STOP_SECONDS s" >&2
            exit 1
        fi
        sleep 0.05
    done
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
    local number all_run=true
    for number in "$@"; do
        if running "$number"; then
            echo "kafka: runs on $(kafka_address "$number") (pid $(cat "$(home "$number")/pid"), $(home "$number"))"
        else
            echo "kafka: does not run in $(home "$number")"
            all_run=false
        fi
    done
    $all_run || exit 3
}

# The list of jars is written last, so a fetch that was cut off is done again; so is one for another pom.
fetch() {
    mkdir -p "$libs"
    local lock
    exec {lock}>"$libs/.lock"
    flock "$lock"
    if ! cmp -s "$here/pom.xml" "$libs/.fetched"; then
        rm -f "$libs"/*.jar "$libs/.fetched" "$classes"
        mvn -q -B -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$libs" -DincludeScope=runtime >&2
        cp "$here/pom.xml" "$libs/.fetched"
        echo "kafka: fetched $(find "$libs" -name '*.jar' | wc -l) jars into $libs"
    fi
    exec {lock}>&-
}

format() {
    local home=$1
    # An id that begins with a hyphen would be taken for an option.
    [[ -f $dir/cluster-id ]] ||
        head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c1-22 | sed 's/^-/A/' >"$dir/cluster-id"
    java "-XX:SharedArchiveFile=$classes" -Xmx128m "${java_more[@]}" "-Dkafka.logs.dir=$home/logs" "-Dlog4j2.configurationFile=file:$here/log4j2.properties" \
        -cp "$libs/*" kafka.tools.StorageTool format -t "$(cat "$dir/cluster-id")" -c "$home/server.properties" \
        >"$home/format.out" 2>&1 || {
        cat "$home/format.out" >&2
        exit 1
    }
}

write_properties() {
    local listener=SSL host address number voters='' replicas=$((count < 3 ? count : 3))
    local in_sync=$(((replicas + 1) / 2))
    if [[ -n $plaintext ]]; then listener=PLAINTEXT; fi
    address=$(kafka_address "$1") host=$(nth_host "$1" "$BHR_KAFKA_HOSTS")
    for number in $(seq "$count"); do
        voters+="${voters:+,}$number@$(nth_host "$number" "$BHR_KAFKA_HOSTS"):$(controller_port "$number")"
    done
    cat <<EOF
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$voters
listeners=$listener://$address,CONTROLLER://$host:$(controller_port "$1")
advertised.listeners=$listener://$address
controller.listener.names=CONTROLLER
inter.broker.listener.name=$listener
listener.security.protocol.map=CONTROLLER:$listener,$listener:$listener
log.dirs=$(home "$1")/data
num.network.threads=2
num.io.threads=2
offsets.topic.num.partitions=4
offsets.topic.replication.factor=$replicas
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync
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
    if ((count > 1)); then write_replication "$replicas" "$in_sync"; fi
    tr ' ' '\n' <<<"${BHR_KAFKA_SETTINGS:-}"
    if [[ -z $plaintext ]]; then write_trust; fi
}

# A broker that has died is known to be gone, and one that lags is no longer waited for, after three seconds.
write_replication() {
    cat <<EOF
default.replication.factor=$1
min.insync.replicas=$2
unclean.leader.election.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
replica.lag.time.max.ms=3000
EOF
}

controller_port() {
    echo $((BHR_KAFKA_PORT + 2 * $1 - 1))
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
