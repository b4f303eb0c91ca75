"""The public event topic against the journal: each event of each accepted entry, and the outcome of a command that made
none, once, in the journal's order, under its key and under the id that follows from journal, entry and index."""
import base64
import collections
import hashlib

from ledger import id_text
from public_events import OUTCOME, Expected, Seen, differences

KEYS = {"SessionPublished": lambda event: event.session.session_id, "SlotHeld": lambda event: event.slot_id,
        "HoldExpired": lambda event: event.slot_id, "SlotBooked": lambda event: event.person_id,
        "BookingCancelled": lambda event: event.person_id, "IndexFollowed": lambda event: "index",
        "PersonLinked": lambda event: event.person_id, "PersonUnlinked": lambda event: event.person_id,
        "PersonAwaited": lambda event: event.person_id, "IdentityCorrected": lambda event: event.other_id,
        "RecordRegistered": lambda event: event.person_id, "RecordMoved": lambda event: event.to_person_id,
        "PersonsMerged": lambda event: event.survivor_id, "MergeAwaitsApproval": lambda event: event.merge_id,
        "PersonsUnmerged": lambda event: event.survivor_id, "PairFound": lambda event: event.pair_id}


def public_id(journal_id, number, index):
    """A UUID of version 8 over the three."""
    place = number.to_bytes(8, "big") + index.to_bytes(4, "big")
    data = bytearray(hashlib.blake2b(journal_id + place, digest_size=16).digest())
    data[6], data[8] = data[6] & 0x0f | 0x80, data[8] & 0x3f | 0x80
    return id_text(data)


def judge_events(case):
    expected, names = [], []
    event_type = case.ledger.event_type
    for entry in case.entries.values():
        for index, data in enumerate(entry.events):
            event = event_type.FromString(data)
            change = getattr(event, event.WhichOneof("event"))
            expected.append(Expected(entry.number, change.DESCRIPTOR.full_name, change, 0))
            names.append((public_id(case.rule.journal_id, entry.number, index), KEYS[change.DESCRIPTOR.name](change)))
        if not entry.events and entry.source:
            expected.append(Expected(entry.number, OUTCOME, None, 0))
            key = id_text(entry.command_id) if any(entry.command_id) else entry.source
            names.append((public_id(case.rule.journal_id, entry.number, 0), key))
    seen = [Seen(line["offset"], int(line["headers"].get("ce_bhrnumber", 0)), line["headers"].get("ce_id", ""),
                 line["headers"].get("ce_type", ""), line["key"], 0, base64.b64decode(line["value"]))
            for line in case.evidence.events()]
    while seen and seen[-1].number > case.rule.number:
        seen.pop()  # made after the journal was read
    wrong = list(differences(seen, expected, case.schema))
    case.promises.count("events", max(len(seen), len(expected)) - len(wrong))
    for sentence in wrong:
        case.promises.check("events", False, lambda sentence=sentence: sentence)
    for one, (event_id, key) in zip(seen, names):
        if (one.id, one.key) != (event_id, key):
            case.promises.check("events", False, lambda one=one, event_id=event_id, key=key: (
                f"the record at offset {one.offset} of entry {one.number} is {one.id} under {one.key}, not {event_id} "
                f"under {key}"))
    judge_outcomes(case, seen)
    judge_heard(case, seen)


def judge_outcomes(case, seen):
    """Of refusals and repeats: the outcome that the entry says."""
    outcome_type = case.schema(OUTCOME)
    for one in seen:
        entry = case.entries.get(one.number)
        if one.type != OUTCOME or entry is None:
            continue
        told, name = outcome_type.FromString(one.value), case.names.get(entry.outcome)
        if name == "refused_at_door":
            name = entry.detail.split(":")[0]
        is_true = (told.outcome, told.number, told.repeated_answer) == (name, entry.number, entry.repeats != 0)
        case.promises.check("events", is_true, lambda one=one, told=told: (
            f"the record at offset {one.offset} tells {told.outcome} of entry {one.number}, which says otherwise"))


def judge_heard(case, seen):
    """Of answers on the topic: what the caller heard is what stands there, byte by byte. That it is there at all is
    another promise's."""
    values = collections.defaultdict(set)
    for one in seen:
        values[one.number].add(hashlib.blake2b(one.value, digest_size=16).hexdigest())
    for request in case.requests.values():
        for answer in request.answers:
            if answer["via"] == "topic" and answer["position"] in values:
                case.promises.check("told", answer["heard"] in values[answer["position"]], lambda request=request,
                                    answer=answer: (f"{request.name()} heard another record as of entry "
                                                    f"{answer['position']} than the one that stands on the topic"))
