"""The index's part of the run that hand_made.py makes."""
from evidence import write_lines
from hand_made_journal import OK, Scribe, an_id
from ledger import id_text
from ledger_index import IndexLedger

NEW, VERIFIED, ALREADY_UNMERGED = 1, 1, 210
STEWARD = "ops"


class IndexStory(Scribe):
    service, client, names = "index", 2, {OK: "ok", ALREADY_UNMERGED: "already_unmerged"}

    def __init__(self, schema):
        super().__init__(schema)
        self.known = {}  # number in the crowd -> person id, which is that of the first record
        self.persons = None  # that the doors say; None: the right ones

    def command(self, method, number, args, events=(), outcome=OK, source="gp-demo", result=None, **fields):
        line, digest = self.call(method, number, source, args)
        entry = self.decide(line, digest, method, outcome=outcome, events=events,
                            answer=self.message(f"{method}Response", **fields) if fields else None)
        self.answer(line, digest, entry, result=result or {})
        return line, digest, entry

    def know(self, person):
        """Registered by a practice when nobody has before."""
        if person not in self.known:
            record_id = self.known[person] = an_id(person + 1000)
            event = {"record_id": record_id, "person_id": record_id, "how": NEW, "organisation": "Y90001", "source": "emis",
                     "nhs_hash": b"h" * 16, "nhs_number_status": VERIFIED, "by": "gp-demo"}
            self.command("RegisterRecord", person + 2000, {"person": person, "numbered": True},
                         [{"record_registered": event}], record_id=record_id, person_id=record_id, how=NEW)
        return self.known[person]

    def merge(self, number, survivor, other):
        """The merge's id."""
        args = {"survivor_id": self.know(survivor), "other_id": self.know(other), "approves": ""}
        event = {"merge_id": an_id(number), "survivor_id": args["survivor_id"], "other_id": args["other_id"], "by": STEWARD}
        self.command("MergePersons", number, args, [{"persons_merged": event}], source=STEWARD, merge_id=an_id(number))
        self.merged_at_ms = self.now_ms
        return an_id(number)

    def unmerge(self, number, merge, survivor, other):
        """From when until when both were one."""
        times = (self.merged_at_ms, self.now_ms + 100)
        fields = {"survivor_id": survivor, "other_id": other, "from_ms": times[0], "until_ms": times[1]}
        self.command("UnmergePersons", number, {"merge_id": merge},
                     [{"persons_unmerged": {"merge_id": merge, "by": STEWARD, **fields}}], source=STEWARD, **fields)
        return times

    def tell_more(self, merge):
        """Refused, asked, and asked about then."""
        self.command("UnmergePersons", 33, {"merge_id": merge}, outcome=ALREADY_UNMERGED, source=STEWARD)
        one, other = self.known[901], self.known[902]
        self.ask("FindPerson", 41, {"person": 902}, {"person_id": one, "superseded": [other]}, position=4, min_position=4)
        self.ask("FindPerson", 42, {"person": 902}, {"person_id": other, "superseded": []}, position=5)
        self.ask("GetPerson", 43, {"person_id": other}, {"person_id": one, "records": [one, other], "superseded": [other]},
                 position=4)
        self.ask("TracePerson", 44, {"person": 903}, {"result": 1, "candidates": [self.known[903]]}, position=6)
        self.ask("FindPerson", 45, {"person": 990}, {}, position=6, outcome="person_unknown")
        self.finish()

    def say_persons(self):
        """Of both doors."""
        ledger = IndexLedger(self.schema("bhr.index.v1.IndexEvent"))
        for number, entry in enumerate(self.entries(), 1):
            entry.number = number
            ledger.take(entry)
        for via in ("index-1", "index-2"):
            for group in ledger.parents:
                root = ledger.root(group)
                yield {"via": via, "asked": id_text(group), "outcome": "ok", "position": self.number(),
                       "result": {"person_id": id_text(root), "superseded": [id_text(group)] if root != group else [],
                                  "records": sorted(map(id_text, ledger.records_of(root)))}}

    def write(self, folder):
        journal = super().write(folder)
        persons = list(self.say_persons())
        write_lines(f"{folder}/evidence/index/persons.jsonl", self.persons(persons) if self.persons else persons)
        return journal
