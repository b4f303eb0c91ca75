"""A journal that lost its end, as after a power cut with an unsynced tail: both replicas had read it, so both stop and say
so; after `bhr store rebuild` they serve again and `bhr store diff` names what was lost."""
import os
import subprocess
import time

from suite import ROOT, Failure, people, run, uk_day, uk_ms, until

TOPIC = "bhr.booking.journal.v1"
LIMIT_S = 5


def cut(suite, count):
    """The broker dies, its journal loses the last records and its index files, and it starts again."""
    suite.kafka("kill")
    done = subprocess.run(["/usr/bin/python3", f"{ROOT}/scripts/journal-cut.py", f"{suite.folder}/kafka/data", TOPIC, "0",
                           str(count)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"journal-cut.py: {done.stdout} {done.stderr}")
    suite.kafka("start")
    return done.stdout.strip()


def readyz_says_cut(suite, number):
    status, text = suite.http(number, "/readyz")
    return status == 503 and "lost records" in text and "bhr store rebuild" in text


def stopped_everywhere(suite, check, what):
    for number in suite.numbers():
        said = until(lambda number=number: readyz_says_cut(suite, number), 25)
        check(f"{what}: booking-{number} is not ready and says that the journal was cut", said,
              suite.http(number, "/readyz"))
        check(f"{what}: its log says so too",
              any(event["name"] == "journal_cut" and event["level"] == "error" for event in suite.events(number, "alarm")))


def rebuild(suite, check, what, told):
    """Both stores anew; the old ones are set aside. told: ids of the requests whose callers were promised what is lost."""
    suite.stop()
    aside = {}
    for number in suite.numbers():
        done = suite.bhr("store", "rebuild", suite.setting(number, "data_dir"))
        check(f"{what}: bhr store rebuild sets store {number} aside", done.code == 0 and os.path.exists(done["set_aside"]),
              f"{dict(done)} {done.errors}")
        aside[number] = done.get("set_aside", "")
    suite.start()
    suite.ready()
    check(f"{what}: somebody owns again", until(suite.owner, 20))
    for number in suite.numbers():
        named = suite.bhr("store", "diff", aside[number], suite.setting(number, "data_dir"))
        lost = {answer["command_id"] for answer in named.get("lost_answers", [])}
        check(f"{what}: bhr store diff names exactly the {len(told)} lost answers of store {number}",
              named.code == 5 and lost == told, f"lost {lost}, told {told} {named.errors}")


def body(suite, check):
    slots = iter(suite.clinic(slots=60)[1])
    crowd = iter(people(8, 60))

    # The commands of lost entries are still in the command log and would be decided again, with the same answer, while
    # their time limit is not over. It is over here, when the broker has been started: so they are lost.
    def book():
        return suite.done(suite.book(next(crowd), slot_id=next(slots), limit_s=LIMIT_S))

    kept = [book() for _ in range(3)]
    for what, count in (("one record lost", 1), ("five records lost", 5)):
        lost = [book() for _ in range(count)]
        check(f"{what}: both replicas have read them", suite.wait_same_digest(), suite.digests())
        since = time.monotonic()
        check.note(cut(suite, count))
        time.sleep(max(0.0, since + LIMIT_S + 1 - time.monotonic()))
        stopped_everywhere(suite, check, what)
        refused = suite.book(next(crowd), slot_id=next(slots), limit_s=2)
        check(f"{what}: nobody is told yes meanwhile", refused.code in (3, 4), f"{dict(refused)} {refused.errors}")
        seen = suite.find("clinic", uk_ms(uk_day(3), 0, 0), uk_ms(uk_day(4), 0, 0))
        check(f"{what}: nothing is shown of a store that holds what was lost", seen.code == 3 and seen.get("outcome") == "unavailable",
              f"{seen.code} {dict(seen)} {seen.errors}")
        rebuild(suite, check, what, {answer["request_id"] for answer in lost})
        kept.append(book())
        check(f"{what}: it serves again", True)
    counted = suite.count()
    check("the journal holds what was kept and what came later, and nothing of what was lost",
          set(counted["ids"]) == {answer["booking_id"] for answer in kept} and counted["faults"] == [],
          (counted["booked"], len(kept), counted["faults"]))
    check("both stores agree", suite.wait_same_digest(), suite.digests())


run("a cut journal", body)
