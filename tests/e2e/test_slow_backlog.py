"""A command log in which a million commands wait, because nobody owned for a while. The door learns of it, takes no
more and says when to come back: too_busy with a time. Whoever owns next decides all of them in order, each once, those
that came too late as expired; then the same request is booked. Kafka's own tools show the lag all the while."""
import collections
import hashlib
import time

from load import book_request
from raw_client import STATUS, new_id
from count_bookings import Consumer, TopicPartition, check_golden, read_journal
from confluent_kafka import Producer
from suite import now_ms, people, run, until
from volume import VolumeSuite, sized

WAITING = sized(1_000_000)
BACKLOG_MAX = WAITING // 10  # the bound of this suite's doors: command_backlog_max
LATE_EVERY = 4               # of the waiting commands, one in so many has a caller who has gone
DRAIN_S = 60 + WAITING / 500
TOPIC, JOURNAL, OWNERS = "bhr.booking.command.v1", "bhr.booking.journal.v1", "booking-owners"
OK, EXPIRED = 1, 4


def write_commands(suite, check):
    """As a door writes them: withdrawals of bookings that nobody ever made."""
    command = suite.schema("bhr.booking.v1.BookingCommand")()
    command.ingress.system, command.ingress.organisation, command.ingress.role = "111-nel", "Y90111", "111"
    command.cancel.reason = 1
    producer = Producer({"bootstrap.servers": suite.brokers, "linger.ms": 20, "queue.buffering.max.messages": 200_000,
                         "enable.idempotence": True})
    since, at_ms = time.monotonic(), now_ms()
    for index in range(WAITING):
        command_id = new_id(at_ms)
        command.ingress.received_at_ms, command.ingress.entity_id = at_ms, command_id
        command.cancel.booking_id = command_id
        value = command.SerializeToString()
        decide_by = at_ms - 1 if index % LATE_EVERY == 0 else at_ms + 3_600_000
        headers = [("ce_source", "111-nel"), ("ce_id", command_id),
                   ("bhr_digest", hashlib.blake2b(value, digest_size=16).hexdigest()), ("bhr_decideby", str(decide_by)),
                   ("ce_type", "bhr.booking.v1.BookingCommand"), ("bhr_method", "Cancel")]
        while True:
            try:
                producer.produce(TOPIC, value=value, key="nel-bhr", partition=0, headers=headers)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush()
    check.note(f"{WAITING:,} commands lie in the log, after {time.monotonic() - since:.1f} s")


class Lag:
    """What kafka-consumer-groups would print."""

    def __init__(self, suite):
        self.consumer = Consumer({"bootstrap.servers": suite.brokers, "group.id": OWNERS, "enable.auto.commit": False})

    def __call__(self):
        here = TopicPartition(TOPIC, 0)
        _, end = self.consumer.get_watermark_offsets(here, timeout=10)
        return end - max(0, self.consumer.committed([here], timeout=10)[0].offset)


def ask(client, question, request_id, for_ms=1000):
    answer = client.ask("Book", question, wait_s=for_ms / 1000 + 3, request_id=request_id,
                        deadline_ms=now_ms() + for_ms)
    return None if answer is None else answer[0]


def told_meanwhile(suite, check, client, question):
    """Nobody owns: what the door says."""
    first = ask(client, question, new_id())
    check(f"the first caller learns by the deadline that nothing is known: {first.outcome}",
          first.outcome == "unknown_outcome", first)
    found = [ask(client, question, new_id()) for _ in range(20)]
    told = collections.Counter((header.outcome, header.retry_after_ms) for header in found)
    busy = [header for header in found if header.outcome == "too_busy"]
    check(f"then callers are told too_busy, and to come back in {busy[0].retry_after_ms / 1000 if busy else 0:.0f} s",
          len(busy) == 20 and all(STATUS[header.status] == "too_busy" and header.retry_after_ms > 0 for header in busy),
          told)
    search = suite.schema("bhr.booking.v1.FindSlotsRequest")(service_id="clinic", from_ms=now_ms(),
                                                             to_ms=now_ms() + 6 * 86_400_000, limit=5)
    check("a question is answered all the same", client.ask("FindSlots", search)[0].outcome == "ok")


