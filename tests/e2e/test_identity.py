"""Who bookings are for: booking asks the index, does without it while it is away, and follows its journal: what is known
later, what is merged and what is taken apart again. Owners of both are killed in between."""
import os
import signal
import sys
import time

from raw_client import RawClient, Schema, new_id, read_keys
from suite import ROOT, now_ms, people, run, until

sys.path.insert(0, f"{ROOT}/tests/support")

try:
    from public_events import expected_events
except ImportError as error:
    print(f"skipped: {error}; scripts/install-deps.sh installs it")
    raise SystemExit(77) from error

INDEX = "bhr.index.v1.IndexService/"
REPLY_OK = 1


class Asker:
    """One system at one door of each service."""

    def __init__(self, suite, schema, system, token=None):
        self.suite, self.schema, self.system = suite, schema, system
        self.token = open(token, encoding="ascii").read() if token else ""

    def ask(self, name, method, message, **fields):
        """(reply header, the answer as a message) or (None, None)."""
        folder = f"{self.suite.folder}/keys"
        client = RawClient(self.schema, self.suite.setting(name, "door_endpoint"), read_keys(f"{folder}/door.key")[0],
                           read_keys(f"{folder}/{self.system}.key"))
        package = "bhr.index.v1." if method.startswith(INDEX) else "bhr.booking.v1."
        try:
            reply = client.ask(method, self.schema(package + message + "Request")(**fields), request_id=new_id(),
                               user_token=self.token, wait_s=10)
        finally:
            client.close()
        if reply is None:
            return None, None
        return reply[0], self.schema(package + message + "Response").FromString(reply[1])

    def index(self, message, **fields):
        return self.ask(f"index-{self.suite.owner('index') or 1}", INDEX + message, message, **fields)

    def person_of(self, booking_id):
        """Whose the booking is shown as."""
        header, answer = self.ask(f"booking-{self.suite.owner() or 1}", "GetBooking", "GetBooking", booking_id=booking_id)
        return answer.booking.person.person_id if header is not None and header.status == REPLY_OK else ""

    def bookings_of(self, person):
        header, answer = self.ask(f"booking-{self.suite.owner() or 1}", "ListPersonBookings", "ListPersonBookings",
                                  person={"nhs_number": person["nhs_number"]}, include_past=True)
        return {booking.booking_id for booking in answer.bookings} if header.status == REPLY_OK else set()


