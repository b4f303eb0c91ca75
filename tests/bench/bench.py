"""The numbers that the design holds (section 7), each beside what it is compared with, in the same minutes on the same
machine: A, B, A, B ..., and the median of each side. Nothing here knows what a good number is but the floors of the rows
(rows_*.py), which are ratios. A floor that is missed is printed as missed; a booking that is lost or made twice ends the
run with exit code 1.

usage: scripts/bench.sh [--quick] [--rows 1,2,...] [--repeats N] [--seconds S] [--people N,...] [--febrl N,...]
                        [--seeds N,...] [--json FILE]
"""
import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time

import rows_events
import rows_index
import rows_load
import rows_match
import rows_rebuild
import rows_take_over
import rows_trust
from bench_report import Report, say
from bench_suite import ROOT, SLOTS_PER_SESSION, free_ports, temporary_folder
from postgres import Postgres

MODULES = (rows_load, rows_rebuild, rows_take_over, rows_events, rows_trust, rows_match, rows_index)
ROWS = sorted(number for module in MODULES for number in module.TITLES)
RATE_MAX = 40000  # bookings a second for which slots are made ready; a run that needs more stops and says so
WARM_SECONDS, WARM_SECONDS_MAX = 10, 25
JIT_SHARE_MAX = 0.05  # of one processor: below it the broker's code counts as compiled
REBUILD_ENTRIES = 300000


class Bench:
    def __init__(self, words):
        quick = words.quick
        self.build, self.rows = os.path.abspath(words.build), words.rows
        self.repeats = words.repeats or (2 if quick else 5)
        self.seconds = words.seconds or (3 if quick else 4)
        self.warm_seconds = 4 if quick else WARM_SECONDS
        self.warm_seconds_max = 4 if quick else WARM_SECONDS_MAX
        self.take_overs = 1 if quick else 3
        self.rebuild_entries = REBUILD_ENTRIES // (10 if quick else 1)
        self.is_quick, self.cluster = quick, None
        self.seeds, self.people = words.seeds, words.people
        self.febrl = words.febrl or ([1] if quick else [1, 2, 3, 4])

    def postgres(self):
        if self.cluster is None:
            slots = 1000000 if self.is_quick else 4000000
            say(f"making a PostgreSQL cluster with {slots:,} slots")
            self.cluster = Postgres(free_ports()[0], slots, 750000).__enter__()
        return self.cluster

    def people_counts(self, most, most_quickly):
        """For tables of growth: what --people says, or powers of ten from ten thousand on."""
        most = most_quickly if self.is_quick else most
        return self.people or [10 ** power for power in range(4, 9) if 10 ** power <= most]

    def warm_up(self, suite, shares):
        """Slots for all runs, and a broker whose code is compiled. shares: how many rounds of runs are to come.

        A broker in use has been up for weeks, but its compiler takes a third of a processor in the first half minute of
        load. So it is warmed up until the compiler has little left to do, with both kinds of load, and no longer than
        WARM_SECONDS_MAX; what the compiler still took is printed."""
        rounds = self.warm_seconds_max + shares * self.repeats * self.seconds / 2
        published = suite.make_slots(int(rounds * RATE_MAX / 2))
        say(f"{published['slots']:,} slots published in {published['sessions']:,} sessions of {SLOTS_PER_SESSION}, "
            f"{published['seconds']:.1f} s; warming up")
        begun, share = time.monotonic(), 1
        while True:
            for in_flight in (16, 1):
                compiled, since = suite.compiler_s(), time.monotonic()
                suite.book(32, in_flight, self.warm_seconds // 2)
                share = (suite.compiler_s() - compiled) / (time.monotonic() - since)
            warmed = time.monotonic() - begun
            if warmed >= self.warm_seconds and (share <= JIT_SHARE_MAX or warmed >= self.warm_seconds_max):
                break
        say(f"warmed up for {warmed:.0f} s; the broker's compiler still takes {share:.0%} of a processor")

    def interleave(self, ours, theirs):
        """A, B, A, B ...: what the machine does to one side it does to the other."""
        runs = [(ours(), theirs()) for _ in range(self.repeats)]
        return [run[0] for run in runs], [run[1] for run in runs]

    def end(self):
        if self.cluster is not None:
            self.cluster.__exit__(None, None, None)


def say_machine(bench):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory_gib = int(file.readline().split()[1]) / 1024 / 1024
    file_system = output("stat", "-f", "-c", "%T", temporary_folder())
    with open(f"{ROOT}/deploy/local/kafka/pom.xml", encoding="utf-8") as file:
        kafka = re.search(r"<version>(\d+\.\d+\.\d+)</version>\s*</dependency>", file.read())
    print(f"machine     {os.cpu_count()} x {model.group(1) if model else platform.machine()}, {memory_gib:.0f} GiB, "
          f"{platform.system()} {platform.release()}, {file_system} under {temporary_folder()}")
    load = os.getloadavg()[0]
    print(f"load        {load:.2f} before the first run" + ("" if load < 0.5 else ": NOT IDLE, trust nothing but the ratios"))
    print(f"ours        {output('git', '-C', ROOT, 'describe', '--always', '--dirty')}, "
          f"Kafka {kafka.group(1) if kafka else '?'} (one broker, {output('java', '-version', errors=True)}), "
          f"librdkafka {library('rdkafka')}, libzmq {library('libzmq')}, LMDB {library('lmdb')}")
    print("            enable.idempotence, acks=all, linger.ms=0, replication 1; CURVE encryption on; one process of the service")
    print(f"            {bench.repeats} runs of {bench.seconds} s a side, one after the other; medians (least - most)")


def say_postgres(bench):
    postgres = bench.postgres()
    print(f"PostgreSQL  {postgres.version()}, TCP on 127.0.0.1, pgbench -M prepared -j 2; {postgres.slots:,} slots")
    print(f"            {', '.join(postgres.settings())}")


def output(*words, errors=False):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stderr if errors else done.stdout).strip().split("\n")[0]


