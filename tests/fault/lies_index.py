"""One lie each about persons, told in the run of hand_made.py: [(the promises that it breaks, function of the story)]."""
from hand_made import START
from hand_made_index import ALREADY_UNMERGED
from hand_made_journal import an_id


def lines_of(scribe, kind, number):
    return [line for line in scribe.lines if line["k"] == kind and line.get("request_id") == an_id(number)]


def answer_of(scribe, number):
    return lines_of(scribe, "answer", number)[0]


def change_persons(change):
    def lie(story):
        story.index.persons = change
    lie.__name__ = change.__name__
    return lie


def merged_twice(story):
    call = lines_of(story.index, "call", 31)[0]
    story.index.decide(call, call["digest"], "MergePersons", outcome=ALREADY_UNMERGED)


def told_of_no_merge(story):
    answer_of(story.index, 33)["outcome"] = "ok"


def told_without_entry(story):
    answer_of(story.index, 33).update(outcome="ok", position=99)


def nobody_registered(story):
    story.index.lines = [line for line in story.index.lines if line.get("request_id") != an_id(2903)]


def registration_forgotten(story):
    story.index.commands.append({"offset": 5000, "source": "gp-demo", "id": an_id(50), "digest": "00" * 16})
    story.index.offset = 5001
    story.index.know(950)


def not_unmerged(story):
    """A merge is said to have been taken back which stands."""
    merge = story.index.merge(34, 901, 903)
    link = {"person_id": story.index.known[903], "known_id": story.index.known[901], "merge_id": merge,
            "number": story.index.number()}
    story.follow(17, {"person_linked": link})
    story.index.command("UnmergePersons", 35, {"merge_id": merge}, outcome=ALREADY_UNMERGED, source="ops")


def shown_as_one(persons):
    return [{**persons[0], "result": {**persons[0]["result"], "records": [an_id(1901), an_id(1902)]}}, *persons[1:]]


def shown_as_another(persons):
    return [{**persons[0], "result": persons[1]["result"]}, *persons[1:]]


def not_found(persons):
    return [*persons[:-1], {**persons[-1], "outcome": "person_unknown", "result": {}}]


def silent(persons):
    return [*persons[:-1], {**persons[-1], "outcome": "", "result": {}}]


def finds_who_was(story):
    answer_of(story.index, 42)["result"] = {"person_id": an_id(1901), "superseded": [an_id(1902)]}


def finds_another(story):
    answer_of(story.index, 42)["result"]["person_id"] = an_id(1903)


def finds_nobody(story):
    answer_of(story.index, 42).update(outcome="person_unknown", result={})


def traces_who_is_no_person(story):
    answer_of(story.index, 44)["result"]["candidates"] = [an_id(77)]


def shows_half_a_person(story):
    answer_of(story.index, 43)["result"]["records"] = [an_id(1901)]


def finds_too_early(story):
    lines_of(story.index, "call", 41)[0]["min_position"] = 5


def other_index_digest(story):
    story.index_digest = "00" * 16


def not_followed(story):
    story.index.merge(34, 901, 903)


def followed_twice(story):
    """The second time it changes nothing, and yet it is said to be the next."""
    story.follow(17, {"person_linked": {"person_id": an_id(1902), "known_id": an_id(1901), "merge_id": an_id(31), "number": 6}})


def followed_wrongly(story):
    """The survivor is hung into the other."""
    merge = story.index.merge(34, 901, 903)
    story.follow(17, {"person_linked": {"person_id": an_id(1901), "known_id": an_id(1903), "merge_id": merge,
                                        "number": story.index.number()}})


def correction_of(story, change):
    entry = story.entries()[-1]
    events = [story.message("BookingEvent").FromString(data) for data in entry.events]
    change(events[-1].identity_corrected)
    entry.events[-1] = events[-1].SerializeToString()


def names_one_too_many(story):
    correction_of(story, lambda event: event.booking_ids.append(an_id(3)))


def names_another(story):
    correction_of(story, lambda event: event.booking_ids.__setitem__(0, an_id(3)))


def names_none(story):
    entry = story.entries()[-1]
    del entry.events[-1]


def booking_of_the_other(story):
    """While both were one."""
    answer_of(story, 24)["result"]["person_id"] = an_id(1902)


def linked_to_another(story):
    story.book(80, f"{story.clinic}:1", person=980, free=1, known=story.index.know(903))


def pseudonym_of_two(story):
    story.lines = [{**line, "args": {**line["args"], "person": 955}} if line["k"] == "call" and line["request_id"] == an_id(15)
                   else line for line in story.lines]


def awaited_for_ever(story):
    story.linked.add(981)
    line, digest, entry = story.book(81, f"{story.clinic}:3", person=981, free=0)
    event = {"person_awaited": {"person_id": an_id(981), "record_id": an_id(982), "booking_id": an_id(81)}}
    entry.events.append(story.message("BookingEvent", **event).SerializeToString())
    del line, digest


def many_hold(story):
    late = story.publish(82, slots=100, starts_at_ms=START + 86_400_000)
    for number in range(50):
        story.hold(100 + number, f"{late}:{number}", free=1)
    return late


def waited_for_the_index(story):
    """Fifty holds at once, and fifty bookings after as long as a caller waits."""
    late = many_hold(story)
    for number in range(50):
        story.book(200 + number, f"{late}:{50 + number}", person=903, free=1, starts_at_ms=START + 86_400_000)
        story.lines[-1]["at_us"] += 10_000_000


def nobody_booked(story):
    many_hold(story)
    answer_of(story, 15)["at_us"] = 50_000_000


def met_twice_under_two_numbers(story):
    """As one person by then, under two identifiers."""
    merge = story.index.merge(34, 901, 903)
    story.follow(17, {"person_linked": {"person_id": an_id(1903), "known_id": an_id(1901), "merge_id": merge,
                                        "number": story.index.number()}})
    other = story.publish(83)
    story.book(84, f"{other}:0", person=903, free=1)


LIES = [("index_once", merged_twice), ("index_told", told_of_no_merge), ("index_told", told_without_entry),
        ("index_log whose", nobody_registered), ("index_log", registration_forgotten), ("persons", not_unmerged),
        ("persons", change_persons(shown_as_one)), ("persons", change_persons(shown_as_another)),
        ("resolves", change_persons(not_found)), ("resolves", change_persons(silent)), ("index_reads", finds_who_was),
        ("index_reads", finds_another), ("index_reads", finds_nobody), ("index_reads", traces_who_is_no_person),
        ("index_reads", shows_half_a_person), ("index_reads", finds_too_early), ("index_stores", other_index_digest),
        ("follows settled", not_followed), ("follows", followed_twice), ("follows settled", followed_wrongly),
        ("corrected", names_one_too_many), ("corrected", names_another), ("corrected", names_none),
        ("reads", booking_of_the_other), ("whose", linked_to_another), ("whose", pseudonym_of_two), ("settled", awaited_for_ever),
        ("alone", waited_for_the_index), ("alone", nobody_booked), ("busy", met_twice_under_two_numbers)]
