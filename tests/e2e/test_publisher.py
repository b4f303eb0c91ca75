"""Events for everybody else while everything dies: under a load of bookings the owner (and with it the publisher's
process) is killed, the broker is killed, and an owner is paused until it is a zombie. A reader of the public topic that is
written with the Java client sees each accepted event once and in order; an independent count of the journal agrees.
  --kills N  so many kills; 50 is the whole of it."""
import os
import random
import signal
import sys
import time

from load import Load, book_request
from raw_client import Schema
from suite import Failure, people, run, skip, until

try:
    from public_events import Consumer, differences, expected_events
except ImportError as error:
    skip(f"{error}; scripts/install-deps.sh installs it")

KILLS = int(sys.argv[sys.argv.index("--kills") + 1]) if "--kills" in sys.argv else 4
PER_SECOND, SECONDS_PER_KILL, SESSION_TIMEOUT_MS = 40, 15, 1500
WAYS = ["owner", "broker", "zombie", "broker", "owner"]


def kill_owner(suite):
    owner = until(suite.owner, 30)
    if owner is None:
        raise Failure("nobody owns the partition")
    suite.kill(owner)
    suite.start(owner)


def kill_broker(suite):
    suite.kafka("kill")
    suite.kafka("start")


def pause_owner(suite):
    """Long enough for the other process to own and publish; then the zombie goes on where it was."""
    owner = until(suite.owner, 30)
    if owner is None:
        raise Failure("nobody owns the partition")
    os.kill(suite.pid(owner), signal.SIGSTOP)
    until(lambda: suite.metrics(suite.other(owner)).get('bhr_publisher_state{state="running"}') == 1, 20)
    os.kill(suite.pid(owner), signal.SIGCONT)


def totals(suite):
    metrics = [suite.metrics(number) for number in suite.numbers()]
    return {name: sum(one.get(name, 0) for one in metrics) for one in metrics for name in one
            if name.startswith("bhr_publisher") and "_seconds" not in name and "state" not in name}


def slots_and_people(suite, count):
    slots = []
    for part in range(-(-count // 4000)):
        slots += suite.clinic(slots=200, places=20, minutes=2, days=3 + part, hour=8)[1]
    crowd = (person for seed in range(100, 3000) for person in people(seed, 290))
    return [(slots[index % len(slots)], next(crowd)) for index in range(count)]


def body(suite, check):
    schema, draw = Schema(), random.Random(KILLS)
    live = Consumer(suite.brokers, f"{suite.folder}/events-live")
    wishes = slots_and_people(suite, KILLS * SECONDS_PER_KILL * PER_SECOND)
    load = Load(suite, schema, [book_request(schema, slot, person) for slot, person in wishes], clients=8, in_flight=8,
                per_second=PER_SECOND, limit_s=KILLS * 40 + 60)
    load.start()
    ways = {"owner": kill_owner, "broker": kill_broker, "zombie": pause_owner}
    counts = dict.fromkeys(ways, 0)
    for number in range(KILLS):
        way = WAYS[number % len(WAYS)]
        time.sleep(draw.uniform(0.5, 3.5))
        before = live.count()
        ways[way](suite)
        counts[way] += 1
        if until(lambda: live.count() > before, 60) is None:
            check(f"after kill {number + 1} ({way}) events come again", False, live.count())
        check.note(f"{number + 1}: {way}; {len(load.final)} booked, {live.count()} events seen")
    load.stop_asking()
    load.join()
    check(f"{KILLS} kills ({counts}), {len(load.answers)} of {load.sent} requests answered",
          load.fault is None and len(load.booked()) > 0, (load.fault, dict(load.outcomes())))

    expected = expected_events(suite.brokers, schema)
    until(lambda: live.count() >= len(expected), 60)
    time.sleep(1.5)  # a record too many would come now
    live.end()
    seen = live.seen()
    found = differences(seen, expected, schema)
    check(f"a reader with another library saw each of {len(expected)} events once and in order, while it happened",
          found == [] and len(expected) > 0, found)
    again = Consumer(suite.brokers, f"{suite.folder}/events-again")
    until(lambda: again.count() >= len(expected), 60)
    time.sleep(1.5)
    again.end()
    check("and another one that reads all of it afterwards sees the same", [one[:5] for one in again.seen()] ==
          [one[:5] for one in seen])
    told, public = load.booked(), {schema("bhr.booking.v1.SlotBooked").FromString(one.value).booking_id for one in seen
                                   if one.type == "bhr.booking.v1.SlotBooked"}
    check(f"the {len(public)} bookings in it are those of the journal, and callers were told of no others",
          public == set(suite.count()["ids"]) and told <= public, (len(public), len(told)))
    owner = until(suite.owner, 20)
    lag = until(lambda: suite.metrics(owner).get("bhr_publisher_lag_entries") == 0, 10)
    check("nothing waits to be published", lag, suite.metrics(owner).get("bhr_publisher_lag_entries"))
    check.note(f"since their last start: {totals(suite)}")


run(f"publisher, {KILLS} kills", body, session_timeout_ms=SESSION_TIMEOUT_MS)
