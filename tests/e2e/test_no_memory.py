"""A booking process that finds no memory: its n-th own request is refused, for each n from its first line until it serves
and has stopped again. Either it says what it lacks and ends in order, or it does without and serves; it never crashes,
leaks or hangs (AddressSanitizer and LeakSanitizer say so), and whatever became of it, the next one serves."""
import json
import os
import signal
import subprocess
import time

from suite import BUILD, people, run, skip

PROGRAM = f"{BUILD}/tests/alloc-booking"
LIFE_S, REQUESTS_MAX = 30, 1000
EXIT_CODES_MAX = 10  # those of a process that has ended by itself (lib/host/host.h); signals and sanitizers are above


def live(suite, n):
    """One process; (exit code, whether a request was refused, whether it served, all that it said)."""
    path = f"{suite.folder}/log/no-memory.log"
    with open(path, "w", encoding="utf-8") as log:
        process = subprocess.Popen([PROGRAM, str(n), "--config", f"{suite.folder}/booking-1.ini"], stderr=log,
                                   stdout=log, stdin=subprocess.DEVNULL,
                                   env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")})
    serves, until = False, time.monotonic() + LIFE_S
    while process.poll() is None and not serves and time.monotonic() < until:
        time.sleep(0.02)
        serves = '"serving"' in read(path)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(LIFE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    text = read(path)
    return code, "no_memory: came" in text, serves, text


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def said_why(text):
    """The sentences of a process that did not start; before there is a log they are plain lines."""
    lines = text.splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    return [event.get("text", "") for event in events if event.get("level") == "error"] + [
        line for line in lines if line.endswith(": no memory")]


def body(suite, check):
    suite.stop_and_wait(1)
    served = ended = 0
    for n in range(1, REQUESTS_MAX):
        code, came, serves, text = live(suite, n)
        is_good = 0 <= code <= EXIT_CODES_MAX and "Sanitizer" not in text and "runtime error" not in text
        if not is_good:
            check(f"request {n}: it ends in order", False, f"exit {code}\n{text[-6000:]}")
        elif not serves and not any(said_why(text)):
            check(f"request {n}: it says what it lacks", False, f"exit {code}\n{text[-3000:]}")
        served, ended = served + serves, ended + (not serves)
        if is_good and not came:
            break
    check(f"{n - 1} requests were refused, each once: {ended} processes did not start, the others served",
          n > 30 and ended > 20 and serves and code == 0, f"{n}, {ended}, {served}")
    suite.start(1)
    suite.ready(1)
    slot = suite.clinic(slots=1)[1][0]
    check("the next process books", suite.book(people(3, 1)[0], slot_id=slot).code == 0)


if not os.access(PROGRAM, os.X_OK):
    skip(f"there is no {PROGRAM}")
run("no memory", body, count=1)
