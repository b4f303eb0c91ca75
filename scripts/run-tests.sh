#!/usr/bin/env bash
# Runs every test of a build folder (build/dev unless another is named) and counts them; the last line is
# `N passed, N failed`. Beside a running `make up` it is no guest: its Kafka broker has its own folder and ports.
#   scripts/run-tests.sh [build folder] [further words for ctest, such as -R accept]
# Quick tests run two at a time, and keep two cores busy. The others mostly wait, so there are more of them at a time: whole
# suites (e2e) have brokers of their own; those marked integration share the broker in BHR_TEST_BROKERS, and so take turns.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

readonly BUILD=${1:-build/dev}
shift
readonly SHARES_BROKER='^integration$' NOT_QUICK='^(integration|e2e)$'
readonly AT_ONCE_QUICK=2 AT_ONCE=4
readonly OUTPUT_BYTES_MAX=4194304
readonly KAFKA=deploy/local/kafka/kafka.sh

scratch=$(mktemp -d "${TMPDIR:-/tmp}/bhr-test-XXXXXX") || exit 2
broker_port= # of the broker that this run started

main() {
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    local is_broker_needed=false starter=
    if has_tests "$SHARES_BROKER" "$@"; then is_broker_needed=true; fi
    if $is_broker_needed && [[ -z ${BHR_TEST_BROKERS:-} && -x $KAFKA ]]; then
        broker_port=$(free_port_pair)
        kafka start >"$scratch/kafka.out" 2>&1 & # while the tests that need none are running
        starter=$!
    fi
    run_ctest quick --parallel $AT_ONCE_QUICK --label-exclude "$NOT_QUICK" "$@"
    if [[ -n $starter ]]; then await_broker "$starter"; fi
    if has_tests "$NOT_QUICK" "$@"; then run_ctest slow --parallel $AT_ONCE --label-regex "$NOT_QUICK" "$@"; fi
    /usr/bin/python3 scripts/count-tests.py "$scratch"/*.xml
}

has_tests() {
    local label=$1
    shift
    ctest --test-dir "$BUILD" --show-only --label-regex "$label" "$@" 2>/dev/null | grep 'Test *#' >/dev/null
}

# Each test's line as it ends, and all that a failing one said; every output is kept whole for the count.
run_ctest() {
    local name=$1
    shift
    ctest --test-dir "$BUILD" --output-on-failure --no-tests=ignore --output-junit "$scratch/$name.xml" \
        --test-output-size-passed $OUTPUT_BYTES_MAX --test-output-size-failed $OUTPUT_BYTES_MAX "$@"
}

# The settings are for this broker alone: suites that tests start have brokers of their own.
kafka() {
    BHR_KAFKA_DIR=$scratch/kafka BHR_KAFKA_PORT=$broker_port BHR_KAFKA_PLAINTEXT=1 "$KAFKA" "$@"
}

# The broker listens on this port, its controller on the next one.
free_port_pair() {
    /usr/bin/python3 - <<'PYTHON'
import socket
while True:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        try:
            two.bind(("127.0.0.1", port + 1))
        except OSError:
            continue
        print(port)
        break
PYTHON
}

# A broker that does not start is a failure of its own: else every test that wants it would quietly be skipped.
await_broker() {
    if wait "$1"; then
        export BHR_TEST_BROKERS=127.0.0.1:$broker_port
        return
    fi
    echo "the Kafka broker for the tests did not start:"
    tail -n 40 "$scratch/kafka.out"
    cat >"$scratch/broker.xml" <<'XML'
<testsuite><testcase name="shared Kafka broker" status="fail"><system-out/></testcase></testsuite>
XML
}

clean_up() {
    if [[ -n $broker_port ]]; then kafka stop >/dev/null 2>&1; fi
    rm -rf "$scratch"
}

main "$@"
