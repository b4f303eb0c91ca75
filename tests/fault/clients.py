"""The clients of a run under faults, and what they heard, word for word.

    clients = Clients(world, seed); clients.start(); ...; clients.stop()

Callers over ZeroMQ, each a system's front end that asks one service one thing after the other: through any of its doors,
again with the same id through another door after a silence or an answer that says so, until it has an answer or gives up.
Beside them one outside system on its request topic (topic_caller.py). Each writes FOLDER/history/client-<n>.jsonl, one
line for each thing:

    {"k": "call", "at_us", "client", "seq", "request_id", "source", "method", "digest", "args", "via", "min_position"}
    {"k": "answer", "at_us", "client", "seq", "request_id", "source", "method", "digest", "via", "status", "outcome",
     "repeated", "position", "body", "result"}
    {"k": "silence", "at_us", "client", "seq", "request_id", "source", "method"}
    {"k": "finish", "at_us", "client"}

    call     a request was sent, or sent again; seq counts what this client wanted: calls and answers with one seq belong
             together. request_id is the command's id, source the system that asked. digest is BLAKE2b-128 over method and
             body in hex. args is what was asked without names; person is a number in the crowd of wishes.py.
             via is the process, "booking-2" or "index-1", or "topic"
    answer   any answer, also "unavailable". position is the reply's; of an answer heard on the event topic, the number of
             the entry that told it. body is BLAKE2b-128 over the answer's bytes, "" for none or for a topic's. result is
             what wishes.py:result_of reads there, {} for none
    silence  the client has given up: no answer came, or none that settled the matter
    finish   from here on nothing new is asked; what is open is asked until it is answered

Times are time.monotonic_ns() // 1000."""
import hashlib
import random
import threading
import time

import zmq

from history import Writer, full_name, is_command
from raw_client import STATUS, Schema, read_keys
from topic_caller import TopicCaller
from wishes import Market, Wishes, result_of
from wishes_index import STEWARDS, IndexWishes, Persons

SYSTEMS = ["111-nel"] * 78 + ["hub-demo"] * 38 + ["ops"] * 4
INDEX_SYSTEMS = ["111-nel"] * 4 + ["gp-demo"] * 6 + ["ops"] * 4
TOPIC_SYSTEM = "gp-demo"
COMMANDS_PER_SECOND = 1800
INDEX_RATES = {"111-nel": 6.0, "gp-demo": 6.0, "ops": 2.0}  # of each caller, in a second
TOKEN_MINUTES = 240
QUESTION_SHARES = {"booking": 0.12, "index": 0.3}
SESSIONS_PER_SECOND, FIRST_SESSIONS = 3.0, 6
ATTEMPT_S, REST_S, BUSY_S = 1.2, 0.1, 0.4
GIVE_UP_S = (2.5, 25.0, 25.0, 25.0)  # one caller in four has no patience
DEADLINE_MS = 20000
FINISH_S = 60.0
# What a door says without asking anybody, and would say again.
FINAL_AT_DOOR = {"invalid", "denied", "denied_condition", "denied_role", "denied_purpose", "unknown_method",
                 "request_too_large", "id_reused", "user_token_refused", "user_token_required"}