def come_back(check, client, question):
    """As a caller does: asks again when it was told to; (reply, id)."""
    since, hints, request_id = time.monotonic(), [], new_id()
    while time.monotonic() < since + DRAIN_S:
        header = ask(client, question, request_id)
        if header is not None and header.outcome == "too_busy":
            hints.append(header.retry_after_ms)
            time.sleep(min(header.retry_after_ms / 1000, 5.0))
        elif header is not None and header.outcome == "ok":
            check(f"the caller who came back when told is booked after {time.monotonic() - since:.1f} s; hints were "
                  f"{[round(hint / 1000, 1) for hint in hints[:12]]} s", True)
            return header, request_id
        elif header is not None and header.outcome == "expired":
            request_id = new_id()  # decided, and too late: for this id nothing else will ever be answered
        else:
            time.sleep(0.2)
    check("the caller who came back when told is booked", False, hints)
    return None, request_id


def check_order(suite, check):
    """The journal, read by a program that shares nothing with ours: every waiting command once, in the log's order."""
    rule, record_type = check_golden.Rule(), suite.schema("bhr.journal.v1.Record")
    offsets, outcomes = [], collections.Counter()
    for offset, timestamp, is_append_time, value in read_journal(suite.brokers, JOURNAL, 0):
        record = check_golden.decode(record_type, value)
        if rule.accept(record, offset, timestamp, is_append_time, value) != "entry" or record.entry.timer:
            continue
        offsets.append(record.entry.command_at.offset)
        outcomes[record.entry.outcome] += 1
    check(f"{len(offsets):,} commands were decided, each once and in the order of the log",
          len(offsets) >= WAITING and all(later > earlier for earlier, later in zip(offsets, offsets[1:])))
    late = -(-WAITING // LATE_EVERY)
    check(f"the {late:,} whose caller had gone are expired", late <= outcomes[EXPIRED] <= late + 10, outcomes)


def body(suite, check):
    owner = suite.owner()
    follower = suite.other(owner)
    slots = iter(suite.clinic(slots=20)[1])
    crowd = iter(people(8, 20))
    suite.change(follower, may_own="false")
    suite.start(follower)
    suite.ready(follower)
    check("one process owns, the other only reads", until(lambda: suite.owner() == owner, 20))
    suite.stop(owner)
    write_commands(suite, check)
    lag = Lag(suite)
    check(f"Kafka's tools show them as lag: {lag():,}", lag() >= WAITING)

    client = suite.client(follower)
    question = book_request(suite.schema, next(slots), next(crowd))
    told_meanwhile(suite, check, client, question)
    backlog = until(lambda: suite.metrics(follower).get("bhr_command_backlog", 0), 3)
    check(f"the metric says how many wait: {backlog:,.0f}", WAITING <= backlog <= WAITING + 100)
    since = time.monotonic()
    suite.start(owner)
    header, request_id = come_back(check, client, question)
    drained = until(lambda: suite.metrics(follower).get("bhr_command_backlog") == 0, DRAIN_S, pause_s=0.2)
    check(f"all are decided after {time.monotonic() - since:.1f} s", drained,
          suite.metrics(follower).get("bhr_command_backlog"))
    check("and Kafka's tools see no lag any more", until(lambda: lag() == 0, 15), lag())
    again = ask(client, question, request_id)
    check("the same id gets the same answer, marked repeated",
          header is not None and again.outcome == "ok" and again.repeated_answer and again.position == header.position,
          again)
    client.close()
    check_order(suite, check)


if __name__ == "__main__":
    run(f"a command log of {WAITING:,} waiting commands", body, kind=VolumeSuite,
        settings=f"command_backlog_max={BACKLOG_MAX}")
