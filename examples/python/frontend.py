#!/usr/bin/python3
"""A 111 front end on Kafka: it asks on its own request topic and reads on the public event topic what became of it.
usage: frontend.py BROKERS TLS_FOLDER SYSTEM SLOT_ID  (see ../README.md; "plaintext" for a broker without)"""
import sys
import time
import uuid
from datetime import datetime, timezone

from bhr.booking.v1 import booking_journal_pb2, booking_pb2, booking_service_pb2
from bhr.exchange.v1 import exchange_pb2
from confluent_kafka import Consumer, Producer, TopicPartition

EVENTS = "bhr.booking.event.v1"


class FrontEnd:
    def __init__(self, brokers, tls, system):
        connection = {"bootstrap.servers": brokers}
        if tls != "plaintext":
            connection.update({"security.protocol": "ssl", "ssl.ca.location": f"{tls}/ca.crt",
                               "ssl.certificate.location": f"{tls}/{system}.crt",
                               "ssl.key.location": f"{tls}/{system}.key"})
        self.requests = f"bhr.booking.request.{system}.v1"  # nobody else may write there: the topic says who asks
        self.producer = Producer({**connection, "enable.idempotence": True})
        # read_committed: each event exactly once, and none that its publisher has taken back.
        self.events = Consumer({**connection, "group.id": system, "isolation.level": "read_committed",
                                "enable.auto.commit": False})
        partitions = self.events.list_topics(EVENTS, timeout=10).topics[EVENTS].partitions
        ends = [(p, self.events.get_watermark_offsets(TopicPartition(EVENTS, p), timeout=10)[1]) for p in partitions]
        self.events.assign([TopicPartition(EVENTS, p, end) for p, end in ends])  # what happens from now on

    def ask(self, request, request_id, asked_at, timeout_s=30):
        """(type, value) of the event that tells the outcome. To repeat a request, send the same id and time again."""
        correlation_id = str(uuid.uuid4())  # chosen here; everything that comes of this request carries it
        self.producer.produce(self.requests, value=request.SerializeToString(), headers={
            "ce_type": request.DESCRIPTOR.full_name, "ce_id": request_id, "ce_time": asked_at,
            "ce_correlationid": correlation_id})
        self.producer.flush(10)
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            record = self.events.poll(0.5)
            if record is None or record.error():
                continue
            headers = dict(record.headers())
            if headers.get("ce_correlationid") == correlation_id.encode():
                return headers["ce_type"].decode(), record.value()
        sys.exit("no outcome yet: ask again with the same id")


def outcome(kind, value):
    if kind == "bhr.booking.v1.SlotBooked":
        return f"booked, number {booking_journal_pb2.SlotBooked.FromString(value).booking_id}"
    if kind != "bhr.exchange.v1.RequestOutcome":
        return kind
    told = exchange_pb2.RequestOutcome.FromString(value)
    answer = booking_service_pb2.BookResponse.FromString(told.answer)
    again = ", repeated" if told.repeated_answer else ""
    number = f", number {answer.booking_id}" if answer.booking_id else ""
    others = "".join(f"\n    free instead: {slot.slot_id}" for slot in answer.alternatives)
    return f"{told.outcome}{again}{number}: {told.message} {told.detail}{others}"


def main(brokers, tls, system, slot_id):
    front_end = FrontEnd(brokers, tls, system)
    smith = booking_pb2.PersonReference(nhs_number="9999900011", family_name="Smith")
    brown = booking_pb2.PersonReference(nhs_number="9999900038", family_name="Brown")
    first = booking_service_pb2.BookRequest(slot_id=slot_id, person=smith)
    second = booking_service_pb2.BookRequest(slot_id=slot_id, person=brown)
    request_id, asked_at = str(uuid.uuid4()), datetime.now(timezone.utc).isoformat()
    print("a booking:", outcome(*front_end.ask(first, request_id, asked_at)))
    print("the same slot for another caller:", outcome(*front_end.ask(second, str(uuid.uuid4()), asked_at)))
    print("the first request again:", outcome(*front_end.ask(first, request_id, asked_at)))


if __name__ == "__main__":
    main(*sys.argv[1:])