class Clients:
    def __init__(self, world, seed, commands_per_second=COMMANDS_PER_SECOND):
        self.schema, self.market, self.is_finishing = Schema(), Market(), threading.Event()
        self.fault = None
        self.context = zmq.Context()
        folder, rate = f"{world.folder}/history", commands_per_second / SYSTEMS.count("111-nel")
        rates = {"111-nel": rate * 0.7, "hub-demo": rate * 0.65, "ops": SESSIONS_PER_SECOND / SYSTEMS.count("ops")}
        self.tokens = {user: token_of(world, user) for user in STEWARDS}
        who = [("booking", system, rates[system], Wishes, self.market) for system in SYSTEMS]
        persons = Persons(self.market)
        who += [("index", system, INDEX_RATES[system], IndexWishes, persons) for system in INDEX_SYSTEMS]
        self.callers = []
        for number, (service, system, per_second, kind, known) in enumerate(who, 1):
            draw = random.Random(f"{seed}/{number}")
            self.callers.append(Caller(self, world, Writer(folder, number), service, system, per_second, draw,
                                       kind(self.schema, draw, known, system, str(number))))
        self.topic_caller = TopicCaller(self, world, Writer(folder, len(who) + 1), TOPIC_SYSTEM,
                                        random.Random(f"{seed}/topic"))
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        self.topic_caller.start()

    def stop(self):
        """Nothing new is asked from now on; returns when what is open is answered, or after a minute."""
        self.is_finishing.set()
        self.thread.join()
        self.topic_caller.join()
        self.context.destroy(linger=0)
        fault = self.fault or self.topic_caller.fault
        if fault is not None:
            raise fault

    def run(self):
        try:
            self.converse()
        except Exception as error:  # pylint: disable=broad-except
            self.fault = error
        for caller in self.callers:
            caller.writer.close()

    def converse(self):
        poller, of_socket = zmq.Poller(), {}
        for caller in self.callers:
            for via, one in caller.sockets.items():
                of_socket[one] = (caller, via)
                poller.register(one, zmq.POLLIN)
        finish_by = None
        while any(not caller.is_done for caller in self.callers):
            if self.is_finishing.is_set() and finish_by is None:
                finish_by = time.monotonic() + FINISH_S
                for caller in self.callers:
                    caller.finish(finish_by)
            for one, _ in poller.poll(3):
                caller, via = of_socket[one]
                caller.hear(one, via)
            now = time.monotonic()
            for caller in self.callers:
                caller.step(now)


def token_of(world, user):
    """Of a steward of the index."""
    path = world.sign_in(user, role="index-steward", organisation="Y90000", system="ops", minutes=TOKEN_MINUTES)
    with open(path, encoding="ascii") as file:
        return file.read()


