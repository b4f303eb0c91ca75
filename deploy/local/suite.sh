#!/usr/bin/env bash
# The suite's own processes on this machine: of each service two, unless told otherwise. Keys, policy, configuration, stores,
# logs and pid files lie in one folder. It only ever signals the processes that it started for that folder. Kafka and Redis
# are kafka.sh and redis.sh beside it.
#
# Usage: suite.sh {configure|start|ready|stop|kill|status} [process ...]
#   configure  makes keys, certificates and configuration that are not there yet: keys/*.key, tls/*, policy, SERVICE-N.ini,
#              bhr.ini, local.env; and new certificates for those with fewer than 10 days left
#   start      starts what does not run or is outdated     ready   waits until they answer and know the journal's end
#   stop       ends them in order                       kill    ends them like a power cut would (kill -9)
#   status     says which run; exits 3 when one does not
# A process is "index-2"; "index" is all of that service, and "2" is booking-2. Without any it means all. Environment:
#   BHR_SUITE_DIR    its folder (run)                   BHR_SUITE_BUILD     the programs (build/release)
#   BHR_SUITE_SERVICES  which services (booking index)
#   BHR_SUITE_COUNT  processes of each (2)            BHR_INDEX_COUNT  processes of the index, when those are others
#   BHR_SUITE_SETTINGS  more "key=value" words for booking-N.ini; BHR_INDEX_SETTINGS for index-N.ini
#   BHR_SUITE_REDIS  socket of Redis (redis/redis.sock in its folder)
#   BHR_KAFKA_PORT, BHR_DOOR_PORT, BHR_HTTP_PORT and all other addresses as in ports.env
#   BHR_KAFKA_PLAINTEXT  1 when Kafka speaks no TLS (kafka.sh): no certificates then
#   BHR_LAUNCH       a command that is given a name (booking-1) and a command line, and becomes it: where the process runs
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=deploy/local/ports.env
source "$here/ports.env"

dir=${BHR_SUITE_DIR:-$root/run}
build=${BHR_SUITE_BUILD:-$root/build/release}
count=${BHR_SUITE_COUNT:-2}
index_count=${BHR_INDEX_COUNT:-$count}
read -ra services <<<"${BHR_SUITE_SERVICES:-booking index}"
read -ra launch <<<"${BHR_LAUNCH:-}"
readonly READY_SECONDS=60 STOP_SECONDS=10
readonly TOKEN_ISSUER=bhr-local TOKEN_AUDIENCE=bhr-exchange

# Systems of the local suite: name, organisation, and what it is.
readonly SYSTEMS="111-nel     Y90111 111
gp-demo     Y90001 practice
hub-demo    Y90020 hub
social-demo Y90300 council
ops         Y90000 operator
booking     Y90900 service"
# Those of them that may write their requests to a Kafka topic of their own, too.
readonly REQUEST_SYSTEMS="111-nel,gp-demo"
# Certificates: name and kind. A principal each (lib/host/topics.def says what it may do).
readonly CERTIFICATES="broker broker
booking service
booking-publisher publisher
index service
index-publisher publisher
ops operator
111-nel system
gp-demo system
hub-demo system
social-demo system"
readonly ROTATE_DAYS=10

main() {
    local verb=${1:-} name
    shift || true
    case $verb in configure | start | ready | stop | kill | status) ;; *)
        sed -n '2,21s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
    esac
    mkdir -p "$dir/log"
    dir=$(cd "$dir" && pwd)
    if [[ $verb == configure ]]; then
        configure
        return
    fi
    # shellcheck disable=SC2046
    set -- $(names "$@")
    case $verb in
    start) for name in "$@"; do start "$name"; done ;;
    ready) for name in "$@"; do await_ready "$name"; done ;;
    stop) end TERM stopped "$@" ;;
    kill) end KILL killed "$@" ;;
    status) status "$@" ;;
    esac
}

