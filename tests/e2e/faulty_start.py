"""A booking process of which one thing fails, the n-th: once for each n, from its first line until it serves and has
stopped again. Either it says what it lacks and ends in order (or stays, its door shut, and says why), or it does without
and serves; it never crashes, leaks or hangs (AddressSanitizer and LeakSanitizer say so), and whatever became of it, the
next one serves.

    run_faulty_start(name, program)   program: one of tests/ that takes n first, then the words of bhr-booking"""
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import time

from suite import BUILD, people, run, skip

LIFE_S, TIMES_MAX = 60, 1000
EXIT_CODES_MAX = 10  # those of a process that has ended by itself (lib/host/host.h); signals and sanitizers are above
PLACES = (1, 2)  # as many at a time, each with a configuration and a store of its own
FEWER = "there were fewer"


class Life:
    """One process, and what became of it."""

    def __init__(self, suite, program, n, place):
        self.n, path = n, f"{suite.folder}/log/faulty-{place}.log"
        with open(path, "w", encoding="utf-8") as log:
            process = subprocess.Popen([program, str(n), "--config", f"{suite.folder}/booking-{place}.ini"], stderr=log,
                                       stdout=log, stdin=subprocess.DEVNULL, env={
                                           "PATH": os.environ["PATH"], "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")})
        until = time.monotonic() + LIFE_S
        while process.poll() is None and time.monotonic() < until and not re.search('"(serving|door_shut)"', read(path)):
            time.sleep(0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            self.code = process.wait(LIFE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            self.code = process.wait()
        self.text = read(path)
        self.failed = next(iter(re.findall("^fault: (.*)", self.text, re.MULTILINE)), "")
        self.serves = '"serving"' in self.text

    def is_in_order(self):
        return 0 <= self.code <= EXIT_CODES_MAX and "Sanitizer" not in self.text and "runtime error" not in self.text

    def says_why(self):
        """In an event, or, before there is a log, in a plain line. Whoever waits says for what."""
        events = [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]
        return self.text.find(": no memory\n") >= 0 or any(
            event.get("level") == "error" and (event.get("text") or event.get("why")) or
            event.get("event") == "waiting_for_kafka" for event in events)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def lives(suite, program):
    """In the order of n, up to the first that had fewer."""
    with concurrent.futures.ThreadPoolExecutor(len(PLACES)) as pool:
        for n in range(1, TIMES_MAX, len(PLACES)):
            for life in list(pool.map(lambda place, first=n: Life(suite, program, first + place - 1, place), PLACES)):
                yield life
                if life.failed == FEWER:
                    return


def body(suite, check, program):
    for place in PLACES:
        suite.stop_and_wait(place)
    served, ended, life = 0, 0, None
    for life in lives(suite, program):
        if not life.is_in_order():
            check(f"{life.n}, {life.failed}: it ends in order", False, f"exit {life.code}\n{life.text[-6000:]}")
        elif not life.serves and not life.says_why():
            check(f"{life.n}, {life.failed}: it says what it lacks", False, f"exit {life.code}\n{life.text[-3000:]}")
        served, ended = served + life.serves, ended + (not life.serves)
    check(f"{life.n - 1} things failed, each once: {ended} processes did not start, the others served",
          life.n > 30 and ended > 20 and life.failed == FEWER and life.serves and life.code == 0,
          f"{life.n}, {ended}, {served}")
    for place in PLACES:
        suite.start(place)
        suite.ready(place)
    slot = suite.clinic(slots=1)[1][0]
    check("the next process books", suite.book(people(3, 1)[0], slot_id=slot).code == 0)


def run_faulty_start(name, program):
    path = f"{BUILD}/tests/{program}"
    if not os.access(path, os.X_OK):
        skip(f"there is no {path}")
    run(name, lambda suite, check: body(suite, check, path), count=len(PLACES))