class Identity:
    def __init__(self, suite, check):
        self.suite, self.check = suite, check
        schema = Schema()
        self.schema = schema
        self.practice = Asker(suite, schema, "gp-demo")
        self.caller = Asker(suite, schema, "111-nel")
        steward = suite.sign_in("555000000333", role="index-steward", organisation="Y90000", system="ops")
        self.steward = Asker(suite, schema, "ops", steward)
        self.crowd = iter(people(11, 200))
        self.slots = iter(suite.clinic(slots=80, places=2)[1])

    def register(self, person):
        """As a practice knows them; the person's id in the index."""
        header, answer = self.practice.index(
            "RegisterRecord", key={"source": "emis", "local_id": person["nhs_number"][-6:]},
            demographics={**{name: person[name] for name in ("nhs_number", "family_name", "given_name", "birth_date")},
                          "nhs_number_status": 1})
        self.check(f"a practice registers somebody: {header.outcome}", header.status == REPLY_OK, header)
        return answer.person_id

    def book(self, person, what):
        since = time.monotonic()
        answer = self.suite.book(person, slot_id=next(self.slots))
        self.check(f"a booking {what} ({(time.monotonic() - since) * 1000:.0f} ms with the start of bhr)",
                   answer.code == 0, f"{dict(answer)} {answer.errors}")
        return answer.get("booking_id", "")

    def shown_as(self, booking_id, person_id, what, limit_s=20):
        found = until(lambda: self.caller.person_of(booking_id) == person_id, limit_s, pause_s=0.1)
        self.check(what, found, f"{self.caller.person_of(booking_id)} instead of {person_id}")

    def found(self):
        person = next(self.crowd)
        known = self.register(person)
        booking = self.book(person, "of somebody whom the index knows")
        self.shown_as(booking, known, "it is shown as that person's at once", 0.5)
        return person, known, booking

    def frozen(self):
        """Connected, and silent: it is waited for, but not longer than index_wait_ms."""
        pids = []
        for name in ("index-1", "index-2"):
            with open(f"{self.suite.folder}/{name}.pid", encoding="ascii") as file:
                pids.append(int(file.read()))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        slow = [self.suite.book(next(self.crowd), slot_id=next(self.slots)) for _ in range(4)]
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        self.check("four bookings while the index is frozen", all(answer.code == 0 for answer in slow), slow)
        worst = max(answer.took_ms for answer in slow)
        self.check(f"the slowest in {worst:.0f} ms, with the start of bhr", worst < 2500)

    def away(self):
        """The index is stopped; (who, whom the index knows them as, booking), and a stranger with theirs."""
        person, stranger = next(self.crowd), next(self.crowd)
        known = self.register(person)
        self.suite.kill("index")
        self.check("no process of the index runs", not any(self.suite.is_running(f"index-{n}") for n in (1, 2)))
        booking = self.book(person, "while the index is away")
        stand_in = self.caller.person_of(booking)
        self.check("it is made under booking's own pseudonym", stand_in not in ("", known), stand_in)
        slow = max(self.suite.book(next(self.crowd), slot_id=next(self.slots)).took_ms for _ in range(5))
        self.check(f"five more, the slowest in {slow:.0f} ms", slow < 2000)
        strange = self.book(stranger, "of somebody whom nobody knows")
        unknown = self.caller.person_of(strange)
        self.check("the bookings are listed by what they were booked with",
                   self.caller.bookings_of(person) == {booking}, self.caller.bookings_of(person))
        self.suite.kill(self.suite.owner())
        until(lambda: self.suite.owner() is not None, 20)
        self.suite.start()
        self.suite.ready("booking")
        self.suite.start("index")
        self.suite.ready("index")
        self.shown_as(booking, known, "the index is back: the booking is the known person's")
        until(lambda: self.caller.person_of(strange) not in ("", unknown), 20)
        header, answer = self.practice.index("FindPerson", nhs_number=stranger["nhs_number"])
        self.check("the stranger is a person of the index by now", header.status == REPLY_OK, header)
        self.shown_as(strange, answer.person_id, "and their booking is that person's")
        return person, known, booking

    def merge(self, one, other):
        """one, other: (person, id in the index, booking)."""
        from_ms = now_ms()
        header, answer = self.steward.index("MergePersons", survivor_id=one[1], other_id=other[1], reason="a wrong merge")
        if header.outcome == "approval_needed":
            second = self.suite.sign_in("555000000444", role="index-steward", organisation="Y90000", system="ops")
            header, answer = Asker(self.suite, self.schema, "ops", second).index(
                "MergePersons", survivor_id=one[1], other_id=other[1], reason="a wrong merge",
                approves_merge_id=answer.merge_id)
        self.check(f"two persons are merged: {header.outcome}", header.status == REPLY_OK, header)
        merge_id = answer.merge_id
        self.shown_as(other[2], one[1], "the bookings follow")
        self.check("both are listed for either", self.caller.bookings_of(one[0]) >= {one[2], other[2]} and
                   self.caller.bookings_of(other[0]) >= {one[2], other[2]}, self.caller.bookings_of(one[0]))
        meanwhile = self.book(other[0], "while both are one")
        self.shown_as(meanwhile, one[1], "it is the survivor's", 2)
        self.suite.kill(self.suite.owner())
        header, _ = self.steward.index("UnmergePersons", merge_id=merge_id, reason="they are two")
        self.check(f"that is taken back while booking has no owner: {header.outcome}", header.status == REPLY_OK, header)
        until(lambda: self.suite.owner() is not None, 20)
        self.suite.start()
        self.suite.ready("booking")
        self.shown_as(other[2], other[1], "the other's booking is theirs again")
        self.shown_as(meanwhile, other[1], "and so is what was booked meanwhile, since their number said so")
        self.shown_as(one[2], one[1], "the survivor's stays theirs", 1)
        events = [event for event in expected_events(self.suite.brokers, self.schema)
                  if event.type.endswith(".IdentityCorrected")]
        self.check("one event names who was touched", len(events) == 1 and events[0].message.merge_id == merge_id,
                   events)
        named = events[0].message if events else self.schema("bhr.booking.v1.IdentityCorrected")()
        self.check("by the booking that was made meanwhile", list(named.booking_ids) == [meanwhile], named)
        self.check("and since when", from_ms - 2000 <= named.from_ms <= named.until_ms <= now_ms() + 2000, named)


def body(suite, check):
    identity = Identity(suite, check)
    one = identity.found()
    identity.frozen()
    other = identity.away()
    identity.merge(one, other)
    check("both stores of booking are the same", suite.wait_same_digest())
    check("nothing is wrong in booking's journal", suite.bhr("journal", "verify", system="ops").code == 0)
    counted = suite.count()
    check("no slot given twice, nothing lost, counted by an independent program", counted["faults"] == [], counted)
    suite.stop_and_wait("booking-1")
    os.system(f"rm -rf '{suite.folder}/data/booking-1'")
    suite.start("booking-1")
    suite.ready("booking-1")
    check("a rebuilt store is the same", suite.wait_same_digest())


run("who bookings are for", body, services=("booking", "index"))