names() {
    local word
    if (($# == 0)); then set -- "${services[@]}"; fi
    for word in "$@"; do
        case $word in
        [0-9]*) echo "booking-$word" ;;
        *-[0-9]*) echo "$word" ;;
        index) seq -f "$word-%.0f" "$index_count" ;;
        *) seq -f "$word-%.0f" "$count" ;;
        esac
    done
}

start() {
    local name=$1 settings=$dir/$1.ini
    if running "$name"; then
        local why
        why=$(outdated "$name")
        if [[ -z $why ]]; then
            echo "$name: already runs (pid $(cat "$dir/$name.pid"))"
            return
        fi
        end TERM "stopped, because its $why" "$name"
    fi
    [[ -f $settings ]] || give_up "there is no $settings: run \"suite.sh configure\" first"
    # Only what it needs: every other BHR_ name in the environment would be taken for a setting.
    env -i PATH="$PATH" HOME="${HOME:-/}" ASAN_OPTIONS="${ASAN_OPTIONS:-}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" \
        setsid ${launch:+"${launch[@]}" "$name"} "$build/bhr-${name%-*}" --config "$settings" \
        >>"$dir/log/$name.log" 2>&1 </dev/null &
    echo $! >"$dir/$name.pid"
    echo "$name: started (pid $!)"
}

# What of it is older than what it should run with; nothing when all is well. A process reads each of them once.
outdated() {
    local pid_file=$dir/$1.pid
    if [[ $(readlink "/proc/$(cat "$pid_file")/exe") == *" (deleted)" ]]; then
        echo "program was built anew"
    elif [[ $dir/$1.ini -nt $pid_file ]]; then
        echo "configuration has changed"
    elif [[ $dir/tls/${1%-*}.crt -nt $pid_file || $dir/tls/${1%-*}-publisher.crt -nt $pid_file ]]; then
        echo "certificate is a new one"
    fi
}

await_ready() {
    local name=$1 deadline=$((SECONDS + READY_SECONDS)) answer
    until answer=$(${launch:+"${launch[@]}" "$name"} curl -s -m 2 -w '%{http_code}' \
        "http://127.0.0.1:$(setting "$name" http_port)/readyz") &&
        [[ $answer == *200 ]]; do
        if ! running "$name"; then
            tail -n 15 "$dir/log/$name.log" >&2
            give_up "$name has ended; that was the end of $dir/log/$name.log"
        fi
        if ((SECONDS >= deadline)); then
            give_up "$name is not ready after $READY_SECONDS s; /readyz says: ${answer:-nothing}"
        fi
        sleep 0.1
    done
    echo "$name: ready on $(setting "$name" door_endpoint)"
}

