"""The world that is hurt: three brokers, three booking processes and Redis, each broker and process on a host of its own
where the machine allows it (network.py), each process with a clock of its own, and one store on a small disk. What cannot
be had here is in skipped, with the reason, and the rest goes on without it."""
import contextlib
import http.client
import os
import shlex
import socket
import struct
import subprocess
import threading

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

import network
from suite import BUILD, Failure, OwnSuite, ROOT, name_of, until

COUNT = 3
SESSION_TIMEOUT_MS = 3000
BROKER_TIMEOUT_MS = 3000  # broker.session.timeout.ms in kafka.sh: how long a dead leader still leads
JOURNAL, GROUP, GROUP_PARTITIONS = "bhr.booking.journal.v1", "booking-owners", 4
SMALL_DISK = 3  # the process whose store lies on it
SMALL_DISK_MIB = 1536
SHIM = "bhr-clock-shim.so"


class World(OwnSuite):
    def __init__(self, session_timeout_ms=SESSION_TIMEOUT_MS, build=BUILD):
        self.skipped = {}  # what -> why
        why = network.missing()
        if why:
            self.skipped["network"] = why
        self.network = None if why else network.Network(
            [f"{kind}-{number}" for kind in ("booking", "kafka") for number in range(1, COUNT + 1)])
        self.admin, self.admin_lock = None, threading.Lock()
        self.session_timeout_ms = session_timeout_ms
        super().__init__(session_timeout_ms=session_timeout_ms, count=COUNT, brokers=COUNT, build=build)

    def whereabouts(self, folder, count, brokers):
        more = {"BHR_LAUNCH": f"{ROOT}/tests/fault/launch.sh {folder}/hosts"}
        if self.network is not None:
            for name, kind, many in (("BHR_KAFKA_HOSTS", "kafka", brokers), ("BHR_DOOR_HOSTS", "booking", count)):
                more[name] = " ".join(self.network.address(f"{kind}-{number}") for number in range(1, many + 1))
        return more

    def __enter__(self):
        os.makedirs(f"{self.folder}/hosts")
        if self.network is not None:
            self.at_the_end(self.network.removal())
            self.network.make()
        for number in range(1, COUNT + 1):
            self.write_words(f"kafka-{number}", self.host_words(f"kafka-{number}"))
            self.write_words(f"booking-{number}", self.host_words(f"booking-{number}") + self.clock_words(number))
        self.mount_small_disk()
        super().__enter__()
        self.admin = AdminClient({"bootstrap.servers": self.brokers, "socket.timeout.ms": 3000, "log_level": 0})
        return self

    def at_the_end(self, lines):
        """Shell lines for the guardian, whatever becomes of this program."""
        with open(f"{self.folder}/last-words", "a", encoding="utf-8") as file:
            file.write(lines)

    def write_words(self, name, words):
        with open(f"{self.folder}/hosts/{name}", "w", encoding="utf-8") as file:
            file.writelines(f"{word}\n" for word in words)

    def host_words(self, name):
        return [] if self.network is None else ["nsenter", f"--net=/run/netns/{self.network.namespace(name)}"]

    def clock_words(self, number):
        if not os.path.exists(f"{self.build}/{SHIM}"):
            self.skipped["clock"] = f"there is no {self.build}/{SHIM}"
            return []
        self.set_clock(number, 0)
        options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
        return ["env", f"LD_PRELOAD={self.build}/{SHIM}", f"CLOCK_OFFSET_FILE={self.clock_file(number)}",
                f"ASAN_OPTIONS={options}"]

    def clock_file(self, number):
        return f"{self.folder}/hosts/clock-{number}"

    def set_clock(self, number, offset_ms):
        """Written in place: the process has the file mapped."""
        descriptor = os.open(self.clock_file(number), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(descriptor, struct.pack("<q", offset_ms), 0)
        finally:
            os.close(descriptor)

    def mount_small_disk(self):
        folder = f"{self.folder}/data/booking-{SMALL_DISK}"
        os.makedirs(folder)
        try:
            network.sh("mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MIB}m,mode=700", "none", folder)
        except (Failure, OSError) as failure:
            self.skipped["disk"] = f"no small disk can be mounted ({failure})"
            return
        self.at_the_end(f"umount {shlex.quote(folder)}\n")

    def http(self, number, path, timeout_s=2.0):
        return self.http_at(number, int(self.setting(number, "http_port")), path, timeout_s)

    def http_at(self, number, port, path, timeout_s=2.0):
        """(status, text) of a port of that process's host; status 0 when nobody answers."""
        with contextlib.nullcontext() if self.network is None else self.network.inside(name_of(number)):
            one = socket.socket()
        one.settimeout(timeout_s)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = one
        try:
            one.connect(("127.0.0.1", port))
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
        finally:
            connection.close()

    def is_ready(self, number):
        return self.http(number, "/readyz", 1.0)[0] == 200

    def wait_ready(self, number, limit_s=60):
        return until(lambda: self.is_ready(number), limit_s, pause_s=0.1)

    def broker_pid(self, number):
        with open(f"{self.folder}/kafka/{number}/pid", encoding="ascii") as file:
            return int(file.read())

    def leader(self, topic=JOURNAL, partition=0):
        """The number of the broker that leads the partition, or None."""
        try:
            with self.admin_lock:
                leader = self.admin.list_topics(topic, timeout=3).topics[topic].partitions[partition].leader
        except (KafkaException, KeyError):
            return None
        return leader if leader > 0 else None

    def coordinator(self):
        """The number of the broker that keeps the owners' group, or None: Kafka hashes the name as Java does."""
        code = 0
        for character in GROUP:
            code = (code * 31 + ord(character)) & 0xffffffff
        return self.leader("__consumer_offsets", (code & 0x7fffffff) % GROUP_PARTITIONS)

    def redis_command(self, *words):
        return subprocess.run(["redis-cli", "-s", f"{self.folder}/redis/redis.sock", *words], capture_output=True, text=True,
                              timeout=5, check=False).stdout.strip()

    def redis_pid(self):
        with open(f"{self.folder}/redis/pid", encoding="ascii") as file:
            return int(file.read())
