"""What the tests of volume (test_slow_*.py) share: their size, a suite with the load generator of tests/bench beside
it, and a door's memory. Each has one size, `--size full` for `make soak`; without it a hundredth of that, for every
`make test`."""
import argparse
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import time

from raw_client import RawClient, Schema, read_keys
from suite import Failure, OwnSuite, skip, until

SLOTS_PER_SESSION = 200


def sized(full, small=None):
    """The size that the command line asks for."""
    words = argparse.ArgumentParser()
    words.add_argument("--size", choices=("full", "small"), default="small")
    if words.parse_args().size == "full":
        return full
    return full // 100 if small is None else small


class VolumeSuite(OwnSuite):
    def __init__(self, **options):
        # Freed memory is given back soon, so that what a door holds can be told from what a sanitizer keeps.
        os.environ["ASAN_OPTIONS"] = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1")))
        super().__init__(**options)
        self.generator = f"{self.build}/tests/bench/bhr-bench-load"
        self.slot_file, self.used, self.told = f"{self.folder}/slots", 0, 0
        self.schema = Schema()
        if not os.access(self.generator, os.X_OK):
            skip(f"there is no {self.generator}")

    def load_words(self, verb, system, *words, numbers=None):
        endpoints = ",".join(self.setting(number, "door_endpoint") for number in numbers or self.numbers())
        server_key = read_keys(f"{self.folder}/keys/door.key")[0].decode()
        return [self.generator, verb, server_key, f"{self.folder}/keys/{system}.key", endpoints, self.slot_file,
                *map(str, words)]

    def make_slots(self, count):
        """Of one place each, for book_many."""
        read_json(self.load_words("publish", "ops", -(-count // SLOTS_PER_SESSION)))

    def book_many(self, seconds, clients=4, in_flight=64, per_second=0, numbers=None):
        """{per_second, p50_us, p99_us, gap_ms, sent, ok, ...}; per_second 0: as fast as answers come."""
        return self.take(read_json(self.booking_words(seconds, clients, in_flight, per_second, numbers)))

    def book_meanwhile(self, seconds, clients=4, in_flight=64, per_second=0, numbers=None):
        """The same beside whatever comes next; `booked` waits for it."""
        return subprocess.Popen(self.booking_words(seconds, clients, in_flight, per_second, numbers),
                                stdout=subprocess.PIPE, text=True)

    def booked(self, load):
        out, _ = load.communicate()
        if load.returncode != 0:
            raise Failure("bhr-bench-load book failed")
        return self.take(json.loads(out))

    def booking_words(self, seconds, clients, in_flight, per_second, numbers):
        return self.load_words("book", "111-nel", self.used, clients, in_flight, seconds, per_second, numbers=numbers)

    def take(self, result):
        self.used += result["used"]
        self.told += result["ok"]
        return result

    def fill(self, check, entries, numbers=None):
        """Bookings until the journal is longer by so many entries; its number then."""
        began, since = self.number(), time.monotonic()
        told = 0
        while self.number() < began + entries:
            self.book_many(min(10, max(1, entries / 5000)), clients=8, in_flight=128, numbers=numbers)
            done = self.number() - began
            if done * 10 // entries > told:
                told = done * 10 // entries
                check.note(f"{done:,} of {entries:,} entries, {done / (time.monotonic() - since):,.0f} a second")
        return self.number()

    def number(self):
        """Of the last accepted entry, as the owner's store has it."""
        owner = until(self.owner, 20)
        found = until(lambda: self.metrics(owner).get("bhr_replica_journal_number"), 20)
        if found is None:
            raise Failure("no owner says how long the journal is")
        return int(found)

    def client(self, number, system="111-nel"):
        return RawClient(self.schema, self.setting(number, "door_endpoint"),
                         read_keys(f"{self.folder}/keys/door.key")[0], read_keys(f"{self.folder}/keys/{system}.key"))

    def change(self, number, **settings):
        """Settings of one process; from its next start."""
        path = f"{self.folder}/booking-{number}.ini"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for name, value in settings.items():
            text = re.sub(rf"^{name} = .*\n", "", text, flags=re.MULTILINE) + f"{name} = {value}\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    @contextlib.contextmanager
    def stopped(self, pid):
        """SIGSTOP, and SIGCONT in any case."""
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def broker_pid(self):
        with open(f"{self.folder}/kafka/pid", encoding="ascii") as file:
            return int(file.read())

    def memory_mib(self, number):
        """Anonymous memory of a process: what it has allocated and not what it has mapped."""
        with open(f"/proc/{self.pid(number)}/status", encoding="utf-8") as file:
            return int(re.search(r"^RssAnon:\s+(\d+) kB$", file.read(), re.MULTILINE).group(1)) / 1024


def read_json(words):
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{os.path.basename(words[0])} {words[1]} failed")
    return json.loads(done.stdout)


def take_all_descriptors():
    """Of this program; how many it may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
