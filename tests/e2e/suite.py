"""A whole suite for one test: its own Kafka broker, Redis and booking processes in a folder of its own, on free ports. It
ends with the test, in whatever way the test ends: a guardian process waits on a pipe for that.

    def body(suite, check):
        check("a slot is found", suite.find(...).code == 0)

    run("a small story", body)
"""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [f"{ROOT}/scripts", HERE]

from exchange import Failure, Suite, instant, name_of, now_ms, uk_day, uk_ms, until  # noqa: E402,F401 (for the tests)
from people import people  # noqa: E402,F401

APPLY_S = 60
BUILD = os.environ.get("BHR_TEST_BUILD", f"{ROOT}/build/dev")

# The last words of a folder: every process that its pid files name, if it still is that process, what the test wrote into
# last-words, then the folder.
GUARDIAN = """
trap '' INT TERM HUP
cat >/dev/null
"$1/suite.sh" kill
"$1/redis.sh" kill
"$1/kafka/kafka.sh" kill
if [ -e "$BHR_SUITE_DIR/last-words" ]; then sh "$BHR_SUITE_DIR/last-words"; fi
rm -rf "$BHR_SUITE_DIR"
"""


class Checks:
    """Counts what was checked, prints each line, and ends the program with 0 or 1."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0
        self.since = time.monotonic()

    def __call__(self, what, is_true, found=""):
        if is_true:
            self.passed += 1
        else:
            self.failed += 1
        line = f"{'ok  ' if is_true else 'FAIL'} {time.monotonic() - self.since:6.1f} s  {what}"
        print(line if is_true or found == "" else f"{line}\n              found: {found}", flush=True)
        return bool(is_true)

    def note(self, text):
        print(f"     {time.monotonic() - self.since:6.1f} s  {text}", flush=True)

    def __enter__(self):
        print(f"{self.name}:", flush=True)
        return self

    def __exit__(self, kind, error, trace):
        if kind is SystemExit:
            return False
        if error is not None:
            self("the test went to its end", False, f"{kind.__name__}: {error}")
            if not isinstance(error, Failure):
                sys.excepthook(kind, error, trace)
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return True


class OwnSuite(Suite):
    def __init__(self, session_timeout_ms=1500, count=2, settings="", build=BUILD, kafka_settings="", tls=False,
                 brokers=1, services=("booking",), index_settings="", index_count=None):
        for tool in ("java", "mvn", "redis-server", "curl"):
            if shutil.which(tool) is None:
                skip(f"there is no {tool}")
        for program in ("bhr", *(f"bhr-{service}" for service in services)):
            if not os.access(f"{build}/{program}", os.X_OK):
                skip(f"there is no {build}/{program}")
        kafka_port, door_port, http_port = free_ports()
        self.tls, self.copies, self.services = tls, min(brokers, 3), services
        self.kafka_numbers, self.topic_words = list(range(1, brokers + 1)), []
        folder = tempfile.mkdtemp(prefix="bhr-e2e-")
        super().__init__(folder, build, {
            "BHR_KAFKA_DIR": f"{folder}/kafka", "BHR_KAFKA_PORT": str(kafka_port), "BHR_KAFKA_HEAP": "256m",
            "BHR_KAFKA_JAVA": "-XX:TieredStopAtLevel=1",  # a broker that lives for a minute never earns back its compiler
            "BHR_KAFKA_COUNT": str(brokers), "BHR_KAFKA_SETTINGS": kafka_settings,
            "BHR_REDIS_DIR": f"{folder}/redis", "BHR_DOOR_PORT": str(door_port), "BHR_HTTP_PORT": str(http_port),
            "BHR_INDEX_DOOR_PORT": str(door_port + 6), "BHR_INDEX_HTTP_PORT": str(http_port + 6),
            "BHR_SUITE_COUNT": str(count), "BHR_INDEX_COUNT": str(index_count or count),
            "BHR_SUITE_SERVICES": " ".join(services),
            **({"BHR_KAFKA_TLS": f"{folder}/tls"} if tls else {"BHR_KAFKA_PLAINTEXT": "1"}),
            "BHR_SUITE_SETTINGS": f"session_timeout_ms={session_timeout_ms} {settings}".strip(),
            "BHR_INDEX_SETTINGS": f"session_timeout_ms={session_timeout_ms} {index_settings}".strip(),
            **self.whereabouts(folder, count, brokers)})
        self.guardian = subprocess.Popen(["bash", "-c", GUARDIAN, "guardian", f"{ROOT}/deploy/local"],
                                         env=self.script_environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, start_new_session=True)

    def whereabouts(self, folder, count, brokers):  # pylint: disable=unused-argument
        """More for the scripts' environment: where the processes run, when that is not simply here."""
        return {}

    @property
    def brokers(self):
        """As a client of Kafka wants them."""
        with open(f"{self.folder}/bhr.ini", encoding="utf-8") as file:
            return re.search(r"^brokers = (.*)$", file.read(), re.MULTILINE).group(1)

    def configured(self):
        """Their configuration is written, and nothing runs yet: for whoever wants it otherwise."""

    def __enter__(self):
        self.script("suite.sh", "configure")
        self.configured()
        self.script("kafka/kafka.sh", "start")
        self.script("redis.sh", "start")
        # What is there is left as it is: brokers on a busy machine take longer than bhr waits for them.
        words = ("topics", "apply", "--replication", self.copies, *self.topic_words)
        if not until(lambda: self.bhr(*words, system="ops").code == 0, APPLY_S, pause_s=1.0):
            self.must(*words, system="ops")
        if self.tls:
            self.must("topics", "acl", "--apply", system="ops")
        self.script("suite.sh", "start")
        self.script("suite.sh", "ready")
        for service in self.services:
            if until(lambda name=service: self.owner(name), 20) is None:
                raise Failure(f"no process owns the partition of {service}")
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and kind is not SystemExit:
            self.print_logs()
        self.guardian.stdin.close()
        self.guardian.wait()
        return False

    def print_logs(self, lines=25):
        for name in (name_of(number, service) for service in self.services for number in self.numbers(service)):
            print(f"---- the end of {name}.log")
            print("\n".join(self.log(name).splitlines()[-lines:]), flush=True)

    def log(self, number):
        try:
            with open(f"{self.folder}/log/{name_of(number)}.log", encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def must(self, *words, system="111-nel", timeout_s=60):
        """bhr, and it must have been done."""
        answer = self.bhr(*words, system=system, timeout_s=timeout_s)
        if answer.code != 0:
            raise Failure(f"bhr {' '.join(map(str, words))}: exit {answer.code}: {dict(answer)} {answer.errors}")
        return answer

    def start(self, *numbers):
        self.script("suite.sh", "start", *numbers)

    def ready(self, *numbers):
        self.script("suite.sh", "ready", *numbers)

    def stop(self, *numbers):
        self.script("suite.sh", "stop", *numbers)

    def kill(self, *numbers):
        self.script("suite.sh", "kill", *numbers)

    def is_running(self, number):
        return f"{name_of(number)}: runs" in self.script("suite.sh", "status", number, check=False)

    def stop_and_wait(self, *numbers):
        """Stops them in order; their exit codes, as their last log lines say."""
        self.stop(*numbers)
        return [last.get("exit_code") for number in numbers for last in self.events(number, "ended")[-1:]]

    def events(self, number, name):
        """The log's lines of that event."""
        return [event for line in self.log(number).splitlines() if line.startswith("{")
                for event in [json.loads(line)] if event.get("event") == name]

    def kafka(self, verb, *numbers):
        return self.script("kafka/kafka.sh", verb, *numbers)

    def kafka_client(self, system):
        """What a client of confluent-kafka needs to be that principal."""
        return {"bootstrap.servers": self.brokers, **self.kafka_trust(system)}

    def redis(self, verb):
        return self.script("redis.sh", verb)

    def other(self, number):
        return next(another for another in self.numbers() if another != number)


    def clinic(self, slots=8, places=1, minutes=15, days=3, hour=9, service="clinic", organisation="Y90020"):
        """Publishes a session some days ahead; (session id, ids of its slots)."""
        session_id = self.done(self.publish(organisation, service, uk_ms(uk_day(days), hour, 0), slots, minutes,
                                            places))["session_id"]
        return session_id, [f"{session_id}:{index}" for index in range(slots)]

    def done(self, answer):
        if answer.code != 0:
            raise Failure(f"exit {answer.code}: {dict(answer)} {answer.errors}")
        return answer

    def digests(self, service="booking"):
        """[(number of the last entry, digest)] of each store of the service."""
        return [(store["number"], store["digest"]) for store in self.bhr("store", "digest").get("stores", [])
                if os.path.basename(store["path"]).startswith(f"{service}-")]

    def wait_same_digest(self, limit_s=20, service="booking"):
        """Both replicas at the same entry with the same digest; false when they do not meet there."""
        def meet():
            found = self.digests(service)
            return len(found) == len(self.numbers(service)) and len(set(found)) == 1
        return until(meet, limit_s, pause_s=0.3)

    def count(self):
        """What the journal says, counted by a program that shares nothing with ours."""
        done = subprocess.run(["/usr/bin/python3", f"{ROOT}/tests/support/count_bookings.py", self.brokers, "--ids",
                               *self.trust_words()],
                              capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise Failure(f"count_bookings.py: {done.stdout} {done.stderr}")
        return json.loads(done.stdout)


def run(name, body, kind=OwnSuite, **options):
    """The whole of a test program."""
    with Checks(name) as check, kind(**options) as suite:
        check.note(f"Kafka, Redis and {len(suite.numbers())} processes run; booking-{suite.owner()} owns")
        body(suite, check)
        if check.failed:
            suite.print_logs()
    sys.exit(1 if check.failed or not check.passed else 0)


def skip(why):
    print(f"skipped: {why}")
    raise SystemExit(77)


PORTS = range(20000, 29988, 12)  # each the first of a run; below the ports that outgoing connections take
reserved = []  # sockets, open for as long as this process lives


def free_ports():
    """The first ports of three runs of twelve free neighbours, which are this test's alone until it ends: no other test draws
    them, not even before this one listens there or while what listened is started again."""
    return [reserve_ports() for _ in range(3)]


def reserve_ports():
    for first in random.sample(PORTS, len(PORTS)):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0bhr-test-ports-{first}")  # tests/support/broker.c asks for the same name
        except OSError:
            name.close()
            continue
        reserved.append(name)
        if all(is_free(first + step) for step in range(12)):
            return first
    raise Failure("there are no free ports")


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
