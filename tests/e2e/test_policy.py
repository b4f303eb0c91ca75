"""Who may do what, on a suite that runs: a policy that changes is in force within a second, a bad one changes nothing, and the
connections of a key that is taken away are ended within a second; seen by a client that shares no code with ours."""
import os
import signal
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

from raw_client import RawClient, Schema, read_keys
from suite import now_ms, run, until

DAY_MS = 86_400_000


class Wire(RawClient):
    """Tells when its connection was made and ended, in monotonic seconds."""

    def __init__(self, schema, suite, system):
        super().__init__(schema, suite.setting(1, "door_endpoint"), read_keys(f"{suite.folder}/keys/door.key")[0],
                         read_keys(f"{suite.folder}/keys/{system}.key"))
        self.events = self.socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)

    def saw(self, event, limit_s):
        ends = time.monotonic() + limit_s
        while time.monotonic() < ends:
            if self.events.poll(20) and recv_monitor_message(self.events)["event"] == event:
                return time.monotonic()
        return None

    def finds(self, wait_s=3.0):
        answer = self.ask("FindSlots", self.message("FindSlotsRequest", service_id="clinic", from_ms=now_ms(),
                                                    to_ms=now_ms() + DAY_MS), wait_s)
        return answer and answer[0].outcome


class Policy:
    def __init__(self, suite):
        self.suite, self.path = suite, f"{suite.folder}/policy"
        with open(self.path, encoding="ascii") as file:
            self.first = file.read()

    def write(self, text):
        """As a whole, by its name; the second of it."""
        with open(f"{self.path}.new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(f"{self.path}.new", self.path)
        return time.monotonic()

    def revoking(self, system):
        return self.first.replace(f"system {system} {{\n", f"system {system} {{\n    revoked\n")


def rows_of(suite, text):
    """Whether `bhr policy check` takes it."""
    with open(f"{suite.folder}/tried", "w", encoding="ascii") as file:
        file.write(text)
    return suite.bhr("policy", "check", f"{suite.folder}/tried")


def revocation(suite, check, policy, schema):
    speaker, silent, other = Wire(schema, suite, "gp-demo"), Wire(schema, suite, "gp-demo"), Wire(schema, suite, "111-nel")
    check("everybody is served", (speaker.finds(), other.finds()) == ("ok", "ok"))
    check("one connection is open and has not spoken", silent.saw(zmq.EVENT_HANDSHAKE_SUCCEEDED, 5) is not None)
    since = policy.write(policy.revoking("gp-demo"))
    ended = speaker.saw(zmq.EVENT_DISCONNECTED, 3)
    check("the connection of the revoked system ends within a second", ended is not None and ended - since < 1.0,
          ended and ended - since)
    ended = silent.saw(zmq.EVENT_DISCONNECTED, 3)
    check("and so does the one that never spoke", ended is not None and ended - since < 1.0, ended and ended - since)
    check("neither is let in again", speaker.finds(1.0) is None)
    check("another system goes on over the same connection",
          other.finds() == "ok" and other.saw(zmq.EVENT_DISCONNECTED, 0.1) is None)
    cut = suite.metrics(1).get("bhr_door_connections_cut_total")
    check("a metric counts them", cut is not None and cut >= 2, cut)
    policy.write(policy.first)
    found = until(lambda: Wire(schema, suite, "gp-demo").finds(0.5) == "ok", 5)
    check("the system comes back with the file of before", found)
    for wire in (speaker, silent, other):
        wire.close()


def rotation(suite, check, policy, schema):
    """A second key beside the first, then the first one goes; the system does not."""
    suite.must("keys", "new", "gp-demo-next", "--dir", f"{suite.folder}/keys")
    first, following = (read_keys(f"{suite.folder}/keys/{name}.key")[0].decode() for name in ("gp-demo", "gp-demo-next"))
    policy.write(policy.first.replace(first, f"{first}\n    key          {following}"))
    check("with two keys both are served", until(lambda: Wire(schema, suite, "gp-demo-next").finds(0.5) == "ok", 5))
    old, new = Wire(schema, suite, "gp-demo"), Wire(schema, suite, "gp-demo-next")
    check("over the old one, too", (old.finds(), new.finds()) == ("ok", "ok"))
    since = policy.write(policy.first.replace(first, following))
    ended = old.saw(zmq.EVENT_DISCONNECTED, 3)
    check("the connection of the old key ends within a second", ended is not None and ended - since < 1.0,
          ended and ended - since)
    check("the one of the new key stays", new.finds() == "ok" and new.saw(zmq.EVENT_DISCONNECTED, 0.1) is None)
    policy.write(policy.first)
    old.close()
    new.close()


def replacement(suite, check, policy, schema):
    wire = Wire(schema, suite, "111-nel")
    shadowed = policy.first + 'allow "again" {\n    systems 111-nel\n    methods booking/Book\n}\n'
    answer = rows_of(suite, shadowed)
    check("check names both lines of a shadowed rule", answer.code == 5 and "can never match: line" in str(answer.errors),
          answer.errors)
    before = len(suite.events(1, "policy_refused"))
    policy.write(shadowed)
    check("a bad file is refused in the log", until(lambda: len(suite.events(1, "policy_refused")) > before, 3))
    check("and the old policy goes on", wire.finds() == "ok")
    without = policy.first.replace("booking/FindSlots booking/Hold", "booking/Hold")
    policy.write(without)
    check("a good one is in force within a second", until(lambda: wire.finds() == "denied", 1.0, pause_s=0.1))
    policy.write(policy.first)
    with open(f"{suite.folder}/booking-1.pid", encoding="ascii") as file:
        os.kill(int(file.read()), signal.SIGHUP)
    check("a signal has it read at once", until(lambda: wire.finds() == "ok", 1.0, pause_s=0.1))
    wire.close()


def reasons(suite, check):
    check("check: the suite's own file is good", suite.bhr("policy", "check").code == 0)
    why = suite.bhr("policy", "why", "gp-demo", "-", "PublishSession", "--about-organisation", "Y90020")
    check("why: a practice and somebody else's places", why.code == 1 and why["reason"] == "denied_condition", dict(why))
    why = suite.bhr("policy", "why", "gp-demo", "-", "PublishSession", "--about-organisation", "Y90001")
    check("why: and its own", why.code == 0 and why["line"] > 0, dict(why))
    mine = suite.bhr("session", "publish", "--organisation", "Y90001", "--service", "clinic", "--starts",
                     "tomorrow 09:00", "--count", 4, system="gp-demo")
    check("the door says the same: its own", mine.code == 0, f"{dict(mine)} {mine.errors}")
    other = suite.bhr("session", "publish", "--organisation", "Y90020", "--service", "clinic", "--starts",
                      "tomorrow 09:00", "--count", 4, system="gp-demo")
    check("the door says the same: somebody else's", other.code == 1 and "denied_condition" in f"{dict(other)} {other.errors}",
          f"{dict(other)} {other.errors}")


def body(suite, check):
    schema, policy = Schema(), Policy(suite)
    reasons(suite, check)
    replacement(suite, check, policy, schema)
    revocation(suite, check, policy, schema)
    rotation(suite, check, policy, schema)


run("who may do what", body)
