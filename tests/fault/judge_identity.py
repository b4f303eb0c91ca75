"""Who bookings are for: booking's journal against the index's, written from what booking promises (services/booking/react.c,
core/decide_follow.c, docs/adr/0021-bookings-keep-their-pseudonym.md). Each change of persons is followed once, in its order,
and does exactly what it means; a look-up never leads to somebody else; and at the end nobody is awaited any more."""
import bisect
import collections

from history import read_lines
from ledger import id_bytes, id_text
from ledger_index import UPDATED

LOCAL_SOURCE = "booking"
OF_CONCERN = ("record_registered", "record_moved", "persons_merged", "persons_unmerged")
NAMED_MAX, LOOKED_AT_MAX = 64, 1000  # of bookings, for one correction (services/booking/core/gather_follow.c)
SOON_US = 1500000  # more than index_wait_ms many times over, and less than half of what a caller waits
FEW = 20


class Identity:
    def __init__(self, promises, schema, index):
        self.promises, self.index, self.event_type = promises, index, schema("bhr.booking.v1.BookingEvent")
        self.crowd_of, self.pseudonym_of = {}, {}  # pseudonym -> number in the crowd, and back
        self.news, self.followed, self.at = [], 0, -1  # what must be followed; how many were; offset of the last

    def begin(self):
        """When the index's journal has been read."""
        found = [change for change in self.index.changes if is_of_concern(change)]
        for this, after in zip(found, found[1:] + [(-1,)]):
            offset, _, number, kind, event = this
            done = after[1] if after[0] == offset else 0  # of several events of one entry, where the next one stands
            self.news.append(((offset, done), number, kind, event))

    # ---- entry by entry ----

    def before(self, decided, args, ledger):
        """What must follow from it; the ledger is as it was before."""
        told = []
        for data in decided.events:
            event = self.event_type.FromString(data)
            told.append((event.WhichOneof("event"), getattr(event, event.WhichOneof("event"))))
        kinds = [kind for kind, _ in told]
        if "index_followed" in kinds:
            self.follow(decided, told, ledger)
        elif "slot_booked" in kinds:
            self.book(decided, told, args, ledger)
        else:
            self.look_up(decided, told, ledger)

    def follow(self, decided, told, ledger):
        place, more = told[0][1], told[1:]
        is_next = self.followed < len(self.news) and self.news[self.followed][0] == (place.offset, place.done)
        if not is_next:
            limit = self.news[self.followed][0][0] if self.followed < len(self.news) else place.offset + 1
            self.promises.check("follows", not more and place.done == 0 and self.at <= place.offset < limit, lambda: (
                f"entry {decided.number} has followed the index to {place.offset}.{place.done}, where {self.at} was last and "
                f"{limit} is next"))
            self.at = place.offset
            return
        _, number, kind, event = self.news[self.followed]
        self.followed, self.at = self.followed + 1, place.offset
        wanted = self.wanted(kind, event, number, ledger)
        found = [(what, change.person_id, change.known_id, change.merge_id, change.number)
                 for what, change in more if what != "identity_corrected"]
        self.promises.check("follows", place.number == number and found == wanted, lambda: (
            f"entry {decided.number} makes {found} of the index's entry {number}, which means {wanted}"))
        corrected = [change for what, change in more if what == "identity_corrected"]
        if kind == "persons_unmerged":
            self.judge_corrected(decided, corrected, event, ledger)
        else:
            self.promises.check("corrected", not corrected, lambda: f"entry {decided.number} corrects what was not wrong")

    def wanted(self, kind, event, number, ledger):
        """[(what, person, known as, merge, number)]"""
        if kind == "persons_unmerged":
            other = id_bytes(event.other_id)
            is_joined = other in ledger.links and ledger.links[other][1] == id_bytes(event.merge_id)
            return [("person_unlinked", event.other_id, event.survivor_id, event.merge_id, number)] if is_joined else []
        if kind == "persons_merged":
            person, known, merge = id_bytes(event.other_id), id_bytes(event.survivor_id), event.merge_id
        else:
            person = ledger.records.get(id_bytes(event.record_id))
            known = ledger.root(id_bytes(event.person_id if kind == "record_registered" else event.to_person_id))
            merge = ""
        if person is None or not is_link_news(ledger, person, known, number):
            return []
        return [("person_linked", id_text(person), id_text(known), merge, number)]

    def judge_corrected(self, decided, told, event, ledger):
        """Every booking of both that was decided in that time, and none besides."""
        of_both = list(ledger.bookings_of(ledger.root(id_bytes(event.survivor_id))))
        touched = {id_text(booking_id) for booking_id, booking in of_both
                   if event.from_ms <= booking.booked_at_ms <= event.until_ms}
        named = [name for one in told for name in one.booking_ids]
        has_more = any(one.has_more for one in told)
        is_whole = set(named) == touched and not has_more
        is_cut = has_more and set(named) <= touched and (
            len(named) == NAMED_MAX < len(touched) or len(of_both) > LOOKED_AT_MAX)
        same = all((one.merge_id, one.survivor_id, one.other_id, one.from_ms, one.until_ms)
                   == (event.merge_id, event.survivor_id, event.other_id, event.from_ms, event.until_ms) for one in told)
        is_true = len(told) == bool(touched) and len(set(named)) == len(named) and (is_whole or is_cut) and same
        self.promises.check("corrected", is_true, lambda: f"entry {decided.number} names {named} for the merge "
                            f"{event.merge_id}, which has touched {sorted(touched)}")

    def book(self, decided, told, args, ledger):
        person, crowd = id_bytes(told[0][1].person_id), (args or {}).get("person")
        if crowd is not None:
            is_same = self.crowd_of.setdefault(person, crowd) == crowd and self.pseudonym_of.setdefault(crowd, person) == person
            self.promises.check("whose", is_same, lambda: f"entry {decided.number}: {id_text(person)} is not who number "
                                f"{crowd} of the crowd was before")
        self.look_up(decided, told, ledger)

    def look_up(self, decided, told, ledger):
        for kind, event in told:
            if kind == "person_linked":
                self.judge_link(decided, event, ledger)

    def judge_link(self, decided, event, ledger):
        """By a look-up: it leads to where, at that entry of the index, a record of that very person was."""
        person = id_bytes(event.person_id)
        crowd = self.crowd_of.get(person)
        if crowd is None:
            return  # nobody has asked for that booking, which is another promise's
        records = set(self.index.numbered[crowd]) | {
            record for record, one in ledger.records.items() if one == person}
        groups = {self.index.ledger.groups[record].at(event.number) for record in records
                  if record in self.index.ledger.groups}
        self.promises.check("whose", id_bytes(event.known_id) in groups and not event.merge_id, lambda: (
            f"entry {decided.number}: {event.person_id}, number {crowd} of the crowd, is linked to {event.known_id}, who was "
            f"somebody else at the index's entry {event.number}"))

    # ---- when all is over ----

    def end(self, ledger):
        self.promises.check("follows", self.followed == len(self.news), lambda: (
            f"{self.followed} of {len(self.news)} changes of the index's persons have reached booking"))
        for record, person in ledger.records.items():
            if person in self.crowd_of:
                self.index.numbered[self.crowd_of[person]].add(record)
        for person in ledger.booked_for:
            root = ledger.root(person)
            is_settled = root != person and self.index.ledger.root(root) == root and person not in ledger.awaited
            self.promises.check("settled", is_settled, lambda person=person, root=root: (
                f"bookings of {id_text(person)} are of {id_text(root)}, whom the index does not know as a person"))

