#!/usr/bin/env bash
# Removes one rule of the journal at a time (journal.md section 8) from a copy of the tree and demands that the simulator
# notices within 60 s. The copy and its build are kept in build/mutations and reused. Prints one line per mutation: which
# promise broke, at which seed, after how long; then how many each promise caught. Exit 1 when one went unnoticed or does not
# apply any more.
# Usage: tests/sim/mutations/run.sh [name ...]
set -uo pipefail
cd "$(dirname "$0")/../../.." || exit 2

readonly SECONDS_MAX=60
readonly here=tests/sim/mutations
readonly tree=$PWD/build/mutations/tree
readonly build=$PWD/build/mutations/release
failures=0
promises=() # by which each was caught

main() {
    copy_tree
    cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE="-O2" \
        >"$build.log" 2>&1 || { cat "$build.log"; exit 2; }
    # The tree as it is must be clean, or nothing below says anything.
    build_sim && "$build/tests/sim/bhr-sim" --seeds 300 --quiet --once >"$build.log" || { cat "$build.log"; exit 2; }
    local file
    for file in "$here"/*.mut; do
        if [ $# -eq 0 ] || [[ " $* " == *" $(basename "$file" .mut) "* ]]; then try "$file"; fi
    done
    printf '%s\n' "${promises[@]}" | sort | uniq -c | sort -rn
    if [ $failures -gt 0 ]; then
        echo "$failures mutations were not caught"
        exit 1
    fi
}

# Unchanged files keep their time, so that only what differs is built again.
copy_tree() {
    mkdir -p "$tree" "$build"
    local file
    git ls-files -co --exclude-standard | while IFS= read -r file; do
        [ -f "$file" ] || continue
        cmp -s "$file" "$tree/$file" && continue
        mkdir -p "$tree/$(dirname "$file")"
        cp "$file" "$tree/$file"
    done
}

build_sim() {
    nice ninja -C "$build" -j2 bhr-sim >"$build.log" 2>&1
}

try() {
    local name begin line changed
    name=$(basename "$1" .mut)
    if ! changed=$(python3 "$here/apply.py" "$1" "$tree"); then
        echo "DOES NOT APPLY  $name"
        failures=$((failures + 1))
        copy_tree
        return
    fi
    if ! build_sim; then
        echo "DOES NOT BUILD  $name"
        grep -m 3 error: "$build.log"
        failures=$((failures + 1))
    else
        begin=$(date +%s%N)
        timeout $((SECONDS_MAX + 30)) "$build/tests/sim/bhr-sim" --seconds $SECONDS_MAX --once --as-it-is --quiet \
            >"$build.out" 2>&1
        if line=$(grep -m 1 '^BROKEN: ' "$build.out"); then
            line=${line#BROKEN: }
            promises+=("${line%%:*}")
            if [[ $line == assertion:* ]]; then line="assertion: $(assertion_of "$build.out")"; fi
            printf 'caught  %-44s seed %-6s %5d ms  %s\n' "$name" "$(seed_of "$build.out")" \
                $((($(date +%s%N) - begin) / 1000000)) "$line"
        else
            echo "NOT CAUGHT  $name ($(grep ' seeds, ' "$build.out"))"
            failures=$((failures + 1))
        fi
    fi
    put_back "$changed"
}

assertion_of() {
    grep -m 1 -o '"expression":.*' "$1" | cut -c 14-
}

seed_of() {
    grep -m 1 -o 'bhr-sim --seed [0-9]*' "$1" | grep -o '[0-9]*$'
}

# Their times are new, so that they are built again.
put_back() {
    local file
    for file in $1; do cp "$file" "$tree/$file"; done
}

main "$@"
