"""Many callers at once, on sockets of their own: each asks the next request of a list and asks again, with the same id,
after a silence or an answer that says so, until it has a final answer. It keeps every answer with its time, so that a test
can ask for the longest gap and whether two answers to one id ever differed."""
import collections
import threading
import time

import zmq

from raw_client import SERVICE, STATUS, new_id, read_keys

ASK_AGAIN = {"in_progress", "too_busy", "unavailable", "unknown_outcome"}


class Load(threading.Thread):
    """bodies: encoded BookRequests. Start it, then join it; answers then holds {request id: [Reply, ...]}."""

    Reply = collections.namedtuple("Reply", "at status outcome is_repeated booking_id")

    def __init__(self, suite, schema, bodies, clients=32, in_flight=16, per_second=None, attempt_s=1.5, limit_s=90,
                 system="111-nel"):
        super().__init__(daemon=True)
        self.header_type = schema("bhr.exchange.v1.RequestHeader")
        self.reply_type = schema("bhr.exchange.v1.ReplyHeader")
        self.response_type = schema("bhr.booking.v1.BookResponse")
        self.requests = {new_id(): body for body in bodies}
        self.waiting = collections.deque(self.requests)
        self.answers = collections.defaultdict(list)
        self.final = set()
        self.per_second, self.attempt_s, self.limit_s = per_second, attempt_s, limit_s
        self.clients, self.in_flight = clients, in_flight
        self.endpoints = [suite.setting(number, "door_endpoint") for number in suite.numbers()]
        self.server_key = read_keys(f"{suite.folder}/keys/door.key")[0]
        self.keys = read_keys(f"{suite.folder}/keys/{system}.key")
        self.sent = 0
        self.fault = None

    def run(self):
        context = zmq.Context()
        try:
            self.converse([self.open(context) for _ in range(self.clients)])
        except Exception as error:  # pylint: disable=broad-except
            self.fault = error
        finally:
            context.destroy(linger=0)

    def open(self, context):
        one = context.socket(zmq.DEALER)
        one.linger, one.immediate = 0, 1
        one.setsockopt(zmq.RECONNECT_IVL, 20)
        one.curve_serverkey = self.server_key
        one.curve_publickey, one.curve_secretkey = self.keys
        for endpoint in self.endpoints:
            one.connect(endpoint)
        return one

    def converse(self, sockets):
        poller = zmq.Poller()
        due = {one: {} for one in sockets}  # of each socket: request id -> when to ask again
        for one in sockets:
            poller.register(one, zmq.POLLIN)
        since = time.monotonic()
        while len(self.final) < self.sent + len(self.waiting) and time.monotonic() < since + self.limit_s:
            for one in sockets:
                self.fill(one, due[one], since)
            for one, _ in poller.poll(10):
                self.drain(one, due[one])

    def fill(self, one, due, since):
        now = time.monotonic()
        for request_id in [request_id for request_id, at in due.items() if at <= now]:
            due[request_id] = now + (self.attempt_s if self.send(one, request_id) else 0.05)
        while len(due) < self.in_flight and self.waiting:
            if self.per_second is not None and self.sent >= (now - since) * self.per_second:
                return
            if not self.send(one, self.waiting[0]):
                return
            due[self.waiting.popleft()] = now + self.attempt_s
            self.sent += 1

    def send(self, one, request_id):
        header = self.header_type(method=SERVICE + "Book", request_id=request_id)
        try:
            one.send_multipart([header.SerializeToString(), self.requests[request_id]], zmq.DONTWAIT)
            return True
        except zmq.Again:
            return False

    def drain(self, one, due):
        while True:
            try:
                frames = one.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            header = self.reply_type.FromString(frames[0])
            status = STATUS[header.status]
            # Expired is decided: for this id nothing else will ever be answered.
            if status in ASK_AGAIN and header.outcome != "expired":
                if header.request_id in due:
                    due[header.request_id] = time.monotonic() + max(header.retry_after_ms, 50) / 1000
                continue
            due.pop(header.request_id, None)
            booking_id = self.response_type.FromString(frames[1]).booking_id
            self.answers[header.request_id].append(
                self.Reply(time.monotonic(), status, header.outcome, header.repeated_answer, booking_id))
            self.final.add(header.request_id)

    def stop_asking(self):
        """Only what was asked already is still waited for."""
        self.waiting.clear()

    def outcomes(self):
        return collections.Counter(replies[0].outcome for replies in self.answers.values())

    def booked(self):
        """The ids of the bookings that callers were told of."""
        return {reply.booking_id for replies in self.answers.values() for reply in replies if reply.outcome == "ok"}

    def contradictions(self):
        """Requests that were answered in two ways."""
        return [request_id for request_id, replies in self.answers.items()
                if len({(reply.outcome, reply.booking_id) for reply in replies}) > 1]

    def longest_gap_s(self):
        times = sorted(replies[0].at for replies in self.answers.values())
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=0.0)


def book_request(schema, slot_id, person):
    request = schema("bhr.booking.v1.BookRequest")(slot_id=slot_id)
    for field in ("nhs_number", "family_name", "given_name", "birth_date"):
        setattr(request.person, field, person[field])
    request.contact.phone = person["phone"]
    return request.SerializeToString()
