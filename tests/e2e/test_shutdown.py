"""SIGTERM under load: the owner stops in order within three seconds and exits with 0, the other owns within one second of
its stepping down, nobody is left without an answer, and no process stays behind. SIGTERM of a process that still waits for
Kafka is an ordered stop, too."""
import os
import signal
import subprocess
import time
from datetime import datetime

from load import Load, book_request
from raw_client import Schema
from suite import people, run, until

STOP_S, TAKE_OVER_S = 3.0, 1.0
WAITING_STOP_S = 6.0  # a question to a broker that is away takes up to three seconds, and is finished first


def moved_at(suite, number, to):
    """When that process last became that, by its log."""
    moves = [event for event in suite.events(number, "replica_moved") if event["to"] == to]
    return datetime.fromisoformat(moves[-1]["time"].replace("Z", "+00:00")) if moves else None


def body(suite, check):
    schema = Schema()
    slots = suite.clinic(slots=200, places=4, minutes=5, hour=6)[1]
    crowd = people(3, 290) + people(4, 290)
    load = Load(suite, schema, [book_request(schema, slots[index % 200], person) for index, person in enumerate(crowd)],
                clients=8, in_flight=4, per_second=150)
    owner = suite.owner()
    pid, other = suite.pid(owner), suite.other(owner)
    load.start()
    until(lambda: len(load.final) > 150, 10)
    since = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    taken_over = until(lambda: suite.owner() == other, 10)
    gone = until(lambda: not suite.is_running(owner) and time.monotonic() - since, 10, pause_s=0.01)
    check(f"the process is gone within {STOP_S:.0f} s", gone and gone < STOP_S, f"{gone:.2f} s" if gone else "still there")
    stepped_down, owned = moved_at(suite, owner, "stopped"), moved_at(suite, other, "owning")
    hand_over_s = (owned - stepped_down).total_seconds() if taken_over else 99
    check(f"{hand_over_s:.2f} s after it stepped down the other owns", 0 <= hand_over_s < TAKE_OVER_S)
    load.join()
    check("every request was answered", len(load.answers) == len(crowd), dict(load.outcomes()))
    check("all were booked", load.outcomes() == {"ok": len(crowd)}, dict(load.outcomes()))
    check(f"no gap between answers was longer than 2 s ({load.longest_gap_s():.2f} s)", load.longest_gap_s() < 2)
    counted = suite.count()
    check("the journal says the same", set(counted["ids"]) == load.booked() and counted["faults"] == [])

    codes = suite.stop_and_wait(other)
    check("a process that is stopped exits with 0", codes == [0], codes)
    suite.start()
    suite.ready()
    codes = suite.stop_and_wait(*suite.numbers())
    check("both at once as well", codes == [0, 0], codes)
    check("no process is left", not any(suite.is_running(number) for number in suite.numbers()))
    suite.kafka("stop")
    for word in ("SIGTERM", "SIGINT"):
        stop_while_waiting(suite, check, word)


def stop_while_waiting(suite, check, word):
    """A process that does not find Kafka when it starts."""
    path = f"{suite.folder}/log/waiting.log"

    def said(event):
        with open(path, encoding="utf-8") as file:
            return f'"event":"{event}"' in file.read()

    with open(path, "w", encoding="utf-8") as log:
        process = subprocess.Popen([f"{suite.build}/bhr-booking", "--config", f"{suite.folder}/booking-1.ini"],
                                   stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=suite.environment)
    try:
        check("without Kafka it waits", until(lambda: said("waiting_for_kafka"), 20))
        since = time.monotonic()
        process.send_signal(getattr(signal, word))
        code = process.wait(20)
        check(f"{word} ends it after {time.monotonic() - since:.1f} s, in order", code == 0 and said("stop_asked") and
              said("ended") and time.monotonic() - since < WAITING_STOP_S, code)
    finally:
        process.kill()
        process.wait()


run("ordered stop", body, session_timeout_ms=6000)
