"""Requests over Kafka, written by a producer that shares no code with ours: what is taken and what is refused, resending, a
flood, kill -9 of the process that reads and of the broker in the middle of it; and nothing is left in the topics."""
import collections
import time

from load import book_request
from raw_client import Schema, new_id
from request_topics import OK, REFUSED_AT_DOOR, Heard, Journal, Requests, ends
from exchange import instant
from suite import now_ms, people, run, until

DAY_MS = 86_400_000
BOOK, HOLD = "bhr.booking.v1.BookRequest", "bhr.booking.v1.HoldRequest"
FLOOD = 8000


class World:
    def __init__(self, suite, check):
        self.suite, self.check, self.schema = suite, check, Schema()
        self.requests, self.journal = Requests(suite), Journal(suite, self.schema)
        self.people = iter(people(11, 40))
        self.slots = iter(suite.clinic(slots=40)[1])

    def book(self):
        return book_request(self.schema, next(self.slots), next(self.people))

    def hold(self, slot_id):
        return self.schema(HOLD)(slot_id=slot_id).SerializeToString()

    def expect(self, what, correlation, test, count=1):
        found = self.journal.wait(correlation, count)
        self.check(what, len(found) >= count and test(found), found)
        return found[-1] if found else None


def taken(world):
    requests = world.requests
    minimal = new_id()
    world.minimal = minimal
    requests.send("111-nel", world.book(), ce_type=BOOK, ce_id=minimal)
    world.expect("a value, ce_type and ce_id are a booking, under that id", minimal,
                 lambda found: found[0].outcome == OK and str(found[0].id) == minimal and found[0].method == "Book")
    at = instant(now_ms())
    named = {"ce_type": BOOK, "ce_id": "order-1", "ce_time": at}
    value = world.book()
    requests.send("111-nel", value, **named)
    first = world.expect("an id that is no UUID becomes one of its time", "order-1",
                         lambda found: found[0].outcome == OK and found[0].id.version == 7
                         and found[0].source == "111-nel")
    requests.send("111-nel", value, **named)
    world.expect("sent again it is told again: an entry that repeats the first", "order-1",
                 lambda found: found[1].repeats == first.number and found[1].id == first.id
                 and found[1].outcome == OK, 2)
    requests.send("111-nel", world.book(), **named)
    world.expect("other content under the same id is refused", "order-1",
                 lambda found: found[2].outcome == REFUSED_AT_DOOR and found[2].detail.startswith("id_reused: ce_id"), 3)
    requests.send("gp-demo", world.hold(next(world.slots)), ce_type="bhr.booking.v1.BookingService/Hold",
                  ce_id="no time", ce_correlationid="journey-1")
    requests.send("gp-demo", world.hold(next(world.slots)), ce_type=HOLD, ce_id="no time", ce_correlationid="journey-1",
                  content_type="application/protobuf")
    world.expect("without ce_time each record is a request of its own", "journey-1",
                 lambda found: {one.outcome for one in found} == {OK} and len({one.id for one in found}) == 2, 2)


def refused(world):
    whole = world.book()

    def expect(what, detail, value=whole, system="111-nel", **headers):
        correlation = f"refused-{new_id()}"
        headers.setdefault("ce_type", BOOK)
        headers.setdefault("ce_id", new_id())
        headers = {name: text for name, text in headers.items() if text is not None}
        world.requests.send(system, value, ce_correlationid=correlation, **headers)
        world.expect(f"{what}: {detail}", correlation,
                     lambda found: found[0].outcome == REFUSED_AT_DOOR and found[0].detail.startswith(detail)
                     and found[0].source == system)

    expect("a truncated message", "invalid", whole[:-3])
    expect("a slot id that is none", "invalid: slot_id", book_request(world.schema, "tomorrow", next(world.people)))
    expect("no ce_id", "invalid: ce_id", ce_id=None)
    expect("no ce_type", "invalid: ce_type", ce_type=None)
    expect("an unknown ce_type", "unknown_method: ce_type", ce_type="bhr.booking.v1.SellRequest")
    expect("a question", "invalid: ce_type", ce_type="bhr.booking.v1.FindSlotsRequest")
    expect("a ce_time that is none", "invalid: ce_time", ce_id="order-2", ce_time="yesterday")
    expect("JSON", "invalid: content-type", b"{}", content_type="application/json")
    expect("a method that this system may not call", "denied: ce_type", b"", ce_type="bhr.booking.v1.PublishSessionRequest")
    expect("70,000 bytes", "request_too_large: value", whole + b"\x9a\x06\xf0\xa2\x04" + b"x" * 70000)
    expect("an id of 31 days ago", "too_old: ce_id", ce_id=new_id(now_ms() - 31 * DAY_MS))
    expect("an id of tomorrow", "from_future: ce_id", ce_id=new_id(now_ms() + DAY_MS))
    world.requests.send("111-nel", whole, ce_type=BOOK, ce_id=(unaddressed := new_id()), ce_correlationid="a b")
    world.expect("a ce_correlationid that is none, addressed by ce_id", unaddressed,
                 lambda found: found[0].detail.startswith("invalid: ce_correlationid"))
    counted = world.suite.count()
    world.check("none of it is a booking", (counted["booked"], counted["faults"]) == (2, []), counted)


