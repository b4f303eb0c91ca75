"""Judges the golden journal once more, with nothing of ours: Google's protobuf reads the records, hashlib chains them,
and the rule of journal.md sections 3 and 6 is written here a second time, from the specification.

usage: check_golden.py PROTO_ROOT GOLDEN_WITHOUT_EXTENSION   (exit 77: protoc or python3-protobuf is missing)
"""
import hashlib
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings

ENVIRONMENT, LOCALITY = "local", "nel-bhr"


def load_schema(proto_root):
    """Compiles journal.proto into a temporary folder; None when the tools are missing."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        return None
    if shutil.which("protoc") is None:
        return None
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "-I", proto_root, "--descriptor_set_out", out.name, "bhr/journal/v1/journal.proto"],
                       check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    descriptor = pool.FindMessageTypeByName("bhr.journal.v1.Record")
    factory = message_factory.MessageFactory(pool)
    return factory.GetPrototype(descriptor)


def read_records(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        offset, timestamp, is_append_time, size = struct.unpack_from(">qqBI", data, at)
        at += 21
        yield offset, timestamp, is_append_time == 1, data[at:at + size]
        at += size


def pair(position):
    return position.generation, position.offset


def decode(Record, value):
    """The record, or None. Lenient where ours is strict: the golden journal has no bytes on which they differ."""
    from google.protobuf.message import DecodeError
    record = Record()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of some malformed bytes the C implementation only complains.
            record.ParseFromString(value)
    except DecodeError:
        return None
    return record if record.WhichOneof("record") is not None else None


class Rule:
    def __init__(self, service="booking"):
        self.service = service
        self.journal_id = self.owner = self.crashed_at = None
        self.epoch = self.number = self.decided_at = self.log_time = self.crashes = 0
        self.prev = bytes(16)
        self.resume_at = (0, 0)

    def accept(self, record, offset, timestamp, is_append_time, value):
        verdict = self.judge(record, offset, timestamp, is_append_time)
        if verdict in ("genesis", "claim", "entry"):
            getattr(self, "take_" + verdict)(getattr(record, verdict))
            self.prev = hashlib.blake2b(self.prev + value, digest_size=16).digest()
            self.log_time = max(self.log_time, timestamp)
        return verdict

    def judge(self, record, offset, timestamp, is_append_time):
        if record is None:
            return "unreadable"
        if not is_append_time:
            return "timestamp_type"
        kind = record.WhichOneof("record")
        if kind == "genesis":
            genesis = record.genesis
            assert (genesis.environment, genesis.service, genesis.locality) == (ENVIRONMENT, self.service, LOCALITY)
            return "genesis" if offset == 0 else "second_genesis"
        if kind == "claim":
            return "claim" if record.claim.epoch == self.epoch + 1 else "claim_epoch"
        entry = record.entry
        if entry.epoch != self.epoch:
            return "entry_epoch"
        if entry.owner != self.owner:
            return "entry_owner"
        if entry.number != self.number + 1:
            return "entry_number"
        if pair(entry.resume_at) < self.resume_at:
            return "entry_resume"
        if entry.decided_at_ms < self.decided_at:
            return "entry_time_back"
        if entry.decided_at_ms > max(self.log_time, timestamp) + 60000:
            return "entry_time_ahead"
        if entry.prev != self.prev:
            return "entry_prev"
        return "entry"

    def take_genesis(self, genesis):
        self.journal_id = genesis.journal_id
        self.resume_at = pair(genesis.starts_at)

    def take_claim(self, claim):
        self.epoch, self.owner = claim.epoch, claim.owner
        if not claim.HasField("crashed_at"):
            return
        work = claim.crashed_at
        note = ("timer", work.timer) if work.timer else ("command", pair(work.position))
        if note[0] == "command" and note[1] < self.resume_at:
            return
        self.crashes = self.crashes + 1 if note == self.crashed_at else 1
        self.crashed_at = note

    def take_entry(self, entry):
        self.number, self.resume_at, self.decided_at = entry.number, pair(entry.resume_at), entry.decided_at_ms
        if self.crashed_at is None:
            return
        kind, what = self.crashed_at
        if (kind == "command" and self.resume_at > what) or (kind == "timer" and entry.timer == what):
            self.crashed_at, self.crashes = None, 0


def report(Record, path):
    rule = Rule()
    lines = []
    bodies = {}
    for offset, timestamp, is_append_time, value in read_records(path):
        record = decode(Record, value)
        verdict = rule.accept(record, offset, timestamp, is_append_time, value)
        lines.append(f"record {offset} {verdict}")
        if verdict == "entry":
            bodies[record.entry.number] = record.entry
    timer = rule.crashed_at[1] if rule.crashed_at and rule.crashed_at[0] == "timer" else bytes(16)
    lines += [
        f"journal_id {rule.journal_id.hex()}", f"epoch {rule.epoch}", f"owner {rule.owner.hex()}",
        f"number {rule.number}", f"prev {rule.prev.hex()}", f"resume_at {rule.resume_at[0]} {rule.resume_at[1]}",
        f"decided_at_ms {rule.decided_at}", f"log_time_ms {rule.log_time}", f"crashes {rule.crashes}",
        f"crashed_at_timer {timer.hex()}",
        f"unreadable_bodies {sum(1 for entry in bodies.values() if entry.schema == 0)}",
    ]
    return lines, bodies


def check_bodies(bodies):
    """The bodies that our writer wrote mean to protobuf what they were meant to."""
    first = bodies[1]
    assert (first.schema, first.outcome, first.answer) == (1, 100, b"answer"), first
    assert list(first.events) == [b"first event", b""], first
    assert (first.source, first.command_id, pair(first.command_at)) == ("gp-1", b"\x42" * 16, (1, 500)), first
    assert bodies[2].timer == b"\x55" * 16 and not bodies[2].HasField("command_at"), bodies[2]
    assert bodies[3].repeats == 1, bodies[3]
    assert (pair(bodies[4].gap_from), pair(bodies[4].gap_to)) == ((1, 502), (1, 503)), bodies[4]
    assert (bodies[6].schema, bodies[6].detail) == (2, "slot_id"), bodies[6]
    assert bodies[7].answer == b"x" * 17000, len(bodies[7].answer)
    assert (first.correlation_id, first.method) == ("", ""), first
    if 8 not in bodies:
        return  # before v2
    assert (bodies[8].correlation_id, bodies[8].method) == ("journey-7", "Book"), bodies[8]
    assert (bodies[9].outcome, bodies[9].method) == (10, "Cancel"), bodies[9]
    assert bodies[9].detail == "denied: this system may not call this method", bodies[9]


def main():
    proto_root, golden = sys.argv[1:]
    Record = load_schema(proto_root)
    if Record is None:
        print("skipped: protoc or python3-protobuf is missing")
        return 77
    lines, bodies = report(Record, golden + ".journal")
    with open(golden + ".txt", encoding="ascii") as file:
        expected = file.read().splitlines()
    for ours, frozen in zip(lines, expected):
        assert ours == frozen, f"protobuf and this rule say {ours!r}, frozen is {frozen!r}"
    assert len(lines) == len(expected), (len(lines), len(expected))
    check_bodies(bodies)
    print(f"{len(expected)} lines and {len(bodies)} bodies agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
