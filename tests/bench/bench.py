"""The numbers that the design holds (section 7), each beside what it is compared with, in the same minutes on the same
machine: A, B, A, B ..., and the median of each side. Nothing here knows what a good number is but the floors below, which
are ratios. A floor that is missed is printed as missed; a booking that is lost or made twice ends the run with exit code 1.

usage: scripts/bench.sh [--quick] [--rows 1,2,...] [--repeats N] [--seconds S] [--json FILE]
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

from bench_suite import (ROOT, SLOTS_PER_SESSION, BenchSuite, Consumer, Failure, Schema, differences, expected_events,
                         free_ports, kafka_floor, temporary_folder, until)
from postgres import Postgres

ROWS = {
    1: "durable bookings, 32 clients x 16 in flight, beside PostgreSQL with 32 clients",
    2: "durable bookings, 32 clients x 1 in flight, beside PostgreSQL with 32 clients",
    3: "one booking alone, beside plain librdkafka through the same broker twice",
    8: "owner killed or stopped, until the next reply",
    9: "memory of a service that is idle",
    10: "token check: bookings that carry a user's token, beside the same without",
    11: "public event behind its entry",
}
RATE_MAX = 60000  # bookings a second for which slots are made ready; a run that needs more stops and says so
WARM_SECONDS, WARM_SECONDS_MAX, TAKE_OVER_PER_SECOND, SESSION_TIMEOUT_MS = 10, 60, 200, 6000
JIT_SHARE_MAX = 0.05  # of one processor: below it the broker's code counts as compiled
EVENT_LOADS = ((100, "one booking after the other"), (2000, "a steady load"))  # bookings a second
COMMAND_BYTES = 400  # about what one Book command is on the command log, headers included


class Report:
    def __init__(self):
        self.lines, self.faults, self.missed, self.data = [], [], 0, []

    def side(self, name, runs, note=""):
        """One side of a row: median (least - most)."""
        rate, p50, p99, cpu = ([run[key] for run in runs] for key in ("per_second", "p50_us", "p99_us", "cpu_us"))
        print(f"    {name:<46} {median(rate):>9,.0f}/s  ({min(rate):,.0f} - {max(rate):,.0f})   "
              f"p50 {ms(median(p50))}  p99 {ms(median(p99))}   {median(cpu):.0f} us of CPU each{note}", flush=True)
        self.data.append({"side": name, "runs": runs})

    def line(self, text):
        print(f"    {text}", flush=True)

    def floor(self, row, what, value, holds, unit=""):
        verdict = "held" if holds else "FLOOR MISSED"
        self.missed += not holds
        text = f"row {row}: {what}: {value}{unit}  {verdict}"
        self.lines.append(text)
        self.data.append({"row": row, "what": what, "value": value, "holds": bool(holds)})
        print(f"    => {what}: {value}{unit}  {verdict}", flush=True)

    def fault(self, texts):
        for text in texts:
            self.faults.append(text)
            print(f"    FAULT: {text}", flush=True)


def row_1(bench, report, name, is_floor, **options):
    """Also measures row 2 when it is asked for, on the same suite."""
    postgres = bench.postgres() if bench.rows & {1, 2} else None
    print(f"\n{name}", flush=True)
    with BenchSuite(bench.build, **options) as suite:
        if is_floor and 9 in bench.rows:
            row_9(report, suite)
        bench.warm_up(suite, (6 if is_floor else 2) + 2 * (10 in bench.rows))
        if 1 in bench.rows or not is_floor:
            before = store_figures(suite)
            ours, theirs = bench.interleave(lambda: suite.book(32, 16, bench.seconds),
                                            lambda: postgres.run(32, bench.seconds))
            after = store_figures(suite)
            report.side("booking over ZeroMQ, 32 x 16", ours)
            report.side("PostgreSQL, one statement each, 32 clients", theirs)
            ratio = quotient(ours, theirs)
            pages, entries, turns = (after[key] - before[key] for key in ("pages", "entries", "turns"))
            report.line(f"store pages changed per command: {pages / max(entries, 1):.2f}; commands per turn: "
                        f"{entries / max(turns, 1):.0f}")
            if is_floor:
                report.floor(1, "rate beside PostgreSQL, at least 3", round(ratio, 2), ratio >= 3, " times")
                new, known = bench.interleave(lambda: suite.book(32, 16, bench.seconds, people="new"),
                                              lambda: suite.book(32, 16, bench.seconds))
                report.side("everybody is new: a key for each is made first", new)
                report.line(f"rate beside people who were there before: {quotient(new, known):.2f} times (no floor)")
            else:
                report.line(f"rate beside PostgreSQL: {ratio:.2f} times (no floor)")
        if is_floor and 2 in bench.rows:
            row_2(bench, report, suite, postgres)
        if is_floor and 3 in bench.rows:
            row_3(bench, report, suite)
        if is_floor and 10 in bench.rows:
            row_10(bench, report, suite)
        if is_floor and 9 in bench.rows:
            report.line("memory after the load: RssAnon {:.1f} MiB, mapped files {:.1f} MiB".format(*suite.memory_mib(1)))
        if suite.used:
            report.fault(suite.faults() + (postgres.faults() if postgres else []))
            report.line(f"counted from the journal by another program: {suite.told:,} bookings told, none lost, none twice"
                        if not report.faults else "counted from the journal: see the faults")


def row_2(bench, report, suite, postgres):
    print(f"\n  row 2: {ROWS[2]}", flush=True)
    ours, theirs = bench.interleave(lambda: suite.book(32, 1, bench.seconds), lambda: postgres.run(32, bench.seconds))
    report.side("booking over ZeroMQ, 32 x 1", ours)
    report.side("PostgreSQL, one statement each, 32 clients", theirs)
    ratio, p50_ms = quotient(ours, theirs), median([run["p50_us"] for run in ours]) / 1000
    report.floor(2, "rate beside PostgreSQL, at least 1", round(ratio, 2), ratio >= 1, " times")
    report.floor(2, "p50, at most 3", round(p50_ms, 2), p50_ms <= 3, " ms")


def row_3(bench, report, suite):
    print(f"\n  row 3: {ROWS[3]}", flush=True)
    ours, plain = bench.interleave(lambda: suite.book(1, 1, bench.seconds),
                                   lambda: kafka_floor(bench.build, suite.brokers, COMMAND_BYTES, bench.seconds))
    report.side("one booking alone over ZeroMQ", ours)
    plain_us = [run["p50_us"] for run in plain]
    report.line(f"{'plain librdkafka, produce-consume twice':<46} p50 {ms(median(plain_us))} "
                f"({ms(min(plain_us))} - {ms(max(plain_us))})  p99 {ms(median([run['p99_us'] for run in plain]))}")
    more_ms = (median([run["p50_us"] for run in ours]) - median(plain_us)) / 1000
    report.floor(3, "p50 above plain librdkafka, at most 0.5", round(more_ms, 3), more_ms <= 0.5, " ms")


def row_8(bench, report):
    print(f"\nrow 8: {ROWS[8]}", flush=True)
    with BenchSuite(bench.build, count=2, session_timeout_ms=SESSION_TIMEOUT_MS) as suite:
        suite.publish(120000)
        suite.book(8, 16, bench.warm_seconds, 4000)
        killed, stopped = [], []
        for _ in range(bench.take_overs):
            killed.append(take_over(suite, signal.SIGKILL))
            stopped.append(take_over(suite, signal.SIGTERM))
        report.fault(suite.faults())
    for name, gaps in (("kill -9 of the owner", killed), ("ordered stop of the owner", stopped)):
        report.line(f"{name:<46} next reply after {median(gaps):.2f} s ({min(gaps):.2f} - {max(gaps):.2f})")
    limit_s = SESSION_TIMEOUT_MS / 1000 + 1
    report.floor(8, f"kill -9, at most the session timeout ({SESSION_TIMEOUT_MS / 1000:.0f} s) + 1 s",
                 round(median(killed), 2), median(killed) <= limit_s, " s")
    report.floor(8, "ordered stop, at most 0.5 s", round(median(stopped), 2), median(stopped) <= 0.5, " s")


def take_over(suite, how):
    """The longest time without a new outcome, in seconds, of a steady load during which the owner is ended."""
    owner, before_s = until(suite.owner, 20), suite.cpu_s()
    load = suite.book_in_background(8, 16, 4 + (SESSION_TIMEOUT_MS / 1000 + 2 if how == signal.SIGKILL else 2),
                                    TAKE_OVER_PER_SECOND)
    time.sleep(2)
    os.kill(suite.pid(owner), how)
    out, _ = load.communicate(timeout=60)
    if load.returncode != 0:
        raise Failure("the load did not end well")
    if suite.owner() != suite.other(owner):
        raise Failure("the other process did not take over")
    suite.start(owner)
    suite.ready(owner)
    return suite.take(json.loads(out), before_s)["gap_ms"] / 1000


def row_9(report, suite):
    print(f"\n  row 9: {ROWS[9]}", flush=True)
    time.sleep(2)
    anonymous, mapped = suite.memory_mib(1)
    report.line(f"bhr-booking, started and ready: RssAnon {anonymous:.1f} MiB, mapped files {mapped:.1f} MiB")
    report.floor(9, "RssAnon, below 64", round(anonymous, 1), anonymous < 64, " MiB")


def row_10(bench, report, suite):
    print(f"\n  row 10: {ROWS[10]}", flush=True)
    token = suite.sign_in("555000000111", minutes=600)
    alone = suite.token_check(token, bench.seconds)
    report.line(f"one token, in a process of its own: its signature verified {alone['verified_ns'] / 1000:.1f} us, remembered "
                f"{alone['remembered_ns'] / 1000:.2f} us: {alone['verified_ns'] / alone['remembered_ns']:.0f} times less")
    ours, plain = bench.interleave(lambda: suite.book(32, 16, bench.seconds, token=token),
                                   lambda: suite.book(32, 16, bench.seconds))
    report.side("booking with a user's token, 32 x 16", ours)
    report.side("the same without", plain)
    ratio = quotient(ours, plain)
    report.floor(10, "rate with a token beside without, at least 0.9", round(ratio, 2), ratio >= 0.9, " times")


def row_11(bench, report):
    """From an entry's time in the journal to the moment when a Java reader of committed records has its event in hand."""
    print(f"\nrow 11: {ROWS[11]}", flush=True)
    with BenchSuite(bench.build) as suite:
        suite.publish(int(max(rate for rate, _ in EVENT_LOADS) * (bench.seconds + bench.warm_seconds) * 3))
        consumer = Consumer(suite.brokers, f"{suite.folder}/events")
        suite.book(8, 16, bench.warm_seconds, EVENT_LOADS[-1][0])
        for rate, name in EVENT_LOADS:
            time.sleep(2)
            before = consumer.count()
            suite.book(8, 16, bench.seconds, rate)
            expected = expected_events(suite.brokers)
            if not until(lambda: consumer.count() >= len(expected), 30):
                report.fault([f"{len(expected) - consumer.count()} public events were not seen"])
            lags_ms = sorted(seen.at_ms - wanted.logged_ms for seen, wanted in
                             list(zip(consumer.seen(), expected))[before:])
            p50, p99 = lags_ms[len(lags_ms) // 2], lags_ms[len(lags_ms) * 99 // 100]
            report.line(f"{name + f', {rate:,} a second':<46} p50 {p50} ms  p99 {p99} ms  (least {lags_ms[0]}, most {lags_ms[-1]})")
        report.floor(11, "p99 under a steady load, below 250", p99, p99 < 250, " ms")
        consumer.end()
        report.fault(differences(consumer.seen(), expected, Schema()) + suite.faults())


class Bench:
    def __init__(self, words):
        quick = words.quick
        self.build, self.rows = os.path.abspath(words.build), words.rows
        self.repeats = words.repeats or (2 if quick else 5)
        self.seconds = words.seconds or (3 if quick else 6)
        self.warm_seconds = 4 if quick else WARM_SECONDS
        self.warm_seconds_max = 4 if quick else WARM_SECONDS_MAX
        self.take_overs = 1 if quick else 3
        self.is_quick, self.cluster = quick, None

    def postgres(self):
        if self.cluster is None:
            slots = 1000000 if self.is_quick else 4000000
            say(f"making a PostgreSQL cluster with {slots:,} slots")
            self.cluster = Postgres(free_ports()[0], slots, 750000).__enter__()
        return self.cluster

    def warm_up(self, suite, shares):
        """Slots for all runs, and a broker whose code is compiled. shares: how many rounds of runs are to come.

        A broker in use has been up for weeks, but its compiler takes a third of a processor in the first half minute of
        load. So it is warmed up until the compiler has little left to do, with both kinds of load, and no longer than
        WARM_SECONDS_MAX; what the compiler still took is printed."""
        rounds = WARM_SECONDS_MAX + shares * self.repeats * self.seconds / 2
        published = suite.publish(int(rounds * RATE_MAX / 2))
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


def store_figures(suite):
    time.sleep(1.2)  # the process looks at its store once a second
    metrics = suite.metrics(1)
    return {"pages": metrics["bhr_store_pages_written_total"], "entries": metrics["bhr_replica_entries_total"],
            "turns": metrics["bhr_replica_turns_total"]}


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
    print(f"ours        bhr-booking {output('git', '-C', ROOT, 'describe', '--always', '--dirty')}, "
          f"Kafka {kafka.group(1) if kafka else '?'} (one broker, {output('java', '-version', errors=True)}), "
          f"librdkafka {library('rdkafka')}, libzmq {library('libzmq')}, LMDB {library('lmdb')}")
    print("            enable.idempotence, acks=all, linger.ms=0, replication 1; CURVE encryption on; one booking process")
    print(f"            {bench.repeats} runs of {bench.seconds} s a side, one after the other; medians (least - most)")


def say_postgres(bench):
    postgres = bench.postgres()
    print(f"PostgreSQL  {postgres.version()}, TCP on 127.0.0.1, pgbench -M prepared -j 2; {postgres.slots:,} slots")
    print(f"            {', '.join(postgres.settings())}")


def say(text):
    print(f"    ... {text}", flush=True)


def output(*words, errors=False):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stderr if errors else done.stdout).strip().split("\n")[0]


