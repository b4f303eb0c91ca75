"""A follower that is stopped falls a million entries behind. When it goes on it catches up by itself; meanwhile it says
that it is not ready, and whoever asks it with min_position is told `behind`, never what is not true any more."""
import time

from raw_client import new_id
from load import book_request
from suite import now_ms, people, run, until
from volume import VolumeSuite, sized

ENTRIES = sized(1_000_000)
STOPPED_S_MIN = 4
CATCH_UP_S = 30 + ENTRIES / 2000


def book_last(suite, schema, owner):
    """The newest entry that a caller was told of: (booking id, position)."""
    slot = suite.clinic(slots=1, days=5)[1][0]
    client = suite.client(owner)
    header, body = client.ask("Book", book_request(schema, slot, people(1, 1)[0]))
    client.close()
    return schema("bhr.booking.v1.BookResponse").FromString(body).booking_id, header.position


def ask_until_known(suite, schema, follower, booking_id, position):
    """([(outcome, readyz status)] of every question while it catches up, seconds)"""
    client = suite.client(follower)
    body = schema("bhr.booking.v1.GetBookingRequest")(booking_id=booking_id).SerializeToString()
    seen, since = [], time.monotonic()
    while time.monotonic() < since + CATCH_UP_S:
        ready, _ = suite.http(follower, "/readyz")
        found = client.ask("GetBooking", body, wait_s=5, request_id=new_id(), deadline_ms=now_ms() + 60,
                           min_position=position)
        seen.append((None if found is None else found[0].outcome, ready))
        if seen[-1][0] == "ok":
            break
    client.close()
    return seen, time.monotonic() - since


def body(suite, check):
    schema = suite.schema
    owner = suite.owner()
    follower = suite.other(owner)
    suite.make_slots(ENTRIES + ENTRIES // 2 + 40_000)
    check("before: the follower is ready", until(lambda: suite.http(follower, "/readyz")[0] == 200, 10))
    before = int(suite.metrics(follower)["bhr_replica_journal_number"])
    since = time.monotonic()
    with suite.stopped(suite.pid(follower)):
        last = suite.fill(check, ENTRIES, numbers=[owner])
        booking_id, position = book_last(suite, schema, owner)
        time.sleep(max(0.0, since + STOPPED_S_MIN - time.monotonic()))
    seen, took_s = ask_until_known(suite, schema, follower, booking_id, position)
    check(f"the follower was {last - before:,} entries behind and has the last one after {took_s:.1f} s",
          last - before >= ENTRIES and seen[-1][0] == "ok", seen[-3:])
    # A question may time out on its way; what may not come is an answer from before.
    wrong = [found for found in seen[:-1] if found[0] not in ("behind", "deadline_passed", None)]
    check(f"each of {len(seen) - 1} questions before was told behind, none got a stale answer", wrong == [], wrong[:5])
    # It may become ready between the last two of these questions.
    check("while it was behind, /readyz said so",
          seen[0][1] == 503 and sum(ready == 200 for _, ready in seen[:-1]) <= 1, seen[:3] + seen[-3:])
    check("then it is ready", until(lambda: suite.http(follower, "/readyz")[0] == 200, 10),
          suite.http(follower, "/readyz"))
    check("and both stores have the same digest", suite.wait_same_digest(limit_s=120), suite.digests())


if __name__ == "__main__":
    run(f"a follower {ENTRIES:,} entries behind", body, kind=VolumeSuite)
