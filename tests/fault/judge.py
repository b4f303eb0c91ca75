"""Reads what a run left behind (histories, nemesis.jsonl, evidence.py) and judges it: the journal by the second
implementation of the rule (tests/journal/check_golden.py), its fold by a second apply (ledger.py), and every answer that
anybody was given by both. It shares no code with the services."""
import collections
import hashlib
import re

import evidence
import rows
from check_golden import Rule, decode, pair
from history import COMMANDS, read_histories
from ledger import NOT_KEPT, Ledger, id_bytes, id_text, slot_of
from promises import Promises
from schema import PROTO, Schema

SLOT_TAKEN, SLOT_HELD, OK = 103, 104, 1
NAMED_BY = {"PublishSession": "session_id", "Hold": "hold_id", "Book": "booking_id", "Cancel": "booking_id"}
OUTCOME_TABLES = ("lib/base/outcome_common.def", "services/booking/core/outcome.def")
# Refusals at the door of a ZeroMQ caller: the door says them by itself, without a position, and nothing was decided. Codes
# 50 to 99, which never stand in a journal, and three about the id, which both a door and an owner may say.
DOOR_CODES, DOOR_ALSO = range(50, 100), ("id_reused", "too_old", "from_future")

Decided = collections.namedtuple("Decided", "number source command_id digest outcome body method repeats events "
                                            "decided_at_ms command_at detail")


def outcome_names():
    """{code: name} from the tables, whose rows are X(code, NAME, "name", ...)."""
    names = {}
    for table in OUTCOME_TABLES:
        with open(f"{PROTO}/../{table}", encoding="utf-8") as file:
            found = re.findall(r'^X\((\d+), \w+, "(\w+)"', file.read(), re.MULTILINE)
            names.update((int(code), name) for code, name in found)
    return names


class Request:
    """One id of one system, and everything that was said about it."""

    def __init__(self, source, request_id):
        self.source, self.request_id = source, request_id
        self.contents = {}  # digest -> args
        self.answers = []

    def name(self):
        return f"{self.source}'s request {self.request_id}"


