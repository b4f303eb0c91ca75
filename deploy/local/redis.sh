#!/usr/bin/env bash
# One Redis on this machine: Debian's redis-server on a Unix socket only, keeping nothing (design invariant 7: all in it
# may vanish at any moment). Everything it writes lies in one folder. It only ever signals the process that it started
# for that folder.
#
# Usage: redis.sh {start|stop|kill|status}
#   start   starts it and waits until it answers     stop    ends it in order
#   kill    ends it like a power cut (kill -9)       status  says whether it runs; exits 3 when it does not
# Environment:
#   BHR_REDIS_DIR  its folder (run/redis); the socket is redis.sock in it
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${BHR_REDIS_DIR:-$root/run/redis}
readonly READY_SECONDS=10 STOP_SECONDS=10

main() {
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    socket=$dir/redis.sock
    case "${1:-}" in
    start) start ;;
    stop) end TERM "stopped" ;;
    kill) end KILL "killed" ;;
    status) status ;;
    *)
        sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
    esac
}

start() {
    if running; then
        echo "redis: already runs at $socket (pid $(cat "$dir/pid"))"
        return
    fi
    if ! command -v redis-server >/dev/null; then
        echo "redis: the command redis-server is not installed" >&2
        exit 1
    fi
    # A socket's path is at most 107 bytes; Redis would only say that it cannot bind.
    if ((${#socket} > 107)); then
        echo "redis: the path $socket is too long for a socket" >&2
        exit 1
    fi
    rm -f "$socket"
    cat >"$dir/redis.conf" <<EOF
port 0
unixsocket $socket
unixsocketperm 700
dir $dir
save ""
appendonly no
daemonize no
maxmemory 256mb
maxmemory-policy allkeys-lru
EOF
    setsid redis-server "$dir/redis.conf" --proc-title-template "{title} $dir/redis.conf" >"$dir/out" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    local deadline=$((SECONDS + READY_SECONDS))
    until [[ -S $socket ]] && redis-cli -s "$socket" ping 2>/dev/null | grep -q PONG; do
        if ! kill -0 "$(cat "$dir/pid")" 2>/dev/null || ((SECONDS >= deadline)); then
            echo "redis: did not start; the end of $dir/out:" >&2
            tail -n 15 "$dir/out" >&2
            exit 1
        fi
        sleep 0.05
    done
    echo "redis: ready at $socket (pid $(cat "$dir/pid"))"
}

# The pid file may be older than the process that has its number now: its command line must name our folder.
running() {
    local pid
    pid=$(cat "$dir/pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ && -r /proc/$pid/cmdline ]] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$dir/redis.conf"
}

end() {
    local signal=$1 word=$2 pid deadline=$((SECONDS + STOP_SECONDS))
    if ! running; then
        rm -f "$dir/pid"
        echo "redis: does not run in $dir"
        return
    fi
    pid=$(cat "$dir/pid")
    kill "-$signal" "$pid"
    until gone "$pid"; do
        if ((SECONDS >= deadline)); then
            echo "redis: pid $pid has not ended after $STOP_SECONDS s" >&2
            exit 1
        fi
        sleep 0.05
    done
    rm -f "$dir/pid"
    echo "redis: $word (pid $pid)"
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
        echo "redis: runs at $socket (pid $(cat "$dir/pid"))"
    else
        echo "redis: does not run in $dir"
        exit 3
    fi
}

main "$@"
