"""Callers who ask on and on and never read an answer: the door ends their connections. What it holds for them meanwhile
is bounded by their number, also when they do it again and again; others are served all the time."""
import threading
import time

import zmq

from raw_client import SERVICE, new_id, read_keys
from suite import now_ms, run, until
from volume import VolumeSuite, sized

CONNECTIONS = sized(50, small=3)
QUEUE = 1000  # answers that a door keeps for a connection
SERVED_S, ENDED_S = sized(20, small=6), 60
ROUNDS = 3
PER_SECOND, P99_MS_MAX = sized(50, small=20), sized(2000, small=8000)
SPARE_MIB = 64  # what serving the others costs
LISTENS = "0A"


class Unread(threading.Thread):
    """Asks for long lists on each connection, again and again, and takes no answer."""

    def __init__(self, suite, number, system="hub-demo"):
        super().__init__(daemon=True)
        header = suite.schema("bhr.exchange.v1.RequestHeader")
        self.header = lambda: header(method=SERVICE + "FindSlots", request_id=new_id()).SerializeToString()
        self.body = suite.schema("bhr.booking.v1.FindSlotsRequest")(
            service_id="clinic", from_ms=now_ms(), to_ms=now_ms() + 6 * 86_400_000, limit=500).SerializeToString()
        self.context, self.is_over, self.sent = zmq.Context(), threading.Event(), 0
        self.sockets = [self.open(suite, suite.setting(number, "door_endpoint"), system) for _ in range(CONNECTIONS)]

    def open(self, suite, endpoint, system):
        one = self.context.socket(zmq.DEALER)
        one.linger, one.rcvhwm, one.sndhwm = 0, 1, 10
        one.setsockopt(zmq.RCVBUF, 65536)
        one.curve_serverkey = read_keys(f"{suite.folder}/keys/door.key")[0]
        one.curve_publickey, one.curve_secretkey = read_keys(f"{suite.folder}/keys/{system}.key")
        one.connect(endpoint)
        return one

    def run(self):
        while not self.is_over.is_set():
            for one in self.sockets:
                try:
                    one.send_multipart([self.header(), self.body], zmq.DONTWAIT)
                    self.sent += 1
                except zmq.Again:
                    pass
            time.sleep(0.002)
        self.context.destroy(linger=0)

    def close(self):
        self.is_over.set()
        self.join()


class Memory(threading.Thread):
    """The most that a door had, looked at often."""

    def __init__(self, suite, number):
        super().__init__(daemon=True)
        self.suite, self.number, self.most_mib, self.is_over = suite, number, 0.0, threading.Event()

    def run(self):
        while not self.is_over.wait(0.1):
            self.most_mib = max(self.most_mib, self.suite.memory_mib(self.number)[0])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()
        return False


def lost(suite, number):
    return suite.metrics(number).get('bhr_door_replies_lost_total{reason="unread"}', 0)


def connections(suite, number):
    """That the door has. What the kernel still keeps of one that is closed, and one that nobody took in yet, has no inode."""
    port = int(suite.setting(number, "door_endpoint").rsplit(":", 1)[1])
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return sum(1 for row in rows if row[1].endswith(f":{port:04X}") and row[3] != LISTENS and row[9] != "0")


def once(suite, check, number, had_mib, answer_bytes):
    """One crowd of them; had_mib: what the door had before the first."""
    check("nobody is connected", until(lambda: connections(suite, number) == 0, ENDED_S), connections(suite, number))
    unread = lost(suite, number)
    crowd = Unread(suite, number)
    with Memory(suite, number) as memory:
        crowd.start()
        try:
            check(f"{CONNECTIONS} have come", until(lambda: connections(suite, number) >= CONNECTIONS, ENDED_S),
                  connections(suite, number))
            done = suite.book_many(SERVED_S, 4, 4, PER_SECOND, numbers=[number])
            check(f"others are served: {done['ok']:,} of {done['sent']:,} booked, half within {done['p50_us'] / 1000:.1f} ms, "
                  f"99 of 100 within {done['p99_us'] / 1000:.1f} ms",
                  done["ok"] == done["sent"] > 0 and done["p99_us"] < P99_MS_MAX * 1000, done)
            ended = until(lambda: connections(suite, number) == 0, ENDED_S, pause_s=0.5)
            check(f"the door ends who does not read, after {crowd.sent:,} questions; {lost(suite, number) - unread:,.0f} answers "
                  "found no room before", ended, connections(suite, number))
        finally:
            crowd.close()
    bound = CONNECTIONS * QUEUE * answer_bytes / 2 ** 20 + SPARE_MIB
    check(f"it held {memory.most_mib - had_mib:.0f} MiB for {CONNECTIONS} connections, at most {bound:.0f}",
          memory.most_mib - had_mib < bound, (had_mib, memory.most_mib))


def body(suite, check):
    suite.make_slots(60_000)
    suite.clinic(slots=200, minutes=5, hour=6)
    number = suite.owner()
    client = suite.client(number)
    search = suite.schema("bhr.booking.v1.FindSlotsRequest")(service_id="clinic", from_ms=now_ms(),
                                                             to_ms=now_ms() + 6 * 86_400_000, limit=500)
    answer_bytes = len(client.ask("FindSlots", search)[1])
    client.close()
    check.note(f"an answer has {answer_bytes:,} bytes")
    suite.book_many(3, 4, 4, PER_SECOND, numbers=[number])
    had_mib = suite.memory_mib(number)[0]
    for _ in range(ROUNDS):
        once(suite, check, number, had_mib, answer_bytes)


if __name__ == "__main__":
    run(f"{CONNECTIONS} callers who never read", body, kind=VolumeSuite)