def users(world):
    """The human who asks, by a signed token in a header."""
    def signed(**options):
        with open(world.suite.sign_in("555000000111", **options), encoding="ascii") as file:
            return file.read()

    def send(system, token):
        one = new_id()
        world.requests.send(system, world.book(), ce_type=BOOK, ce_id=one, bhr_usertoken=token)
        return one

    good = signed()
    world.expect("with a user's token a request is booked", send("111-nel", good), lambda found: found[0].outcome == OK)
    for what, system, token, detail in (
            ("a token that has expired", "111-nel", signed(ago=120, minutes=60), "user_token_refused: token_expired"),
            ("on another system's topic", "gp-demo", good, "user_token_refused: token_other_system"),
            ("no token at all", "111-nel", "a b", "invalid: bhr_usertoken")):
        world.expect(f"{what}: {detail}", send(system, token),
                     lambda found: found[0].outcome == REFUSED_AT_DOOR and found[0].detail.startswith(detail))


def heard(world):
    """The same, as the systems themselves hear of it."""
    events = Heard(world.suite, "bhr.booking.event.v1")
    outcome_type, letter_type = world.schema("bhr.exchange.v1.RequestOutcome"), world.schema("bhr.exchange.v1.DeadLetter")
    found = events.wait(world.minimal)
    world.check("a booking is heard of by its ce_id", [kind for kind, _ in found] == ["bhr.booking.v1.SlotBooked"], found)
    found = events.wait("order-1", 3)
    told = [outcome_type.FromString(value) for _, value in found[1:]]
    world.check("what was sent again, too: repeated, with the first answer",
                len(told) == 2 and told[0].repeated_answer and told[0].outcome == "ok"
                and told[0].answer_type == "bhr.booking.v1.BookResponse", found)
    world.check("and what was refused, with its reason",
                len(told) == 2 and told[1].outcome == "id_reused" and told[1].detail.startswith("ce_id"), found)
    events.close()
    letters = Heard(world.suite, "bhr.booking.dead.v1")
    found = letters.wait("order-1")
    letter = letter_type.FromString(found[0][1]) if found else letter_type()
    world.check("which is a dead letter as well", (letter.source, letter.method) == ("111-nel", "Book")
                and letter.detail.startswith("id_reused: ce_id"), found)
    letters.close()


def put_flood(world, system, name):
    """FLOOD requests that are each decided: to hold a slot that is not there."""
    for index in range(FLOOD):
        world.requests.send(system, world.hold(f"{new_id()}:0"), ce_type=HOLD, ce_id=new_id(),
                            ce_correlationid=f"{name}-{index}")
    world.requests.flush()


def flood(world):
    put_flood(world, "gp-demo", "flood")
    slowest = 0.0
    for _ in range(10):
        since = time.monotonic()
        one = new_id()
        world.requests.send("111-nel", world.book(), ce_type=BOOK, ce_id=one)
        world.requests.flush()
        found = world.journal.wait(one)
        slowest = max(slowest, time.monotonic() - since)
        if not found or found[0].outcome != OK:
            world.check("a request beside the flood is booked", False, found)
    left = FLOOD - sum(1 for one in world.journal.read() if one.correlation.startswith("flood-"))
    world.check(f"beside {FLOOD} requests of another system each of ten was booked within {slowest:.2f} s; "
                f"{left} of the flood were still to come", slowest < 5)
    whole(world, "flood", "the flood is decided")


