#!/usr/bin/env bash
# One fault on the local suite, and everything put back, whatever happens meanwhile. `bhr drill` plays it under load and
# judges what came of it; by itself this script only breaks and mends. It signals nothing but what the scripts beside it
# started for the suite's folder.
#
# Usage: drill.sh --list     the faults, one on each line: name, what is done
#        drill.sh FAULT
# Exit codes: 0 played and put back · 2 no such fault · 3 the suite does not run as it should, so nothing was done
# Environment: BHR_SUITE_DIR, its folder; all else is in local.env there, as suite.sh wrote it.
set -euo pipefail

readonly FAULTS="owner-kill     the process that owns is killed (kill -9) and started again once another owns
owner-pause    the process that owns is stopped (SIGSTOP) until another owns, and goes on as a zombie
both-kill      every booking process is killed (kill -9) at once and started again
redis-stop     Redis is away for 3 seconds
redis-flush    Redis forgets everything
kafka-restart  the broker is killed (kill -9) and started again
kafka-pause    the broker says nothing for 5 seconds (SIGSTOP)
store-rebuild  a follower loses its store and builds it anew from the journal
store-copy     a follower's store is replaced by a copy of the owner's
store-old      a follower's store is replaced by an older copy of itself"
readonly OWNER_SECONDS=60 AWAY_SECONDS=3 SILENT_SECONDS=5

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
paused=
left_over=()

main() {
    local fault=${1:-}
    if [[ $fault == --list ]]; then
        echo "$FAULTS"
        return
    fi
    if ! awk '{ print $1 }' <<<"$FAULTS" | grep -xF -- "$fault" >/dev/null; then
        sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
    fi
    dir=$(cd "${BHR_SUITE_DIR:?}" && pwd)
    # shellcheck source=/dev/null
    source "$dir/local.env"
    since_ms=$(date +%s%3N)
    exec 9>"$dir/drill.lock"
    flock -n 9 || refuse "another drill is under way"
    { suite status && "$here/redis.sh" status && "$here/kafka/kafka.sh" status; } >/dev/null ||
        refuse "not all of it runs; \"make up\" starts it"
    owner=$(owner_now)
    [[ -n $owner ]] || refuse "no process owns the partition; see \"bhr status\""
    follower=$(numbers | grep -vxm 1 "$owner") || refuse "there is only one booking process"
    trap put_back EXIT
    "${fault//-/_}"
}

owner_kill() {
    say "booking-$owner owns and is killed"
    suite kill "$owner"
    await_other_owner
}

owner_pause() {
    paused=$(cat "$dir/booking-$owner.pid")
    say "booking-$owner owns and is paused"
    kill -STOP "$paused"
    await_other_owner
    say "booking-$owner goes on"
}

both_kill() {
    say "all booking processes are killed"
    suite kill booking
}

redis_stop() {
    say "Redis is stopped for $AWAY_SECONDS s"
    "$here/redis.sh" stop >/dev/null
    sleep "$AWAY_SECONDS"
}

redis_flush() {
    say "Redis forgets everything"
    redis-cli -s "$(setting redis_socket "$owner")" flushall >/dev/null
}

kafka_restart() {
    say "the broker is killed"
    "$here/kafka/kafka.sh" kill >/dev/null
}

kafka_pause() {
    paused=$(cat "${BHR_KAFKA_DIR:-$dir/kafka}/pid")
    say "the broker is paused for $SILENT_SECONDS s"
    kill -STOP "$paused"
    sleep "$SILENT_SECONDS"
}

store_rebuild() {
    say "booking-$follower stops and loses its store"
    suite stop "$follower"
    set_store_aside
}

store_copy() {
    say "booking-$follower stops; its store becomes a copy of booking-$owner's"
    suite stop "$follower"
    set_store_aside
    "$BHR_SUITE_BUILD/bhr" store copy "$(setting data_dir "$owner")" "$(setting data_dir "$follower")" >/dev/null
}

store_old() {
    local old=$dir/drill.old
    left_over+=("$old")
    "$BHR_SUITE_BUILD/bhr" store copy "$(setting data_dir "$follower")" "$old" >/dev/null
    say "booking-$follower's store is copied; $AWAY_SECONDS s later the copy takes its place"
    sleep "$AWAY_SECONDS"
    suite stop "$follower"
    set_store_aside
    "$BHR_SUITE_BUILD/bhr" store copy "$old" "$(setting data_dir "$follower")" >/dev/null
}

set_store_aside() {
    local said
    said=$("$BHR_SUITE_BUILD/bhr" --output json store rebuild "$(setting data_dir "$follower")")
    left_over+=("$(sed -n 's/.*"set_aside": "\(.*\)".*/\1/p' <<<"$said")")
}

# Each of these does nothing where nothing is wrong. What is started here must not inherit the lock.
put_back() {
    local status=$? path
    trap - EXIT
    if [[ -n $paused ]]; then kill -CONT "$paused"; fi
    { "$here/redis.sh" start && "$here/kafka/kafka.sh" start && suite start && suite ready; } >/dev/null 9>&- || status=1
    for path in "${left_over[@]}"; do
        if [[ $path == "$dir"/* ]]; then rm -rf "$path"; fi
    done
    if ((status == 0)); then say "everything runs as before, and every process is ready"; fi
    exit "$status"
}

await_other_owner() {
    local deadline=$((SECONDS + OWNER_SECONDS)) now
    until now=$(owner_now) && [[ -n $now && $now != "$owner" ]]; do
        if ((SECONDS >= deadline)); then
            echo "drill: no other process owns after $OWNER_SECONDS s" >&2
            exit 1
        fi
        sleep 0.1
    done
    say "booking-$now owns"
}

owner_now() {
    local number
    for number in $(numbers); do
        if curl -s -m 2 "http://127.0.0.1:$(setting http_port "$number")/metrics" |
            grep -xF 'bhr_replica_state{state="owning"} 1' >/dev/null; then
            echo "$number"
        fi
    done
}

numbers() {
    seq "${BHR_SUITE_COUNT:-2}"
}

setting() {
    sed -n "s/^$1 = //p" "$dir/booking-$2.ini"
}

suite() {
    "$here/suite.sh" "$@" >/dev/null
}

say() {
    local ms=$(($(date +%s%3N) - since_ms))
    printf '%4d.%d s  %s\n' $((ms / 1000)) $((ms % 1000 / 100)) "$*"
}

refuse() {
    echo "drill: $*" >&2
    exit 3
}

main "$@"