def library(name):
    return output("pkg-config", "--modversion", name)


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def quotient(ours, theirs):
    return median([run["per_second"] for run in ours]) / median([run["per_second"] for run in theirs])


def ms(microseconds):
    return f"{microseconds / 1000:.2f} ms"


def read_words():
    words = argparse.ArgumentParser(prog="scripts/bench.sh", description="the numbers to hold, beside their peers")
    words.add_argument("--quick", action="store_true", help="fewer and shorter runs: to see that it works")
    words.add_argument("--rows", default=",".join(map(str, ROWS)), help=f"of {', '.join(map(str, ROWS))}")
    words.add_argument("--repeats", type=int, help="runs of each side")
    words.add_argument("--seconds", type=int, help="of one run")
    words.add_argument("--json", help="also write every run to this file")
    words.add_argument("--build", default=f"{ROOT}/build/release", help=argparse.SUPPRESS)
    words = words.parse_args()
    words.rows = {int(row) for row in words.rows.split(",")}
    if not words.rows <= ROWS.keys():
        raise SystemExit(f"bench: rows are {', '.join(map(str, ROWS))}")
    return words


def main():
    words = read_words()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started is ended
    bench, report = Bench(words), Report()
    try:
        say_machine(bench)
        if bench.rows & {1, 2}:
            say_postgres(bench)
        if bench.rows & {1, 2, 3, 9, 10}:
            row_1(bench, report, f"row 1: {ROWS[1]}" if 1 in bench.rows else "one booking process", True)
        if 1 in bench.rows:
            row_1(bench, report, "row 1 with an fsync for each append to the journal (flush.messages=1)", False, flush=True)
            row_1(bench, report, "row 1 with the store written without its map (store_writemap=false)", False,
                  writemap=False)
        if 8 in bench.rows:
            row_8(bench, report)
        if 11 in bench.rows:
            row_11(bench, report)
    except Failure as failure:
        report.fault([str(failure)])
    finally:
        bench.end()
    print("\n" + "\n".join(report.lines))
    print(f"{report.missed} floor{'' if report.missed == 1 else 's'} missed, {len(report.faults)} faults")
    if words.json:
        with open(words.json, "w", encoding="utf-8") as file:
            json.dump({"results": report.data, "faults": report.faults}, file, indent=1)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
