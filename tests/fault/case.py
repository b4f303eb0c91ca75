"""One service of a run, judged: its journal by the second implementation of the rule (tests/journal/check_golden.py), and
every answer that anybody was given by what the journal says. What a command means is the service's own (judge.py,
judge_index.py). It shares no code with the services."""
import collections
import hashlib
import re

import evidence
from check_golden import Rule, decode, pair
from history import PACKAGES, is_command
from ledger import NOT_KEPT, id_text
from schema import PROTO

# Refusals at the door of a ZeroMQ caller: the door says them by itself, without a position, and nothing was decided. Codes
# 50 to 99, which never stand in a journal, and three about the id, which both a door and an owner may say.
DOOR_CODES, DOOR_ALSO = range(50, 100), ("id_reused", "too_old", "from_future")
OK = 1
# What booking asks of itself and of the index: no caller has, and no history names it.
OWN_SOURCE, OWN_METHODS = "booking", ("FollowIndex", "Relink", "RegisterRecord")

Decided = collections.namedtuple("Decided", "number source command_id digest outcome body method repeats events "
                                            "decided_at_ms command_at detail")


def outcome_names(service):
    """{code: name} from the tables, whose rows are X(code, NAME, "name", ...)."""
    names = {}
    for table in ("lib/base/outcome_common.def", f"services/{service}/core/outcome.def"):
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
    """A service's own part: ledger, before(), after(), result fields that name what was made, and shows()."""

    service, named_by = "", {}

    def __init__(self, folder, schema, promises, ledger):
        self.folder, self.evidence = folder, evidence.Evidence(folder, self.service)
        self.promises, self.ledger, self.names = promises, ledger, outcome_names(self.service)
        self.door_names = {self.names[code] for code in DOOR_CODES if code in self.names} | set(DOOR_ALSO)
        self.schema, self.rule = schema, Rule(self.service)
        self.requests, self.questions, self.calls = {}, [], collections.defaultdict(set)  # method -> what was asked
        self.outcomes = collections.defaultdict(collections.Counter)  # method -> {outcome: times}
        self.told, self.asked_for = set(), {}
        self.fresh_us = []  # when a command was answered with an entry that nobody had been told of
        self.verdicts = collections.Counter()
        self.entries = {}  # number -> Decided
        self.kept, self.copies = collections.defaultdict(list), []  # (source, id) -> numbers; entries that repeat
        self.stores, self.resume_at, self.in_order = [], (0, 0), []

    def judge(self):
        """When its journal has been read."""
        self.fresh_us.sort()
        self.judge_requests()
        self.judge_repeats()
        self.judge_reads()
        self.judge_log()
        self.judge_stores()

    # ---- what clients say ----

    def take_line(self, line):
        """Of a history: a call, a silence or an answer."""
        method, at = line["method"], (line["client"], line["seq"], line.get("via"))
        if line["k"] == "call":
            # Asked twice at one door, it may be the answer to either.
            known = min(self.asked_for.get(at, (line["min_position"],))[0], line["min_position"])
            self.asked_for[at] = (known, line["args"])
            self.calls[method].add((line["request_id"], line["digest"]))
            if is_command(method):
                key = (line["source"], line["request_id"])
                self.requests.setdefault(key, Request(*key)).contents.setdefault(line["digest"], line["args"])
        elif line["k"] == "silence":
            self.outcomes[method]["(no answer)"] += 1
        else:
            self.take_answer(line, self.asked_for.get(at, (0, {})))

    def take_answer(self, line, asked_for):
        self.outcomes[line["method"]][line["outcome"]] += 1
        if not is_command(line["method"]):
            self.questions.append((line, *asked_for))
            return
        request = self.requests.get((line["source"], line["request_id"]))
        if request is not None:
            request.answers.append(line)
        if line["position"] and line["position"] not in self.told and not line["repeated"]:
            self.told.add(line["position"])
            self.fresh_us.append(line["at_us"])

    # ---- what the journal says ----

    def read_journal(self):
        record_type = self.schema("bhr.journal.v1.Record")
        self.stores = self.evidence.stores()
        for offset, timestamp, is_append_time, value in self.evidence.journal():
            record = decode(record_type, value)
            verdict = self.rule.accept(record, offset, timestamp, is_append_time, value)
            self.verdicts[verdict] += 1
            if verdict == "entry":
                self.take_entry(record.entry, offset)
        self.ledger.end()

    def take_entry(self, entry, offset):
        decided = Decided(entry.number, entry.source, entry.command_id, entry.command_digest.hex(), entry.outcome,
                          entry.answer, entry.method, entry.repeats, tuple(entry.events), entry.decided_at_ms,
                          pair(entry.command_at) if entry.source else None, entry.detail)
        self.entries[entry.number] = decided
        request = self.request_of(decided)
        args = request.contents.get(decided.digest) if request is not None else None
        if entry.source:
            self.in_order.append((decided.command_at, entry.number))
            self.promises.check("log", self.resume_at <= decided.command_at < pair(entry.resume_at),
                                lambda: f"entry {entry.number} is about the command at {decided.command_at}, where "
                                        f"{self.resume_at} was next")
        self.resume_at = pair(entry.resume_at)
        self.before(decided, args, entry, offset)
        self.ledger.take(entry)
        if entry.source:
            self.keep(decided, args)
        self.after(decided, args)

    def before(self, decided, args, entry, offset):
        """The ledger is as it was when the command was decided; args are those of the request, None when nobody asked."""

    def after(self, decided, args):
        """The ledger has the entry."""

    def request_of(self, decided):
        return self.requests.get((decided.source, id_text(decided.command_id)))

    def keep(self, decided, args):
        is_own = decided.source == OWN_SOURCE and decided.method in OWN_METHODS
        self.promises.check("strangers", is_own or args is not None,
                            lambda: f"entry {decided.number}: nobody has asked for {decided.source} "
                                    f"{id_text(decided.command_id)} with that content")
        if decided.repeats:
            self.copies.append(decided)
        elif decided.outcome not in NOT_KEPT:
            self.kept[(decided.source, id_text(decided.command_id))].append(decided.number)

    def result(self, decided):
        return self.schema(f"{PACKAGES[self.service]}{decided.method}Response").FromString(decided.body)

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
        field = self.named_by[entry.method]
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
            if line["outcome"] in self.door_names:
                continue
            is_true = line["position"] >= asked_for and self.shows(line, args)
            self.promises.check("reads", is_true, lambda line=line, asked_for=asked_for: (
                f"{line['source']}'s {line['method']} {line['request_id']} from entry {asked_for} on was shown "
                f"{line['outcome']} {line['result']} as of entry {line['position']}"))

    def shows(self, line, args):
        raise NotImplementedError

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
        raise NotImplementedError
