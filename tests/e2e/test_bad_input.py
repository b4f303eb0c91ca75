"""Everything that a door must turn away, sent by a client that shares no code with ours: each has its own clear answer that
names the field and never repeats its value, and the door serves on."""
import subprocess

import zmq

from load import book_request
from raw_client import SERVICE, STATUS, RawClient, Schema, new_id, read_keys
from suite import now_ms, people, run, uk_day, uk_ms

DAY_MS = 86_400_000


class Asker:
    def __init__(self, suite, check, schema):
        self.suite, self.check, self.schema = suite, check, schema
        self.endpoint = suite.setting(1, "door_endpoint")
        self.server_key = read_keys(f"{suite.folder}/keys/door.key")[0]
        self.clients = {name: self.client(read_keys(f"{suite.folder}/keys/{name}.key")) for name in ("111-nel", "ops")}
        self.secrets = []

    def client(self, keys):
        return RawClient(self.schema, self.endpoint, self.server_key, keys)

    def expect(self, what, outcome, method, body, system="111-nel", detail="", status=None, **header):
        answer = self.clients[system].ask(method, body, **header)
        if answer is None:
            self.check(what, False, "no answer")
            return
        found, _ = answer
        told = f"{found.outcome} ({STATUS[found.status]}): {found.message} / {found.detail}"
        self.check(f"{what}: {told}", found.outcome == outcome and detail in found.detail and found.message != ""
                   and (status is None or STATUS[found.status] == status)
                   and not any(secret in told for secret in self.secrets))


def strangers(asker, check, whole):
    stranger = asker.client(zmq.curve_keypair())
    check("a key that nobody knows gets no answer", stranger.ask("Book", whole, wait_s=1.5) is None)
    stranger.close()
    wrong_door = RawClient(asker.schema, asker.endpoint, zmq.curve_keypair()[0],
                           read_keys(f"{asker.suite.folder}/keys/111-nel.key"))
    check("a client that takes the door for another gets none either", wrong_door.ask("Book", whole, wait_s=1.5) is None)
    wrong_door.close()
    plain = zmq.Context()
    socket = plain.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(asker.endpoint)
    socket.send_multipart([b"", whole])
    check("without CURVE there is no answer", not socket.poll(1500))
    plain.destroy(linger=0)


def shapes(asker, check, whole, person):
    header = asker.schema("bhr.exchange.v1.RequestHeader")(method=SERVICE + "Book", request_id=new_id())
    client = asker.clients["111-nel"]
    check("one frame or three are no request and get no answer",
          client.ask_frames([header.SerializeToString()], 0.7) is None
          and client.ask_frames([header.SerializeToString(), whole, b""], 0.7) is None)
    answer = client.ask_frames([b"\xff\xff\xff", whole])
    check("a header that is no header is told so", answer and answer[0].outcome == "invalid", answer)
    expect = asker.expect
    expect("a header without an id", "invalid", "Book", whole, request_id="", detail="request_id")
    expect("an id that is no UUID", "invalid", "Book", whole, request_id="123", detail="request_id")
    expect("an unknown method", "unknown_method", "Sell", whole, status="invalid")
    expect("a truncated message", "invalid", "Book", whole[:-3], status="invalid")
    expect("a message of 70,000 bytes", "request_too_large", "Book", whole + b"\x9a\x06" + b"\xf0\xa2\x04" + b"x" * 70000)
    expect("a message of 2 MiB", "request_too_large", "Book", b"\x00" * (2 * 1024 * 1024))
    client.socket.send_multipart([header.SerializeToString(), b"\x00" * (5 * 1024 * 1024)])
    check("a message of 5 MiB closes the connection unanswered", not client.socket.poll(1000))
    expect("and the next one is served", "slot_unknown", "Book", book_request(asker.schema, f"{new_id()}:0", person),
           status="not_found")


