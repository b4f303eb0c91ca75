"""One appointment from its publication to its withdrawal, by `bhr` alone, with each refusal on the way."""
from raw_client import new_id
from suite import people, run, uk_day, uk_ms


def body(suite, check):
    amara, ben, chidi = people(1, 3)
    session_id, slots = suite.clinic(slots=6, places=1)
    found = suite.find("clinic", uk_ms(uk_day(3), 8, 0), uk_ms(uk_day(3), 18, 0))
    check("all six slots are found, in order of start",
          [slot["slot_id"] for slot in found.get("slots", [])] == slots, found)

    held = suite.hold(slots[1])
    check("the second one is held", held.code == 0 and held["hold_id"], held)
    taken = suite.book(ben, slot_id=slots[1])
    check("somebody else is told slot_held", (taken.code, taken.get("outcome")) == (1, "slot_held"), taken)
    near = [slot["slot_id"] for slot in taken.get("alternatives", [])]
    check("with the three free slots nearest in time", sorted(near) == sorted([slots[0], slots[2], slots[3]]), near)

    request_id = new_id()
    booked = suite.book(amara, hold_id=held["hold_id"], request_id=request_id)
    check("the hold is booked", booked.code == 0 and not booked.get("repeated"), booked)
    again = suite.book(amara, hold_id=held["hold_id"], request_id=request_id)
    check("the same request again is told the first answer, marked repeated",
          again.code == 0 and again.get("repeated") is True and again["booking_id"] == booked["booking_id"], again)
    reused = suite.book(chidi, slot_id=slots[4], request_id=request_id)
    check("the same id with other content is refused by name", reused.get("outcome") == "id_reused", reused)

    taken = suite.book(ben, slot_id=slots[1])
    check("now it is slot_taken, with three alternatives",
          taken.get("outcome") == "slot_taken" and len(taken.get("alternatives", [])) == 3, taken)
    check("one person is not booked twice at once",
          suite.clinic(slots=6, service="elsewhere", organisation="Y90001")[1]
          and suite.book(amara, slot_id=suite.find("elsewhere", uk_ms(uk_day(3), 8, 0), uk_ms(uk_day(3), 18, 0))
                         ["slots"][1]["slot_id"]).get("outcome") == "person_overlap")

    shown = suite.bhr("show", booked["booking_id"])
    history = [change["what"] for change in shown.get("history", [])]
    check("its history says held, booked", shown.code == 0 and history == ["held", "booked"], shown)
    gone = suite.bhr("cancel", booked["booking_id"], "--reason", "person")
    check("it is cancelled", gone.code == 0, gone)
    twice = suite.bhr("cancel", booked["booking_id"], "--reason", "person")
    check("and not twice", twice.get("outcome") == "already_cancelled", twice)
    check("its place is free again", suite.book(ben, slot_id=slots[1]).code == 0)

    counted = suite.count()
    check("an independent count agrees: one booking, one cancellation, no fault",
          (counted["booked"], counted["cancelled"], counted["faults"]) == (1, 1, []), counted)
    verified = suite.bhr("journal", "verify")
    check("bhr journal verify finds nothing wrong", verified.code == 0, f"{dict(verified)} {verified.errors}")
    check("the session's id is in its slots' ids", slots[0].startswith(session_id))


run("a small story", body)
