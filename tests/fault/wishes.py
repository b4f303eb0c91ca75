"""What callers want next, drawn from a seed: clinics that everybody wants and calm ones, holds and bookings and their
withdrawal, questions, old requests once more, and now and then what nobody should ask. People are synthetic."""
import collections
import hashlib
import time

from history import PACKAGES, full_name, service_of
from raw_client import new_id
from suite import people

COMMAND_WEIGHTS = [("hold", 30), ("book", 28), ("book_held", 18), ("cancel", 12), ("again", 5), ("unknown_slot", 1),
                   ("foreign_hold", 1), ("other_content", 1), ("not_allowed", 1)]
QUESTION_WEIGHTS = [("get", 10), ("find", 4)]
CROWD_SEEDS = range(1000, 1016)  # some 4,600 people
HOT_SLOTS, HOT_SHARE = 4, 0.3
SESSIONS_KEPT = 40
FIRST_HOUR_MS = 36 * 3600 * 1000  # from now to the first slot: no clock of a test comes near it
ORGANISATIONS = {"ops": "Y90020", "hub-demo": "Y90020", "gp-demo": "Y90001"}

WATCHED_SHARE = 0.2  # of bookings, those for somebody who is just now taken for somebody else
STRANGER_SHARE = 0.01  # and those for somebody whom the index may not know: an errand of booking's each, one at a time
FIRST, ENOUGH = 60, 40  # of the crowd, until the index knows so many, only these are registered and booked

# user: whose token goes with it, "" for nobody's.
Wish = collections.namedtuple("Wish", "method request_id body args digest user", defaults=("",))
Session = collections.namedtuple("Session", "session_id slots service_id starts_at_ms ends_at_ms")


def digest_of(method, body):
    """What an entry says about the content of its command: BLAKE2b-128 over method and body as sent."""
    return hashlib.blake2b(full_name(method).encode() + body, digest_size=16).hexdigest()


class Market:
    """What all callers of a run know: the places that there are, and what was done so far."""

    def __init__(self):
        self.sessions = collections.deque(maxlen=SESSIONS_KEPT)
        self.hot = collections.deque(maxlen=3)
        self.bookings = collections.deque(maxlen=2000)
        self.holds = collections.deque(maxlen=200)
        self.positions = collections.Counter()  # service -> the highest that anybody was told
        self.merged = {}  # merge id -> two numbers of the crowd, who are one just now
        self.known = []  # numbers of the crowd whom the index knows
        self.crowd = [person for seed in CROWD_SEEDS for person in people(seed, 290)]

    def learn(self, wish, outcome, result, position):
        self.positions["booking"] = max(self.positions["booking"], position)
        if outcome != "ok":
            return
        if wish.method == "PublishSession":
            session = Session(result["session_id"], wish.args["slot_count"], wish.args["service_id"],
                              wish.args["starts_at_ms"], wish.args["ends_at_ms"])
            (self.hot if wish.args["capacity"] <= 3 else self.sessions).append(session)
        elif wish.method == "Book":
            self.bookings.append(result["booking_id"])
        elif wish.method == "Hold":
            self.holds.append(result["hold_id"])


