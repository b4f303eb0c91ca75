#!/usr/bin/python3
"""The judge itself: a small run made by hand (hand_made.py) in which every promise is kept is found clean; then the same run
with one lie in it, again and again, and each lie must be caught, by the promise that it breaks and by no other."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [f"{ROOT}/tests/{name}" for name in ("fault", "support", "journal")]

try:
    from check import judge
    from hand_made import EXPIRED, Story
    from hand_made_journal import an_id
    from lies_index import LIES as LIES_ABOUT_PERSONS, answer_of, lines_of
    from page import make_page
    from promises import PROMISES
    from schema import Schema
except ImportError as error:
    print(f"skipped: {error}; scripts/install-deps.sh installs it")
    sys.exit(77)


def change_events(change):
    def lie(story):
        story.events = change
    return lie


# ---- one lie each ----

def decided_twice(story):
    line, digest = {"source": "111-nel", "request_id": an_id(8)}, lines_of(story, "call", 8)[0]["digest"]
    story.decide(line, digest, "Hold", outcome=EXPIRED)


def silent_one_decided_twice(story):
    line, digest = {"source": "111-nel", "request_id": an_id(10)}, lines_of(story, "call", 10)[0]["digest"]
    story.decide(line, digest, "Hold", outcome=EXPIRED)


def other_outcome(story):
    answer_of(story, 5)["outcome"] = "slot_held"


def other_bytes(story):
    answer_of(story, 2)["body"] = "00" * 16


def other_content(story):
    """The entry was about other content than what was asked."""
    lines_of(story, "call", 2)[0]["digest"] = answer_of(story, 2)["digest"] = "00" * 16
    story.lines.append({**lines_of(story, "call", 2)[0], "digest": story.entries()[1].command_digest.hex()})


def topic_tells_other_outcome(story):
    answer_of(story, 11)["outcome"] = "slot_taken"


def topic_tells_repeat(story):
    answer_of(story, 11)["repeated"] = True


def topic_names_another(story):
    answer_of(story, 11)["result"]["booking_id"] = an_id(3)


def topic_names_nothing(story):
    answer_of(story, 11)["result"] = {}


def topic_heard_otherwise(story):
    """Outcome, position and name are right; the person is another."""
    answer_of(story, 11)["heard"] = "00" * 16


def topic_of_another_entry(story):
    answer_of(story, 11)["position"] = 10


def ok_without_position(story):
    answer_of(story, 12)["outcome"] = "ok"


def entry_lost(story):
    """As after a cut: the last answer is of an entry that is no more."""
    answer_of(story, 12).update(outcome="ok", position=99)


def entry_of_another(story):
    answer_of(story, 12).update(outcome="ok", position=5)


def repeat_differs(story):
    story.entries()[5].answer = b""


def told_two_things(story):
    """Both are what an entry says, but they are not the same."""
    line, digest = {"source": "111-nel", "request_id": an_id(8)}, lines_of(story, "call", 8)[0]["digest"]
    entry = story.decide(line, digest, "Hold", outcome=EXPIRED)
    story.answer({**lines_of(story, "call", 8)[0], "k": "answer"}, digest, entry)


def nobody_asked(story):
    story.lines = [line for line in story.lines if line.get("request_id") != an_id(11)]


def command_forgotten(story):
    story.commands.append({"offset": 5000, "source": "111-nel", "id": an_id(50), "digest": "00" * 16})
    story.offset = 5001
    story.book(51, f"{story.clinic}:3", person=951, free=0)


def order_of_log(story):
    first, second = story.entries()[1], story.entries()[2]
    for one, at in ((first, 2), (second, 1)):
        one.command_at.offset = at
    story.commands[1]["offset"], story.commands[2]["offset"] = 2, 1


def one_too_many(story):
    story.book(52, f"{story.clinic}:0", person=952, free=0)
    story.book(53, f"{story.clinic}:0", person=953, free=0)


def slot_that_is_not(story):
    story.book(54, f"{story.clinic}:7", person=954, free=1)


def free_places_wrong(story):
    story.book(55, f"{story.clinic}:3", person=955, free=1)


def in_two_places(story):
    other = story.publish(57)
    story.book(58, f"{other}:0", person=901, free=1)


def not_full(story):
    story.taken(59, f"{story.clinic}:0")


def hold_runs_out(story):
    story.hold(60, f"{story.clinic}:3", free=0)
    story.now_ms += 31_000
    story.book(61, f"{story.clinic}:3", person=961, free=0, hold=60)


def hold_of_another(story):
    story.hold(62, f"{story.clinic}:3", free=0)
    story.book(63, f"{story.clinic}:3", person=963, free=0, hold=62, source="hub-demo")


def ends_early(story):
    story.hold(64, f"{story.clinic}:3", free=0)
    story.expire(64, f"{story.clinic}:3", 20_000)


def lasts_too_long(story):
    story.hold(65, f"{story.clinic}:3", free=0, lasts=31)


def never_ends(story):
    story.hold(66, f"{story.clinic}:1", free=1)
    story.now_ms += 60_000
    story.book(67, f"{story.clinic}:3", person=967, free=0)


def reads_the_past(story):
    answer_of(story, 21)["result"].update(status=1, numbers=[["booked", 4]])


def reads_too_early(story):
    """True as of its position, but the caller has seen more."""
    lines_of(story, "call", 20)[0]["min_position"] = 6


def finds_a_place_too_many(story):
    answer_of(story, 22)["result"]["slots"][0][1] = 2


def does_not_find(story):
    answer_of(story, 20).update(outcome="booking_unknown", result={})


def published_by_zombie(events):
    return events[:6] + [events[5]] + events[6:]


def other_key(events):
    return [{**events[0], "key": an_id(77)}, *events[1:]]


def other_id(events):
    return [{**events[0], "headers": {**events[0]["headers"], "ce_id": an_id(77)}}, *events[1:]]


def refusal_as_ok(events):
    return events[:4] + [{**events[4], "value": events[5]["value"]}] + events[5:]


def other_digest(story):
    story.digest = "00" * 16


def journal_rewritten(story):
    """One name in one entry: the chain breaks there, and nothing after it is history."""
    story.tampered = len(story.records) - 2


def never_answered(story):
    line, _ = story.call("Hold", 70, "111-nel", {})
    story.lines.append({"k": "silence", **line})


def no_end(story):
    story.lines.append({**lines_of(story, "call", 2)[0], "client": 3})


LIES = [("once", decided_twice), ("unanswered", silent_one_decided_twice), ("told", other_outcome), ("told", other_bytes),
        ("told", other_content), ("told", topic_tells_other_outcome), ("told", topic_tells_repeat),
        ("told", topic_names_another), ("told", topic_names_nothing), ("told", topic_heard_otherwise),
        ("no_entry", topic_of_another_entry), ("no_entry", ok_without_position), ("no_entry once", entry_lost),
        ("no_entry once", entry_of_another), ("repeats", repeat_differs), ("once repeats", told_two_things),
        ("strangers", nobody_asked), ("log", command_forgotten), ("log", order_of_log), ("places", one_too_many),
        ("places", slot_that_is_not), ("places", free_places_wrong), ("busy", in_two_places), ("refusals", not_full),
        ("holds", hold_runs_out), ("holds", hold_of_another), ("holds", ends_early), ("holds", lasts_too_long),
        ("holds", never_ends), ("reads", reads_the_past), ("reads", reads_too_early), ("reads", finds_a_place_too_many),
        ("reads", does_not_find), ("events", change_events(lambda events: events[1:])),
        ("events", change_events(lambda events: events[:-1])), ("events", change_events(published_by_zombie)),
        ("events", change_events(lambda events: [events[1], events[0], *events[2:]])), ("events", change_events(other_key)),
        ("events", change_events(other_id)), ("events", change_events(refusal_as_ok)), ("stores", other_digest),
        ("once no_entry strangers log events stores follows", journal_rewritten), ("service", never_answered),
        ("service", no_end),
        *LIES_ABOUT_PERSONS]


def judged(schema, lie=None):
    story = Story(schema)
    if lie is not None:
        lie(story)
    with tempfile.TemporaryDirectory() as folder:
        story.write(folder)
        case = judge(folder)
        page = make_page(case, False)
        assert make_page(case, True).startswith("# Under faults")
    return case, page


def main():
    schema, failed = Schema(), 0
    case, page = judged(schema)
    problems = [f"{name}: {case.promises.examples[name]}" for name in case.promises.names_broken()]
    problems += [f"{name} is not checked" for name in PROMISES if not case.promises.checked[name]]
    if case.booking.verdicts != {"genesis": 1, "claim": 2, "entry": 15, "entry_epoch": 1}:
        problems.append(f"the rule says {dict(case.booking.verdicts)}")
    if "every promise was kept" not in page or max(map(len, page.splitlines())) > 100:
        problems.append(page)
    failed += bool(problems)
    print("ok   the honest run" if not problems else "FAIL the honest run:\n  " + "\n  ".join(problems))
    for wanted, lie in LIES:
        case, page = judged(schema, lie)
        found = case.promises.names_broken()
        is_caught = found == sorted(wanted.split(), key=list(PROMISES).index) and "BROKEN" in page
        failed += not is_caught
        said = case.promises.examples[found[0]][0] if found else "not caught"
        print(f"{'ok  ' if is_caught else 'FAIL'} {lie.__name__}: {said}")
        if not is_caught:
            print(f"     wanted {wanted}, found {[(name, case.promises.examples[name]) for name in found]}")
    missing = set(PROMISES) - {name for wanted, _ in LIES for name in wanted.split()}
    if missing:
        failed += 1
        print(f"FAIL no lie is told about {missing}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
