"""What the public event topic must hold, told from the journal alone (Confluent's client, Google's protobuf, the rule of
tests/journal/check_golden.py), and a reader of it with the Java client. None of it shares code with ours."""
import base64
import collections
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, f"{ROOT}/tests/journal"]

import check_golden  # noqa: E402
from count_bookings import read_journal  # noqa: E402
from schema import Schema  # noqa: E402

LIBRARIES = os.environ.get("BHR_KAFKA_LIBS", f"{ROOT}/build/kafka-libs")
OUTCOME = "bhr.exchange.v1.RequestOutcome"

Seen = collections.namedtuple("Seen", "offset number id type key at_ms value")
Expected = collections.namedtuple("Expected", "number type message logged_ms")


class Consumer:
    """The Java client as a process; what it saw lies in a file."""

    def __init__(self, brokers, path, topic="bhr.booking.event.v1", partition=0):
        self.path = path
        self.file = open(path, "w", encoding="utf-8")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["java", "-Xmx256m", "-cp", f"{LIBRARIES}/*", f"{HERE}/EventConsumer.java", brokers, topic, str(partition)],
            stdin=subprocess.PIPE, stdout=self.file, stderr=subprocess.DEVNULL)

    def count(self):
        with open(self.path, "rb") as file:
            return file.read().count(b"\n")

    def seen(self):
        with open(self.path, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file if line.endswith("\n")]
        return [Seen(int(offset), int(number), event_id, kind, key, int(at_ms), base64.b64decode(value))
                for offset, number, event_id, kind, key, at_ms, value in rows]

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.file.close()


def expected_events(brokers, schema=None):
    """In the journal's order: each event of each accepted entry, and the outcome of a command that has none."""
    schema = schema or Schema()
    record_type, event_type = schema("bhr.journal.v1.Record"), schema("bhr.booking.v1.BookingEvent")
    rule, expected = check_golden.Rule(), []
    for offset, timestamp, is_append_time, value in read_journal(brokers, "bhr.booking.journal.v1", 0):
        record = check_golden.decode(record_type, value)
        if rule.accept(record, offset, timestamp, is_append_time, value) != "entry":
            continue
        entry = record.entry
        for bytes_of_event in entry.events:
            event = event_type.FromString(bytes_of_event)
            change = getattr(event, event.WhichOneof("event"))
            expected.append(Expected(entry.number, change.DESCRIPTOR.full_name, change, timestamp))
        if not entry.events and entry.source:
            expected.append(Expected(entry.number, OUTCOME, None, timestamp))
    return expected


def differences(seen, expected, schema, limit=5):
    """Sentences about what was seen and is not what the journal says; none when it is."""
    found = []
    for index in range(max(len(seen), len(expected))):
        if len(found) >= limit:
            break
        if index >= len(seen) or index >= len(expected):
            found.append(f"{len(seen)} records were seen, the journal has {len(expected)}")
            break
        one, wanted = seen[index], expected[index]
        if (one.number, one.type) != (wanted.number, wanted.type):
            found.append(f"record {index} at offset {one.offset} is {one.type} of entry {one.number}, "
                         f"not {wanted.type} of entry {wanted.number}")
        elif wanted.message is not None:
            public = schema(one.type).FromString(one.value)
            if not is_part_of(public, wanted.message):
                found.append(f"record {index} says something that entry {one.number} does not")
    if len({one.id for one in seen}) != len(seen):
        found.append("two records have the same ce_id")
    return found


def is_part_of(public, whole):
    """Every field that is told has the value that the journal has."""
    for field, value in public.ListFields():
        own = getattr(whole, field.name)
        if field.label != field.LABEL_REPEATED and field.message_type is not None:
            if not is_part_of(value, own):
                return False
        elif value != own:
            return False
    return True
