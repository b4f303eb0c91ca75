"""A whole suite under ThreadSanitizer: bookings from many callers over two processes and request topics, a hand-over in
the middle, the old owner back, an ordered stop of both. Any report that tests/sanitize/tsan.supp does not name fails it.
Needs a build of the preset tsan (scripts/sanitize.sh makes it)."""
import os
import sys

from instrumented import ROOT, Instrumented, thread_sanitizer

from load import Load, book_request  # noqa: E402
from raw_client import Schema  # noqa: E402
from suite import Checks, OwnSuite, people, until  # noqa: E402

BUILD = os.environ.get("BHR_TEST_BUILD", f"{ROOT}/build/tsan")


def body(suite, check):
    schema = Schema()
    slots = suite.clinic(slots=200, places=4, minutes=5, hour=6)[1]
    crowd = people(3, 290)
    load = Load(suite, schema, [book_request(schema, slots[index % 200], person) for index, person in enumerate(crowd)],
                clients=8, in_flight=4, per_second=60)
    owner = suite.owner()
    other = suite.other(owner)
    load.start()
    until(lambda: len(load.final) > 100, 30)
    codes = suite.stop_and_wait(owner)
    check("the owner stops in order under load", codes == [0], codes)
    check("the other owns", until(lambda: suite.owner() == other, 20))
    load.join()
    check("every request was answered and booked", load.outcomes() == {"ok": len(crowd)}, dict(load.outcomes()))
    suite.start(owner)
    suite.ready(owner)
    check("both stores are the same", suite.wait_same_digest())
    for number in suite.numbers():
        check(f"booking-{number} tells its metrics", suite.metrics(number))
    os.kill(suite.pid(other), 1)  # SIGHUP: the policy and the certificates are read again
    check("the policy was read again", until(lambda: suite.events(other, "reload_asked"), 10))
    codes = suite.stop_and_wait(*suite.numbers())
    check("both stop in order", codes == [0, 0], codes)


def judge(check, tool):
    reports = "\n".join(tool.said().values())
    check("ThreadSanitizer reports nothing", reports == "", f"{reports.count('WARNING: ThreadSanitizer')} reports")
    print(reports, end="")


def main():
    with Checks("threads") as check, Instrumented(BUILD, thread_sanitizer(BUILD), are_clients_too=True) as tool:
        try:
            with OwnSuite(build=tool.build, session_timeout_ms=6000, settings="store_map_mib=1024") as suite:
                check.note(f"Kafka, Redis and 2 processes run; booking-{suite.owner()} owns")
                body(suite, check)
                if check.failed:
                    suite.print_logs()
        finally:
            judge(check, tool)
    sys.exit(1 if check.failed or not check.passed else 0)


main()
