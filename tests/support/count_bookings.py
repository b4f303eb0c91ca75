#!/usr/bin/python3
"""Counts what a booking journal says, with nothing of ours: Confluent's client reads the topic, Google's protobuf the
records, and the rule of journal.md is the second one of tests/journal/check_golden.py. Prints one JSON object; exits 1 when
a slot was given more often than it has places, one command has two outcomes, or a person has two bookings at once.

usage: count_bookings.py BROKERS [--ids] [--environment local] [--service booking] [--locality nel-bhr] [--partition 0]
                         [--ca FILE --certificate FILE --key FILE]
  --ids  also the ids of all bookings that stand, each with its slot
  --ca, --certificate, --key  for brokers that speak TLS: their authority, and who is counting
"""
import argparse
import collections
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "journal")]

try:
    import check_golden
    from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition, TIMESTAMP_LOG_APPEND_TIME
    from schema import Schema
except ImportError as error:
    print(f"skipped: {error}; scripts/install-deps.sh installs it")
    sys.exit(77)

SILENCE_S = 10.0
ID_REUSED, REFUSED_AT_DOOR = 7, 10  # outcomes by which nothing was decided under the id


def read_topic(brokers, topic, partition, trust=None, isolation="read_uncommitted"):
    """Every message up to the end that the partition has now; with read_committed, to the first open transaction. trust: who
    reads, and as which group, in words of librdkafka's configuration."""
    consumer = Consumer({"group.id": "count-bookings", **(trust or {}), "bootstrap.servers": brokers,
                         "enable.auto.commit": False, "isolation.level": isolation, "auto.offset.reset": "error",
                         "enable.partition.eof": True})
    try:
        first, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=SILENCE_S)
        consumer.assign([TopicPartition(topic, partition, first)])
        while True:
            message = consumer.poll(SILENCE_S)
            if message is None:
                raise SystemExit(f"count_bookings: {topic} says nothing, not even that it ends")
            if message.error() and message.error().code() == KafkaError._PARTITION_EOF:  # pylint: disable=protected-access
                return
            if message.error():
                raise SystemExit(f"count_bookings: {message.error()}")
            yield message
    finally:
        consumer.close()


def read_journal(brokers, topic, partition, trust=None):
    """(offset, timestamp, is append time, value) of every record up to the end that the partition has now."""
    for message in read_topic(brokers, topic, partition, trust):
        kind, timestamp = message.timestamp()
        yield message.offset(), timestamp, kind == TIMESTAMP_LOG_APPEND_TIME, message.value()


class Count:
    def __init__(self):
        self.verdicts = collections.Counter()
        self.capacity = {}  # session id -> (slots, places)
        self.bookings = {}  # booking id -> SlotBooked, those that stand
        self.cancelled = 0
        self.outcomes = collections.defaultdict(list)  # (source, command id) -> numbers of entries that are no repeats
        self.faults = []

    def take(self, event):
        kind = event.WhichOneof("event")
        change = getattr(event, kind)
        if kind == "session_published":
            session = change.session
            self.capacity[session.session_id] = (session.slot_count, session.capacity)
        elif kind == "slot_booked":
            if change.booking_id in self.bookings:
                self.faults.append(f"booking {change.booking_id} was made twice")
            self.bookings[change.booking_id] = change
        elif kind == "booking_cancelled":
            self.cancelled += 1
            if self.bookings.pop(change.booking_id, None) is None:
                self.faults.append(f"booking {change.booking_id} was cancelled and did not stand")

    def check(self):
        given = collections.Counter(booking.slot_id for booking in self.bookings.values())
        for slot_id, count in given.items():
            session_id, index = slot_id.rsplit(":", 1)
            slots, places = self.capacity.get(session_id, (0, 0))
            if int(index) >= slots or count > places:
                self.faults.append(f"slot {slot_id} was given {count} times and has {places} places")
        for (source, command_id), numbers in self.outcomes.items():
            if len(numbers) > 1:
                self.faults.append(f"command {command_id.hex()} of {source} was decided in entries {numbers}")
        of_person = collections.defaultdict(list)
        for booking in self.bookings.values():
            of_person[booking.person_id or booking.person.person_id].append((booking.starts_at_ms, booking.ends_at_ms))
        for person_id, times in of_person.items():
            times.sort()
            if any(later[0] < earlier[1] for earlier, later in zip(times, times[1:])):
                self.faults.append(f"person {person_id} has two bookings at once")
        return given


def main():
    words = argparse.ArgumentParser(description="counts what a booking journal says")
    words.add_argument("brokers")
    words.add_argument("--ids", action="store_true")
    words.add_argument("--environment", default="local")
    words.add_argument("--service", default="booking")
    words.add_argument("--locality", default="nel-bhr")
    words.add_argument("--partition", type=int, default=0)
    for name in ("--ca", "--certificate", "--key"):
        words.add_argument(name)
    words = words.parse_args()
    trust = {} if words.certificate is None else {
        "security.protocol": "ssl", "ssl.ca.location": words.ca, "ssl.certificate.location": words.certificate,
        "ssl.key.location": words.key}
    check_golden.IDENTITY = (words.environment, words.service, words.locality)
    schema = Schema()
    record_type, event_type = schema("bhr.journal.v1.Record"), schema("bhr.booking.v1.BookingEvent")

    rule, count = check_golden.Rule(), Count()
    try:
        for offset, timestamp, is_append_time, value in read_journal(words.brokers, f"bhr.{words.service}.journal.v1",
                                                                     words.partition, trust):
            record = check_golden.decode(record_type, value)
            verdict = rule.accept(record, offset, timestamp, is_append_time, value)
            count.verdicts[verdict] += 1
            if verdict != "entry":
                continue
            entry = record.entry
            if entry.source and not entry.repeats and entry.outcome not in (ID_REUSED, REFUSED_AT_DOOR):
                count.outcomes[(entry.source, entry.command_id)].append(entry.number)
            for event in entry.events:
                count.take(event_type.FromString(event))
    except KafkaException as error:
        raise SystemExit(f"count_bookings: {error}") from error
    given = count.check()
    accepted = {verdict: count.verdicts.pop(verdict, 0) for verdict in ("genesis", "claim", "entry")}
    result = {"entries": accepted["entry"], "claims": accepted["claim"], "rejected": dict(count.verdicts),
              "epoch": rule.epoch, "sessions": len(count.capacity), "booked": len(count.bookings),
              "cancelled": count.cancelled, "slots_booked": len(given), "faults": count.faults}
    if words.ids:
        result["ids"] = {booking_id: booking.slot_id for booking_id, booking in sorted(count.bookings.items())}
    print(json.dumps(result, indent=2))
    return 1 if count.faults else 0


if __name__ == "__main__":
    sys.exit(main())
