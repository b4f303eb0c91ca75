#!/usr/bin/env bash
# From a clean clone to a running suite on this machine: Kafka, Redis, two processes of each service, a demo borough and a
# story.
# Run again it starts what does not run and changes nothing else. Ports: deploy/local/ports.env. Everything it makes lies
# in build/ and run/.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
# shellcheck source=deploy/local/ports.env
source deploy/local/ports.env

readonly STEP_COUNT=10 STEP_LOG=run/log/up.log
readonly SUITE=deploy/local/suite.sh KAFKA=deploy/local/kafka/kafka.sh REDIS=deploy/local/redis.sh
readonly TOLD=run/story-told

main() {
    local since
    since=$(now_ms)
    mkdir -p run/log
    : >"$STEP_LOG"
    forget_settings
    step "installing what is missing" scripts/install-deps.sh
    step "building the programs" build
    step "making keys, certificates and configuration" configure
    step "starting Kafka" start_kafka
    step "starting Redis" "$REDIS" start
    step "making topics and each journal's first record" build/release/bhr --config run/bhr.ini topics apply \
        --replication "$((BHR_KAFKA_COUNT < 3 ? BHR_KAFKA_COUNT : 3))"
    step "saying who may touch which topic" apply_rules
    step "starting two processes of each service" start_processes
    step "publishing the demo borough's sessions" /usr/bin/python3 scripts/demo_borough.py
    tell_story
    echo
    printf 'The suite runs (%s). Stop it with "make down"; "make wipe" also forgets its data.\n' \
        "$(seconds $(($(now_ms) - since)))"
    say_what_next
}

build() {
    cmake --preset release
    ninja -C build/release bhr bhr-booking bhr-index
    echo "= built"
}

configure() {
    if [[ -f run/keys/door.key ]]; then echo "= kept"; else echo "= made"; fi
    "$SUITE" configure
}

start_kafka() {
    local said
    said=$("$KAFKA" start)
    echo "$said"
    if grep -q "already runs" <<<"$said"; then echo "= runs already"; fi
}

apply_rules() {
    if [[ -n ${BHR_KAFKA_PLAINTEXT:-} ]]; then
        echo "= BHR_KAFKA_PLAINTEXT: everybody may do everything"
        return
    fi
    build/release/bhr --config run/bhr.ini topics acl --apply --remove
}

start_processes() {
    local said
    said=$("$SUITE" start)
    echo "$said"
    if ! grep -qv "already runs" <<<"$said"; then echo "= run already"; fi
    "$SUITE" ready
}

# The story kills a process and books a clinic full, so it is told once; again by hand.
tell_story() {
    if [[ -f $TOLD ]]; then
        echo "[10/10] the story was told before; again: scripts/story.py"
        return
    fi
    echo "[10/10] a story"
    echo
    /usr/bin/python3 scripts/story.py || fail "the story did not end as it must; logs: run/log/"
    touch "$TOLD"
}

say_what_next() {
    cat <<TEXT

Try next (from $PWD):
  build/release/bhr -c run/bhr.ini status
  build/release/bhr -c run/bhr.ini slots --service gp-evening-romford --from "tomorrow 17:00"
  build/release/bhr -c run/bhr.ini watch
  build/release/bhr -c run/bhr.ini --as ops index board
  build/release/bhr -c run/bhr.ini journal verify
  scripts/story.py
Logs: run/log/booking-1.log, index-1.log ..., run/kafka/out, run/redis/out
Metrics and health: http://127.0.0.1:$BHR_HTTP_PORT/metrics and /readyz; index-1 on port
$BHR_INDEX_HTTP_PORT; the second of each on the next port
TEXT
}

main "$@"
