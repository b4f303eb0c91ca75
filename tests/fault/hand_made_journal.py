"""One service of the run that hand_made.py makes: its journal, its command log, and what its callers were told. Whatever
follows from something else (chain, public events) follows when it is written, so that each lie is one lie."""
import base64
import hashlib
import os

from evidence import write_journal, write_lines
from history import PACKAGES
from judge_events import KEYS, public_id
from ledger import id_bytes, id_text

T0 = 1_800_000_000_000
OWNERS = [b"first owner 0000", b"second owner 000"]
EVENTS = {"booking": "BookingEvent", "index": "IndexEvent"}
OK = 1


def an_id(number):
    """The same number, the same UUIDv7."""
    return id_text(bytes.fromhex(f"{T0:012x}7{number:03x}8{number:015x}"))


class Scribe:
    service, client, names = "", 1, {}

    def __init__(self, schema):
        self.schema = schema
        self.records = []  # messages of journal.proto; an entry's prev and number are filled in when it is written
        self.lines, self.commands, self.events = [], [], None
        self.tampered = None  # index of a record in which one byte is changed after all was chained
        self.now_ms, self.offset, self.seq, self.epoch = T0, 0, 0, 0
        genesis = self.record().genesis
        genesis.journal_id, genesis.environment, genesis.service, genesis.locality = (b"j" * 16, "local", self.service,
                                                                                      "nel-bhr")
        genesis.starts_at.offset = 0
        self.claim()

    def message(self, name, **fields):
        return self.schema(PACKAGES[self.service] + name)(**fields)

    def record(self):
        self.records.append(self.schema("bhr.journal.v1.Record")())
        return self.records[-1]

    def claim(self):
        self.epoch += 1
        claim = self.record().claim
        claim.epoch, claim.owner = self.epoch, OWNERS[self.epoch - 1]

    def entry(self, outcome=OK, events=(), answer=None):
        self.now_ms += 100
        entry = self.record().entry
        entry.epoch, entry.owner, entry.decided_at_ms = self.epoch, OWNERS[self.epoch - 1], self.now_ms
        entry.schema, entry.outcome = 2, outcome
        entry.resume_at.offset = self.offset
        if answer is not None:
            entry.answer = answer.SerializeToString()
        for event in events:
            entry.events.append(self.message(EVENTS[self.service], **event).SerializeToString())
        return entry

    def entries(self):
        return [record.entry for record in self.records if record.WhichOneof("record") == "entry" and record.entry.schema]

    def number(self):
        return len(self.entries())

    # ---- a command: called, decided, answered ----

    def call(self, method, number, source, args, via=""):
        self.seq += 1
        digest = hashlib.blake2b(f"{method}{number}{args}".encode(), digest_size=16).hexdigest()
        line = {"at_us": self.seq * 1000, "client": self.client, "seq": self.seq, "request_id": an_id(number),
                "source": source, "method": method}
        self.lines.append({"k": "call", **line, "digest": digest, "args": args, "via": via or f"{self.service}-1",
                           "min_position": 0})
        return line, digest

    def decide(self, line, digest, method, **what):
        self.commands.append({"offset": self.offset, "source": line["source"], "id": line["request_id"], "digest": digest})
        at, self.offset = self.offset, self.offset + 1
        entry = self.entry(**what)
        entry.source, entry.command_id = line["source"], id_bytes(line["request_id"])
        entry.command_digest, entry.method = bytes.fromhex(digest), method
        entry.command_at.offset = at
        return entry

    def answer(self, line, digest, entry, position=None, via="", **more):
        body = hashlib.blake2b(entry.answer, digest_size=16).hexdigest() if entry.answer and via != "topic" else ""
        self.lines.append({"k": "answer", **line, "digest": digest, "via": via or f"{self.service}-1", "status": "ok",
                           "outcome": self.names[entry.outcome], "repeated": False,
                           "position": position or self.number(), "body": body, "result": {}, **more})

    def ask(self, method, number, args, result, position, min_position=0, outcome="ok"):
        line, digest = self.call(method, number, "111-nel", args)
        self.lines[-1]["min_position"] = min_position
        self.lines.append({"k": "answer", **line, "digest": digest, "via": f"{self.service}-1", "status": "ok",
                           "outcome": outcome, "repeated": False, "position": position, "body": "", "result": result})

    def finish(self):
        self.lines.append({"k": "finish", "at_us": self.seq * 1000, "client": self.client})

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
        lines, event_type = [], self.schema(PACKAGES[self.service] + EVENTS[self.service])
        for entry in self.entries():
            told = []
            for index, data in enumerate(entry.events):
                event = event_type.FromString(data)
                change = getattr(event, event.WhichOneof("event"))
                shown = type(change).FromString(change.SerializeToString())
                if shown.DESCRIPTOR.name in ("SlotBooked", "RecordRegistered"):
                    shown.ClearField("sealed")
                told.append((index, shown, KEYS[shown.DESCRIPTOR.name](change)))
            if not told and entry.source:
                shown = self.schema("bhr.exchange.v1.RequestOutcome")(
                    outcome=self.names[entry.outcome], number=entry.number, repeated_answer=entry.repeats != 0)
                told.append((0, shown, id_text(entry.command_id)))
            for index, shown, key in told:
                headers = {"ce_id": public_id(b"j" * 16, entry.number, index), "ce_type": shown.DESCRIPTOR.full_name,
                           "ce_bhrnumber": str(entry.number)}
                lines.append({"offset": len(lines), "key": key, "headers": headers,
                              "value": base64.b64encode(shown.SerializeToString()).decode()})
        return lines

    @staticmethod
    def hear(line, public):
        """The record of that entry, as the caller on the topic has it."""
        value = next((one["value"] for one in public if one["headers"]["ce_bhrnumber"] == str(line["position"])), "")
        line.setdefault("heard", hashlib.blake2b(base64.b64decode(value), digest_size=16).hexdigest())

    def write(self, folder):
        """The journal's records, for who folds them."""
        to = f"{folder}/evidence/{self.service}"
        os.makedirs(to)
        journal = list(self.journal())
        write_journal(to, journal)
        write_lines(f"{to}/commands.jsonl", self.commands)
        public = self.public()
        for line in self.lines:
            if line["k"] == "answer" and line["via"] == "topic" and line["position"]:
                self.hear(line, public)
        write_lines(f"{to}/events.jsonl", self.events(public) if self.events else public)
        write_lines(f"{folder}/history/client-{self.client}.jsonl", self.lines)
        return journal
