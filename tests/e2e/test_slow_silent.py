"""Ten thousand connections that say nothing: half are strangers who open a connection and never greet, and come again as
soon as they are cut off; half have shown the key of a system and never ask. Others are served meanwhile, those who come
new too, and each connection costs a bounded amount of memory."""
import errno
import resource
import selectors
import socket
import threading
import time

import zmq

from raw_client import read_keys
from suite import Failure, run, skip, until
from volume import VolumeSuite, sized

CONNECTIONS = sized(10_000)
KEYED, STRANGERS = CONNECTIONS // 2, CONNECTIONS - CONNECTIONS // 2
DESCRIPTORS = CONNECTIONS + 1000  # of this program, and of the process that it asks
CLIENTS, IN_FLIGHT, PER_SECOND, SECONDS = 8, 4, sized(100, small=20), sized(15, small=5)
P99_MS_MAX = sized(1000, small=5000)
KIB_MAX = 8192 + 128 * CONNECTIONS  # what those cost who are served meanwhile, and the silent ones
OPEN_S, GONE_S = 120, 30
AT_ONCE = 100
SPARE = 2 * CLIENTS + 10  # descriptors of callers who come and go


class Strangers(threading.Thread):
    """Connections of TCP on which nothing is ever sent. The door ends each after a while; then it is opened again."""

    def __init__(self, endpoint, count):
        super().__init__(daemon=True)
        host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
        self.address, self.count = (host, int(port)), count
        self.selector, self.is_over, self.open, self.ended = selectors.DefaultSelector(), threading.Event(), 0, 0

    def run(self):
        missing = self.count
        while not self.is_over.is_set():
            missing -= sum(self.begin() for _ in range(min(missing, 100)))
            for key, _ in self.selector.select(0.02):
                missing += self.hear(key.fileobj)
            self.open = self.count - missing
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def begin(self):
        one = socket.socket()
        one.setblocking(False)
        if one.connect_ex(self.address) not in (0, errno.EINPROGRESS):
            one.close()
            return False
        self.selector.register(one, selectors.EVENT_READ)
        return True

    def hear(self, one):
        """True when it was ended; the door's greeting is not answered."""
        try:
            if one.recv(4096):
                return False
        except BlockingIOError:
            return False
        except OSError:
            pass
        self.selector.unregister(one)
        one.close()
        self.ended += 1
        return True

    def close(self):
        self.is_over.set()
        self.join()


class Keyed:
    """Connections with a system's key, of one socket: a ROUTER may connect to the same endpoint again and again."""

    def __init__(self, suite, endpoint, system="gp-demo"):
        self.context, self.endpoint = zmq.Context(), endpoint
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.curve_serverkey = read_keys(f"{suite.folder}/keys/door.key")[0]
        self.socket.curve_publickey, self.socket.curve_secretkey = read_keys(f"{suite.folder}/keys/{system}.key")
        self.monitor = self.socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self.let_in = 0

    def open(self, count, until_s):
        """So many at a time that each is let in before the door's patience with it ends."""
        for begun in range(0, count, AT_ONCE):
            for _ in range(min(AT_ONCE, count - begun)):
                self.socket.connect(self.endpoint)
            while self.let_in < min(begun + AT_ONCE, count) and time.monotonic() < until_s:
                if self.monitor.poll(100):
                    self.monitor.recv_multipart()
                    self.let_in += 1

    def close(self):
        self.socket.disable_monitor()
        self.context.destroy(linger=0)


def serve(suite, check, what):
    """New callers, at a calm rate; what they were told."""
    done = suite.book_many(SECONDS, CLIENTS, IN_FLIGHT, PER_SECOND, numbers=[1])
    check(f"{what}: {CLIENTS} new connections, {done['ok']:,} of {done['sent']:,} booked, half within "
          f"{done['p50_us'] / 1000:.1f} ms, 99 of 100 within {done['p99_us'] / 1000:.1f} ms, longest silence "
          f"{done['gap_ms']:.0f} ms", done["ok"] == done["sent"] > 0 and done["p99_us"] < P99_MS_MAX * 1000, done)
    return done


def descriptors(suite):
    return suite.metrics(1).get("process_open_fds", 0)


def body(suite, check):
    allowed = suite.metrics(1)["process_max_fds"]
    if allowed < DESCRIPTORS:
        raise Failure(f"the process may have {allowed:.0f} descriptors; {DESCRIPTORS} are needed (ulimit -Hn)")
    suite.make_slots(20 * SECONDS * PER_SECOND)
    endpoint = suite.setting(1, "door_endpoint")
    old = suite.client(1)
    search = suite.schema("bhr.booking.v1.FindSlotsRequest")(service_id="clinic", from_ms=1, to_ms=86_400_000)
    check("before: a caller is connected", old.ask("FindSlots", search) is not None)
    serve(suite, check, "before")
    opened, memory = descriptors(suite), suite.memory_mib(1)[0]
    strangers, keyed = Strangers(endpoint, STRANGERS), Keyed(suite, endpoint)
    try:
        since = time.monotonic()
        strangers.start()
        keyed.open(KEYED, since + OPEN_S)
        check(f"{KEYED:,} connections have shown a key, beside strangers who come", keyed.let_in >= KEYED, keyed.let_in)
        check(f"and {STRANGERS:,} have not even greeted", until(lambda: strangers.open == STRANGERS, OPEN_S),
              strangers.open)
        found = until(lambda: descriptors(suite) > opened + KEYED + STRANGERS // 2 and descriptors(suite), 10)
        check.note(f"{found or descriptors(suite):,.0f} descriptors after {time.monotonic() - since:.1f} s, "
                   f"{opened:.0f} before")
        check("the metric shows them", found, descriptors(suite))
        serve(suite, check, f"beside {CONNECTIONS:,} silent connections")
        answer = old.ask("FindSlots", search)
        check("the caller who was there before is answered on the same connection", answer is not None)
        more = suite.memory_mib(1)[0] - memory
        check(f"the door holds {more:.1f} MiB more, {more * 1024 / CONNECTIONS:.0f} KiB for each",
              more * 1024 < KIB_MAX)
        ended = until(lambda: strangers.ended > STRANGERS // 2 and strangers.ended, 10)
        check(f"strangers are ended and come again: {strangers.ended:,} times", ended)
        strangers.close()
        left = until(lambda: descriptors(suite) <= opened + KEYED + SPARE and descriptors(suite), GONE_S)
        check("when the strangers leave, those with a key are still there", (left or 0) >= opened + KEYED - SPARE,
              descriptors(suite))
    finally:
        strangers.close()
        keyed.close()
    check("they leave, and their descriptors are free again", until(lambda: descriptors(suite) <= opened + SPARE, GONE_S),
          (descriptors(suite), opened))
    check.note(f"memory: {memory:.1f} MiB before, {suite.memory_mib(1)[0]:.1f} MiB after")
    serve(suite, check, "after")
    old.close()


def take_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        skip(f"{DESCRIPTORS} descriptors are needed, the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    take_descriptors()
    run(f"{CONNECTIONS:,} connections that say nothing", body, kind=VolumeSuite)
