"""An index to be measured: Kafka, Redis and one process of its own, with people registered in it by `bhr index import
people`, 64 under way at once; and what is asked of it (bhr-bench-ask)."""
import contextlib
import csv
import os
import struct
import time

from bench_suite import Failure, MeasuredSuite, read_json, unaudited_build
from raw_client import new_id

INDEX = "index-1"
SERVICE = "bhr.index.v1.IndexService/"
PRACTICE, OPERATOR, ORGANISATION, SOURCE = "gp-demo", "ops", "Y90001", "bench"
# Behind the page's header: magic, version, address, map size, two trees, last page, transaction.
LMDB_META = struct.Struct("<16xIIQQ96xQQ")
LMDB_MAGIC, PAGE = 0xBEEFC0DE, 4096


class IndexSuite(MeasuredSuite):
    def __init__(self, build, rules, people, **settings):
        """people: for so many and a quarter more there is room, as an operator would set it."""
        rows = {"person_keys_max": people * 5 // 4 + 1000, "people_max": people * 5 // 4 + 1000, **settings}
        super().__init__(session_timeout_ms=6000, count=1, build=build, services=("index",),
                         index_settings=" ".join(f"{name}={value}" for name, value in rows.items()))
        self.rules, self.asked = rules, 0

    def configured(self):
        self.change(INDEX, rules_file=self.rules, audit_durable_methods="")  # which is of GetPerson; no row asks that

    def register(self, path):
        """Everybody of a file, who is visible when their answer comes: (seconds, what became of each, row by row)."""
        since, out = time.monotonic(), f"{path}.out"
        done = self.bhr("index", "import", "people", path, "--source", SOURCE, "--organisation", ORGANISATION, "--out", out,
                        system=OPERATOR, timeout_s=7200)
        seconds = time.monotonic() - since
        if done.code != 0:
            raise Failure(f"not everybody was registered: {dict(done)} {done.errors}")
        return seconds, read_rows(out)

    def trace(self, path):
        """Everybody of a file looked for by description: what became of each, row by row."""
        out = f"{path}.out"
        self.must("index", "trace", path, "--out", out, system=OPERATOR, timeout_s=7200)
        return read_rows(out)

    def ask(self, questions, clients, in_flight, seconds):
        """One run of the questions of a file: {per_second, p50_us, p99_us, cpu_us ...}. seconds 0: each of them once."""
        cpu = self.cpu_s()
        result = read_json([f"{self.build}/tests/bench/bhr-bench-ask", *self.door_words(PRACTICE, [INDEX]), questions,
                            *map(str, (self.asked if seconds else 0, clients, in_flight, seconds))])
        self.asked += result["sent"]
        return self.judge(result, cpu)

    @contextlib.contextmanager
    def unaudited(self):
        """The same store, served by an index that leaves no record of who looked; yields how long it took to be ready."""
        with unaudited_build(self.build, "index") as build:
            self.stop(INDEX)
            self.script_environment["BHR_SUITE_BUILD"], since = build, time.monotonic()
            self.start(INDEX)
            self.ready(INDEX)
            yield time.monotonic() - since
            self.stop(INDEX)
        self.script_environment["BHR_SUITE_BUILD"] = self.build

    def sizes(self, method, body):
        """Of a question, of its answer: (bytes of the header's frame, of the body's), as caller and door send them."""
        client = self.client(INDEX, PRACTICE)
        question = self.schema("bhr.exchange.v1.RequestHeader")(method=method, request_id=new_id())
        header, answer = client.ask(method, body, request_id=question.request_id)
        client.close()
        if header.outcome != "ok":
            raise Failure(f"the question to be measured was answered {header.outcome}")
        return (question.ByteSize(), len(body)), (header.ByteSize(), len(answer))

    def anonymous_bytes(self):
        return self.memory_mib(INDEX)[0] * 1024 * 1024

    def store_bytes(self):
        """Up to the last page of the store's file that was ever in use; the file itself is grown ahead of that."""
        pages = 0
        for folder, _, names in os.walk(f"{self.folder}/data/{INDEX}"):
            for name in names:
                if name != "data.mdb":
                    continue
                with open(f"{folder}/{name}", "rb") as file:
                    metas = [LMDB_META.unpack(file.read(PAGE)[:LMDB_META.size]) for _ in range(2)]
                pages += 1 + max(last for magic, _, _, _, last, _ in metas if magic == LMDB_MAGIC)
        if pages == 0:
            raise Failure("no store was found")
        return pages * PAGE


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def put_question(file, method, body, answer=b""):
    """answer: what must come back; nothing: whatever is good."""
    file.write(struct.pack("<HHH", len(method), len(body), len(answer)) + method.encode() + body + answer)
