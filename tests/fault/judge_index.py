"""The index in a run under faults: its journal folded by a second apply (ledger_index.py), and what only the index promises:
that refusals were true, that everybody it ever named is found, and that what it says of a person is what its merges and their
reversals come to (case.py has what every service promises)."""
import collections

from case import OK, Case
from ledger import id_bytes, id_text
from ledger_index import DONE, UNDONE, WAITING, IndexLedger

PERSON_UNKNOWN, SAME_PERSON, APPROVAL_NOT_YOURS, MERGE_UNKNOWN, ALREADY_UNMERGED, MERGED_AGAIN = 201, 205, 207, 209, 210, 211
SHOWN_MAX = 32  # records of a person


class IndexCase(Case):
    service = "index"

    def __init__(self, folder, schema, promises):
        super().__init__(folder, schema, promises, IndexLedger(schema("bhr.index.v1.IndexEvent")))
        self.numbered = collections.defaultdict(set)  # number in the crowd -> records with that person's NHS number
        self.changes = []  # what booking must follow: (offset, place of the event in its entry, number, its kind, event)

    def before(self, decided, args, entry, offset):
        self.judge_refusal(decided, args)
        for place, data in enumerate(decided.events):
            event = self.ledger.event_type.FromString(data)
            kind = event.WhichOneof("event")
            change = getattr(event, kind)
            if kind == "record_registered" and args is not None and args.get("numbered"):
                self.numbered[args["person"]].add(id_bytes(change.record_id))
            self.changes.append((offset, place, decided.number, kind, change))

    def judge_refusal(self, decided, args):
        """Was it so at that very entry? And was what was done possible?"""
        if args is None or decided.repeats or decided.method not in ("MergePersons", "UnmergePersons"):
            return
        ledger = self.ledger
        if decided.method == "MergePersons":
            survivor, other = (ledger.root(id_bytes(args[name])) for name in ("survivor_id", "other_id"))
            waits = ledger.merges.get(id_bytes(args["approves"]))
            truth = {PERSON_UNKNOWN: None in (survivor, other), SAME_PERSON: survivor == other,
                     OK: None not in (survivor, other) and survivor != other,
                     APPROVAL_NOT_YOURS: args["approves"] != ""}
            if decided.outcome == OK and args["approves"]:
                truth[OK] = waits is not None and waits[0] == WAITING
        else:
            state, survivor, _, _ = ledger.merges.get(id_bytes(args["merge_id"]), [WAITING, None, None, 0])
            is_free = survivor is not None and ledger.root(survivor) == survivor
            truth = {MERGE_UNKNOWN: state == WAITING, ALREADY_UNMERGED: state == UNDONE,
                     MERGED_AGAIN: state == DONE and not is_free, OK: state == DONE and is_free}
        self.promises.check("persons", truth.get(decided.outcome, True), lambda: (
            f"entry {decided.number} says {self.names[decided.outcome]} to {decided.method} {args}"))

    # ---- reads, and everybody at the end ----

    def shows(self, line, args):
        outcome, result, number, ledger = line["outcome"], line["result"], line["position"], self.ledger
        if line["method"] == "TracePerson":
            return all(self.is_person(one, number) for one in result.get("candidates", []))
        if line["method"] == "GetPerson":
            return self.shows_person(args["person_id"], outcome, result, number)
        found = {ledger.person_of(record, number) for record in self.numbered[args["person"]]} - {None}
        if outcome != "ok":
            # A source may not have whom another one has; a number is known whoever has it.
            return outcome == "person_unknown" and (not found or "source" in args) or (
                outcome == "several_persons" and len(found) > 1)
        person = id_bytes(result["person_id"])
        return self.is_person(result["person_id"], number) and person in found

    def is_person(self, text, number):
        return self.ledger.root(id_bytes(text), number) == id_bytes(text)

    def shows_person(self, asked, outcome, result, number):
        root = self.ledger.root(id_bytes(asked), number)
        if outcome != "ok":
            return outcome == "person_unknown" and root is None
        records = self.ledger.records_of(root, number) if root is not None else set()
        shown = set(map(id_bytes, result["records"]))
        return (root is not None and id_bytes(result["person_id"]) == root and shown <= records
                and len(shown) == min(len(records), SHOWN_MAX)
                and (asked in result["superseded"] or id_bytes(asked) == root))

    def judge_everybody(self):
        """Every id, at every door, when all was mended."""
        asked = set()
        for line in self.evidence.persons():
            asked.add(id_bytes(line["asked"]))
            is_there = line["outcome"] == "ok"
            self.promises.check("resolves", is_there, lambda line=line: (
                f"{line['via']} says {line['outcome'] or 'nothing'} of person {line['asked']}"))
            if is_there:
                self.promises.check("persons", self.shows_person(line["asked"], "ok", line["result"], line["position"]),
                                    lambda line=line: f"{line['via']} shows {line['asked']} as {line['result']}")
        for group in self.ledger.parents:
            self.promises.check("resolves", group in asked, lambda group=group: f"nobody was asked for {id_text(group)}")

    def judge_stores(self):
        """All are at the journal's end by then."""
        found = {(store["number"], store["digest"]) for store in self.stores}
        self.promises.check("stores", len(self.stores) > 1 and len(found) == 1,
                            lambda: f"{sorted(found)} {self.evidence.store_error() or ''}")
