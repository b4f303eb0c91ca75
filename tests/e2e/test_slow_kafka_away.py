"""Kafka cannot be reached for a minute: its connections stand and nothing answers. Every caller has an answer by the
deadline of its own request and nobody is told yes; questions are answered from the store; readiness says that it is
old. When Kafka is back everything goes on by itself, and whoever asks again with the same id gets the one true
answer."""
import threading
import time

from load import book_request
from raw_client import new_id
from suite import now_ms, people, run, until
from volume import VolumeSuite, sized

AWAY_S = sized(60, small=9)
DEADLINES_MS = (200, 1000, 3000, 5000)
LATE_MS_MAX = 500  # beyond the deadline, on a busy machine
BACK_S = 20


class Caller(threading.Thread):
    """Asks for one slot after the other, each with this deadline."""

    def __init__(self, suite, deadline_ms, questions, until_s):
        super().__init__(daemon=True)
        self.suite, self.deadline_ms, self.questions, self.until_s = suite, deadline_ms, questions, until_s
        self.told = []  # (question, request id, outcome, milliseconds)

    def run(self):
        client = self.suite.client(1)
        for question in self.questions:
            if time.monotonic() > self.until_s:
                break
            request_id, since = new_id(), time.monotonic()
            answer = client.ask("Book", question, wait_s=self.deadline_ms / 1000 + 5, request_id=request_id,
                                deadline_ms=now_ms() + self.deadline_ms)
            self.told.append((question, request_id, None if answer is None else answer[0].outcome,
                              (time.monotonic() - since) * 1000))
        client.close()


def while_away(suite, check, questions):
    until_s = time.monotonic() + AWAY_S - max(DEADLINES_MS) / 1000 - 1
    shares = [questions[index::len(DEADLINES_MS)] for index in range(len(DEADLINES_MS))]
    callers = [Caller(suite, deadline_ms, share, until_s) for deadline_ms, share in zip(DEADLINES_MS, shares)]
    for caller in callers:
        caller.start()
    since, client, answered = time.monotonic(), suite.client(1), []
    question = suite.schema("bhr.booking.v1.FindSlotsRequest")(
        service_id="clinic", from_ms=now_ms(), to_ms=now_ms() + 6 * 86_400_000, limit=5).SerializeToString()
    not_ready_s = None
    while time.monotonic() < since + AWAY_S:
        asked = time.monotonic()
        answer = client.ask("FindSlots", question, wait_s=3)
        answered.append((None if answer is None else answer[0].outcome, time.monotonic() - asked))
        if not_ready_s is None and suite.http(1, "/readyz")[0] == 503:
            not_ready_s = time.monotonic() - since
        time.sleep(0.1)
    client.close()
    for caller in callers:
        caller.join()
    for caller in callers:
        outcomes = sorted({str(told[2]) for told in caller.told})
        slowest = max(told[3] for told in caller.told)
        check(f"a deadline of {caller.deadline_ms:,} ms: {len(caller.told)} callers had an answer, the last after "
              f"{slowest:,.0f} ms: {outcomes}", slowest < caller.deadline_ms + LATE_MS_MAX and
              set(outcomes) <= {"unknown_outcome", "unavailable", "too_busy"}, caller.told[:3])
    slowest = max(took for _, took in answered)
    check(f"{len(answered)} questions were answered from the store, the slowest in {slowest * 1000:.0f} ms",
          {outcome for outcome, _ in answered} == {"ok"} and slowest < 1.0, {outcome for outcome, _ in answered})
    check(f"/readyz said after {not_ready_s or 0:.1f} s that it is not up to date",
          not_ready_s is not None and not_ready_s < 8)
    return [told for caller in callers for told in caller.told]


def body(suite, check):
    slots = suite.clinic(slots=200, places=4, minutes=5, hour=6)[1]
    crowd = people(12, 200) + people(13, 200)
    questions = [book_request(suite.schema, slots[index % 200], person) for index, person in enumerate(crowd)]
    first = suite.client(1)
    check("before: a place is booked", first.ask("Book", questions.pop())[0].outcome == "ok")
    with suite.stopped(suite.broker_pid()):
        told = while_away(suite, check, questions)
    since = time.monotonic()
    last = questions[-1]

    def booked():
        answer = first.ask("Book", last, wait_s=6, deadline_ms=now_ms() + 3000)
        return answer is not None and answer[0].outcome in ("ok", "person_overlap")

    check("Kafka is back: a place is booked again", until(booked, BACK_S, pause_s=0.1))
    check.note(f"{time.monotonic() - since:.1f} s after Kafka was back")
    for number in suite.numbers():
        check(f"booking-{number} is ready by itself",
              until(lambda number=number: suite.http(number, "/readyz")[0] == 200, 20), suite.http(number, "/readyz"))
    final = []
    for question, request_id, _, _ in told:
        answer = until(lambda: settled(first, question, request_id), 10)
        final.append(answer)
    outcomes = {outcome: final.count(outcome) for outcome in set(final)}
    check(f"each of the {len(told)} callers who asks again with the same id has one final answer: {outcomes}",
          None not in final and set(final) <= {"ok", "expired", "person_overlap"}, outcomes)
    counted = suite.count()
    check("the journal has no fault, and both stores agree", counted["faults"] == [] and suite.wait_same_digest(),
          counted["faults"][:3])
    first.close()


def settled(client, question, request_id):
    answer = client.ask("Book", question, wait_s=6, request_id=request_id)
    if answer is None or answer[0].outcome in ("in_progress", "too_busy", "unavailable", "unknown_outcome"):
        time.sleep(0.1)
        return None
    return answer[0].outcome


if __name__ == "__main__":
    run(f"Kafka cannot be reached for {AWAY_S} s", body, kind=VolumeSuite)
