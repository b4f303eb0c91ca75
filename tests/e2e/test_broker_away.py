"""Kafka goes away for longer than any session lasts, once dead and once only silent: everybody waits, nobody is told
anything untrue, and a few seconds after it is back the suite decides again by itself."""
import os
import signal
import time

from raw_client import new_id
from suite import people, run, until

AWAY_S = 25
BACK_S = 60  # on a machine that has much else to do; how long it took is printed


def decides_again(suite, check, what, crowd, slots):
    since = time.monotonic()
    person, slot = next(crowd), next(slots)
    answer, request_id = None, new_id()

    def booked():
        nonlocal answer, request_id
        answer = suite.book(person, slot_id=slot, request_id=request_id, limit_s=3)
        if answer.get("outcome") == "expired":  # final: it came too late to be decided, and nothing came of it
            request_id = new_id()
        return answer.code == 0

    check(f"{what}: a place is booked again", until(booked, BACK_S, pause_s=0.2), f"{dict(answer)} {answer.errors}")
    check.note(f"{what}: {time.monotonic() - since:.1f} s after Kafka was back")
    return answer


def body(suite, check):
    slots = iter(suite.clinic(slots=60)[1])
    crowd = iter(people(9, 60))
    kept = [suite.done(suite.book(next(crowd), slot_id=next(slots))) for _ in range(3)]

    suite.kafka("kill")
    refused = suite.book(next(crowd), slot_id=next(slots), limit_s=2)
    check("dead: nobody is told yes", refused.code in (3, 4), f"{dict(refused)} {refused.errors}")
    time.sleep(AWAY_S)
    check("dead: both processes go on", all(suite.is_running(number) for number in suite.numbers()))
    suite.kafka("start")
    kept.append(decides_again(suite, check, "dead", crowd, slots))
    check("dead: somebody owns again", until(suite.owner, 5))

    with open(f"{suite.folder}/kafka/pid", encoding="ascii") as file:
        broker = int(file.read())
    os.kill(broker, signal.SIGSTOP)
    try:
        refused = suite.book(next(crowd), slot_id=next(slots), limit_s=2)
        check("silent: nobody is told yes", refused.code in (3, 4), f"{dict(refused)} {refused.errors}")
        time.sleep(AWAY_S)
    finally:
        os.kill(broker, signal.SIGCONT)
    kept.append(decides_again(suite, check, "silent", crowd, slots))
    check("silent: both processes go on", all(suite.is_running(number) for number in suite.numbers()))
    check("both stores agree", suite.wait_same_digest(), suite.digests())
    counted = suite.count()
    check("nothing that was promised is missing, and nothing is there twice",
          {answer["booking_id"] for answer in kept} <= set(counted["ids"]) and counted["faults"] == [],
          (counted["booked"], len(kept), counted["faults"]))
    check("nobody calls it a cut", not any(event["name"] == "journal_cut" for number in suite.numbers()
                                           for event in suite.events(number, "alarm")))


run("a broker that is away", body)
