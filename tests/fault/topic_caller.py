"""The outside system among the clients: it writes to its request topic and hears on the public event topic, as everybody
reads it, what became of its requests. Confluent's client and Google's protobuf alone."""
import hashlib
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition

from wishes import Wishes, result_of

EVENTS = "bhr.booking.event.v1"
RequestMessage = "bhr.booking.v1.{}Request".format
PER_SECOND, OPEN_MAX = 15.0, 64
ASK_AGAIN_S, GIVE_UP_S, FINISH_S = 12.0, 60.0, 60.0
IDS = {"SessionPublished": "session_id", "SlotHeld": "hold_id", "SlotBooked": "booking_id", "BookingCancelled": "booking_id"}
OUTCOME = "bhr.exchange.v1.RequestOutcome"
STATUS = ["unspecified", "ok", "refused", "invalid", "denied", "not_found", "in_progress", "too_busy", "unavailable",
          "unknown_outcome"]


class Open:
    """A request that waits for its outcome."""

    def __init__(self, seq, wish, now):
        self.seq, self.wish, self.due, self.give_up_at = seq, wish, now, now + GIVE_UP_S


class TopicCaller(threading.Thread):
    def __init__(self, clients, world, writer, system, draw):
        super().__init__(daemon=True)
        self.schema, self.is_finishing, self.writer, self.system, self.draw = (clients.schema, clients.is_finishing, writer,
                                                                               system, draw)
        self.wishes = Wishes(clients.schema, draw, clients.market, system, "topic")
        connection = world.kafka_client(system)
        self.producer = Producer({**connection, "enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 10000})
        self.consumer = Consumer({**connection, "group.id": system, "enable.auto.commit": False,
                                  "isolation.level": "read_committed", "auto.offset.reset": "earliest"})
        self.topic = f"bhr.booking.request.{system}.v1"
        self.seq, self.open, self.fault = 0, {}, None

    def run(self):
        try:
            self.consumer.assign([TopicPartition(EVENTS, 0, 0)])
            self.converse()
        except Exception as error:  # pylint: disable=broad-except
            self.fault = error
        finally:
            self.consumer.close()
            self.writer.close()

    def converse(self):
        next_at, finish_by = time.monotonic(), None
        while finish_by is None or (self.open and time.monotonic() < finish_by):
            self.hear()
            self.producer.poll(0)
            now = time.monotonic()
            if self.is_finishing.is_set() and finish_by is None:
                self.writer.write("finish")
                finish_by = now + FINISH_S
                for one in self.open.values():
                    one.give_up_at = finish_by
            if finish_by is None and now >= next_at and len(self.open) < OPEN_MAX:
                next_at = max(next_at, now - 1.0) + self.draw.expovariate(PER_SECOND)
                self.want(now)
            for one in list(self.open.values()):
                self.look_after(one, now)
        for one in list(self.open.values()):
            self.give_up(one)

    def want(self, now):
        if not self.wishes.market.sessions:
            return
        wish = self.wishes.publish() if self.draw.random() < 0.01 else self.wishes.next_command()
        if wish.request_id in self.open:
            return  # asked again while it is open: its two outcomes could not be told apart
        self.seq += 1
        self.open[wish.request_id] = Open(self.seq, wish, now)

    def look_after(self, one, now):
        if now >= one.give_up_at:
            self.give_up(one)
        elif now >= one.due:
            one.due = now + ASK_AGAIN_S
            self.send(one)

    def give_up(self, one):
        del self.open[one.wish.request_id]
        self.writer.write("silence", seq=one.seq, request_id=one.wish.request_id, source=self.system, method=one.wish.method)

    def send(self, one):
        wish = one.wish
        try:
            self.producer.produce(self.topic, wish.body, headers={"ce_type": RequestMessage(wish.method),
                                                                  "ce_id": wish.request_id})
        except BufferError:
            return
        self.wishes.sent(wish)
        self.writer.write("call", seq=one.seq, request_id=wish.request_id, source=self.system, method=wish.method,
                          digest=wish.digest, args=wish.args, via="topic", min_position=0)

    def hear(self):
        message = self.consumer.poll(0.02)
        if message is None or message.error():
            return
        headers = {name: value.decode() for name, value in message.headers()}
        if headers.get("ce_bhrsystem") != self.system:
            return
        self.wishes.heard(headers.get("ce_causationid"))
        one = self.open.pop(headers.get("ce_causationid"), None)
        if one is None:
            return
        told = self.told(headers["ce_type"], message.value(), one.wish)
        position = int(headers["ce_bhrnumber"])
        self.writer.write("answer", seq=one.seq, request_id=one.wish.request_id, source=self.system, method=one.wish.method,
                          digest=one.wish.digest, via="topic", position=position, body="",
                          heard=hashlib.blake2b(message.value(), digest_size=16).hexdigest(), **told)
        self.wishes.learn(one.wish, told["outcome"], told["result"], position)

    def told(self, kind, value, wish):
        if kind != OUTCOME:
            event, name = self.schema(kind).FromString(value), IDS[kind.rsplit(".", 1)[1]]
            thing = event.session if wish.method == "PublishSession" else event
            return {"status": "ok", "outcome": "ok", "repeated": False, "result": {name: getattr(thing, name)}}
        outcome = self.schema(OUTCOME).FromString(value)
        return {"status": STATUS[outcome.status], "outcome": outcome.outcome, "repeated": outcome.repeated_answer,
                "result": result_of(self.schema, wish.method, outcome.answer) if outcome.answer else {}}