def is_of_concern(change):
    _, _, _, kind, event = change
    if kind == "record_registered":
        return event.how != UPDATED and event.source == LOCAL_SOURCE
    return kind in OF_CONCERN


def is_link_news(ledger, person, known, number):
    at = known
    while at != person:
        if at not in ledger.links:
            break
        at = ledger.links[at][0]
    if at == person:
        return False
    link = ledger.links.get(person)
    return link is None or (number > link[2] and link[0] != known)


class Waits:
    """How long callers waited for their first Book and Hold, in times without any index: a Book asks it, a Hold does not."""

    def __init__(self, folder):
        faults = (line.get("detail") or {} for line in read_lines(f"{folder}/nemesis.jsonl"))
        self.times = sorted(detail["without_index_us"] for detail in faults if "without_index_us" in detail)
        self.open = {}  # (client, seq) -> when it was first asked
        self.waits = [collections.defaultdict(list) for _ in self.times]

    def take(self, line):
        at = (line["client"], line["seq"])
        if line["k"] == "call":
            self.open.setdefault(at, line["at_us"])
        elif line["k"] == "answer" and line["position"] and not line["repeated"] and line["method"] in ("Book", "Hold"):
            since = self.open.get(at, 0)
            index = bisect.bisect_right(self.times, [since, 1 << 62]) - 1
            if index >= 0 and self.times[index][0] <= since and line["at_us"] <= self.times[index][1]:
                self.waits[index][line["method"]].append(line["at_us"] - since)

    def judge(self, promises):
        for (since, _), waits in zip(self.times, self.waits):
            books, holds = sorted(waits["Book"]), sorted(waits["Hold"])
            # A machine that was too busy for holds says nothing about bookings.
            promises.check("alone", len(books) > 0 or len(holds) < FEW, lambda since=since: (
                f"no booking was made in the time from {since} on, when no process of the index answered"))
            if len(books) < FEW or len(holds) < FEW:
                continue
            more_us = books[len(books) // 2] - holds[len(holds) // 2]
            promises.check("alone", more_us < SOON_US, lambda more_us=more_us, since=since: (
                f"without the index, from {since} on, a booking took {more_us / 1e6:.1f} s longer than a hold"))
