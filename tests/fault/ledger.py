"""What a booking journal folds to, written a second time from its contract (proto/bhr/booking/v1/booking_journal.proto)
and from what apply promises (services/booking/core/apply.c, lib/host/replica_apply.c). It keeps more than a store does:
how each slot and booking stood after any entry, so that answers of the past can be judged. rows.py makes a store's rows
of it."""
import bisect
import collections
import heapq

ID_REUSED, TOO_OLD, FROM_FUTURE, TOO_LARGE, SET_ASIDE, REFUSED_AT_DOOR = 7, 5, 6, 8, 3, 10
NOT_KEPT = {ID_REUSED, TOO_OLD, FROM_FUTURE, REFUSED_AT_DOOR}  # outcomes after which an id is judged anew
BOOKED, CANCELLED = 1, 2
REMEMBERED_MS, FORGOTTEN_PER_ENTRY = 30 * 24 * 3600 * 1000, 4
HOLD_GRACE_MS = 15000  # a timer is due in the owner's next turn; this is generous

Session = collections.namedtuple("Session", "organisation service_id kind audience starts_at_ms slot_minutes slot_count "
                                            "capacity")
Hold = collections.namedtuple("Hold", "slot held_at_ms expires_at_ms number by")
Answer = collections.namedtuple("Answer", "digest outcome number detail answer")


def id_bytes(text):
    """16 bytes of a UUID's text; zeros for none."""
    return bytes.fromhex(text.replace("-", "")) if text else bytes(16)


def id_text(data):
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def slot_of(text):
    session_id, index = text.rsplit(":", 1)
    return id_bytes(session_id), int(index)


def id_time_ms(uuid_v7):
    return int.from_bytes(uuid_v7[:6], "big")


def timer_of(due_ms, hold_id):
    return due_ms.to_bytes(6, "big") + hold_id[6:]


class Versions:
    """What something was after any entry."""

    def __init__(self):
        self.numbers, self.values = [], []

    def put(self, number, value):
        self.numbers.append(number)
        self.values.append(value)

    def at(self, number=None):
        """After that entry, or now; None: not there yet."""
        index = len(self.numbers) if number is None else bisect.bisect_right(self.numbers, number)
        return self.values[index - 1] if index else None


class Slot:
    def __init__(self):
        self.booked, self.holds = 0, []  # (hold id, expires at), in the order in which they were taken
        self.numbers, self.states = [], []  # after which entry, (booked, holds)

    def drop(self, now_ms, hold_id):
        self.holds = [hold for hold in self.holds if hold[1] > now_ms and hold[0] != hold_id]

    def live(self, now_ms):
        return sum(expires_at_ms > now_ms for _, expires_at_ms in self.holds)

    def note(self, number):
        self.numbers.append(number)
        self.states.append((self.booked, len(self.holds)))

    def at(self, number):
        """(booked, holds) after that entry."""
        index = bisect.bisect_right(self.numbers, number)
        return self.states[index - 1] if index else (0, 0)


class Booking:
    def __init__(self, event, decided_at_ms, number, hold):
        self.slot, self.starts_at_ms, self.ends_at_ms = slot_of(event.slot_id), event.starts_at_ms, event.ends_at_ms
        self.status, self.reason, self.cancel_id = BOOKED, 0, bytes(16)
        self.held_at_ms, self.held_number = (hold.held_at_ms, hold.number) if hold else (0, 0)
        self.booked_at_ms, self.booked_number = decided_at_ms, number
        self.cancelled_at_ms = self.cancelled_number = 0
        self.booked_by, self.cancelled_by, self.person_id = event.by, "", id_bytes(event.person_id)
        self.sealed = (event.sealed.key_id, event.sealed.nonce, event.sealed.ciphertext)

    def numbers_at(self, number):
        """The history that a reader of that entry's store sees: [[what, number of the entry], ...]."""
        changes = [("held", self.held_number), ("booked", self.booked_number), ("cancelled", self.cancelled_number)]
        return [[what, at] for what, at in changes if 0 < at <= number]


