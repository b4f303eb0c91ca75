"""Far more callers than places: 32 clients with 16 requests in flight each ask five times for each of 1,000 slots of four
places. Exactly 4,000 may be booked, whoever counts."""
import random

from load import Load, book_request
from raw_client import Schema
from suite import people, run

SLOTS, PLACES, ASKED = 1000, 4, 5


def body(suite, check):
    schema = Schema()
    slots = []
    for part in range(SLOTS // 200):
        slots += suite.clinic(slots=200, places=PLACES, minutes=5, days=3 + part, hour=6)[1]
    crowd = [person for seed in range(20) for person in people(seed, 250)]
    wishes = [slot for slot in slots for _ in range(ASKED)]
    random.Random(1).shuffle(wishes)
    load = Load(suite, schema, [book_request(schema, slot, person) for slot, person in zip(wishes, crowd)],
                clients=32, in_flight=16)
    load.start()
    load.join()
    outcomes = load.outcomes()
    check("the load ran", load.fault is None, load.fault)
    check(f"each of {len(wishes):,} requests was answered", len(load.answers) == len(wishes), dict(outcomes))
    check(f"exactly {SLOTS * PLACES:,} callers were told yes, all others slot_taken",
          outcomes == {"ok": SLOTS * PLACES, "slot_taken": SLOTS * (ASKED - PLACES)}, dict(outcomes))
    check("nobody was told two things", load.contradictions() == [], load.contradictions()[:3])
    counted = suite.count()
    check(f"the journal holds exactly {SLOTS * PLACES:,} bookings, four in each slot, without a fault",
          (counted["booked"], counted["slots_booked"], counted["faults"]) == (SLOTS * PLACES, SLOTS, []),
          {**counted, "ids": len(counted["ids"])})
    check("they are the very bookings that callers were told of", set(counted["ids"]) == load.booked())


run("contention", body)
