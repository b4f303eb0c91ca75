"""Row 8: how long nobody is answered when the owner is ended."""
import os
import signal
import time

from bench_report import median
from bench_suite import BenchSuite, Failure, until

TITLES = {8: "owner killed or stopped, until the next reply"}
TAKE_OVER_PER_SECOND = 200
# The default, and what a broker allows whose group.min.session.timeout.ms is lowered, as that of deploy/local is (1 s; its
# default is 6 s). A short one takes a process for dead that was only paused for so long.
SESSION_TIMEOUT_MS, SHORT_TIMEOUT_MS, SHORT_GAP_S_MAX = 6000, 1500, 3


def measure(bench, report):
    print(f"\nrow 8: {TITLES[8]}", flush=True)
    killed, stopped = end_owners(bench, report, SESSION_TIMEOUT_MS, (signal.SIGKILL, signal.SIGTERM))
    killed_short, = end_owners(bench, report, SHORT_TIMEOUT_MS, (signal.SIGKILL,))
    limit_s = SESSION_TIMEOUT_MS / 1000 + 1
    for name, gaps in ((f"kill -9 of the owner, {SESSION_TIMEOUT_MS / 1000:g} s session", killed),
                       (f"kill -9 of the owner, {SHORT_TIMEOUT_MS / 1000:g} s session", killed_short),
                       ("ordered stop of the owner", stopped)):
        report.line(f"{name:<46} next reply after {median(gaps):.2f} s ({min(gaps):.2f} - {max(gaps):.2f})")
    report.floor(8, f"kill -9, at most the session timeout ({SESSION_TIMEOUT_MS / 1000:g} s) + 1 s",
                 round(median(killed), 2), median(killed) <= limit_s, " s")
    report.floor(8, f"kill -9 with a session timeout of {SHORT_TIMEOUT_MS / 1000:g} s, below {SHORT_GAP_S_MAX} s",
                 round(median(killed_short), 2), median(killed_short) < SHORT_GAP_S_MAX, " s")
    report.floor(8, "ordered stop, at most 0.5 s", round(median(stopped), 2), median(stopped) <= 0.5, " s")


def end_owners(bench, report, session_timeout_ms, ways):
    """The gaps of each way, taken in turns."""
    with BenchSuite(bench.build, count=2, session_timeout_ms=session_timeout_ms) as suite:
        suite.make_slots(120000)
        suite.book(8, 16, bench.warm_seconds, 4000)
        gaps = [[take_over(suite, way, session_timeout_ms) for way in ways] for _ in range(bench.take_overs)]
        report.fault(suite.faults())
    return list(zip(*gaps))


def take_over(suite, how, session_timeout_ms):
    """The longest time without a new outcome, in seconds, of a steady load during which the owner is ended."""
    owner, before_s = until(suite.owner, 20), suite.cpu_s()
    load = suite.book_meanwhile(4 + (session_timeout_ms / 1000 + 2 if how == signal.SIGKILL else 2), 8, 16,
                                TAKE_OVER_PER_SECOND)
    time.sleep(2)
    os.kill(suite.pid(owner), how)
    result = suite.booked(load)
    if suite.owner() != suite.other(owner):
        raise Failure("the other process did not take over")
    suite.start(owner)
    suite.ready(owner)
    return suite.judge(result, before_s)["gap_ms"] / 1000
