#!/usr/bin/env bash
# The tests of volume (tests/e2e/test_slow_*.py) at full size: a million entries behind, ten thousand connections, Kafka away
# for a minute. Each has a suite of its own, one after the other; what they say is shown as they say it and kept in
# run/log/soak.log. The last line counts. `make test` runs a hundredth of each.
#   scripts/soak.sh [name ...]   such as: follower backlog
# BHR_SOAK_BUILD: the build folder (build/release).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

readonly BUILD=${BHR_SOAK_BUILD:-build/release} LOG=run/log/soak.log TESTS=tests/e2e/test_slow_

main() {
    local names=("$@") name passed=0 failed=0 count=0
    if (($# == 0)); then
        mapfile -t names < <(for name in "$TESTS"*.py; do basename "${name#"$TESTS"}" .py; done)
    fi
    for name in "${names[@]}"; do
        [[ -f $TESTS$name.py ]] || fail "there is no test $TESTS$name.py"
    done
    mkdir -p "$(dirname "$LOG")"
    : >"$LOG"
    forget_settings
    cmake --preset release -B "$BUILD" >/dev/null
    ninja -C "$BUILD" --quiet bhr bhr-booking bhr-bench-load
    export BHR_TEST_BUILD=$PWD/$BUILD PYTHONDONTWRITEBYTECODE=1
    for name in "${names[@]}"; do
        count=$((count + 1))
        soak "[$count/${#names[@]}] $name" "$TESTS$name.py"
    done
    read -r passed failed < <(awk '/^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
        /^stopped: / { failed++ }
        END { print passed + 0, failed + 0 }' "$LOG")
    echo "$passed passed, $failed failed"
    ((failed == 0))
}

# One test; the others go on when it fails.
soak() {
    local label=$1 since status=0
    since=$(now_ms)
    echo "$label"
    /usr/bin/python3 "$2" --size full 2>&1 | tee -a "$LOG" | sed -u 's/^/    /' || status=$?
    # A test that could not begin, or that was skipped, has not shown anything.
    if ((status != 0)) && ! tail -n 1 "$LOG" | grep -qE '^[0-9]+ passed, [1-9][0-9]* failed$'; then
        echo "stopped: $label ended with $status" | tee -a "$LOG"
    fi
    echo "$label: $(seconds $(($(now_ms) - since)))"
}

main "$@"
