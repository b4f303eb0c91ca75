"""kill -9 of everything, one after the other: the owner under load, both processes, Redis, Kafka. Each time `bhr book` works
again without further help; at the end the journal is whole, and a store is the same whether it lived through it all, was
rebuilt from nothing or made from a copy."""
import os
import shutil
import time

from load import Load, book_request
from raw_client import Schema, new_id
from suite import people, run, until

SESSION_TIMEOUT_MS = 2000


def owner_under_load(suite, check, schema, slots):
    crowd = people(5, 290) + people(6, 290)
    load = Load(suite, schema, [book_request(schema, slots[index % 200], person) for index, person in enumerate(crowd)],
                clients=8, in_flight=4, per_second=150)
    owner = suite.owner()
    load.start()
    until(lambda: len(load.final) > 150, 20)
    suite.kill(owner)
    load.join()
    check(f"owner killed under load: each of {len(crowd)} requests was answered", len(load.answers) == len(crowd),
          dict(load.outcomes()))
    check("each was booked, once", load.outcomes() == {"ok": len(crowd)} and load.contradictions() == [],
          (dict(load.outcomes()), load.contradictions()[:3]))
    gap = load.longest_gap_s()
    check(f"the longest gap was the session timeout and at most 1.5 s more ({gap:.2f} s)",
          gap < SESSION_TIMEOUT_MS / 1000 + 1.5)
    suite.start(owner)
    suite.ready(owner)
    return load.booked()


def body(suite, check):
    schema = Schema()
    slots = suite.clinic(slots=200, places=4, minutes=5, hour=6)[1]
    later = iter(suite.clinic(slots=60, days=4)[1])
    crowd = iter(people(7, 60))
    told = owner_under_load(suite, check, schema, slots)

    def books(what, request_id=None):
        answer = suite.book(next(crowd), slot_id=next(later), request_id=request_id, limit_s=30)
        check(f"{what}: booked after {answer.took_ms / 1000:.2f} s", answer.code == 0, f"{dict(answer)} {answer.errors}")
        told.add(answer.get("booking_id"))

    suite.kill(*suite.numbers())
    suite.start()
    books("both processes killed and started again")
    suite.redis("kill")
    books("Redis killed")
    suite.redis("start")

    suite.kafka("kill")
    person, slot, request_id = next(crowd), next(later), new_id()
    answer = suite.book(person, slot_id=slot, request_id=request_id, limit_s=2)
    check("Kafka killed: nobody is told yes", answer.code in (3, 4), f"{dict(answer)} {answer.errors}")
    suite.kafka("start")
    answer = suite.book(person, slot_id=slot, request_id=request_id, limit_s=30)
    check(f"Kafka started: the same request is booked after {answer.took_ms / 1000:.2f} s", answer.code == 0,
          f"{dict(answer)} {answer.errors}")
    told.add(answer.get("booking_id"))
    books("and the next one")
    suite.ready()

    counted = suite.count()
    check("the journal holds exactly what callers were told, without a fault",
          set(counted["ids"]) == told and counted["faults"] == [],
          (len(counted["ids"]), len(told), counted["faults"][:3]))
    verified = suite.bhr("journal", "verify")
    check("bhr journal verify finds nothing wrong", verified.code == 0, f"{dict(verified)} {verified.errors}")
    stores_agree(suite, check)


def stores_agree(suite, check):
    first, second = (suite.setting(number, "data_dir") for number in (1, 2))
    check("both stores have the same digest", suite.wait_same_digest(), suite.digests())
    suite.stop(1)
    shutil.rmtree(first)
    suite.start(1)
    suite.ready(1)
    check("also when one was deleted and built again", suite.wait_same_digest(), suite.digests())
    suite.stop(1)
    shutil.rmtree(first)
    since = time.monotonic()
    copied = suite.bhr("store", "copy", second, first)
    check(f"a store is copied while its process runs ({time.monotonic() - since:.2f} s)",
          copied.code == 0 and os.path.isdir(first), f"{dict(copied)} {copied.errors}")
    suite.start(1)
    suite.ready(1)
    check("and when one was made from a copy of the other", suite.wait_same_digest(), suite.digests())


run("kill -9", body, session_timeout_ms=SESSION_TIMEOUT_MS)
