"""The store's map is full. A follower with the smaller one stops and says so, and its door answers nothing from an old
store; the owner goes on alone, and leaves before its own map is full, so that nobody decides any more and callers are
told. With a larger map each of them comes back, and nothing that was promised is missing."""
import time

from raw_client import new_id
from suite import people, run, until
from volume import VolumeSuite, sized

FOLLOWER_MIB = sized(800)
OWNER_MIB = FOLLOWER_MIB + FOLLOWER_MIB // 2
LARGER_MIB = 4 * FOLLOWER_MIB
STEP_SECONDS = max(0.5, FOLLOWER_MIB / 400)
FILL_S = 100 + FOLLOWER_MIB  # about a kilobyte for each booking
# A small map is not to be filled within a second: space is looked at so often.
IS_SMALL = FOLLOWER_MIB < 100
PER_SECOND = 1000 if IS_SMALL else 0
NEAR = 6 if IS_SMALL else 0  # per cent of room: what a whole step could fill


def used(suite, number):
    return suite.metrics(number).get("bhr_store_map_used_percent", 0)


def fill(suite, owner, is_over):
    """Books until that is so."""
    deadline = time.monotonic() + FILL_S
    while not is_over() and time.monotonic() < deadline:
        suite.book_many(STEP_SECONDS, clients=4, in_flight=64, per_second=PER_SECOND, numbers=[owner])
    return is_over()


def stopped_follower(suite, check, follower, friend):
    status, text = suite.http(follower, "/readyz")
    check(f"the follower stops; /readyz says {status}: {text.strip()}",
          status == 503 and text.startswith("store_full:"))
    check("its process stays, so that somebody can ask it why", suite.is_running(follower) and
          suite.http(follower, "/healthz")[0] == 200)
    told = suite.metrics(follower)
    check("log and metric say so", told.get('bhr_alarms_total{name="store_full"}', 0) == 1 and
          told.get('bhr_replica_state{state="stopped"}') == 1 and suite.events(follower, "door_shut"))
    question = suite.schema("bhr.booking.v1.GetBookingRequest")(booking_id=new_id())
    answer = friend.ask("GetBooking", question)
    check("who asks it is told unavailable, nothing of what is old", answer and answer[0].outcome == "unavailable", answer)


def body(suite, check):
    crowd, slots = iter(people(11, 40)), iter(suite.clinic(slots=40, days=6)[1])
    owner = suite.owner()
    follower = suite.other(owner)
    for number, mib in ((follower, FOLLOWER_MIB), (owner, OWNER_MIB)):
        suite.change(number, store_map_mib=mib)
        suite.start(number)
        suite.ready(number)
    owner = until(lambda: suite.owner() in (1, 2) and suite.owner(), 20)
    if owner == follower:  # the restarts moved it; the one with the larger map is to own
        suite.stop(follower)
        owner = until(suite.owner, 20)
        suite.start(follower)
        suite.ready(follower)
    friend = suite.client(follower)
    suite.make_slots(OWNER_MIB * 4000)
    check(f"the follower's {FOLLOWER_MIB} MiB are full", fill(
        suite, owner, lambda: suite.http(follower, "/readyz")[1].startswith("store_full")), used(suite, follower))
    stopped_follower(suite, check, follower, friend)
    booked = suite.book(next(crowd), slot_id=next(slots), limit_s=10)
    check(f"the owner goes on alone, {used(suite, owner):.0f} per cent of its map in use", booked.code == 0,
          f"{dict(booked)} {booked.errors}")

    check("the owner leaves while it still has room", fill_until_nobody_owns(suite, owner), used(suite, owner))
    refused = suite.book(next(crowd), slot_id=next(slots), limit_s=2)
    check(f"a caller is not told yes: {refused.get('outcome')}", refused.code in (3, 4),
          f"{dict(refused)} {refused.errors}")
    check("the log says why", any(event["name"] == "store_scarce" for event in suite.events(owner, "alarm")))
    check("it still answers questions, and its store is not full", suite.http(owner, "/readyz")[0] == 200 and
          used(suite, owner) < 100, suite.http(owner, "/readyz"))

    for number in (follower, owner):
        suite.change(number, store_map_mib=LARGER_MIB)
    suite.start(follower)
    suite.ready(follower)
    check("with a larger map the follower comes back and owns", until(lambda: suite.owner() == follower, 20),
          suite.owner())
    suite.start(owner)
    suite.ready(owner)
    booked = suite.book(next(crowd), slot_id=next(slots), limit_s=20)
    check("a place is booked again", booked.code == 0, f"{dict(booked)} {booked.errors}")
    check("both stores have the same digest", suite.wait_same_digest(limit_s=60), suite.digests())
    counted = suite.count()
    check(f"the journal has all {suite.told:,} bookings that callers were told of, without a fault",
          counted["booked"] >= suite.told + 2 and counted["faults"] == [], (counted["booked"], counted["faults"][:3]))
    friend.close()


def fill_until_nobody_owns(suite, owner):
    """The last load ends in callers who are not answered in time."""
    deadline = time.monotonic() + FILL_S
    while suite.owner() is not None and time.monotonic() < deadline:
        room = 90 - used(suite, owner)  # per cent, until it leaves
        suite.book_many(STEP_SECONDS if room > NEAR else 0.2, clients=4, in_flight=8, per_second=PER_SECOND,
                        numbers=[owner])
        time.sleep(1.2 if room < NEAR else 0)
    return suite.owner() is None


if __name__ == "__main__":
    run(f"a map of {FOLLOWER_MIB:,} MiB is full", body, kind=VolumeSuite)
