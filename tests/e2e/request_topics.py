"""Request topics from outside: what a system's own producer writes, and what the journal says became of it. Confluent's
client and Google's protobuf alone; it shares no code with ours."""
import collections
import os
import sys
import uuid

from raw_client import skip
from suite import until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

try:
    from confluent_kafka import Consumer, Producer, TopicPartition
except ImportError as error:
    skip(f"{error}; scripts/install-deps.sh installs it")

SILENCE_S = 10.0
OK, TOO_OLD, ID_REUSED, REFUSED_AT_DOOR = 1, 5, 7, 10


def topic_of(system):
    return f"bhr.booking.request.{system}.v1"


class Requests:
    """What a system writes."""

    def __init__(self, suite):
        self.producer = Producer({"bootstrap.servers": suite.brokers, "enable.idempotence": True, "linger.ms": 5,
                                  "message.max.bytes": 1000000})

    def send(self, system, value, **headers):
        """ce_type="…", ce_id="…": a header each. Values may be text or bytes."""
        self.producer.produce(topic_of(system), value, headers={name.replace("content_type", "content-type"): text
                                                                for name, text in headers.items()})

    def flush(self):
        left = self.producer.flush(30)
        if left:
            raise SystemExit(f"{left} requests were not delivered")


Outcome = collections.namedtuple("Outcome", "number source correlation id method outcome detail repeats")


class Journal:
    """The entries about commands so far, as they are read."""

    def __init__(self, suite, schema):
        self.record_type = schema("bhr.journal.v1.Record")
        self.consumer = Consumer({"bootstrap.servers": suite.brokers, "group.id": "nobody", "enable.auto.commit": False,
                                  "isolation.level": "read_uncommitted", "auto.offset.reset": "error"})
        self.place = TopicPartition("bhr.booking.journal.v1", 0, 0)
        self.consumer.assign([self.place])
        self.offset = -1
        self.by_number = {}

    def close(self):
        self.consumer.close()

    def read(self):
        """Every outcome so far, zombies' entries left out by their number: the last of a number is the accepted one only
        where an owner was fenced, which no test of request topics counts on."""
        _, end = self.consumer.get_watermark_offsets(self.place, timeout=SILENCE_S)
        while self.offset < end - 1:
            message = self.consumer.poll(SILENCE_S)
            if message is None or message.error():
                raise SystemExit(f"the journal ends at {self.offset} of {end - 1}: {message and message.error()}")
            self.offset = message.offset()
            record = self.record_type.FromString(message.value())
            if record.WhichOneof("record") == "entry" and record.entry.source:
                entry = record.entry
                self.by_number.setdefault(entry.number, Outcome(
                    entry.number, entry.source, entry.correlation_id, uuid.UUID(bytes=entry.command_id), entry.method,
                    entry.outcome, entry.detail, entry.repeats))
        return list(self.by_number.values())

    def about(self, correlation):
        return [outcome for outcome in self.read() if outcome.correlation == correlation]

    def wait(self, correlation, count=1, limit_s=20):
        """The outcomes addressed so, as soon as there are that many."""
        return until(lambda: len(found := self.about(correlation)) >= count and found, limit_s) or self.about(correlation)


class Heard:
    """What the outside hears, read as everybody reads it: the event topic, or the dead letters."""

    def __init__(self, suite, topic):
        self.consumer = Consumer({"bootstrap.servers": suite.brokers, "group.id": "nobody", "enable.auto.commit": False,
                                  "isolation.level": "read_committed", "auto.offset.reset": "earliest"})
        self.consumer.assign([TopicPartition(topic, 0, 0)])
        self.by_correlation = collections.defaultdict(list)

    def close(self):
        self.consumer.close()

    def wait(self, correlation, count=1, limit_s=30):
        """[(ce_type, value)] of what is addressed so, as soon as there is that much."""
        until(lambda: self.read() or len(self.by_correlation[correlation]) >= count, limit_s, pause_s=0)
        return self.by_correlation[correlation]

    def read(self):
        message = self.consumer.poll(0.2)
        if message is None or message.error():
            return
        headers = {name: text.decode() for name, text in message.headers()}
        self.by_correlation[headers.get("ce_correlationid")].append((headers["ce_type"], message.value()))


def ends(suite, system):
    """(first, next) offset of a system's topic."""
    consumer = Consumer({"bootstrap.servers": suite.brokers, "group.id": "nobody"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic_of(system), 0), timeout=SILENCE_S)
    finally:
        consumer.close()