def whole(world, name, what, limit_s=90):
    """Each of the flood has its outcome, one that is not a repeat."""
    def decided():
        firsts = collections.Counter(one.correlation for one in world.journal.read()
                                     if one.correlation.startswith(name + "-") and not one.repeats)
        return len(firsts) == FLOOD and firsts

    since = time.monotonic()
    firsts = until(decided, limit_s, pause_s=0.3)
    world.check(f"{what}: {FLOOD} outcomes after {time.monotonic() - since:.1f} s more",
                bool(firsts) and set(firsts.values()) == {1}, firsts and firsts.most_common(3))


def reader_of(suite, system):
    """The process that was last given the system's topic."""
    last = {}
    for number in suite.numbers():
        for event in suite.events(number, "request_topic"):
            if event["system"] == system and suite.is_running(number):
                last[number] = (event["time"], event["ours"])
    ours = [(at, number) for number, (at, is_ours) in last.items() if is_ours]
    return max(ours)[1] if ours else None


def killed(world):
    suite = world.suite
    reader = until(lambda: reader_of(suite, "gp-demo"), 20)
    put_flood(world, "gp-demo", "killed")
    until(lambda: sum(1 for one in world.journal.read() if one.correlation.startswith("killed-")) > FLOOD // 8, 30)
    done = sum(1 for one in world.journal.read() if one.correlation.startswith("killed-"))
    suite.kill(reader)
    world.check(f"booking-{reader}, which reads the topic, was killed after {done} of {FLOOD}", 0 < done < FLOOD, done)
    whole(world, "killed", "another reads on, and none is lost")
    again = sum(1 for one in world.journal.read() if one.correlation.startswith("killed-") and one.repeats)
    world.check.note(f"{again} were read twice and told again")
    suite.start(reader)
    suite.ready(reader)


def stopped(world):
    suite = world.suite
    reader = until(lambda: reader_of(suite, "gp-demo"), 20)
    put_flood(world, "gp-demo", "stopped")
    until(lambda: sum(1 for one in world.journal.read() if one.correlation.startswith("stopped-")) > FLOOD // 8, 30)
    since = time.monotonic()
    codes = suite.stop_and_wait(reader)
    world.check(f"booking-{reader}, which reads the topic, was stopped in order in {time.monotonic() - since:.1f} s",
                codes == [0], codes)
    whole(world, "stopped", "another reads on, and none is lost")
    again = sum(1 for one in world.journal.read() if one.correlation.startswith("stopped-") and one.repeats)
    world.check.note(f"{again} were read twice and told again")
    suite.start(reader)
    suite.ready(reader)


def broker_killed(world):
    suite = world.suite
    put_flood(world, "gp-demo", "broker")
    until(lambda: sum(1 for one in world.journal.read() if one.correlation.startswith("broker-")) > FLOOD // 8, 30)
    suite.kafka("kill")
    time.sleep(2)
    suite.kafka("start")
    whole(world, "broker", "the broker was killed and started again in the middle of a flood")


def nothing_left(world):
    def are_empty():
        return all(first == end for first, end in (ends(world.suite, system) for system in ("111-nel", "gp-demo")))
    world.check("what was dealt with is deleted from the topics", until(are_empty, 30, pause_s=0.5),
                [ends(world.suite, system) for system in ("111-nel", "gp-demo")])
    lag = sum(world.suite.metrics(number).get("bhr_intake_lag", 0) for number in world.suite.numbers())
    world.check("and no process says that something waits", lag == 0, lag)


def body(suite, check):
    world = World(suite, check)
    taken(world)
    refused(world)
    users(world)
    heard(world)
    flood(world)
    killed(world)
    stopped(world)
    broker_killed(world)
    nothing_left(world)
    check("the journal has no fault", suite.count()["faults"] == [], suite.count()["faults"][:3])
    check("no process complained", not any("assert" in suite.log(number).lower() for number in suite.numbers()))
    world.journal.close()


run("request topics", body, settings="request_topic_delete_s=2 refused_per_second=1000")
