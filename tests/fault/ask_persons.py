"""Asks every door of the index for persons, many at once, with pyzmq and Google's protobuf alone."""
import collections
import glob
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("support", "e2e")]

from history import full_name  # noqa: E402
from raw_client import RawClient, new_id, read_keys  # noqa: E402
from wishes import result_of  # noqa: E402

SYSTEM, AT_ONCE, PATIENCE_S, ROUNDS = "111-nel", 64, 3.0, 20
FINAL = ("ok", "person_unknown")


def ask_all(folder, schema, ids):
    """A line for each id and door: {"via", "asked", "outcome", "position", "result"}; outcome "" when none came."""
    for path in sorted(glob.glob(f"{folder}/index-*.ini")):
        with open(path, encoding="utf-8") as file:
            endpoint = re.search(r"^door_endpoint = (.*)$", file.read(), re.MULTILINE).group(1)
        client = RawClient(schema, endpoint, read_keys(f"{folder}/keys/door.key")[0],
                           read_keys(f"{folder}/keys/{SYSTEM}.key"))
        told = {}
        for _ in range(ROUNDS):
            ask_once(client, schema, [one for one in ids if one not in told], told)
        client.close()
        nothing = {"outcome": "", "position": 0, "result": {}}
        for one in ids:
            yield {"via": os.path.basename(path)[:-len(".ini")], "asked": one, **told.get(one, nothing)}


def ask_once(client, schema, ids, told):
    """Each of them once, as far as answers come."""
    header_type, reply_type = schema("bhr.exchange.v1.RequestHeader"), schema("bhr.exchange.v1.ReplyHeader")
    request_type, left, waits = schema("bhr.index.v1.GetPersonRequest"), collections.deque(ids), {}
    heard_at = time.monotonic()
    while (left or waits) and time.monotonic() < heard_at + PATIENCE_S:
        while left and len(waits) < AT_ONCE:
            request_id, asked = new_id(), left.popleft()
            waits[request_id] = asked
            header = header_type(method=full_name("GetPerson"), request_id=request_id)
            client.socket.send_multipart([header.SerializeToString(), request_type(person_id=asked).SerializeToString()])
        if not client.socket.poll(100):
            continue
        heard_at = time.monotonic()
        frames = client.socket.recv_multipart()
        reply = reply_type.FromString(frames[0])
        asked = waits.pop(reply.request_id, None)
        if asked is None or reply.outcome not in FINAL:
            continue
        body = frames[1] if len(frames) > 1 else b""
        told[asked] = {"outcome": reply.outcome, "position": reply.position,
                       "result": result_of(schema, "GetPerson", body) if body else {}}
