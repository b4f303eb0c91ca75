#!/usr/bin/env bash
# Stops the suite of this clone and forgets all of it: data, journal, keys, logs. What is in build/ stays.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/down.sh
rm -rf run
echo "suite: run/ is gone"
