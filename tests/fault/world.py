"""The world that is hurt: three brokers, three processes of booking, two of the index and Redis, each broker and process on
a host of its own where the machine allows it (network.py), each process with a clock of its own, and one store on a small
disk. What cannot be had here is in skipped, with the reason, and the rest goes on without it."""
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

BROKERS = 3
PROCESSES = {"booking": 3, "index": 2}
SESSION_TIMEOUT_MS = 3000
BROKER_TIMEOUT_MS = 3000  # broker.session.timeout.ms in kafka.sh: how long a dead leader still leads
JOURNAL, GROUP, GROUP_PARTITIONS = "bhr.{}.journal.v1", "{}-owners", 4
SMALL_DISK = 3  # the process whose store lies on it
SMALL_DISK_MIB = 1536
SHIM = "bhr-clock-shim.so"


class World(OwnSuite):
    def __init__(self, session_timeout_ms=SESSION_TIMEOUT_MS, build=BUILD, services=("booking", "index")):
        self.skipped = {}  # what -> why
        why = network.missing()
        if why:
            self.skipped["network"] = why
        brokers = [f"kafka-{number}" for number in range(1, BROKERS + 1)]
        processes = [f"{service}-{number}" for service in services for number in range(1, PROCESSES[service] + 1)]
        self.network = None if why else network.Network(processes + brokers)
        self.processes, self.kafka_names = processes, brokers
        self.admin, self.admin_lock = None, threading.Lock()
        self.session_timeout_ms = session_timeout_ms
        super().__init__(session_timeout_ms=session_timeout_ms, count=PROCESSES["booking"], brokers=BROKERS, build=build,
                         services=services, index_count=PROCESSES["index"])

    def whereabouts(self, folder, count, brokers):  # pylint: disable=unused-argument
        more = {"BHR_LAUNCH": f"{ROOT}/tests/fault/launch.sh {folder}/hosts"}
        if self.network is not None:
            for variable, kind in (("BHR_KAFKA_HOSTS", "kafka"), ("BHR_DOOR_HOSTS", "booking"),
                                   ("BHR_INDEX_DOOR_HOSTS", "index")):
                more[variable] = " ".join(self.network.address(name) for name in self.network.names
                                          if name.startswith(kind))
        return more

    def __enter__(self):
        os.makedirs(f"{self.folder}/hosts")
        if self.network is not None:
            self.at_the_end(self.network.removal())
            self.network.make()
        for name in self.kafka_names:
            self.write_words(name, self.host_words(name))
        for name in self.processes:
            self.write_words(name, self.host_words(name) + self.clock_words(name))
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

    def clock_words(self, name):
        if not os.path.exists(f"{self.build}/{SHIM}"):
            self.skipped["clock"] = f"there is no {self.build}/{SHIM}"
            return []
        self.set_clock(name, 0)
        options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
        return ["env", f"LD_PRELOAD={self.build}/{SHIM}", f"CLOCK_OFFSET_FILE={self.clock_file(name)}",
                f"ASAN_OPTIONS={options}"]

    def clock_file(self, name):
        return f"{self.folder}/hosts/clock-of-{name}"

    def set_clock(self, name, offset_ms):
        """Written in place: the process has the file mapped."""
        descriptor = os.open(self.clock_file(name), os.O_WRONLY | os.O_CREAT, 0o600)
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

    def running(self):
        """Names of the processes that run."""
        lines = self.script("suite.sh", "status", check=False).splitlines()
        return {line.split(":")[0] for line in lines if ": runs" in line}

    def of_service(self, service):
        return [name for name in self.processes if name.startswith(service)]

    def wait_ready(self, number, limit_s=60):
        return until(lambda: self.is_ready(number), limit_s, pause_s=0.1)

    def broker_pid(self, number):
        with open(f"{self.folder}/kafka/{number}/pid", encoding="ascii") as file:
            return int(file.read())

    def leader(self, service="booking"):
        """The number of the broker that leads the service's journal, or None."""
        return self.leader_of(JOURNAL.format(service), 0)

    def leader_of(self, topic, partition):
        try:
            with self.admin_lock:
                leader = self.admin.list_topics(topic, timeout=3).topics[topic].partitions[partition].leader
        except (KafkaException, KeyError):
            return None
        return leader if leader > 0 else None

    def coordinator(self, service="booking"):
        """The number of the broker that keeps the owners' group, or None: Kafka hashes the name as Java does."""
        code = 0
        for character in GROUP.format(service):
            code = (code * 31 + ord(character)) & 0xffffffff
        return self.leader_of("__consumer_offsets", (code & 0x7fffffff) % GROUP_PARTITIONS)

    def redis_command(self, *words):
        return subprocess.run(["redis-cli", "-s", f"{self.folder}/redis/redis.sock", *words], capture_output=True, text=True,
                              timeout=5, check=False).stdout.strip()

    def redis_pid(self):
        with open(f"{self.folder}/redis/pid", encoding="ascii") as file:
            return int(file.read())