# The pid file may be older than the process that has its number now: the command line must name our file.
running() {
    local pid
    pid=$(cat "$dir/$1.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ && -r /proc/$pid/cmdline ]] || return 1
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$dir/$1.ini"
}

# All are told first and then waited for: the last one takes nothing over from the first.
end() {
    local signal=$1 word=$2 deadline=$((SECONDS + STOP_SECONDS)) name
    local -A pids=()
    shift 2
    for name in "$@"; do
        if running "$name"; then
            pids[$name]=$(cat "$dir/$name.pid")
            kill "-$signal" "${pids[$name]}"
        fi
    done
    for name in "$@"; do
        rm -f "$dir/$name.pid"
        if [[ -z ${pids[$name]:-} ]]; then
            echo "$name: does not run"
            continue
        fi
        until gone "${pids[$name]}"; do
            if ((SECONDS >= deadline)); then give_up "$name has not ended after $STOP_SECONDS s"; fi
            sleep 0.02
        done
        echo "$name: $word (pid ${pids[$name]})"
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
    local name all_run=true
    for name in "$@"; do
        if running "$name"; then
            echo "$name: runs (pid $(cat "$dir/$name.pid"))"
        else
            echo "$name: does not run"
            all_run=false
        fi
    done
    $all_run || exit 3
}

# As the process was told, which is not always what the environment says now.
setting() {
    sed -n "s/^$2 = //p" "$dir/$1.ini"
}

door_endpoint() {
    local number=${1##*-} hosts
    hosts=$(of_service "$1" BHR_DOOR_HOSTS BHR_INDEX_DOOR_HOSTS)
    echo "tcp://$(nth_host "$number" "$hosts"):$(($(of_service "$1" BHR_DOOR_PORT BHR_INDEX_DOOR_PORT) + number - 1))"
}

brokers() {
    local number list=''
    for number in $(seq "$BHR_KAFKA_COUNT"); do list+="${list:+,}$(kafka_address "$number")"; done
    echo "$list"
}

http_port() {
    echo $(($(of_service "$1" BHR_HTTP_PORT BHR_INDEX_HTTP_PORT) + ${1##*-} - 1))
}

# of_service PROCESS VARIABLE-OF-BOOKING VARIABLE-OF-INDEX
of_service() {
    if [[ ${1%-*} == index ]]; then echo "${!3}"; else echo "${!2}"; fi
}

# Keys are made once and never again, certificates when they run out; the rest is written anew when it is not what this
# script would write.
configure() {
    local name
    mkdir -p "$dir/keys"
    chmod 700 "$dir/keys"
    { echo door && echo "$SYSTEMS"; } | while read -r name _; do
        [[ -f $dir/keys/$name.key ]] || "$build/bhr" keys new "$name" --dir "$dir/keys" >/dev/null
    done
    [[ -n ${BHR_KAFKA_PLAINTEXT:-} ]] || make_certificates
    [[ -f $dir/keys/pseudonym.key ]] || "$build/bhr" keys pseudonym --dir "$dir/keys" >/dev/null
    [[ -f $dir/keys/master.key ]] || "$build/bhr" keys master --dir "$dir/keys" >/dev/null
    # An issuer of users' tokens that this machine alone trusts, and the list of those who are signed out by force.
    [[ -f $dir/keys/token-keys.json ]] || "$build/bhr" token issuer --dir "$dir/keys" >/dev/null
    [[ -f $dir/keys/token-revoked ]] || : >"$dir/keys/token-revoked"
    write_policy >"$dir/policy"
    for name in $(names); do
        write_process "$name" >"$dir/$name.ini.new"
        if cmp -s "$dir/$name.ini.new" "$dir/$name.ini"; then
            rm "$dir/$name.ini.new"
        else
            mv "$dir/$name.ini.new" "$dir/$name.ini"
        fi
    done
    write_client >"$dir/bhr.ini"
    write_environment >"$dir/local.env"
    echo "suite: keys and configuration in $dir"
}

make_certificates() {
    local name kind
    [[ -f $dir/tls/ca.crt ]] || "$build/bhr" keys ca --tls "$dir/tls" >/dev/null
    while read -r name kind; do
        if [[ -f $dir/tls/$name.crt ]]; then
            "$build/bhr" keys rotate "$name" --tls "$dir/tls" --left $ROTATE_DAYS >/dev/null
        else
            "$build/bhr" keys new "$name" --kind "$kind" --tls "$dir/tls" --dir "$dir/keys" >/dev/null
        fi
    done <<<"$CERTIFICATES"
}

# The rows of a configuration that say who somebody is to Kafka: of a process, and with "ops" of a person.
trust_rows() {
    if [[ -n ${BHR_KAFKA_PLAINTEXT:-} ]]; then
        echo "kafka_plaintext = true"
        return
    fi
    cat <<INI
kafka_ca_file = $dir/tls/ca.crt
kafka_certificate_file = $dir/tls/$1.crt
kafka_key_file = $dir/tls/$1.key
INI
    if [[ $1 != ops ]]; then
        cat <<INI
kafka_publisher_certificate_file = $dir/tls/$1-publisher.crt
kafka_publisher_key_file = $dir/tls/$1-publisher.key
INI
    fi
}

public_key() {
    sed -n 's/^public = //p' "$dir/keys/$1.key"
}

write_policy() {
    local name organisation role
    cat <<'POLICY'
# Who may ask what about whom, and why (the language: docs/POLICY.md). Written by deploy/local/suite.sh. A service reads
# it again when it changes; `bhr policy check` says whether it is good.

POLICY
    while read -r name organisation role; do
        printf 'organisation %s { kind %s }\nsystem %s {\n    key          %s\n    organisation %s\n' \
            "$organisation" "$role" "$name" "$(public_key "$name")" "$organisation"
        printf '    role         %s\n    in_flight    4096\n    per_second   100000\n}\n' "$role"
    done <<<"$SYSTEMS"
    echo
    cat "$here/suite.policy"
}

write_process() {
    local name=$1 service=${1%-*} setting settings=${BHR_SUITE_SETTINGS:-}
    cat <<INI
# A process of the local suite. Written by deploy/local/suite.sh; all keys: bhr-$service --help.
environment = local
locality = nel-bhr
process = $name
data_dir = $dir/data/$name
brokers = $(brokers)
$(trust_rows "$service")
door_endpoint = $(door_endpoint "$name")
door_key_file = $dir/keys/door.key
policy_file = $dir/policy
pseudonym_key_file = $dir/keys/pseudonym.key
master_key_file = $dir/keys/master.key
token_issuer = $TOKEN_ISSUER
token_audience = $TOKEN_AUDIENCE
token_key_set_file = $dir/keys/token-keys.json
token_revoked_file = $dir/keys/token-revoked
redis_socket = ${BHR_SUITE_REDIS:-$dir/redis/redis.sock}
http_port = $(http_port "$name")
request_systems = $REQUEST_SYSTEMS
INI
    if [[ $service == index ]]; then
        settings=${BHR_INDEX_SETTINGS:-}
        printf 'audit_durable_methods = GetPerson\nrules_file = %s\n' "$here/match.rules"
    else
        echo "audit_durable_methods = ListPersonBookings"
        if [[ " ${services[*]} " == *" index "* ]]; then index_rows; fi
    fi
    if ((BHR_KAFKA_COUNT > 1)); then echo "topic_replicas = $((BHR_KAFKA_COUNT < 3 ? BHR_KAFKA_COUNT : 3))"; fi
    for setting in $settings; do echo "${setting%%=*} = ${setting#*=}"; done
}

# What booking needs to ask the index, and to follow its journal.
index_rows() {
    local name list=''
    for name in $(names index); do list+="${list:+,}$(door_endpoint "$name")"; done
    cat <<INI
index_endpoints = $list
index_server_key = $(public_key door)
index_key_file = $dir/keys/booking.key
INI
}

write_client() {
    local name service
    cat <<INI
; What bhr needs to find the local suite. Written by deploy/local/suite.sh.
[suite]
environment = local
locality = nel-bhr
brokers = $(brokers)
$(trust_rows ops)
redis_socket = ${BHR_SUITE_REDIS:-$dir/redis/redis.sock}
server_key = $(public_key door)
pseudonym_key_file = $dir/keys/pseudonym.key
token_issuer = $TOKEN_ISSUER
token_audience = $TOKEN_AUDIENCE
token_key_file = $dir/keys/token-issuer.key
request_systems = $REQUEST_SYSTEMS
local_scripts = $here

[client]
system = 111-nel
key_file = $dir/keys/111-nel.key
INI
    for service in "${services[@]}"; do
        printf '\n[service %s]\ndata_dirs = ' "$service"
        for name in $(names "$service"); do printf '%s,' "$dir/data/$name"; done
        printf '\nendpoints = '
        for name in $(names "$service"); do printf '%s,' "$(door_endpoint "$name")"; done
        echo
    done
    while read -r name _; do
        printf '\n[client %s]\nsystem = %s\nkey_file = %s\n' "$name" "$name" "$dir/keys/$name.key"
    done <<<"$SYSTEMS"
}

# What this script was told: sourced by who means this very suite later, in a shell that may know of another one.
write_environment() {
    echo 'unset "${!BHR_@}"'
    export -p | sed -n 's/^declare -x \(BHR_[A-Z_]*=\)/export \1/p'
    printf 'export BHR_SUITE_DIR=%q BHR_SUITE_BUILD=%q\n' "$dir" "$(cd "$build" && pwd)"
}

give_up() {
    echo "suite: $*" >&2
    exit 1
}

main "$@"