class Wishes:
    """Of one caller."""

    def __init__(self, schema, draw, market, system, name):
        self.schema, self.draw, self.market, self.system, self.name = schema, draw, market, system, name
        self.held = collections.deque(maxlen=8)
        self.old = collections.deque(maxlen=60)
        self.outstanding = {}  # request id -> [digest, how many answers may still come]
        self.published = 0

    def learn(self, wish, outcome, result, position):
        self.market.learn(wish, outcome, result, position)
        if wish.method == "Hold" and outcome == "ok":
            self.held.append(result["hold_id"])

    def make(self, method, request, request_id=None, user="", **args):
        body = request.SerializeToString()
        wish = Wish(method, request_id or new_id(), body, args, digest_of(method, body), user)
        self.old.append(wish)
        return wish

    def message(self, name, **fields):
        return self.schema("bhr.booking.v1." + name)(**fields)

    def next_command(self):
        kinds, weights = zip(*COMMAND_WEIGHTS)
        return getattr(self, self.draw.choices(kinds, weights)[0])()

    def next_question(self):
        kinds, weights = zip(*QUESTION_WEIGHTS)
        return getattr(self, self.draw.choices(kinds, weights)[0])()

    # ---- sessions ----

    def publish(self, organisation=None):
        """Each in a service of its own, so that they overlap as clinics of a borough do; every eighth one twice."""
        draw = self.draw
        self.published += draw.randrange(8) > 0
        is_hot = draw.randrange(3) == 0
        count, minutes = (12, 15) if is_hot else (draw.randint(40, 200), draw.choice((5, 5, 7)))
        capacity = draw.randint(1, 3) if is_hot else draw.randint(4, 20)
        start = int(time.time() * 1000) + FIRST_HOUR_MS + draw.randrange(11 * 24 * 60) * 60000
        service_id = f"clinic-{self.name}-{self.published}"
        request = self.message("PublishSessionRequest")
        session = request.session
        session.organisation, session.service_id = organisation or ORGANISATIONS[self.system], service_id
        session.kind, session.audience = 1, 2
        session.starts_at_ms, session.slot_minutes = start, minutes
        session.slot_count, session.capacity = count, capacity
        return self.make("PublishSession", request, service_id=service_id, slot_count=count, capacity=capacity,
                         starts_at_ms=start, ends_at_ms=start + count * minutes * 60000)

    def not_allowed(self):
        """A session of somebody else's organisation, or 111's: no door takes it."""
        return self.publish("Y90099")

    # ---- places ----

    def slot(self):
        market, draw = self.market, self.draw
        if market.hot and (draw.random() < HOT_SHARE or not market.sessions):
            session = market.hot[-1]
            return f"{session.session_id}:{draw.randrange(min(HOT_SLOTS, session.slots))}"
        if not market.sessions:
            return f"{new_id()}:0"
        session = draw.choice(market.sessions)
        return f"{session.session_id}:{draw.randrange(session.slots)}"

    def hold(self):
        slot_id, seconds = self.slot(), self.draw.choice((0, 30, 30, 45))
        return self.make("Hold", self.message("HoldRequest", slot_id=slot_id, hold_seconds=seconds), slot_id=slot_id,
                         hold_seconds=seconds)

    def book(self, **place):
        place = place or {"slot_id": self.slot()}
        index = self.who()
        request = self.message("BookRequest", **place)
        person = self.market.crowd[index]
        for field in ("nhs_number", "family_name", "given_name", "birth_date"):
            setattr(request.person, field, person[field])
        request.contact.phone = person["phone"]
        return self.make("Book", request, person=index, **place)

    def who(self):
        """A number of the crowd."""
        market, draw = self.market, self.draw
        merged = list(market.merged.values())
        if merged and draw.random() < WATCHED_SHARE:
            return draw.choice(draw.choice(merged))
        if draw.random() < STRANGER_SHARE:
            return draw.randrange(len(market.crowd))
        return draw.choice(market.known) if len(market.known) >= ENOUGH else draw.randrange(FIRST)

    def book_held(self):
        """Old holds last: some have run out by then."""
        if not self.held:
            return self.hold()
        return self.book(hold_id=self.held.popleft() if self.draw.random() < 0.3 else self.held.pop())

    def unknown_slot(self):
        return self.book(slot_id=f"{new_id()}:3")

    def foreign_hold(self):
        return self.book(hold_id=self.draw.choice(self.market.holds)) if self.market.holds else self.hold()

    def cancel(self):
        if not self.market.bookings:
            return self.book()
        booking_id, reason = self.draw.choice(self.market.bookings), self.draw.randint(1, 3)
        return self.make("Cancel", self.message("CancelRequest", booking_id=booking_id, reason=reason),
                         booking_id=booking_id, reason=reason)

    # ---- ids once more ----

    def sent(self, wish):
        self.outstanding.setdefault(wish.request_id, [wish.digest, 0])[1] += 1

    def heard(self, request_id):
        waits = self.outstanding.get(request_id)
        if waits is not None:
            waits[1] -= 1
            if waits[1] == 0:
                del self.outstanding[request_id]

    def is_clear(self, wish):
        """An answer names the id it answers, not the content: no other content's answer may still be on its way."""
        return self.outstanding.get(wish.request_id, [wish.digest])[0] == wish.digest

    def again(self):
        wish = self.draw.choice(self.old) if self.old else None
        return wish if wish is not None and self.is_clear(wish) else self.hold()

    def other_content(self):
        """Another request under an id that was used."""
        old = self.draw.choice(self.old) if self.old else None
        if old is None or old.request_id in self.outstanding:
            return self.hold()
        slot_id = self.slot()
        return self.make("Hold", self.message("HoldRequest", slot_id=slot_id, hold_seconds=31), old.request_id,
                         slot_id=slot_id, hold_seconds=31)

    # ---- questions ----

    def ask(self, method, request, **args):
        body = request.SerializeToString()
        return Wish(method, new_id(), body, args, digest_of(method, body))

    def get(self):
        if not self.market.bookings:
            return self.find()
        booking_id = self.market.bookings[-1] if self.draw.random() < 0.5 else self.draw.choice(self.market.bookings)
        return self.ask("GetBooking", self.message("GetBookingRequest", booking_id=booking_id), booking_id=booking_id)

    def find(self):
        sessions = self.market.hot if self.market.hot and self.draw.random() < 0.5 else self.market.sessions
        if not sessions:
            return self.ask("GetBooking", self.message("GetBookingRequest", booking_id=new_id()))
        session = self.draw.choice(sessions)
        args = {"service_id": session.service_id, "from_ms": session.starts_at_ms, "to_ms": session.ends_at_ms, "limit": 20,
                "include_full": True}
        return self.ask("FindSlots", self.message("FindSlotsRequest", **args), **args)


