"""A store's rows, made of a ledger: keys and values as lib/host/answers.h, lib/base/timers.h and
services/booking/core/rows_booking.h and rows_person.h lay them out, and the digest over them as `bhr store digest` takes it.
Written from those descriptions; the details of persons stay the sealed bytes they are."""
import hashlib
import struct

ANSWER, TIMER, PARKED = 1, 2, 3
SESSION, BY_SERVICE, BY_ORGANISATION, SLOT, HOLD, BOOKING, PERSON = range(0x10, 0x17)
LINK, KIN, RECORD, AWAITED, AWAITED_OF, SOURCE = range(0x17, 0x1d)
VERSION, ANSWER_VERSION = 2, 1


def short(text):
    """One byte of length, then the text."""
    data = text.encode()
    return bytes([len(data)]) + data


def place(slot):
    return slot[0] + struct.pack(">H", slot[1])


def rows_of(ledger):
    """(key, value) of each row, in no order."""
    for key, answer in ledger.answers.items():
        yield bytes([ANSWER]) + key, (struct.pack(">B16sIQI", ANSWER_VERSION, answer.digest, answer.outcome, answer.number,
                                                  len(answer.detail)) + answer.detail + answer.answer)
    for table, timers in ((TIMER, ledger.timers), (PARKED, ledger.parked)):
        for timer, body in timers.items():
            yield bytes([table]) + timer, body
    for session_id, session in ledger.sessions.items():
        yield from session_rows(session_id, session)
    for slot_id, slot in ledger.slots.items():
        if slot.booked or slot.holds:
            yield bytes([SLOT]) + place(slot_id), (
                struct.pack(">BHB", VERSION, slot.booked, len(slot.holds))
                + b"".join(hold_id + struct.pack(">Q", expires_at_ms) for hold_id, expires_at_ms in slot.holds))
    for hold_id, hold in ledger.holds.items():
        yield bytes([HOLD]) + hold_id, (bytes([VERSION]) + place(hold.slot)
                                        + struct.pack(">QQQ", hold.held_at_ms, hold.expires_at_ms, hold.number)
                                        + short(hold.by))
    for booking_id, booking in ledger.bookings.items():
        yield bytes([BOOKING]) + booking_id, booking_value(booking)
        yield (bytes([PERSON]) + booking.person_id + struct.pack(">BQ", booking.status, booking.starts_at_ms) + booking_id,
               struct.pack(">BQ", VERSION, booking.ends_at_ms))


    yield from person_rows(ledger)


def person_rows(ledger):
    version = bytes([VERSION])
    for person, (parent, merge, number) in ledger.links.items():
        yield bytes([LINK]) + person, version + parent + merge + struct.pack(">Q", number)
        yield bytes([KIN]) + parent + person, version
    for record, person in ledger.records.items():
        yield bytes([RECORD]) + record, version + person
    for person, (number, record, booking) in ledger.awaited.items():
        yield bytes([AWAITED]) + struct.pack(">Q", number), version + person + record + booking
        yield bytes([AWAITED_OF]) + person, version + struct.pack(">Q", number)
    if ledger.followed is not None:
        event = ledger.followed
        yield bytes([SOURCE]), version + struct.pack(">QQIH", event.number, event.offset, event.done,
                                                     len(event.place)) + event.place


def session_rows(session_id, session):
    yield bytes([SESSION]) + session_id, (
        bytes([VERSION]) + short(session.organisation) + short(session.service_id)
        + struct.pack(">BBQHHB", session.kind, session.audience, session.starts_at_ms, session.slot_minutes,
                      session.slot_count, session.capacity))
    tail = short(session.service_id) + struct.pack(">Q", session.starts_at_ms) + session_id
    yield bytes([BY_SERVICE]) + tail, bytes([VERSION])
    yield bytes([BY_ORGANISATION]) + short(session.organisation) + tail, bytes([VERSION])


def booking_value(booking):
    key_id, nonce, ciphertext = booking.sealed
    return b"".join((
        bytes([VERSION]), place(booking.slot), struct.pack(">QQBB", booking.starts_at_ms, booking.ends_at_ms, booking.status,
                                                           booking.reason),
        booking.cancel_id, struct.pack(">QQQ", booking.held_at_ms, booking.booked_at_ms, booking.cancelled_at_ms),
        struct.pack(">QQQ", booking.held_number, booking.booked_number, booking.cancelled_number),
        short(booking.booked_by), short(booking.cancelled_by), booking.person_id, key_id, nonce,
        struct.pack(">H", len(ciphertext)), ciphertext))


def digest_of(ledger):
    """(digest in hex, number of rows)"""
    digest, rows = hashlib.blake2b(digest_size=16), sorted(rows_of(ledger))
    for key, value in rows:
        digest.update(struct.pack(">I", len(key)) + key + struct.pack(">I", len(value)) + value)
    return digest.hexdigest(), len(rows)
