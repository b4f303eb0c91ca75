#!/usr/bin/env bash
# A whole suite of three brokers and five processes under faults, and the judgement (tests/fault/README.md). Options are
# those of tests/fault/chaos.py. The page is printed, and written to build/chaos.md.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset release >/dev/null
ninja -C build/release --quiet bhr bhr-booking bhr-index bhr_clock_shim
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 tests/fault/chaos.py --build build/release --page build/chaos.md "$@"