def result_of(schema, method, body):
    """What of an answer the judge looks at."""
    answer = schema(f"{PACKAGES[service_of(method)]}{method}Response").FromString(body)
    if service_of(method) == "index":
        return result_of_index(method, answer)
    if method == "PublishSession":
        return {"session_id": answer.session_id}
    if method == "Hold":
        return {"hold_id": answer.hold_id, "slot_id": answer.slot.slot_id, "free": answer.slot.free,
                "expires_at_ms": answer.expires_at_ms}
    if method == "Book":
        return {"booking_id": answer.booking_id, "slot_id": answer.slot.slot_id, "free": answer.slot.free}
    if method == "Cancel":
        return {"booking_id": answer.booking_id, "cancelled_at_ms": answer.cancelled_at_ms}
    if method == "FindSlots":
        return {"slots": [[slot.slot_id, slot.free, slot.capacity] for slot in answer.slots]}
    booking = answer.booking
    return {"booking_id": booking.booking_id, "slot_id": booking.slot.slot_id, "status": booking.status,
            "person_id": booking.person.person_id,
            "numbers": [[change.what, change.entry_number] for change in booking.history]}


def result_of_index(method, answer):
    if method == "RegisterRecord":
        return {"record_id": answer.record_id, "person_id": answer.person_id, "how": answer.how}
    if method == "MergePersons":
        return {"merge_id": answer.merge_id}
    if method == "UnmergePersons":
        return {name: getattr(answer, name) for name in ("survivor_id", "other_id", "from_ms", "until_ms")}
    if method == "FindPerson":
        return {"person_id": answer.person_id, "superseded": list(answer.superseded_ids)}
    if method == "TracePerson":
        return {"result": answer.result, "candidates": [one.person_id for one in answer.candidates]}
    return {"person_id": answer.person.person_id, "records": [record.record_id for record in answer.person.records],
            "superseded": list(answer.person.superseded_ids)}
