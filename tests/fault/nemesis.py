"""The nemesis: it deals faults from a deck that the seed has shuffled, in which every kind has as many cards as its weight
says, lets some of them overlap, and after each waits until callers are served again. What it did is in nemesis.jsonl, one
line for each fault:

    {"at_us", "until_us", "back_us", "fault", "target", "detail", "beside", "gap_ms", "timeout", "timeout_ms"}

    at_us, until_us, back_us   began; was mended; callers were served and its targets ready again (null: never)
    beside                     kinds of other faults that overlapped it
    gap_ms                     the longest time within at_us..back_us in which no command of booking was answered
    timeout, timeout_ms        whose time limit is a share of that gap, and how long that limit is; "" and 0 for nobody's

A process that ends although no fault has ended it is a line of its own, "ended by itself": always a finding."""
import json
import random
import threading
import time

import faults_network
import faults_process
import faults_store
from pulse import now_us
from world import BROKER_TIMEOUT_MS

KINDS = faults_process.KINDS + faults_network.KINDS + faults_store.KINDS
AT_ONCE_MAX = 3
PAUSE_S = (0.3, 3.0)  # from one fault's begin to the next one's, when there is room
STORM_FAULTS, CALM_S = 12, 14  # after so many nothing is dealt for a while, so that there is something new to hurt
BACK_S_MAX = 90
WATCH_S = 0.5
BY_ITSELF = "ended by itself"


class Nemesis:
    def __init__(self, world, pulse, seed, path, only=""):
        self.kinds = [kind for kind in KINDS if only in kind.name]
        self.world, self.pulse, self.draw, self.seed = world, pulse, random.Random(seed), seed
        self.deck, self.dealt, self.calmed, self.played_once = [], 0, 0, set()
        self.running = []
        self.lock = threading.Lock()
        self.file = open(path, "w", encoding="utf-8")  # pylint: disable=consider-using-with
        self.is_over = threading.Event()
        self.findings = []  # sentences: what must not have happened
        self.watcher = threading.Thread(target=self.watch, daemon=True)

    def run(self, seconds):
        self.watcher.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.dealt - self.calmed >= STORM_FAULTS:
                self.calm_down(until)
            elif self.has_room():
                self.deal()
                time.sleep(self.draw.uniform(*PAUSE_S))
            else:
                time.sleep(0.1)
        self.is_over.set()
        for fault in self.busy():
            fault.join()
        self.watcher.join()
        self.file.close()

    def calm_down(self, until):
        if self.busy():
            time.sleep(0.1)
            return
        self.calmed = self.dealt
        time.sleep(max(0.0, min(CALM_S, until - time.monotonic())))

    def busy(self):
        with self.lock:
            self.running = [fault for fault in self.running if fault.is_alive()]
            return list(self.running)

    def has_room(self):
        busy = self.busy()
        return len(busy) < AT_ONCE_MAX and not any(fault.kind.is_alone for fault in busy)

    def deal(self):
        """The first card of the deck that can be played just now; others keep their place."""
        if not self.deck:
            self.deck = [kind for kind in self.kinds for _ in range(kind.weight)]
            self.draw.shuffle(self.deck)
        busy = self.busy()
        taken = {target for fault in busy for target in fault.targets}
        for index, kind in enumerate(self.deck):
            if any(need in self.world.skipped for need in kind.needs) or kind.name in self.played_once:
                continue
            if kind.is_alone and busy:
                if index == 0:
                    return  # it waits for its turn, else it would never come
                continue
            targets = kind.pick(self.world, random.Random(f"{self.seed}/{self.dealt}/targets"))
            if targets is None or not self.may_hurt(targets, taken):
                continue
            del self.deck[index]
            self.begin(kind, targets)
            return
        self.deck = [kind for kind in self.deck if not any(need in self.world.skipped for need in kind.needs)
                     and kind.name not in self.played_once]

    def may_hurt(self, targets, taken):
        """One broker at a time, unless a fault is about several; never the same one twice."""
        is_broker_hurt = any(name.startswith("kafka") for name in taken)
        return not taken & set(targets) and not (is_broker_hurt and targets[0].startswith("kafka"))

    def begin(self, kind, targets):
        self.dealt += 1
        if kind.is_once:
            self.played_once.add(kind.name)
        fault = Fault(self, kind, targets, random.Random(f"{self.seed}/{self.dealt}"))
        with self.lock:
            self.running.append(fault)
        fault.start()

    def write(self, line):
        with self.lock:
            self.file.write(json.dumps(line) + "\n")
            self.file.flush()

    def watch(self):
        """Whoever is not hurt just now must be there."""
        while not self.is_over.wait(WATCH_S):
            running = self.world.running()
            for name in self.world.processes:
                # Asked once more: a fault may have ended between the two.
                if name not in running and not self.is_hurt(name) and not self.world.is_running(name):
                    self.ended(name)

    def is_hurt(self, name):
        return any(name in fault.targets for fault in self.busy())

    def ended(self, name):
        at_us, last = now_us(), self.world.log(name).splitlines()[-12:]
        self.findings.append(f"{name} ended by itself: {' | '.join(last)}")
        self.world.start(name)
        self.write({"at_us": at_us, "until_us": now_us(), "back_us": None, "fault": BY_ITSELF, "target": name,
                    "detail": {"log": last}, "beside": [], "gap_ms": 0, "timeout": "", "timeout_ms": 0})


class Fault(threading.Thread):
    def __init__(self, nemesis, kind, targets, draw):
        super().__init__(daemon=True)
        self.nemesis, self.kind, self.targets, self.draw = nemesis, kind, targets, draw
        self.note, self.beside = {}, set()

    def run(self):
        nemesis, at_us = self.nemesis, now_us()
        try:
            self.play()
        except Exception as error:  # pylint: disable=broad-except
            self.note["failed"] = f"{type(error).__name__}: {error}"
            nemesis.findings.append(f"{self.kind.name} could not be played or mended: {error}")
        until_us = now_us()
        is_back = nemesis.pulse.wait_all_back(until_us, BACK_S_MAX) and self.are_ready()
        self.look_beside()
        back_us = now_us()
        if not is_back:
            nemesis.findings.append(f"{BACK_S_MAX} s after \"{self.kind.name}\" callers were not served again")
        timeouts_ms = {"": 0, "group": nemesis.world.session_timeout_ms, "broker": BROKER_TIMEOUT_MS}
        nemesis.write({"at_us": at_us, "until_us": until_us, "back_us": back_us if is_back else None,
                       "fault": self.kind.name, "target": ",".join(self.targets), "detail": self.note,
                       "beside": sorted(self.beside), "gap_ms": round(nemesis.pulse.longest_gap_ms(at_us, back_us)),
                       "timeout": self.kind.timeout, "timeout_ms": timeouts_ms[self.kind.timeout]})

    def play(self):
        steps = self.kind.play(self.nemesis.world, self.draw, self.targets, self.note)
        try:
            for seconds in steps:
                self.look_beside()
                time.sleep(seconds)
        finally:
            steps.close()

    def look_beside(self):
        self.beside |= {other.kind.name for other in self.nemesis.busy() if other is not self}

    def are_ready(self):
        world = self.nemesis.world
        return all(world.wait_ready(target, BACK_S_MAX) for target in self.targets if target in world.processes)