class Ledger:
    """take() each accepted entry in order. promises: judged on the way (promises.py)."""

    def __init__(self, promises, event_type):
        self.promises, self.event_type = promises, event_type
        self.sessions, self.holds, self.bookings = {}, {}, {}
        self.slots = collections.defaultdict(Slot)
        self.of_person = collections.defaultdict(dict)  # person id -> {booking id: (starts at, ends at)} that stand
        self.links = {}  # person id -> (parent, merge, number of the index's journal)
        self.parents = collections.defaultdict(Versions)  # the same, after any entry
        self.kin = collections.defaultdict(set)  # parent -> person ids that lead there
        self.booked_for = collections.defaultdict(list)  # person id -> (id, booking) of every one ever made for it
        self.records, self.awaited = {}, {}  # record id -> person id; person id -> (entry number, record id, booking id)
        self.followed = None
        self.answers, self.timers, self.parked = {}, {}, {}
        self.oldest = []  # heap of keys of answers
        self.number = self.now_ms = 0

    def take(self, entry):
        self.number, self.now_ms, booked = entry.number, entry.decided_at_ms, None
        for event_bytes in entry.events:
            event = self.event_type.FromString(event_bytes)
            kind = event.WhichOneof("event")
            getattr(self, kind)(getattr(event, kind))
            if kind == "slot_booked":
                booked = self.bookings[id_bytes(event.slot_booked.booking_id)]
        if booked is not None:
            self.judge_person(booked)
        if entry.source:
            self.remember(entry)
        elif entry.timer:
            body = self.timers.pop(entry.timer, None)
            if body is not None and entry.outcome in (SET_ASIDE, TOO_LARGE):
                self.parked[entry.timer] = body

    def remember(self, entry):
        if not entry.repeats and any(entry.command_id) and entry.outcome not in NOT_KEPT:
            key = entry.command_id + entry.source.encode()
            if key not in self.answers:
                heapq.heappush(self.oldest, key)
            self.answers[key] = Answer(entry.command_digest, entry.outcome, entry.number, entry.detail.encode(),
                                       entry.answer)
        for _ in range(FORGOTTEN_PER_ENTRY):
            if not self.oldest or self.now_ms - id_time_ms(self.oldest[0]) <= REMEMBERED_MS:
                return
            del self.answers[heapq.heappop(self.oldest)]

    # ---- what each event does ----

    def session_published(self, event):
        session = event.session
        self.sessions[id_bytes(session.session_id)] = Session(
            session.organisation, session.service_id, session.kind, session.audience, session.starts_at_ms,
            session.slot_minutes, session.slot_count, session.capacity)

    def slot_held(self, event):
        hold_id, place = id_bytes(event.hold_id), slot_of(event.slot_id)
        slot = self.slots[place]
        slot.drop(self.now_ms, hold_id)
        slot.holds.append((hold_id, event.expires_at_ms))
        self.holds[hold_id] = Hold(place, self.now_ms, event.expires_at_ms, self.number, event.by)
        self.timers[timer_of(event.expires_at_ms, hold_id)] = hold_id
        self.promises.check("holds", event.expires_at_ms > self.now_ms,
                            lambda: f"entry {self.number}: hold {event.hold_id} has run out before it began")
        self.changed(place, slot)

    def hold_expired(self, event):
        hold_id = id_bytes(event.hold_id)
        hold = self.holds.get(hold_id)
        if hold is None:
            return
        self.promises.check("holds", hold.expires_at_ms <= self.now_ms,
                            lambda: f"entry {self.number}: hold {event.hold_id} ended before its time")
        slot = self.slots[hold.slot]
        slot.drop(hold.expires_at_ms, hold_id)
        self.end_hold(hold_id, hold)
        self.changed(hold.slot, slot)

    def slot_booked(self, event):
        booking_id, hold_id, place = id_bytes(event.booking_id), id_bytes(event.hold_id), slot_of(event.slot_id)
        hold = self.holds.get(hold_id)
        if any(hold_id):
            self.promises.check(
                "holds", hold is not None and hold.expires_at_ms > self.now_ms and (hold.slot, hold.by) == (place, event.by),
                lambda: f"entry {self.number}: {event.by} booked from hold {event.hold_id}, which is "
                        f"{'not its own or has run out' if hold else 'not there'}")
        self.promises.check("places", booking_id not in self.bookings,
                            lambda: f"entry {self.number}: booking {event.booking_id} was made before")
        slot = self.slots[place]
        slot.drop(self.now_ms, hold_id)
        slot.booked += 1
        booking = self.bookings[booking_id] = Booking(event, self.now_ms, self.number, hold)
        if hold is not None:
            self.end_hold(hold_id, hold)
        self.of_person[booking.person_id][booking_id] = (booking.starts_at_ms, booking.ends_at_ms)
        self.booked_for[booking.person_id].append((booking_id, booking))
        self.changed(place, slot)

    def judge_person(self, booking):
        """Under whatever identifier, as far as was known at that entry."""
        others = [times for person in self.family(self.root(booking.person_id))
                  for times in self.of_person.get(person, {}).values()]
        overlapping = sum(begin < booking.ends_at_ms and end > booking.starts_at_ms for begin, end in others)
        self.promises.check("busy", overlapping == 1, lambda: f"entry {self.number}: person {id_text(booking.person_id)} "
                            "is booked at an overlapping time")

    def booking_cancelled(self, event):
        booking = self.bookings.get(id_bytes(event.booking_id))
        self.promises.check("places", booking is not None and booking.status == BOOKED,
                            lambda: f"entry {self.number}: booking {event.booking_id} was cancelled and did not stand")
        if booking is None or booking.status == CANCELLED:
            return
        slot = self.slots[booking.slot]
        slot.booked -= 1
        booking.status, booking.reason, booking.cancel_id = CANCELLED, event.reason, id_bytes(event.cancel_id)
        booking.cancelled_at_ms, booking.cancelled_number, booking.cancelled_by = self.now_ms, self.number, event.by
        del self.of_person[booking.person_id][id_bytes(event.booking_id)]
        self.changed(booking.slot, slot)

    def index_followed(self, event):
        self.followed = event

    def person_linked(self, event):
        person, known = id_bytes(event.person_id), id_bytes(event.known_id)
        at = known
        while at is not None and at != person:
            at = self.links[at][0] if at in self.links else None
        if at is None:  # else it would lead round in a circle
            self.cut(person)
            self.links[person] = (known, id_bytes(event.merge_id), event.number)
            self.parents[person].put(self.number, known)
            self.kin[known].add(person)
            self.awaited.pop(person, None)

    def person_unlinked(self, event):
        person = id_bytes(event.person_id)
        if person in self.links and self.links[person][1] == id_bytes(event.merge_id):
            self.cut(person)

    def cut(self, person):
        if person in self.links:
            self.kin[self.links.pop(person)[0]].discard(person)
            self.parents[person].put(self.number, None)

    def root(self, person, number=None):
        """Whose the id is, now or as of an entry."""
        while person in self.parents and (parent := self.parents[person].at(number)) is not None:
            person = parent
        return person

    def family(self, root):
        """Every id that leads there, itself too."""
        found = [root]
        for person in found:
            found += self.kin.get(person, ())
        return found

    def bookings_of(self, root):
        """(id, booking) of every one ever made, cancelled ones too."""
        return [one for person in self.family(root) for one in self.booked_for.get(person, ())]

    def person_awaited(self, event):
        person, record = id_bytes(event.person_id), id_bytes(event.record_id)
        self.awaited[person] = (self.number, record, id_bytes(event.booking_id))
        self.records[record] = person

    def identity_corrected(self, event):
        """Told to readers of events; the rows say the same without it."""

    def end_hold(self, hold_id, hold):
        self.timers.pop(timer_of(hold.expires_at_ms, hold_id), None)
        del self.holds[hold_id]

    # ---- what must be so after each ----

    def changed(self, place, slot):
        slot.note(self.number)
        session = self.sessions.get(place[0])
        is_there = session is not None and place[1] < session.slot_count
        given = slot.booked + slot.live(self.now_ms)
        self.promises.check("places", is_there and given <= session.capacity,
                            lambda: f"entry {self.number}: slot {place[0].hex()}:{place[1]} has {slot.booked} bookings and "
                                    f"{slot.live(self.now_ms)} holds in {session.capacity if is_there else 0} places")

    def free(self, place):
        session, slot = self.sessions[place[0]], self.slots[place]
        return max(0, session.capacity - slot.booked - slot.live(self.now_ms))

    def end(self):
        """At the journal's end: whatever is over is gone."""
        for hold_id, hold in self.holds.items():
            self.promises.check("holds", hold.expires_at_ms > self.now_ms - HOLD_GRACE_MS,
                                lambda hold_id=hold_id: f"hold {hold_id.hex()} is still there long after it has run out")
