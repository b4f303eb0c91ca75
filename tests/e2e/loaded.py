"""A suite with the load generator of tests/bench beside it, for whoever needs more bookings than a person would make:
the tests of volume (volume.py) and the benchmark (tests/bench/bench_suite.py)."""
import json
import os
import re
import subprocess

from raw_client import RawClient, Schema, read_keys
from suite import Failure, OwnSuite, name_of

SLOTS_PER_SESSION = 200


class LoadedSuite(OwnSuite):
    def __init__(self, **options):
        super().__init__(**options)
        self.generator = f"{self.build}/tests/bench/bhr-bench-load"
        self.slot_file, self.used, self.told = f"{self.folder}/slots", 0, 0
        self.schema = Schema()

    def load_words(self, verb, system, *words, numbers=None):
        return [self.generator, verb, *self.door_words(system, numbers), self.slot_file, *map(str, words)]

    def door_words(self, system, numbers=None):
        """Server key, own key and endpoints, as load generators take them."""
        endpoints = ",".join(self.setting(number, "door_endpoint") for number in numbers or self.numbers())
        server_key = read_keys(f"{self.folder}/keys/door.key")[0].decode()
        return [server_key, f"{self.folder}/keys/{system}.key", endpoints]

    def booking_words(self, clients, in_flight, seconds, per_second, *more, numbers=None):
        return self.load_words("book", "111-nel", self.used, clients, in_flight, seconds, per_second, *more,
                               numbers=numbers)

    def make_slots(self, count):
        """Of one place each; {sessions, slots, seconds}."""
        return read_json(self.load_words("publish", "ops", -(-count // SLOTS_PER_SESSION)))

    def book_meanwhile(self, seconds, clients=4, in_flight=64, per_second=0, numbers=None):
        """Bookings beside whatever comes next; `booked` waits for them. per_second 0: as fast as answers come."""
        return subprocess.Popen(self.booking_words(clients, in_flight, seconds, per_second, numbers=numbers),
                                stdout=subprocess.PIPE, text=True)

    def booked(self, load):
        out, _ = load.communicate()
        if load.returncode != 0:
            raise Failure("bhr-bench-load book failed")
        return self.take(json.loads(out))

    def take(self, result):
        """Notes what a run has used up and was told: {per_second, p50_us, p99_us, gap_ms, sent, ok, ...}."""
        self.used += result["used"]
        self.told += result["ok"]
        return result

    def client(self, number, system="111-nel"):
        return RawClient(self.schema, self.setting(number, "door_endpoint"),
                         read_keys(f"{self.folder}/keys/door.key")[0], read_keys(f"{self.folder}/keys/{system}.key"))

    def change(self, number, **settings):
        """Settings of one process; from its next start."""
        path = f"{self.folder}/{name_of(number)}.ini"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for name, value in settings.items():
            text = re.sub(rf"^{name} = .*\n", "", text, flags=re.MULTILINE) + f"{name} = {value}\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def memory_mib(self, number):
        """(RssAnon, RssFile) of a process."""
        with open(f"/proc/{self.pid(number)}/status", encoding="utf-8") as file:
            fields = dict(line.split(":", 1) for line in file)
        return tuple(int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))

    def broker_pid(self):
        with open(f"{self.folder}/kafka/pid", encoding="ascii") as file:
            return int(file.read())


def read_json(words):
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{os.path.basename(words[0])} {words[1]} failed")
    return json.loads(done.stdout)