def values(asker, slot, person):
    expect, schema = asker.expect, asker.schema

    def book(**changes):
        return book_request(schema, slot, {**person, **changes})

    name = person["family_name"].encode()
    expect("a NUL in a name", "invalid", "Book", book().replace(name, b"\x00" * len(name)), detail="person.family_name")
    expect("a name that is no UTF-8", "invalid", "Book", book().replace(name, b"\xff" * len(name)),
           detail="person.family_name")
    digits = person["nhs_number"]
    wrong = digits[:9] + str((int(digits[9]) + 1) % 10)
    asker.secrets.append(wrong)
    expect("an NHS number with a wrong check digit", "invalid", "Book", book(nhs_number=wrong), detail="nhs_number")
    expect("a birth date that does not exist", "invalid", "Book", book(birth_date="2001-02-30"), detail="birth_date")
    expect("a slot id that is none", "invalid", "Book", book_request(schema, "tomorrow at nine", person), detail="slot_id")
    expect("nobody to book for", "invalid", "Book",
           schema("bhr.booking.v1.BookRequest")(slot_id=slot).SerializeToString(), detail="person")
    whole = schema("bhr.booking.v1.BookRequest").FromString(book())
    whole.person.person_id = new_id()
    expect("a person id that only the door may set", "invalid", "Book", whole.SerializeToString(), detail="person_id")
    expect("a deadline that has passed", "deadline_passed", "Book", book(), deadline_ms=now_ms() - 1)
    expect("an id of 31 days ago", "too_old", "Book", book(), request_id=new_id(now_ms() - 31 * DAY_MS))
    expect("an id of tomorrow", "from_future", "Book", book(), request_id=new_id(now_ms() + DAY_MS))
    expect("a correlation id that holds an NHS number", "invalid", "Book", book(), correlation_id=digits,
           detail="correlation_id")


def asks(asker, slot):
    expect, schema = asker.expect, asker.schema
    find = schema("bhr.booking.v1.FindSlotsRequest")
    expect("a window of 15 days", "window_too_wide", "FindSlots",
           find(service_id="clinic", from_ms=now_ms(), to_ms=now_ms() + 15 * DAY_MS), detail="to_ms")
    expect("a window that ends before it begins", "invalid", "FindSlots",
           find(service_id="clinic", from_ms=now_ms(), to_ms=now_ms() - 1), detail="to_ms")
    expect("a search for anything anywhere", "invalid", "FindSlots", find(from_ms=now_ms(), to_ms=now_ms() + DAY_MS))
    session = schema("bhr.booking.v1.Session")(organisation="Y90020", service_id="clinic", kind=1, slot_minutes=10,
                                               slot_count=3, capacity=1, audience=2)
    publish = schema("bhr.booking.v1.PublishSessionRequest")
    session.starts_at_ms = now_ms() - 3_600_000
    expect("a session in the past", "session_in_past", "PublishSession", publish(session=session), "ops", status="refused")
    session.starts_at_ms = uk_ms(uk_day(3), 9, 0)
    expect("a session where there is one", "session_overlaps", "PublishSession", publish(session=session), "ops")
    expect("a method that this system may not call", "denied", "PublishSession", publish(session=session), status="denied")
    session.slot_count = 201
    expect("a session of 201 slots", "invalid", "PublishSession", publish(session=session), "ops", detail="slot_count")
    expect("a booking that is not there", "booking_unknown", "GetBooking",
           schema("bhr.booking.v1.GetBookingRequest")(booking_id=new_id()), status="not_found")
    expect("a hold that is not there", "hold_unknown", "Book",
           schema("bhr.booking.v1.BookRequest")(hold_id=new_id(), person={"local_id": "A1"}), status="not_found")
    expect("a hold of a day", "invalid", "Hold",
           schema("bhr.booking.v1.HoldRequest")(slot_id=slot, hold_seconds=86400), detail="hold_seconds")


def second_process(suite, check):
    since = len(suite.log(1))
    done = subprocess.run([f"{suite.build}/bhr-booking", "--config", f"{suite.folder}/booking-1.ini", "--set",
                           "door_endpoint=", "--set", "http_port=0"], env=suite.environment, capture_output=True, text=True,
                          timeout=30, check=False)
    check("a second process on the same store directory exits with 3", done.returncode == 3, done.returncode)
    check("and says why", suite.setting(1, "data_dir") in done.stderr and "another process" in done.stderr,
          done.stderr[-400:])
    check("the first one does not notice", suite.http(1, "/readyz")[0] == 200 and "error" not in suite.log(1)[since:])


def body(suite, check):
    schema = Schema()
    asker = Asker(suite, check, schema)
    slots = suite.clinic(slots=12)[1]
    person, other = people(10, 2)
    asker.secrets += [person["nhs_number"], person["family_name"]]
    whole = book_request(schema, slots[0], person)
    strangers(asker, check, whole)
    shapes(asker, check, whole, other)
    values(asker, slots[1], person)
    asks(asker, slots[2])
    second_process(suite, check)
    asker.expect("after all of it a good request is booked", "ok", "Book", whole, status="ok")
    counted = suite.count()
    check("and it is the only booking in the journal", (counted["booked"], counted["faults"]) == (1, []), counted)


run("bad input", body)
