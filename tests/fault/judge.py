"""Booking in a run under faults: its journal folded by a second apply (ledger.py), and everything that only booking promises,
judged by that: places, holds, persons, reads and stores (case.py has what every service promises)."""
import rows
from case import OK, Case
from ledger import Ledger, id_bytes, slot_of

SLOT_TAKEN, SLOT_HELD = 103, 104


class BookingCase(Case):
    service = "booking"
    named_by = {"PublishSession": "session_id", "Hold": "hold_id", "Book": "booking_id", "Cancel": "booking_id"}

    def __init__(self, folder, schema, promises, identity):
        super().__init__(folder, schema, promises, Ledger(promises, schema("bhr.booking.v1.BookingEvent")))
        self.identity, self.digests = identity, {}

    def before(self, decided, args, entry, offset):
        if decided.source:
            self.judge_refusal(decided, args or {})
        self.identity.before(decided, args, self.ledger)

    def after(self, decided, args):
        if any(store["number"] == decided.number for store in self.stores):
            self.digests[decided.number] = rows.digest_of(self.ledger)
        if not decided.source or decided.outcome != OK or decided.repeats or args is None:
            return
        if decided.method == "Hold" and args.get("hold_seconds"):
            hold = self.ledger.holds.get(id_bytes(self.result(decided).hold_id))
            self.promises.check("holds", hold is not None and
                                hold.expires_at_ms == decided.decided_at_ms + args["hold_seconds"] * 1000,
                                lambda: f"entry {decided.number}: not held for the {args['hold_seconds']} s asked for")
        if decided.method in ("Hold", "Book"):
            slot = self.result(decided).slot
            self.promises.check("places", slot.free == self.ledger.free(slot_of(slot.slot_id)),
                                lambda: f"entry {decided.number} says that slot {slot.slot_id} has {slot.free} free places")

    def judge_refusal(self, decided, args):
        """Before its entry is taken: was the slot as full as was said?"""
        slot_id = args.get("slot_id")
        if decided.repeats or decided.outcome not in (SLOT_TAKEN, SLOT_HELD) or slot_id is None:
            return
        place = slot_of(slot_id)
        session, slot = self.ledger.sessions.get(place[0]), self.ledger.slots[place]
        capacity, live = session.capacity if session else 0, slot.live(decided.decided_at_ms)
        is_true = (slot.booked >= capacity if decided.outcome == SLOT_TAKEN else
                   slot.booked < capacity <= slot.booked + live)
        self.promises.check("refusals", is_true, lambda: f"entry {decided.number} says {self.names[decided.outcome]}: slot "
                            f"{slot_id} has {slot.booked} bookings and {live} holds in {capacity} places")

    # ---- reads ----

    def shows(self, line, args):
        result, number = line["result"], line["position"]
        if line["method"] == "FindSlots":
            return all(self.shows_slot(*slot, number) for slot in result.get("slots", []))
        booking = self.ledger.bookings.get(id_bytes(args.get("booking_id", "")))
        is_known = booking is not None and booking.booked_number <= number
        if line["outcome"] != "ok" or not is_known:
            return line["outcome"] == "booking_unknown" and not is_known
        is_cancelled = 0 < booking.cancelled_number <= number
        return (result["booking_id"] == args["booking_id"] and result["status"] == (2 if is_cancelled else 1)
                and result["numbers"] == booking.numbers_at(number)
                and id_bytes(result["person_id"]) == self.ledger.root(booking.person_id, number))

    def shows_slot(self, slot_id, free, capacity, number):
        """By a door's own clock some of the holds may be over, so free lies between all and none of them."""
        place = slot_of(slot_id)
        session = self.ledger.sessions.get(place[0])
        if session is None or session.capacity != capacity:
            return False
        booked, holds = self.ledger.slots[place].at(number) if place in self.ledger.slots else (0, 0)
        return max(0, capacity - booked - holds) <= free <= capacity - booked

    # ---- stores ----

    def judge_stores(self):
        if not self.stores:
            self.promises.check("stores", False, lambda: f"no store could be read: {self.evidence.store_error()}")
        for store in self.stores:
            digest, count = self.digests.get(store["number"], ("none", 0))
            self.promises.check("stores", store["digest"] == digest, lambda store=store, digest=digest, count=count: (
                f"{store['path']} at entry {store['number']}: {store['digest']} over {store['rows']} rows; the fold is "
                f"{digest} over {count}"))
