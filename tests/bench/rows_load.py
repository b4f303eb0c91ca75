"""Rows 1, 2, 3, 9 and 10: one booking process under load, beside PostgreSQL, plain librdkafka and itself without tokens."""
import time

from bench_report import median, ms, quotient
from bench_suite import BenchSuite, kafka_floor

TITLES = {
    1: "durable bookings, 32 clients x 16 in flight, beside PostgreSQL with 32 clients",
    2: "durable bookings, 32 clients x 1 in flight, beside PostgreSQL with 32 clients",
    3: "one booking alone, beside plain librdkafka through the same broker twice",
    9: "memory of a service that is idle",
    10: "token check: bookings that carry a user's token, beside the same without",
}
COMMAND_BYTES = 400  # about what one Book command is on the command log, headers included


def measure(bench, report):
    """All of them share a suite; rows 1 and 2 a PostgreSQL."""
    row_1(bench, report, f"row 1: {TITLES[1]}" if 1 in bench.rows else "one booking process", True)
    if 1 in bench.rows:
        row_1(bench, report, "row 1 with an fsync for each append to the journal (flush.messages=1)", False, flush=True)
        row_1(bench, report, "row 1 with the store written without its map (store_writemap=false)", False,
              writemap=False)


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
    print(f"\n  row 2: {TITLES[2]}", flush=True)
    ours, theirs = bench.interleave(lambda: suite.book(32, 1, bench.seconds), lambda: postgres.run(32, bench.seconds))
    report.side("booking over ZeroMQ, 32 x 1", ours)
    report.side("PostgreSQL, one statement each, 32 clients", theirs)
    ratio, p50_ms = quotient(ours, theirs), median([run["p50_us"] for run in ours]) / 1000
    report.floor(2, "rate beside PostgreSQL, at least 1", round(ratio, 2), ratio >= 1, " times")
    report.floor(2, "p50, at most 3", round(p50_ms, 2), p50_ms <= 3, " ms")


def row_3(bench, report, suite):
    print(f"\n  row 3: {TITLES[3]}", flush=True)
    ours, plain = bench.interleave(lambda: suite.book(1, 1, bench.seconds),
                                   lambda: kafka_floor(bench.build, suite.brokers, COMMAND_BYTES, bench.seconds))
    report.side("one booking alone over ZeroMQ", ours)
    plain_us = [run["p50_us"] for run in plain]
    report.line(f"{'plain librdkafka, produce-consume twice':<46} p50 {ms(median(plain_us))} "
                f"({ms(min(plain_us))} - {ms(max(plain_us))})  p99 {ms(median([run['p99_us'] for run in plain]))}")
    more_ms = (median([run["p50_us"] for run in ours]) - median(plain_us)) / 1000
    report.floor(3, "p50 above plain librdkafka, at most 0.5", round(more_ms, 3), more_ms <= 0.5, " ms")


def store_figures(suite):
    time.sleep(1.2)  # the process looks at its store once a second
    metrics = suite.metrics(1)
    return {"pages": metrics["bhr_store_pages_written_total"], "entries": metrics["bhr_replica_entries_total"],
            "turns": metrics["bhr_replica_turns_total"]}


def row_9(report, suite):
    print(f"\n  row 9: {TITLES[9]}", flush=True)
    time.sleep(2)
    anonymous, mapped = suite.memory_mib(1)
    report.line(f"bhr-booking, started and ready: RssAnon {anonymous:.1f} MiB, mapped files {mapped:.1f} MiB")
    report.floor(9, "RssAnon, below 64", round(anonymous, 1), anonymous < 64, " MiB")


def row_10(bench, report, suite):
    print(f"\n  row 10: {TITLES[10]}", flush=True)
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
