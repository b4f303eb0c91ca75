#!/usr/bin/env bash
# Stops what up.sh started, each process by its own pid and only if that still is the process: services, Redis,
# Kafka.
# Everything in run/ is kept.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

forget_settings
deploy/local/suite.sh stop
deploy/local/redis.sh stop
deploy/local/kafka/kafka.sh stop
