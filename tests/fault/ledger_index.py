"""What the index's journal folds to, written a second time from its contract (proto/bhr/index/v1/index_journal.proto) and
from what apply promises (services/index/core/apply.c): whose a record was, and who was one with whom, after any entry.
Persons are trees of groups, which merges hang into each other by their roots and their reversals cut off again. Flags,
relationships, pairs and the directory are not folded: they change nobody's person."""
import collections

from ledger import Versions, id_bytes

UPDATED = 3
WAITING, DONE, UNDONE = "waiting", "done", "undone"


class IndexLedger:
    """take() each accepted entry in order."""

    def __init__(self, event_type):
        self.event_type = event_type
        self.groups = collections.defaultdict(Versions)  # record id -> group id
        self.parents = collections.defaultdict(Versions)  # group id -> group id it hangs in; zeros: it is a person
        self.was_in, self.hung_in = collections.defaultdict(set), collections.defaultdict(set)  # group id -> who ever was
        self.merges = {}  # merge id -> [state, survivor id, other id, from]
        self.number = self.now_ms = 0

    def take(self, entry):
        self.number, self.now_ms = entry.number, entry.decided_at_ms
        for data in entry.events:
            event = self.event_type.FromString(data)
            kind = event.WhichOneof("event")
            if hasattr(self, kind):
                getattr(self, kind)(getattr(event, kind))

    def end(self):
        """Nothing is open at the journal's end."""

    # ---- who is who, now or as of an entry ----

    def is_known(self, group, number=None):
        return group in self.parents and self.parents[group].at(number) is not None

    def root(self, group, number=None):
        """None: nobody had that id."""
        if not self.is_known(group, number):
            return None
        while any(parent := self.parents[group].at(number)):
            group = parent
        return group

    def person_of(self, record, number=None):
        group = self.groups[record].at(number) if record in self.groups else None
        return None if group is None else self.root(group, number)

    def records_of(self, person, number=None):
        groups = [person]
        for group in groups:
            groups += [one for one in self.hung_in.get(group, ()) if self.parents[one].at(number) == group]
        return {record for group in groups for record in self.was_in.get(group, ())
                if self.groups[record].at(number) == group}

    # ---- what each event does ----

    def begin(self, group):
        if group not in self.parents:
            self.parents[group].put(self.number, bytes(16))

    def put_record(self, record, group):
        self.groups[record].put(self.number, group)
        self.was_in[group].add(record)

    def record_registered(self, event):
        record, person = id_bytes(event.record_id), id_bytes(event.person_id)
        self.begin(person)
        if record not in self.groups:
            self.put_record(record, self.root(person))

    def record_moved(self, event):
        record, person = id_bytes(event.record_id), id_bytes(event.to_person_id)
        if record in self.groups:
            self.begin(person)
            self.put_record(record, self.root(person))

    def merge_awaits_approval(self, event):
        self.merges[id_bytes(event.merge_id)] = [WAITING, id_bytes(event.survivor_id), id_bytes(event.other_id), self.now_ms]

    def persons_merged(self, event):
        survivor, other = id_bytes(event.survivor_id), id_bytes(event.other_id)
        if self.root(survivor) == survivor and self.root(other) == other and survivor != other:
            self.parents[other].put(self.number, survivor)
            self.hung_in[survivor].add(other)
            self.merges[id_bytes(event.merge_id)] = [DONE, survivor, other, self.now_ms]

    def persons_unmerged(self, event):
        merge = self.merges.get(id_bytes(event.merge_id))
        if merge is not None and merge[0] == DONE and self.parents[merge[2]].at() == merge[1]:
            self.parents[merge[2]].put(self.number, bytes(16))
            merge[0] = UNDONE
