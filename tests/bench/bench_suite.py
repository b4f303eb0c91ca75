"""A suite to be measured: Kafka, Redis and booking processes of its own (tests/e2e/suite.py), and the load generator."""
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [f"{ROOT}/tests/e2e", f"{ROOT}/tests/support"]

from load import book_request  # noqa: E402
from loaded import SLOTS_PER_SESSION, LoadedSuite, read_json  # noqa: E402,F401 (for the rows)
from public_events import Consumer, Schema, differences, expected_events  # noqa: E402,F401 (for the rows)
from raw_client import SERVICE, new_id  # noqa: E402
from suite import Failure, free_ports, name_of, people, until  # noqa: E402,F401 (for the rows)

KAFKA_HEAP = "1g"
PERSONS_MAX = 10000000  # a run at 30,000 bookings a second meets more new people than a borough has
AUDITED, AUDITED_DURABLY = "", "ListPersonBookings"  # values of audit_durable_methods


class MeasuredSuite(LoadedSuite):
    """Of which processor time is taken: of its processes, Kafka, Redis and all load."""

    def __init__(self, **options):
        super().__init__(**options)
        self.script_environment |= {"BHR_KAFKA_HEAP": KAFKA_HEAP, "BHR_KAFKA_JAVA": ""}

    def judge(self, result, cpu_before_s):
        """The result of a load generator, every request of which must have been done."""
        if result["ok"] != result["sent"]:
            raise Failure(f"{result['sent'] - result['ok']} of {result['sent']} requests were not done")
        result["cpu_us"] = (self.cpu_s() - cpu_before_s) * 1e6 / max(result["ok"], 1)
        return result

    def cpu_s(self):
        tick, total = os.sysconf("SC_CLK_TCK"), 0.0
        names = [name_of(number, service) for service in self.services for number in self.numbers(service)]
        for path in [f"{self.folder}/{name}.pid" for name in names] + \
                [f"{self.folder}/kafka/pid", f"{self.folder}/redis/pid"]:
            with open(path, encoding="ascii") as file, open(f"/proc/{int(file.read())}/stat", encoding="utf-8") as stat:
                total += sum(map(int, stat.read().rpartition(")")[2].split()[11:13])) / tick
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return total + children.ru_utime + children.ru_stime

    def compiler_s(self):
        """Processor time that the broker's own compiler has used."""
        tasks = f"/proc/{self.broker_pid()}/task"
        total = 0
        for task in os.listdir(tasks):
            try:
                with open(f"{tasks}/{task}/stat", encoding="utf-8") as stat:
                    name, _, fields = stat.read().partition("(")[2].rpartition(")")
            except FileNotFoundError:
                continue  # compiler threads come and go
            if "Compiler" in name:
                total += sum(map(int, fields.split()[11:13]))
        return total / os.sysconf("SC_CLK_TCK")


class BenchSuite(MeasuredSuite):
    """Booking."""

    def __init__(self, build, count=1, flush=False, writemap=True, session_timeout_ms=6000, tls=False,
                 durable_methods=AUDITED_DURABLY):
        settings = f"journal_flush={str(flush).lower()} store_writemap={str(writemap).lower()} " \
            f"person_keys_max={PERSONS_MAX}"
        super().__init__(session_timeout_ms=session_timeout_ms, count=count, settings=settings, build=build, tls=tls)
        self.durable_methods = durable_methods
        if flush:
            self.topic_words.append("--flush")

    def configured(self):
        for number in self.numbers():
            self.change(number, audit_durable_methods=self.durable_methods)

    def book(self, clients, in_flight, seconds, per_second=0, people="known", token=None):
        """One run: {per_second, p50_us, p99_us, cpu_us, ...}; every request must have been booked."""
        cpu = self.cpu_s()
        result = read_json(self.booking_words(clients, in_flight, seconds, per_second, people,
                                              *([] if token is None else [token])))
        return self.judge(self.take(result), cpu)

    def ask(self, clients, in_flight, seconds):
        """The same of questions for a person's bookings."""
        cpu = self.cpu_s()
        result = read_json(self.load_words("ask", "111-nel", self.used, clients, in_flight, seconds))
        return self.judge(result, cpu)

    def question_and_answer_bytes(self):
        """Of one booking as it travels between caller and door, headers and bodies."""
        client = self.client(1)
        body = book_request(self.schema, self.clinic(slots=1)[1][0], people(1, 1)[0])
        question = self.schema("bhr.exchange.v1.RequestHeader")(method=SERVICE + "Book", request_id=new_id())
        header, answer = client.ask("Book", body, request_id=question.request_id)
        client.close()
        if header.outcome != "ok":
            raise Failure(f"the booking to be measured was answered {header.outcome}")
        self.told += 1
        return question.ByteSize() + len(body), header.ByteSize() + len(answer)

    def token_check(self, token, seconds):
        """{verified_ns, remembered_ns}, in a process that does nothing else."""
        return read_json([f"{self.build}/tests/bench/bhr-bench-token", self.setting(1, "token_key_set_file"),
                          self.setting(1, "token_issuer"), self.setting(1, "token_audience"), token, str(seconds)])

    def faults(self):
        """What an independent count of the journal contradicts, or nothing."""
        done = subprocess.run(["/usr/bin/python3", f"{ROOT}/tests/support/count_bookings.py", self.brokers,
                               *self.trust_words()], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            return [f"count_bookings.py: {done.stderr.strip()}"]
        counted = json.loads(done.stdout)
        faults = list(counted["faults"])
        if counted["booked"] != self.told:
            faults.append(f"callers were told of {self.told} bookings, the journal has {counted['booked']}")
        return faults


def kafka_floor(build, brokers, record_bytes, seconds):
    return read_json([f"{build}/tests/bench/bhr-bench-kafka", "hops", brokers, str(record_bytes), str(seconds)])


def kafka_reading(build, brokers, topic):
    return read_json([f"{build}/tests/bench/bhr-bench-kafka", "read", brokers, topic])


def curve_echo(build, how, clients, in_flight, seconds, sizes):
    return read_json([f"{build}/tests/bench/bhr-bench-curve", how, *map(str, (clients, in_flight, seconds, *sizes))])


def sealing(build, seconds):
    return read_json([f"{build}/tests/bench/bhr-bench-seal", str(seconds)])


@contextlib.contextmanager
def unaudited_build(build, service="booking"):
    """A build folder like that one, whose service audits nothing."""
    program = "bhr-bench-unaudited" + ("" if service == "booking" else f"-{service}")
    with tempfile.TemporaryDirectory(prefix="bhr-bench-") as folder:
        for name, target in (("bhr", "bhr"), ("tests", "tests"), (f"bhr-{service}", f"tests/bench/{program}")):
            os.symlink(f"{build}/{target}", f"{folder}/{name}")
        yield folder


def temporary_folder():
    return tempfile.gettempdir()
