#!/usr/bin/env bash
# A whole suite under a tool that looks at every thread or every byte; each has a build of its own.
#   scripts/sanitize.sh tsan       ThreadSanitizer: bookings, a hand-over, a stop; and races planted for it (build/tsan)
#   scripts/sanitize.sh memcheck   valgrind: one process from start to end, nothing left behind (build/release)
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
tsan) preset=tsan tests='planted|tsan' programs=(bhr bhr-booking bhr-c11-threads bhr-planted-race) ;;
memcheck) preset=release tests=memcheck programs=(bhr bhr-booking) ;;
*)
    sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
cmake --preset $preset >/dev/null
ninja -C build/$preset --quiet "${programs[@]}"
exec ctest --test-dir build/$preset --tests-regex "^sanitize/($tests)\$" --verbose --no-tests=error
