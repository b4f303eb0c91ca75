"""Every command of docs/runbooks, typed into a suite that is in the state its page describes: it must end as the page says
and print what the page shows, the log must hold the lines that the page shows, and afterwards the suite must be whole. How
a page says so: tests/support/runbooks.py."""
import os
import signal
import subprocess
import sys
import tempfile
import time

from suite import ROOT, Failure, people, run, skip, until

try:
    from confluent_kafka.admin import AdminClient
except ImportError as error:
    skip(f"{error}; scripts/install-deps.sh installs it")

from runbook_desk import FOLDER, OWN_TESTS, Desk, follow, log_lines_of, missing_lines  # noqa: E402

JOURNAL, COMMANDS = "bhr.booking.journal.v1", "bhr.booking.command.v1"
LIMIT_S = 3


def book(suite, state):
    return suite.done(suite.book(next(state["people"]), slot_id=next(state["slots"]), limit_s=LIMIT_S))


def let_own(suite, number):
    """The pages take process 1 for the one that owned."""
    if until(suite.owner, 20) != number:
        other = suite.other(number)
        suite.stop(other)
        suite.start(other)
        suite.ready(other)
        until(lambda: suite.owner() == number, 20)


def as_it_is(suite, state):
    """For pages that only look, or that bring about themselves what they are about."""


def killed(suite, state):
    suite.kill(*suite.numbers())


def paused(suite, state):
    let_own(suite, 1)
    os.kill(suite.pid(1), signal.SIGSTOP)
    until(lambda: suite.metrics(2).get('bhr_replica_state{state="owning"}') == 1, 20)


def without_kafka(suite, state):
    suite.kafka("kill")
    until(lambda: any(event["name"] == "behind" for number in suite.numbers()
                      for event in suite.events(number, "alarm")), 25)


def without_redis(suite, state):
    suite.redis("kill")


def cut(suite, state):
    """The last entry is lost, and its command is too old to be decided again."""
    book(suite, state)
    since = time.monotonic()
    if not suite.wait_same_digest():
        raise Failure("the stores do not agree before the cut")
    suite.kafka("kill")
    subprocess.run(["/usr/bin/python3", f"{ROOT}/scripts/journal-cut.py", f"{suite.folder}/kafka/data", JOURNAL, "0",
                    "1"], check=True, stdout=subprocess.DEVNULL)
    suite.kafka("start")
    time.sleep(max(0.0, since + LIMIT_S + 1 - time.monotonic()))


def without_commands(suite, state):
    """Somebody deleted the command topic and made it anew: it ends before the point already decided."""
    suite.stop()
    admin = AdminClient(suite.kafka_client("ops"))
    for done in admin.delete_topics([COMMANDS], operation_timeout=20).values():
        done.result(20)
    until(lambda: COMMANDS not in admin.list_topics(timeout=10).topics, 20)
    suite.must("topics", "apply", system="ops")
    suite.start()


def without_policy(suite, state):
    with open(f"{suite.folder}/policy", "a", encoding="ascii") as file:
        file.write("colour red\n")
    until(lambda: all(suite.events(number, "policy_refused") for number in suite.numbers()), 10)


def misconfigured(suite, state):
    suite.stop(1)
    with open(f"{suite.folder}/booking-1.ini", "a", encoding="ascii") as file:
        file.write("colour = red\n")
    suite.script("suite.sh", "start", 1)


# In an order that costs little; a page that is not here fails the test.
SCENES = {
    "not-started.md": misconfigured, "policy.md": without_policy, "process-gone.md": killed, "process-paused.md": paused,
    "redis-gone.md": without_redis, "kafka-away.md": without_kafka, "network-cut.md": as_it_is, "store.md": as_it_is,
    "clone.md": as_it_is, "clock.md": as_it_is, "store-full.md": as_it_is, "publisher.md": as_it_is, "audit.md": as_it_is,
    "set-aside.md": as_it_is, "wrong-version.md": as_it_is, "wrong-journal.md": as_it_is, "master-key.md": as_it_is,
    "certificates.md": as_it_is, "reactor.md": as_it_is, "journal-cut.md": cut, "command-log.md": without_commands,
}


def put_back(suite):
    """Nothing is left to do when the page was followed to its end."""
    for number in suite.numbers():
        if suite.is_running(number):
            os.kill(suite.pid(number), signal.SIGCONT)
    suite.script("suite.sh", "configure")
    suite.redis("start")
    suite.kafka("start")
    suite.start()
    suite.ready()


def body(suite, check):
    state = {"people": iter(people(12, 60)), "slots": iter(suite.clinic(slots=60)[1])}
    pages = {name for name in os.listdir(FOLDER) if name.endswith(".md")} - {"README.md"} - set(OWN_TESTS)
    check("each page has its state here, and each state its page", set(SCENES) == pages, set(SCENES) ^ pages)
    only = set(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="bhr-desk-") as folder:
        desk = Desk(suite, folder)
        for page, prepare in SCENES.items():
            if only and page not in only:
                continue
            book(suite, state)
            prepare(suite, state)
            follow(desk, check, page)
            found = "".join(suite.log(number) for number in suite.numbers())
            check(f"{page}: the log says what the page shows", not missing_lines(log_lines_of(page), found),
                  missing_lines(log_lines_of(page), found))
            put_back(suite)
            check(f"{page}: afterwards the suite is whole and books", until(suite.owner, 20) and book(suite, state))
    check("both stores agree", suite.wait_same_digest(), suite.digests())


run("runbooks", body, session_timeout_ms=1500, tls=True)
