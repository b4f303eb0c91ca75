"""Whom booking still waits to know, as its journal says: told with PersonAwaited, and not linked since."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("support", "journal")]

from check_golden import Rule, decode  # noqa: E402
from count_bookings import read_journal  # noqa: E402
from schema import Schema  # noqa: E402


def awaited(brokers):
    """Pseudonyms."""
    schema, rule, found = Schema(), Rule(), set()
    record_type, event_type = schema("bhr.journal.v1.Record"), schema("bhr.booking.v1.BookingEvent")
    for offset, timestamp, is_append_time, value in read_journal(brokers, "bhr.booking.journal.v1", 0):
        record = decode(record_type, value)
        if rule.accept(record, offset, timestamp, is_append_time, value) != "entry":
            continue
        for event in map(event_type.FromString, record.entry.events):
            kind = event.WhichOneof("event")
            if kind == "person_awaited":
                found.add(event.person_awaited.person_id)
            elif kind == "person_linked":
                found.discard(event.person_linked.person_id)
    return found