class Caller:
    """One front end of one service: at most one request of it is open."""

    def __init__(self, clients, world, writer, service, system, per_second, draw, wishes):
        self.schema, self.service, self.system, self.per_second, self.draw = (clients.schema, service, system, per_second,
                                                                              draw)
        self.writer, self.wishes, self.market, self.tokens = writer, wishes, clients.market, clients.tokens
        self.header_type = clients.schema("bhr.exchange.v1.RequestHeader")
        self.reply_type = clients.schema("bhr.exchange.v1.ReplyHeader")
        server_key = read_keys(f"{world.folder}/keys/door.key")[0]
        keys = read_keys(f"{world.folder}/keys/{system}.key")
        self.sockets = {door: self.open(clients.context, world.setting(door, "door_endpoint"), server_key, keys)
                        for door in world.of_service(service)}
        self.seq, self.position = 0, 0
        self.wish, self.via, self.due, self.give_up_at, self.deadline_ms = None, None, 0.0, 0.0, 0
        self.next_at = time.monotonic() + draw.expovariate(per_second)
        self.finish_by, self.unanswered, self.is_done = None, [], False

    @staticmethod
    def open(context, endpoint, server_key, keys):
        one = context.socket(zmq.DEALER)
        one.linger, one.immediate = 0, 1
        one.setsockopt(zmq.RECONNECT_IVL, 50)
        one.setsockopt(zmq.RECONNECT_IVL_MAX, 400)
        one.setsockopt(zmq.HANDSHAKE_IVL, 3000)
        one.curve_serverkey = server_key
        one.curve_publickey, one.curve_secretkey = keys
        one.connect(endpoint)
        return one

    def finish(self, by):
        self.writer.write("finish")
        self.finish_by = by
        self.give_up_at = by
        # Of what was never answered, half is asked once more: what became of it is then told. The other half stays open,
        # as it does where a caller never comes back.
        self.unanswered = self.unanswered[::2]

    def step(self, now):
        if self.wish is None:
            self.begin(now)
        elif now >= self.give_up_at:
            self.writer.write("silence", seq=self.seq, request_id=self.wish.request_id, source=self.system,
                              method=self.wish.method)
            if is_command(self.wish.method):
                self.unanswered.append(self.wish)
            self.wish = None
        elif now >= self.due:
            self.send(now)

    def begin(self, now):
        if self.finish_by is not None:
            if not self.unanswered or now >= self.finish_by:
                self.is_done = True
                return
            self.want(now, self.unanswered.pop(), self.finish_by)
            return
        is_empty = self.service == "booking" and len(self.market.sessions) + len(self.market.hot) < FIRST_SESSIONS
        if self.system != "ops" if is_empty else now < self.next_at:
            return  # while there is next to nothing to book, only those who publish have something to say
        # Who could not ask for a while does not ask it all at once then.
        self.next_at = max(self.next_at, now - 1.0) + self.draw.expovariate(self.per_second)
        if self.system == "ops" and self.service == "booking":
            wish = self.wishes.publish()
        elif self.draw.random() < QUESTION_SHARES[self.service]:
            wish = self.wishes.next_question()
        else:
            wish = self.wishes.next_command()
        self.want(now, wish, now + self.draw.choice(GIVE_UP_S))

    def want(self, now, wish, give_up_at):
        self.seq += 1
        self.wish, self.give_up_at = wish, give_up_at
        self.deadline_ms = 0 if self.draw.random() < 0.5 else self.new_deadline_ms()
        self.via = self.draw.choice(list(self.sockets))
        self.send(now)

    @staticmethod
    def new_deadline_ms():
        return int(time.time() * 1000) + DEADLINE_MS

    def send(self, now):
        wish = self.wish
        is_anybodys = not is_command(wish.method) and self.draw.random() < 0.5
        known = self.market.positions[self.service] if is_anybodys else self.position
        header = self.header_type(method=full_name(wish.method), request_id=wish.request_id, deadline_ms=self.deadline_ms,
                                  min_position=known, user_token=self.tokens.get(wish.user, ""))
        self.via = self.draw.choice([via for via in self.sockets if via != self.via or len(self.sockets) == 1])
        try:
            self.sockets[self.via].send_multipart([header.SerializeToString(), wish.body], zmq.DONTWAIT)
        except zmq.Again:
            self.due = now + REST_S  # nobody is there: the next door
            return
        self.due = now + ATTEMPT_S
        self.wishes.sent(wish)
        self.writer.write("call", seq=self.seq, request_id=wish.request_id, source=self.system, method=wish.method,
                          digest=wish.digest, args=wish.args, via=self.via, min_position=known)

    def hear(self, one, via):
        while True:
            try:
                frames = one.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            self.take(self.reply_type.FromString(frames[0]), frames[1] if len(frames) > 1 else b"", via)

    def take(self, reply, body, via):
        wish = self.wish
        self.wishes.heard(reply.request_id)
        if wish is None or reply.request_id != wish.request_id:
            return
        result = result_of(self.schema, wish.method, body) if body else {}
        self.writer.write("answer", seq=self.seq, request_id=wish.request_id, source=self.system, method=wish.method,
                          digest=wish.digest, via=via, status=STATUS[reply.status], outcome=reply.outcome,
                          repeated=reply.repeated_answer, position=reply.position,
                          body=hashlib.blake2b(body, digest_size=16).hexdigest() if body else "", result=result)
        is_told = (STATUS[reply.status] in ("ok", "refused", "not_found")
                   or (is_command(wish.method) and reply.position > 0))
        if not is_told and reply.outcome not in FINAL_AT_DOOR:
            # Who is told that it is being worked on, or that nobody knows, does not make more of it.
            rest_s = BUSY_S if reply.outcome in ("in_progress", "unknown_outcome") else REST_S
            self.due = time.monotonic() + max(reply.retry_after_ms / 1000, rest_s)
            if reply.outcome == "deadline_passed":
                self.deadline_ms = self.new_deadline_ms()  # whoever still wants to know says so
            return
        if reply.outcome != "behind":
            self.position = max(self.position, reply.position)
        self.wishes.learn(wish, reply.outcome, result, reply.position)
        self.wish = None
