"""Whether callers are being served: when commands were answered, read from the clients' histories while they are written. An
answer counts when its entry is new, for then the whole ring has worked; an outcome told again comes from a store."""
import bisect
import glob
import json
import threading
import time

COMMANDS = {"PublishSession", "Hold", "Book", "Cancel"}
LOOK_S = 0.1


def now_us():
    return time.monotonic_ns() // 1000


class Pulse(threading.Thread):
    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder = folder
        self.times = []  # of answers, in microseconds of the monotonic clock, rising
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
        found = []
        for path, (file, rest) in self.files.items():
            lines = (rest + file.read()).split("\n")
            self.files[path] = (file, lines.pop())
            found += [line["at_us"] for line in map(json.loads, lines) if is_beat(line)]
        with self.lock:
            self.times.extend(found)
            self.times.sort()

    def count(self, since_us, until_us=None):
        with self.lock:
            end = len(self.times) if until_us is None else bisect.bisect_right(self.times, until_us)
            return end - bisect.bisect_left(self.times, since_us)

    def wait_back(self, since_us, limit_s, at_least=5):
        """Until so many commands were answered within a second that began after that time; false when the limit is over."""
        deadline = time.monotonic() + limit_s
        while self.count(max(since_us, now_us() - 1000000)) < at_least:
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_S)
        return True

    def longest_gap_ms(self, since_us, until_us):
        """Between two answers of which one was in that time; one that is still open ends with it."""
        with self.lock:
            first = max(0, bisect.bisect_left(self.times, since_us) - 1)
            times = self.times[first:bisect.bisect_right(self.times, until_us)] + [until_us]
        return max((later - earlier for earlier, later in zip(times, times[1:])), default=until_us - since_us) / 1000


def is_beat(line):
    return (line.get("k") == "answer" and bool(line.get("position")) and not line.get("repeated")
            and line.get("method", "").rsplit("/", 1)[-1] in COMMANDS)
