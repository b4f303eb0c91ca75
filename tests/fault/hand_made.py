"""A small run made by hand, in which every promise is kept: a clinic of slots with two places, two owners, a zombie, and
what callers were told. test_check.py tells lies in it. Whatever follows from something else (chain, public events,
digests of stores) follows when it is written, so that each lie is one lie."""
import base64
import hashlib
import json
import os

import rows
from check_golden import Rule, decode
from evidence import write_journal, write_lines
from judge_events import KEYS, public_id
from ledger import Ledger, id_bytes, id_text
from promises import Promises

T0 = 1_800_000_000_000
START = T0 + 86_400_000
MINUTE_MS = 60_000
OK, EXPIRED, SLOT_TAKEN = 1, 4, 103
NAMES = {OK: "ok", EXPIRED: "expired", SLOT_TAKEN: "slot_taken"}
OWNERS = [b"first owner 0000", b"second owner 000"]


def an_id(number):
    """The same number, the same UUIDv7."""
    return id_text(bytes.fromhex(f"{T0:012x}7{number:03x}8{number:015x}"))


class Story:
    def __init__(self, schema):
        self.schema = schema
        self.records = []  # messages of journal.proto; an entry's prev and number are filled in when it is written
        self.lines, self.commands, self.events, self.faults = [], [], None, []
        self.digest = None  # that a store says; None: the right one
        self.tampered = None  # index of a record in which one byte is changed after all was chained
        self.now_ms, self.offset, self.seq, self.epoch = T0, 0, 0, 0
        genesis = self.record().genesis
        genesis.journal_id, genesis.environment, genesis.service, genesis.locality = b"j" * 16, "local", "booking", "nel-bhr"
        genesis.starts_at.offset = 0
        self.claim()
        self.tell()

    def record(self):
        self.records.append(self.schema("bhr.journal.v1.Record")())
        return self.records[-1]

    def claim(self):
        self.epoch += 1
        claim = self.record().claim
        claim.epoch, claim.owner = self.epoch, OWNERS[self.epoch - 1]

    def entry(self, outcome=OK, event=None, answer=None):
        self.now_ms += 100
        entry = self.record().entry
        entry.epoch, entry.owner, entry.decided_at_ms = self.epoch, OWNERS[self.epoch - 1], self.now_ms
        entry.schema, entry.outcome = 2, outcome
        entry.resume_at.offset = self.offset
        if answer is not None:
            entry.answer = answer.SerializeToString()
        if event is not None:
            entry.events.append(self.schema("bhr.booking.v1.BookingEvent")(**event).SerializeToString())
        return entry

    def entries(self):
        return [record.entry for record in self.records if record.WhichOneof("record") == "entry" and record.entry.schema]

    def number(self):
        return len(self.entries())

    # ---- a command: called, decided, answered ----

    def call(self, method, number, source, args, via="booking-1"):
        self.seq += 1
        digest = hashlib.blake2b(f"{method}{number}{args}".encode(), digest_size=16).hexdigest()
        line = {"at_us": self.seq * 1000, "client": 1, "seq": self.seq, "request_id": an_id(number), "source": source,
                "method": method}
        self.lines.append({"k": "call", **line, "digest": digest, "args": args, "via": via, "min_position": 0})
        return line, digest

    def decide(self, line, digest, method, **what):
        self.commands.append({"offset": self.offset, "source": line["source"], "id": line["request_id"], "digest": digest})
        at, self.offset = self.offset, self.offset + 1
        entry = self.entry(**what)
        entry.source, entry.command_id = line["source"], id_bytes(line["request_id"])
        entry.command_digest, entry.method = bytes.fromhex(digest), method
        entry.command_at.offset = at
        return entry

    def answer(self, line, digest, entry, position=None, via="booking-1", **more):
        body = hashlib.blake2b(entry.answer, digest_size=16).hexdigest() if entry.answer and via != "topic" else ""
        self.lines.append({"k": "answer", **line, "digest": digest, "via": via, "status": "ok",
                           "outcome": NAMES[entry.outcome], "repeated": False, "position": position or self.number(),
                           "body": body, "result": {}, **more})

    def command(self, method, number, args, event=None, outcome=OK, source="111-nel", via="booking-1", is_told=True,
                **fields):
        line, digest = self.call(method, number, source, args, via)
        answer = self.schema(f"bhr.booking.v1.{method}Response")(**fields)
        entry = self.decide(line, digest, method, outcome=outcome, event=event, answer=answer)
        if is_told:
            told = {"result": {"booking_id": an_id(number)}} if via == "topic" else {}
            self.answer(line, digest, entry, via=via, **told)
        return line, digest, entry

    def publish(self, number, slots=4, capacity=2):
        session = self.schema("bhr.booking.v1.Session")(
            session_id=an_id(number), organisation="Y90020", service_id="clinic", kind=1, starts_at_ms=START,
            slot_minutes=15, slot_count=slots, capacity=capacity, audience=2)
        self.command("PublishSession", number, {}, {"session_published": {"session": session, "by": "ops"}}, source="ops",
                     session_id=an_id(number))
        return an_id(number)

    def hold(self, number, slot_id, free, seconds=30, lasts=30, **options):
        expires = self.now_ms + 100 + lasts * 1000
        event = {"hold_id": an_id(number), "slot_id": slot_id, "expires_at_ms": expires, "by": "111-nel",
                 "starts_at_ms": START}
        return self.command("Hold", number, {"slot_id": slot_id, "hold_seconds": seconds}, {"slot_held": event},
                            hold_id=an_id(number), slot={"slot_id": slot_id, "free": free}, expires_at_ms=expires, **options)

    def book(self, number, slot_id, person, free, hold=None, **options):
        index = int(slot_id.rsplit(":", 1)[1])
        event = {"booking_id": an_id(number), "slot_id": slot_id, "hold_id": an_id(hold) if hold else "",
                 "by": options.get("source", "111-nel"), "starts_at_ms": START + index * 15 * MINUTE_MS,
                 "ends_at_ms": START + (index + 1) * 15 * MINUTE_MS, "person_id": an_id(person),
                 "sealed": {"key_id": b"k" * 16, "nonce": b"n" * 24, "ciphertext": b"c" * 40}}
        args = {"hold_id": an_id(hold)} if hold else {"slot_id": slot_id}
        return self.command("Book", number, {"person": person, **args}, {"slot_booked": event}, booking_id=an_id(number),
                            slot={"slot_id": slot_id, "free": free}, **options)

    def taken(self, number, slot_id):
        return self.command("Book", number, {"slot_id": slot_id, "person": 1}, outcome=SLOT_TAKEN)

    def cancel(self, number, booking, slot_id, person):
        event = {"booking_id": an_id(booking), "reason": 1, "by": "111-nel", "cancel_id": an_id(number), "slot_id": slot_id,
                 "starts_at_ms": START, "person_id": an_id(person)}
        self.command("Cancel", number, {"booking_id": an_id(booking), "reason": 1}, {"booking_cancelled": event},
                     booking_id=an_id(booking), cancelled_at_ms=self.now_ms + 100)

    def expire(self, hold, slot_id, after_ms):
        self.now_ms += after_ms
        entry = self.entry(event={"hold_expired": {"hold_id": an_id(hold), "slot_id": slot_id}})
        entry.timer = b"t" * 16

    def ask(self, method, number, args, result, position, min_position=0, outcome="ok"):
        line, digest = self.call(method, number, "111-nel", args)
        self.lines[-1]["min_position"] = min_position
        self.lines.append({"k": "answer", **line, "digest": digest, "via": "booking-1", "status": "ok", "outcome": outcome,
                           "repeated": False, "position": position, "body": "", "result": result})

    def tell(self):
        """What happened."""
        clinic = self.publish(1)
        self.hold(2, f"{clinic}:0", free=1)
        self.book(3, f"{clinic}:0", person=901, free=1, hold=2)
        line, digest, first = self.book(4, f"{clinic}:0", person=902, free=0)
        self.taken(5, f"{clinic}:0")
        self.ask("GetBooking", 20, {"booking_id": an_id(4)},
                 {"booking_id": an_id(4), "status": 1, "numbers": [["booked", 4]]}, position=5, min_position=4)
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
                 {"booking_id": an_id(4), "status": 2, "numbers": [["booked", 4], ["cancelled", 7]]}, position=9,
                 min_position=9)
        self.lines.append({"k": "finish", "at_us": self.seq * 1000, "client": 1})
        self.ask("FindSlots", 22, {}, {"slots": [[f"{clinic}:0", 1, 2], [f"{clinic}:1", 2, 2]]}, position=10)
        self.ask("GetBooking", 23, {"booking_id": an_id(99)}, {}, position=10, outcome="booking_unknown")
        self.clinic = clinic

    # ---- what follows from it ----

    def journal(self):
        """(offset, timestamp, is append time, value), chained."""
        prev, number = bytes(16), 0
        for offset, record in enumerate(self.records):
            is_zombie = record.WhichOneof("record") == "entry" and record.entry.schema == 0
            if record.WhichOneof("record") == "entry":
                record.entry.prev, record.entry.number = prev, number + 1
                number += not is_zombie
            value = record.SerializeToString()
            if not is_zombie:
                prev = hashlib.blake2b(prev + value, digest_size=16).digest()
            if offset == self.tampered:
                value = value.replace(b"111-nel", b"112-nel")
            yield offset, self.now_ms, True, value

    def public(self):
        """What readers of committed events must see."""
        lines, event_type = [], self.schema("bhr.booking.v1.BookingEvent")
        for entry in self.entries():
            if entry.events:
                event = event_type.FromString(entry.events[0])
                change = getattr(event, event.WhichOneof("event"))
                shown = type(change).FromString(change.SerializeToString())
                if shown.DESCRIPTOR.name == "SlotBooked":
                    shown.ClearField("sealed")
                kind, key = shown.DESCRIPTOR, KEYS[shown.DESCRIPTOR.name](change)
            elif entry.source:
                shown = self.schema("bhr.exchange.v1.RequestOutcome")(
                    outcome=NAMES[entry.outcome], number=entry.number, repeated_answer=entry.repeats != 0)
                kind, key = shown.DESCRIPTOR, id_text(entry.command_id)
            headers = {"ce_id": public_id(b"j" * 16, entry.number, 0), "ce_type": kind.full_name,
                       "ce_bhrnumber": str(entry.number)}
            lines.append({"offset": len(lines), "key": key, "headers": headers,
                          "value": base64.b64encode(shown.SerializeToString()).decode()})
        return lines

    @staticmethod
    def hear(line, public):
        """The record of that entry, as the caller on the topic has it."""
        value = next((one["value"] for one in public if one["headers"]["ce_bhrnumber"] == str(line["position"])), "")
        line.setdefault("heard", hashlib.blake2b(base64.b64decode(value), digest_size=16).hexdigest())

    def fold(self, journal):
        rule, ledger = Rule(), Ledger(Promises(), self.schema("bhr.booking.v1.BookingEvent"))
        for offset, timestamp, is_append_time, value in journal:
            record = decode(self.schema("bhr.journal.v1.Record"), value)
            if rule.accept(record, offset, timestamp, is_append_time, value) == "entry":
                ledger.take(record.entry)
        return rows.digest_of(ledger)

    def write(self, folder):
        for name in ("evidence", "history"):
            os.makedirs(f"{folder}/{name}")
        journal = list(self.journal())
        digest, count = self.fold(journal)
        write_journal(f"{folder}/evidence", journal)
        write_lines(f"{folder}/evidence/commands.jsonl", self.commands)
        public = self.public()
        for line in self.lines:
            if line["k"] == "answer" and line["via"] == "topic" and line["position"]:
                self.hear(line, public)
        write_lines(f"{folder}/evidence/events.jsonl", self.events(public) if self.events else public)
        write_lines(f"{folder}/history/client-1.jsonl", self.lines)
        write_lines(f"{folder}/nemesis.jsonl", self.faults)
        with open(f"{folder}/evidence/stores.json", "w", encoding="utf-8") as file:
            json.dump({"stores": [{"path": "booking-1", "digest": self.digest or digest, "rows": count,
                                   "number": self.number()}]}, file)