class Case:
    def __init__(self, folder):
        self.folder, self.evidence = folder, evidence.Evidence(folder)
        self.promises, self.names = Promises(), outcome_names()
        self.door_names = {self.names[code] for code in DOOR_CODES if code in self.names} | set(DOOR_ALSO)
        self.schema = Schema()
        self.requests, self.questions, self.calls = {}, [], collections.defaultdict(set)  # method -> what was asked
        self.outcomes = collections.defaultdict(collections.Counter)  # method -> {outcome: times}
        self.clients, self.finished, self.open_at_end = set(), set(), []
        self.after_finish = 0
        self.fresh_us = []  # when a command was answered with an entry that nobody had been told of
        self.verdicts, self.claims = collections.Counter(), 0
        self.entries = {}  # number -> Decided
        self.kept, self.copies = collections.defaultdict(list), []  # (source, id) -> numbers; entries that repeat
        self.ledger, self.rule = Ledger(self.promises, self.schema("bhr.booking.v1.BookingEvent")), Rule()
        self.digests, self.resume_at, self.in_order = {}, (0, 0), []

    def judge(self):
        self.read_histories()
        self.read_journal()
        self.judge_requests()
        self.judge_repeats()
        self.judge_reads()
        self.judge_log()
        self.judge_stores()
        self.judge_service()

    # ---- what clients say ----

    def read_histories(self):
        told, asked_for = set(), {}
        for line in read_histories(self.folder):
            self.clients.add(line["client"])
            if line["k"] == "finish":
                self.finished.add(line["client"])
                continue
            method, at = line["method"], (line["client"], line["seq"], line.get("via"))
            is_command = method in COMMANDS
            if line["k"] == "call":
                # Asked twice at one door, it may be the answer to either.
                asked_for[at] = (min(asked_for.get(at, (line["min_position"],))[0], line["min_position"]), line["args"])
                self.calls[method].add((line["request_id"], line["digest"]))
                if is_command:
                    self.take_call(line)
            elif line["k"] == "silence":
                self.outcomes[method]["(no answer)"] += 1
                if line["client"] in self.finished:
                    self.open_at_end.append(line)
            else:
                self.after_finish += line["client"] in self.finished
                self.take_answer(line, is_command, told, asked_for.get(at, (0, {})))
        self.fresh_us.sort()

    def take_call(self, line):
        key = (line["source"], line["request_id"])
        request = self.requests.setdefault(key, Request(*key))
        request.contents.setdefault(line["digest"], line["args"])

    def take_answer(self, line, is_command, told, asked_for):
        self.outcomes[line["method"]][line["outcome"]] += 1
        if not is_command:
            self.questions.append((line, *asked_for))
            return
        request = self.requests.get((line["source"], line["request_id"]))
        if request is not None:
            request.answers.append(line)
        if line["position"] and line["position"] not in told and not line["repeated"]:
            told.add(line["position"])
            self.fresh_us.append(line["at_us"])

    # ---- what the journal says ----

    def read_journal(self):
        record_type = self.schema("bhr.journal.v1.Record")
        self.stores = self.evidence.stores().get("stores", [])
        wanted = {store["number"] for store in self.stores}
        for offset, timestamp, is_append_time, value in self.evidence.journal():
            record = decode(record_type, value)
            verdict = self.rule.accept(record, offset, timestamp, is_append_time, value)
            self.verdicts[verdict] += 1
            if verdict != "entry":
                continue
            self.take_entry(record.entry)
            if record.entry.number in wanted:
                self.digests[record.entry.number] = rows.digest_of(self.ledger)
        self.ledger.end()

    def take_entry(self, entry):
        decided = Decided(entry.number, entry.source, entry.command_id, entry.command_digest.hex(), entry.outcome,
                          entry.answer, entry.method, entry.repeats, tuple(entry.events), entry.decided_at_ms,
                          pair(entry.command_at) if entry.source else None, entry.detail)
        self.entries[entry.number] = decided
        if entry.source:
            self.in_order.append((decided.command_at, entry.number))
            self.promises.check("log", self.resume_at <= decided.command_at < pair(entry.resume_at),
                                lambda: f"entry {entry.number} is about the command at {decided.command_at}, where "
                                        f"{self.resume_at} was next")
            self.judge_refusal(decided)
        self.resume_at = pair(entry.resume_at)
        self.ledger.take(entry)
        if entry.source:
            self.judge_command(decided)

    def request_of(self, decided):
        return self.requests.get((decided.source, id_text(decided.command_id)))

    def judge_refusal(self, decided):
        """Before its entry is taken: was the slot as full as was said?"""
        if decided.repeats or decided.outcome not in (SLOT_TAKEN, SLOT_HELD):
            return
        request = self.request_of(decided)
        slot_id = request.contents.get(decided.digest, {}).get("slot_id") if request else None
        if slot_id is None:
            return
        place = slot_of(slot_id)
        session, slot = self.ledger.sessions.get(place[0]), self.ledger.slots[place]
        capacity, live = session.capacity if session else 0, slot.live(decided.decided_at_ms)
        is_true = (slot.booked >= capacity if decided.outcome == SLOT_TAKEN else
                   slot.booked < capacity <= slot.booked + live)
        self.promises.check("refusals", is_true, lambda: f"entry {decided.number} says {self.names[decided.outcome]}: slot "
                            f"{slot_id} has {slot.booked} bookings and {live} holds in {capacity} places")

    def judge_command(self, decided):
        request = self.request_of(decided)
        self.promises.check("strangers", request is not None and decided.digest in request.contents,
                            lambda: f"entry {decided.number}: nobody has asked for {decided.source} "
                                    f"{id_text(decided.command_id)} with that content")
        if decided.repeats:
            self.copies.append(decided)
        elif decided.outcome not in NOT_KEPT:
            self.kept[(decided.source, id_text(decided.command_id))].append(decided.number)
        if decided.outcome != OK or decided.repeats or request is None:
            return
        args = request.contents.get(decided.digest, {})
        if decided.method == "Hold" and args.get("hold_seconds"):
            hold = self.ledger.holds.get(id_bytes(self.result(decided).hold_id))
            self.promises.check("holds", hold is not None and
                                hold.expires_at_ms == decided.decided_at_ms + args["hold_seconds"] * 1000,
                                lambda: f"entry {decided.number}: not held for the {args['hold_seconds']} s asked for")
        if decided.method in ("Hold", "Book"):
            slot = self.result(decided).slot
            self.promises.check("places", slot.free == self.ledger.free(slot_of(slot.slot_id)),
                                lambda: f"entry {decided.number} says that slot {slot.slot_id} has {slot.free} free places")

    def result(self, decided):
        return self.schema(f"bhr.booking.v1.{decided.method}Response").FromString(decided.body)

    # ---- both together ----

    def judge_requests(self):
        for key, request in self.requests.items():
            numbers = self.kept.get(key, [])
            is_told = False
            for answer in request.answers:
                is_told |= self.judge_answer(request, answer)
            self.promises.check("once" if is_told else "unanswered", len(numbers) == 1 or (not is_told and not numbers),
                                lambda request=request, numbers=numbers: f"{request.name()} has the entries {numbers}")
        for (source, request_id), numbers in self.kept.items():
            if (source, request_id) not in self.requests:
                self.promises.check("unanswered", len(numbers) == 1, lambda source=source, request_id=request_id:
                                    f"{source}'s request {request_id} has several entries")

    def judge_answer(self, request, answer):
        """True when it was told what was decided under this id."""
        if answer["position"] == 0:
            self.promises.check("no_entry", answer["outcome"] in self.door_names and answer["via"] != "topic",
                                lambda: f"{request.name()} was told {answer['outcome']} without a position")
            return False
        entry = self.entries.get(answer["position"])
        is_there = entry is not None and (entry.source, id_text(entry.command_id)) == (request.source, request.request_id)
        self.promises.check("no_entry", is_there, lambda: f"{request.name()} was told {answer['outcome']} as of entry "
                            f"{answer['position']}, which is {'another command' if entry else 'not there'}")
        if not is_there:
            return answer["outcome"] not in self.door_names
        # A public event names the request and not its content: who uses an id twice there cannot tell for which it is.
        is_same = answer["via"] == "topic" or entry.digest == answer["digest"]
        self.promises.check("told", is_same and self.says(answer, entry),
                            lambda: f"{request.name()} was told {answer['outcome']} {answer['result']}, which entry "
                                    f"{entry.number} does not say")
        return entry.outcome not in NOT_KEPT

    def says(self, answer, entry):
        name = self.names.get(entry.outcome)
        if answer["via"] != "topic":
            body = hashlib.blake2b(entry.body, digest_size=16).hexdigest() if entry.body else ""
            return answer["outcome"] == name and answer["body"] == body
        if name == "refused_at_door":
            name = entry.detail.split(":")[0]
        if (answer["outcome"], answer["repeated"]) != (name, entry.repeats != 0):
            return False
        # What was made has a name there. The event itself, byte by byte, is compared by judge_heard.
        if entry.outcome != OK or not entry.body:
            return True
        field = NAMED_BY[entry.method]
        return answer["result"].get(field) == getattr(self.result(entry), field)

    def judge_repeats(self):
        for copy in self.copies:
            first = self.entries.get(copy.repeats)
            is_same = first is not None and not copy.events and not first.repeats and all(
                getattr(copy, name) == getattr(first, name)
                for name in ("source", "command_id", "digest", "outcome", "body", "detail"))
            self.promises.check("repeats", is_same,
                                lambda copy=copy: f"entry {copy.number} does not repeat entry {copy.repeats}")
        for request in self.requests.values():
            told = collections.defaultdict(set)
            for answer in request.answers:
                if answer["position"] and answer["outcome"] not in DOOR_ALSO:
                    told[answer["digest"]].add((answer["outcome"], answer["body"]))
            for answers in told.values():
                self.promises.check("repeats", len(answers) == 1, lambda request=request, answers=answers:
                                    f"{request.name()} was told {sorted(outcome for outcome, _ in answers)}")

    def judge_reads(self):
        for line, asked_for, args in self.questions:
            if line["outcome"] not in ("ok", "booking_unknown"):
                continue
            is_true = line["position"] >= asked_for and self.shows(line, args)
            self.promises.check("reads", is_true, lambda line=line, asked_for=asked_for: (
                f"{line['source']}'s {line['method']} {line['request_id']} from entry {asked_for} on was shown "
                f"{line['result']} as of entry {line['position']}"))

    def shows(self, line, args):
        result, number = line["result"], line["position"]
        if line["method"] == "FindSlots":
            return all(self.shows_slot(*slot, number) for slot in result.get("slots", []))
        booking = self.ledger.bookings.get(id_bytes(args.get("booking_id", "")))
        is_known = booking is not None and booking.booked_number <= number
        if line["outcome"] != "ok" or not is_known:
            return line["outcome"] != "ok" and not is_known
        is_cancelled = 0 < booking.cancelled_number <= number
        return (result["booking_id"] == args["booking_id"] and result["status"] == (2 if is_cancelled else 1)
                and result["numbers"] == booking.numbers_at(number))

    def shows_slot(self, slot_id, free, capacity, number):
        """By a door's own clock some of the holds may be over, so free lies between all and none of them."""
        place = slot_of(slot_id)
        session = self.ledger.sessions.get(place[0])
        if session is None or session.capacity != capacity:
            return False
        booked, holds = self.ledger.slots[place].at(number) if place in self.ledger.slots else (0, 0)
        return max(0, capacity - booked - holds) <= free <= capacity - booked

    def judge_log(self):
        """Command by command: who was decided, in which order, and whether nobody was left out."""
        by_place = collections.defaultdict(list)
        for place, number in self.in_order:
            by_place[place].append(self.entries[number])
        for command in self.evidence.commands():
            place = (0, command["offset"])
            if place >= self.resume_at:
                continue  # written when nobody decided any more; nobody was told anything about it
            entries = by_place[place]
            is_decided = len(entries) == 1 and (entries[0].source, id_text(entries[0].command_id), entries[0].digest) == (
                command["source"], command["id"], command["digest"])
            self.promises.check("log", is_decided, lambda command=command, entries=entries: (
                f"the command at {command['offset']} ({command['source']} {command['id']}) has the entries "
                f"{[entry.number for entry in entries]}"))

    def judge_stores(self):
        if not self.stores:
            self.promises.check("stores", False, lambda: f"no store could be read: {self.evidence.stores().get('error')}")
        for store in self.stores:
            digest, count = self.digests.get(store["number"], ("none", 0))
            self.promises.check("stores", store["digest"] == digest, lambda store=store, digest=digest, count=count: (
                f"{store['path']} at entry {store['number']}: {store['digest']} over {store['rows']} rows; the fold is "
                f"{digest} over {count}"))

    def judge_service(self):
        for client in sorted(self.clients - self.finished):
            self.promises.check("service", False, lambda client=client: f"client {client} did not get as far as its end")
        self.promises.checked["service"] += self.after_finish
        for line in self.open_at_end:
            self.promises.check("service", False, lambda line=line: f"{line['source']}'s {line['method']} "
                                f"{line['request_id']} got no answer, although all was mended")
