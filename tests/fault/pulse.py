"""Whether callers are being served: when commands were answered, read from the clients' histories while they are written. An
answer counts when its entry is new, for then the whole ring has worked; an outcome told again comes from a store."""
import bisect
import glob
import json
import threading
import time

from history import COMMANDS, service_of

LOOK_S = 0.1
AT_LEAST = {"booking": 5, "index": 2}  # answers within a second, of a service that is there


def now_us():
    return time.monotonic_ns() // 1000


class Pulse(threading.Thread):
    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder = folder
        self.times = {service: [] for service in COMMANDS}  # of answers, in microseconds of the monotonic clock, rising
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.files = {}  # path -> (open file, the line that is not whole yet)

    def run(self):
        while not self.ended.wait(LOOK_S):
            self.look()

    def stop(self):
        self.ended.set()
        self.join()
        self.look()

    def look(self):
        for path in glob.glob(f"{self.folder}/client-*.jsonl"):
            if path not in self.files:
                self.files[path] = (open(path, encoding="utf-8"), "")  # pylint: disable=consider-using-with
        found = {service: [] for service in COMMANDS}
        for path, (file, rest) in self.files.items():
            lines = (rest + file.read()).split("\n")
            self.files[path] = (file, lines.pop())
            for line in filter(is_beat, map(json.loads, lines)):
                found[service_of(line["method"])].append(line["at_us"])
        with self.lock:
            for service, times in found.items():
                self.times[service].extend(times)
                self.times[service].sort()

    def count(self, since_us, until_us=None, service="booking"):
        with self.lock:
            times = self.times[service]
            end = len(times) if until_us is None else bisect.bisect_right(times, until_us)
            return end - bisect.bisect_left(times, since_us)

    def wait_back(self, since_us, limit_s, service="booking"):
        """Until enough commands were answered within a second that began after that time; false when the limit is over."""
        deadline = time.monotonic() + limit_s
        while self.count(max(since_us, now_us() - 1000000), service=service) < AT_LEAST[service]:
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_S)
        return True

    def wait_all_back(self, since_us, limit_s):
        return all(self.wait_back(since_us, limit_s, service) for service in self.times)

    def longest_gap_ms(self, since_us, until_us):
        """Between two answers of booking of which one was in that time; one that is still open ends with it."""
        with self.lock:
            times = self.times["booking"]
            first = max(0, bisect.bisect_left(times, since_us) - 1)
            times = times[first:bisect.bisect_right(times, until_us)] + [until_us]
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=until_us - since_us) / 1000


def is_beat(line):
    return (line["k"] == "answer" and bool(line["position"]) and not line["repeated"]
            and line["method"] in COMMANDS[service_of(line["method"])])
