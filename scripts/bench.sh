#!/usr/bin/env bash
# Measures the suite beside PostgreSQL and plain Kafka, all of them its own, in temporary folders and on free ports
# (tests/bench/bench.py; how to read it: docs/BENCHMARKS.md). Options: --quick, --rows 1,2,3, --repeats N,
# --seconds S, --json FILE. BHR_BENCH_BUILD: the build folder (build/release).
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BHR_BENCH_BUILD:-build/release}
cmake --preset release -B "$build" >/dev/null
ninja -C "$build" --quiet bhr bhr-booking bhr-index bhr-match-learn bhr-make-people bhr-bench-{load,kafka,token,curve,seal,unaudited,unaudited-index,match,ask}
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 tests/bench/bench.py --build "$build" "$@"
