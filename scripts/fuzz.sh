#!/usr/bin/env bash
# Fuzzes every decoder of bytes from outside or from disk (tests/fuzz) with libFuzzer, ASan and UBSan, two at a time. Each
# harness begins with its seeds, its kept corpus and what earlier runs found, and prints one line when its time is over.
# Exits 1 on a finding, or when a harness then misses an outcome that its table names. Outcomes beyond the table are told.
#   scripts/fuzz.sh [SECONDS=60] [HARNESS=name]
# A finding lies in build/fuzz/findings/<name>/; build/fuzz/tests/fuzz/fuzz_<name> replays the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

readonly BUILD=build/fuzz
readonly INPUT_MAX=16384
seconds=60
harness=

main() {
    local argument
    for argument in "$@"; do
        case $argument in
        SECONDS=*) seconds=${argument#*=} ;;
        HARNESS=*) harness=${argument#*=} ;;
        *) fail "unknown argument $argument (known: SECONDS=60, HARNESS=name)" ;;
        esac
    done
    [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "SECONDS: expected a whole number above 0"
    [[ -z $harness || -e tests/fuzz/fuzz_$harness.c ]] || fail "HARNESS: there is no tests/fuzz/fuzz_$harness.c"
    build
    export TMPDIR=$PWD/$BUILD/tmp
    mkdir -p "$TMPDIR" "$BUILD/lines"
    rm -rf "${BUILD:?}/lines/"*
    local -a names
    mapfile -t names < <(names)
    printf '%-18s %12s %9s %7s %7s %9s  %s\n' harness executions per_sec edges new outcomes verdict
    printf '%s\n' "${names[@]}" | xargs -P 2 -I '{}' scripts/fuzz.sh --one '{}' "$seconds" || true
    sum "${#names[@]}"
}

build() {
    cmake --preset fuzz >"$BUILD.log" 2>&1 || { tail -n 20 "$BUILD.log"; fail "cmake has failed"; }
    ninja -C "$BUILD" fuzz >"$BUILD.log" 2>&1 || { tail -n 20 "$BUILD.log"; fail "the build has failed"; }
}

names() {
    local file
    for file in tests/fuzz/fuzz_${harness:-*}.c; do
        file=${file##*/fuzz_}
        echo "${file%.c}"
    done
}

# One harness: its line goes to standard output and, for the sum, to a file.
one() {
    local name=$1 time=$2 corpus=$BUILD/corpus/$1 findings=$BUILD/findings/$1 log=$BUILD/lines/$1.log
    local verdict=clean before after outcomes beyond
    local -a corpora=("$corpus")
    if [[ -d tests/fuzz/corpus/$name ]]; then corpora+=("tests/fuzz/corpus/$name"); fi # git keeps no empty folder
    mkdir -p "$corpus" "$findings"
    "$BUILD/tests/fuzz/fuzz_$name" --write "$corpus"
    before=$(find "$corpus" -type f | wc -l)
    "$BUILD/tests/fuzz/libfuzzer_$name" -max_total_time="$time" -max_len=$INPUT_MAX -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -close_fd_mask=1 -artifact_prefix="$findings/" "${corpora[@]}" >"$log" 2>&1 ||
        verdict="FINDING: $log"
    after=$(find "$corpus" -type f | wc -l)
    # The replay takes what was found, too: it must reach the whole table.
    outcomes=$(coverage "$name" "$corpus") || [[ $verdict != clean ]] || verdict="OUTCOMES: $log.outcomes"
    beyond=$(sed -n "s/^not in the harness's table: //p" "$log.outcomes" | paste -sd ';')
    if [[ $verdict == clean && -n $beyond ]]; then verdict="clean, and beyond its table: $beyond"; fi
    printf '%-18s %12s %9s %7s %7s %9s  %s\n' "$name" "$(stat_of number_of_executed_units "$log")" \
        "$(stat_of average_exec_per_sec "$log")" "$(edges_of "$log")" $((after - before)) "$outcomes" "$verdict" |
        tee "$BUILD/lines/$name.line"
}

coverage() {
    local status=0
    "$BUILD/tests/fuzz/fuzz_$1" --fuzzed "tests/fuzz/corpus/$1" "$2" >"$BUILD/lines/$1.log.outcomes" 2>&1 || status=$?
    sed -n 's/.* inputs, \([0-9]*\) of \([0-9]*\) outcomes/\1\/\2/p' "$BUILD/lines/$1.log.outcomes" | grep . || echo none
    return "$status"
}

stat_of() {
    sed -n "s/^stat::$1: *//p" "$2" | tail -n 1 | grep . || echo 0
}

edges_of() {
    grep -o ' cov: [0-9]*' "$1" | tail -n 1 | tr -dc 0-9 | grep . || echo 0
}

sum() {
    local lines
    lines=$(cat "$BUILD"/lines/*.line 2>/dev/null | wc -l)
    ((lines == $1)) || fail "$lines of $1 harnesses have ended as they should"
    cat "$BUILD"/lines/*.line | awk -v harnesses="$1" '
        { executions += $2; new += $5; if ($7 !~ /^clean/) bad++ }
        END {
            printf "%d harnesses, %d executions, %d new inputs, %d not clean\n", harnesses, executions, new, bad
            exit bad > 0
        }'
}

if [[ ${1-} == --one ]]; then one "$2" "$3"; else main "$@"; fi
