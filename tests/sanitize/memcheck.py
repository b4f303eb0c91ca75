"""A real booking process under valgrind, from its first line to its last: it starts, owns, books, publishes, and is stopped
in order. Valgrind must find no error in it and nothing that it has left behind; nothing is suppressed. Needs a build without sanitizers (scripts/sanitize.sh makes it)."""
import os
import re
import shutil
import signal
import sys

from instrumented import ROOT, Instrumented

from suite import Checks, OwnSuite, people, skip, until  # noqa: E402

BUILD = os.environ.get("BHR_TEST_BUILD", f"{ROOT}/build/release")
# It runs one thread at a time; taking turns keeps libzmq's threads alive beside ours.
WORDS = ["valgrind", "--fair-sched=yes", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
         "--errors-for-leak-kinds=definite,indirect,possible", "--log-file={said}.%p"]
STOP_S = 90  # valgrind looks for what is lost
LOST = re.compile(r"(definitely|indirectly|possibly) lost: ([\d,]+) bytes")


def body(suite, check):
    slots = suite.clinic(slots=4)[1]
    for person, slot in zip(people(3, 3), slots):
        check("booked", suite.book(person, slot_id=slot, limit_s=40).code == 0)
    taken = suite.book(people(4, 1)[0], slot_id=slots[0], limit_s=40)
    check("a taken slot is refused", taken.get("outcome") == "slot_taken", dict(taken))
    check("it answers for its health", suite.metrics(1))
    check("the public topic is level", until(lambda: suite.metrics(1).get("bhr_publisher_lag_entries") in (0, None), 20))
    os.kill(suite.pid(1), signal.SIGTERM)
    check("it stops in order", until(lambda: not suite.is_running(1), STOP_S), f"still there after {STOP_S} s")
    codes = [event.get("exit_code") for event in suite.events(1, "ended")]
    check("its exit code is 0", codes == [0], codes)


def judge(check, text):
    """The tool's own count: no error, and nothing lost."""
    errors = re.findall(r"ERROR SUMMARY: (\d+) errors", text)
    check("valgrind went to the process's end", len(errors) == 1, text[-2000:])
    check("valgrind finds no error", errors == ["0"], errors)
    lost = {kind: int(size.replace(",", "")) for kind, size in LOST.findall(text)}
    clean = "All heap blocks were freed" in text or (len(lost) == 3 and not any(lost.values()))
    check("definitely, indirectly and possibly lost: 0", clean, lost)


def main():
    if shutil.which("valgrind") is None:
        skip("there is no valgrind")
    with Checks("memory at the end") as check, Instrumented(BUILD, WORDS) as tool:
        with OwnSuite(build=tool.build, count=1, session_timeout_ms=10000, settings="store_map_mib=1024") as suite:
            check.note("Kafka, Redis and one process under valgrind run")
            body(suite, check)
            if check.failed:
                suite.print_logs()
        texts = tool.said()
        check("one process was looked at", len(texts) == 1, sorted(texts))
        for text in texts.values():
            judge(check, text)
            if check.failed:
                print(text)
    sys.exit(1 if check.failed or not check.passed else 0)


main()
