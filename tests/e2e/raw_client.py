"""A second client of the exchange, of Google's protobuf and pyzmq alone: it shares no code with ours, and it can send what
ours never would. One RawClient is one DEALER to one door."""
import os
import secrets
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

SERVICE = "bhr.booking.v1.BookingService/"
STATUS = ["unspecified", "ok", "refused", "invalid", "denied", "not_found", "in_progress", "too_busy", "unavailable",
          "unknown_outcome"]


def skip(why):
    print(f"skipped: {why}")
    raise SystemExit(77)


try:
    import zmq
    from schema import Schema  # noqa: F401 (for the tests)
except ImportError as error:
    skip(f"{error}; scripts/install-deps.sh installs it")


def new_id(at_ms=None):
    """A UUIDv7 as text."""
    number = int(time.time() * 1000 if at_ms is None else at_ms) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def read_keys(path):
    """(public, secret) of a key file, as bytes of Z85."""
    with open(path, encoding="ascii") as file:
        keys = dict(line.strip().split(" = ", 1) for line in file if " = " in line)
    return keys["public"].encode(), keys["secret"].encode()


class RawClient:
    def __init__(self, schema, endpoint, server_public, keys):
        self.schema = schema
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_serverkey = server_public
        self.socket.curve_publickey, self.socket.curve_secretkey = keys
        self.socket.connect(endpoint)

    def close(self):
        self.context.destroy(linger=0)

    def message(self, name, **fields):
        return self.schema("bhr.booking.v1." + name)(**fields)

    def ask(self, method, body, wait_s=8.0, **header):
        """One question; (reply header, reply body bytes), or None when nothing came back in time."""
        header.setdefault("request_id", new_id())
        name = method if "/" in method else SERVICE + method
        frame = self.schema("bhr.exchange.v1.RequestHeader")(method=name, **header).SerializeToString()
        return self.ask_frames([frame, body if isinstance(body, bytes) else body.SerializeToString()], wait_s)

    def ask_frames(self, frames, wait_s=8.0):
        self.socket.send_multipart(frames)
        if not self.socket.poll(int(wait_s * 1000)):
            return None
        reply = self.socket.recv_multipart()
        return self.schema("bhr.exchange.v1.ReplyHeader").FromString(reply[0]), reply[1] if len(reply) > 1 else b""
