# Bash helpers for the scripts beside it: sourced, never run. The caller has `set -euo pipefail` and sets STEP_COUNT and
# STEP_LOG before its first `step`. What they print is for people; what a step's command prints goes to STEP_LOG.
# shellcheck shell=bash

step_number=0
step_label=
step_since_ms=0

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# This is the suite of this clone: what a shell has set for another one must not leak in.
forget_settings() {
    local name
    for name in ${!BHR_@}; do
        case $name in
        BHR_KAFKA_PORT | BHR_KAFKA_COUNT | BHR_KAFKA_LIBS | BHR_KAFKA_HEAP | BHR_KAFKA_PLAINTEXT) ;;
        BHR_DOOR_PORT | BHR_HTTP_PORT | BHR_INDEX_DOOR_PORT | BHR_INDEX_HTTP_PORT) ;;
        *) unset "$name" ;;
        esac
    done
}

now_ms() {
    date +%s%3N
}

# 3412 -> "3.4 s"
seconds() {
    printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100))
}

# step "starting Kafka" command ...: one line, "[4/9] starting Kafka ... ready (3.4 s)". The last line that the command
# prints is shown while it runs on a terminal, and instead of "ready" when it begins with "= ". When the command fails,
# the end of what it said is printed and the script ends.
step() {
    step_number=$((step_number + 1))
    step_label="[$step_number/$STEP_COUNT] $1"
    step_since_ms=$(now_ms)
    shift
    local out status=0 result
    out=$(mktemp)
    printf '%s ... ' "$step_label"
    "$@" >"$out" 2>&1 &
    watch_step $! "$out" || status=$?
    { echo "== $step_label" && cat "$out"; } >>"$STEP_LOG"
    if ((status != 0)); then
        printf 'FAILED (%s)\n' "$(seconds $(($(now_ms) - step_since_ms)))"
        tail -n 30 "$out" | sed 's/^/    /'
        rm -f "$out"
        fail "stopped at \"$step_label\"; everything that was said is in $STEP_LOG"
    fi
    result=$(sed -n 's/^= //p' "$out" | tail -n 1)
    printf '%s (%s)\n' "${result:-ready}" "$(seconds $(($(now_ms) - step_since_ms)))"
    rm -f "$out"
}

# Waits for the command; meanwhile a terminal sees its last line, and a log a dot every ten seconds.
watch_step() {
    local pid=$1 out=$2 ticks=0 line
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
        ticks=$((ticks + 1))
        if [[ -t 1 ]] && ((ticks % 5 == 0)); then
            line=$(tail -n 1 "$out" | tr -d '\r' | cut -c1-$((${COLUMNS:-100} - ${#step_label} - 6)))
            printf '\r\033[K%s ... %s' "$step_label" "$line"
        elif ((ticks % 100 == 0)); then
            printf '. '
        fi
    done
    if [[ -t 1 ]] && ((ticks >= 5)); then printf '\r\033[K%s ... ' "$step_label"; fi
    wait "$pid"
}