def library(name):
    return output("pkg-config", "--modversion", name)


def read_words():
    words = argparse.ArgumentParser(prog="scripts/bench.sh", description="the numbers to hold, beside their peers")
    words.add_argument("--quick", action="store_true", help="fewer and shorter runs: to see that it works")
    words.add_argument("--rows", default=",".join(map(str, ROWS)), help=f"of {', '.join(map(str, ROWS))}")
    words.add_argument("--repeats", type=int, help="runs of each side")
    words.add_argument("--seconds", type=int, help="of one run")
    words.add_argument("--people", type=numbers, help="rows 18 and 19: how many, such as 10000,100000")
    words.add_argument("--febrl", type=numbers, help="row 16: which sets; 4 is the third with four fields only")
    words.add_argument("--seeds", type=numbers, help="row 17: of the made-up people, to repeat a run (drawn anew)")
    words.add_argument("--json", help="also write every run to this file")
    words.add_argument("--build", default=f"{ROOT}/build/release", help=argparse.SUPPRESS)
    words = words.parse_args()
    words.rows = {int(row) for row in words.rows.split(",")}
    if not words.rows <= set(ROWS):
        raise SystemExit(f"bench: rows are {', '.join(map(str, ROWS))}")
    return words


def numbers(text):
    return [int(word) for word in text.split(",")]


def main():
    words = read_words()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started is ended
    bench, report = Bench(words), Report()
    try:
        say_machine(bench)
        if bench.rows & {1, 2}:
            say_postgres(bench)
        for module in MODULES:
            rows = sorted(bench.rows & module.TITLES.keys())
            if rows:
                with report.part(f"together, row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}"):
                    module.measure(bench, report)
    finally:
        bench.end()
    print("\n" + "\n".join(report.lines))
    print("\n".join(f"took {seconds:6.0f} s  {name}" for name, seconds in report.took))
    print(f"{report.missed} floor{'' if report.missed == 1 else 's'} missed, {len(report.faults)} faults")
    if words.json:
        with open(words.json, "w", encoding="utf-8") as file:
            json.dump({"results": report.data, "faults": report.faults}, file, indent=1)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
