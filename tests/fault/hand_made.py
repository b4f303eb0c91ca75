"""A small run made by hand, in which every promise is kept: a clinic of slots with two places, two owners, a zombie, an index
that takes two people for one and parts them again, and what callers were told. test_check.py tells lies in it."""
import json
import os

import rows
from check_golden import Rule, decode
from evidence import write_lines
from hand_made_index import IndexStory
from hand_made_journal import OK, OWNERS, T0, Scribe, an_id
from ledger import Ledger
from promises import Promises

START = T0 + 86_400_000
MINUTE_MS = 60_000
EXPIRED, SLOT_TAKEN = 4, 103
WITHOUT_INDEX_US = [20_000, 40_000_000]


class Story(Scribe):
    """Booking's part; the index's is in index."""

    service, client, names = "booking", 1, {OK: "ok", EXPIRED: "expired", SLOT_TAKEN: "slot_taken"}

    def __init__(self, schema):
        super().__init__(schema)
        self.index, self.linked, self.followed = IndexStory(schema), set(), 0
        self.digest, self.index_digest = None, "ab" * 16  # that a store says; None: the right one
        self.faults = [{"at_us": WITHOUT_INDEX_US[0], "until_us": WITHOUT_INDEX_US[1], "back_us": WITHOUT_INDEX_US[1],
                        "fault": "index: gone for a while", "target": "index-1,index-2", "beside": [], "gap_ms": 0,
                        "detail": {"without_index_us": WITHOUT_INDEX_US}, "timeout": "", "timeout_ms": 0}]
        self.tell()

    def command(self, method, number, args, events=(), outcome=OK, source="111-nel", via="", is_told=True, **fields):
        line, digest = self.call(method, number, source, args, via)
        answer = self.message(f"{method}Response", **fields)
        entry = self.decide(line, digest, method, outcome=outcome, events=events, answer=answer)
        if is_told:
            told = {"result": {"booking_id": an_id(number)}} if via == "topic" else {}
            self.answer(line, digest, entry, via=via, **told)
        return line, digest, entry

    def publish(self, number, slots=4, capacity=2, starts_at_ms=START):
        session = self.message("Session", session_id=an_id(number), organisation="Y90020", service_id="clinic", kind=1,
                               starts_at_ms=starts_at_ms, slot_minutes=15, slot_count=slots, capacity=capacity, audience=2)
        self.command("PublishSession", number, {}, [{"session_published": {"session": session, "by": "ops"}}], source="ops",
                     session_id=an_id(number))
        return an_id(number)

    def hold(self, number, slot_id, free, seconds=30, lasts=30, **options):
        expires = self.now_ms + 100 + lasts * 1000
        event = {"hold_id": an_id(number), "slot_id": slot_id, "expires_at_ms": expires, "by": "111-nel",
                 "starts_at_ms": START}
        return self.command("Hold", number, {"slot_id": slot_id, "hold_seconds": seconds}, [{"slot_held": event}],
                            hold_id=an_id(number), slot={"slot_id": slot_id, "free": free}, expires_at_ms=expires, **options)

    def book(self, number, slot_id, person, free, hold=None, starts_at_ms=START, known=None, **options):
        """The index has just said who that is, the first time; known: somebody else."""
        index = int(slot_id.rsplit(":", 1)[1])
        event = {"booking_id": an_id(number), "slot_id": slot_id, "hold_id": an_id(hold) if hold else "",
                 "by": options.get("source", "111-nel"), "starts_at_ms": starts_at_ms + index * 15 * MINUTE_MS,
                 "ends_at_ms": starts_at_ms + (index + 1) * 15 * MINUTE_MS, "person_id": an_id(person),
                 "sealed": {"key_id": b"k" * 16, "nonce": b"n" * 24, "ciphertext": b"c" * 40}}
        args = {"hold_id": an_id(hold)} if hold else {"slot_id": slot_id}
        events = [{"slot_booked": event}]
        if person not in self.linked:
            self.linked.add(person)
            events.append({"person_linked": {"person_id": an_id(person), "known_id": known or self.index.know(person),
                                             "number": self.index.number()}})
        return self.command("Book", number, {"person": person, **args}, events, booking_id=an_id(number),
                            slot={"slot_id": slot_id, "free": free}, **options)

    def taken(self, number, slot_id):
        return self.command("Book", number, {"slot_id": slot_id, "person": 901}, outcome=SLOT_TAKEN)

    def cancel(self, number, booking, slot_id, person):
        event = {"booking_id": an_id(booking), "reason": 1, "by": "111-nel", "cancel_id": an_id(number), "slot_id": slot_id,
                 "starts_at_ms": START, "person_id": an_id(person)}
        self.command("Cancel", number, {"booking_id": an_id(booking), "reason": 1}, [{"booking_cancelled": event}],
                     booking_id=an_id(booking), cancelled_at_ms=self.now_ms + 100)

    def expire(self, hold, slot_id, after_ms):
        self.now_ms += after_ms
        entry = self.entry(events=[{"hold_expired": {"hold_id": an_id(hold), "slot_id": slot_id}}])
        entry.timer = b"t" * 16

    def follow(self, number, *events):
        """The last record of the index's journal, as a request of booking to itself."""
        offset = len(self.index.records) - 1
        place = {"number": self.index.number(), "offset": offset, "done": 0, "place": b"p"}
        line = {"source": "booking", "request_id": an_id(number)}
        self.decide(line, f"{number:032x}", "FollowIndex", events=[{"index_followed": place}, *events])

    # ---- what happened ----

    def tell(self):
        clinic = self.publish(1)
        self.hold(2, f"{clinic}:0", free=1)
        self.book(3, f"{clinic}:0", person=901, free=1, hold=2)
        line, digest, first = self.book(4, f"{clinic}:0", person=902, free=0)
        self.taken(5, f"{clinic}:0")
        self.ask("GetBooking", 20, {"booking_id": an_id(4)},
                 {"booking_id": an_id(4), "status": 1, "person_id": self.index.know(902), "numbers": [["booked", 4]]},
                 position=5, min_position=4)
        copy = self.decide(line, digest, "Book")
        copy.repeats, copy.answer = 4, first.answer
        self.answer(line, digest, copy, position=4, repeated=True)
        self.claim()
        zombie = self.entry()
        zombie.epoch, zombie.owner, zombie.schema = 1, OWNERS[0], 0
        self.cancel(7, 4, f"{clinic}:0", 902)
        self.hold(8, f"{clinic}:1", free=1)
        self.expire(8, f"{clinic}:1", 30_000)
        self.hold(10, f"{clinic}:2", free=1, is_told=False)
        self.lines.append({**self.lines[-1], "k": "silence"})
        self.book(11, f"{clinic}:3", person=903, free=1, source="gp-demo", via="topic")
        line, digest = self.call("PublishSession", 12, "111-nel", {})
        self.lines.append({"k": "answer", **line, "digest": digest, "via": "booking-2", "status": "denied",
                           "outcome": "denied", "repeated": False, "position": 0, "body": "", "result": {}})
        self.ask("GetBooking", 21, {"booking_id": an_id(4)},
                 {"booking_id": an_id(4), "status": 2, "person_id": self.index.know(902),
                  "numbers": [["booked", 4], ["cancelled", 7]]}, position=9, min_position=9)
        self.tell_of_a_wrong_merge()
        self.finish()
        self.ask("FindSlots", 22, {}, {"slots": [[f"{clinic}:0", 1, 2], [f"{clinic}:1", 2, 2]]}, position=10)
        self.ask("GetBooking", 23, {"booking_id": an_id(99)}, {}, position=10, outcome="booking_unknown")
        self.clinic = clinic

    def tell_of_a_wrong_merge(self):
        """902 is taken for 901, is booked meanwhile in another clinic, and is 902 again."""
        survivor, other = self.index.know(901), self.index.know(902)
        later = START + 7200_000
        evening = self.publish(13, starts_at_ms=later)
        self.index.now_ms = self.now_ms
        merge = self.index.merge(31, 901, 902)
        link = {"person_id": other, "known_id": survivor, "merge_id": merge, "number": self.index.number()}
        self.follow(14, {"person_linked": link})
        self.wait_without_index()
        self.book(15, f"{evening}:0", person=902, free=1, starts_at_ms=later)
        self.ask("GetBooking", 24, {"booking_id": an_id(15)},
                 {"booking_id": an_id(15), "status": 1, "person_id": survivor, "numbers": [["booked", self.number()]]},
                 position=self.number())
        self.index.now_ms = self.now_ms + 50
        from_ms, until_ms = self.index.unmerge(32, merge, survivor, other)
        self.follow(16, {"person_unlinked": {**link, "number": self.index.number()}},
                    {"identity_corrected": {"merge_id": merge, "survivor_id": survivor, "other_id": other,
                                            "from_ms": from_ms, "until_ms": until_ms, "booking_ids": [an_id(15)]}})
        self.index.tell_more(merge)

    def wait_without_index(self):
        self.seq = max(self.seq, WITHOUT_INDEX_US[0] // 1000)

    # ---- what follows from it ----

    def fold(self, journal):
        rule, ledger = Rule(), Ledger(Promises(), self.schema("bhr.booking.v1.BookingEvent"))
        for offset, timestamp, is_append_time, value in journal:
            record = decode(self.schema("bhr.journal.v1.Record"), value)
            if rule.accept(record, offset, timestamp, is_append_time, value) == "entry":
                ledger.take(record.entry)
        return rows.digest_of(ledger)

    def write(self, folder):
        os.makedirs(f"{folder}/history")
        digest, count = self.fold(super().write(folder))
        self.index.write(folder)
        write_lines(f"{folder}/nemesis.jsonl", self.faults)
        stores = [{"path": "booking-1", "digest": self.digest or digest, "rows": count, "number": self.number()}]
        stores += [{"path": f"index-{number}", "digest": one, "rows": 1, "number": self.index.number()}
                   for number, one in ((1, "ab" * 16), (2, self.index_digest))]
        with open(f"{folder}/evidence/stores.json", "w", encoding="utf-8") as file:
            json.dump({"stores": stores}, file)
