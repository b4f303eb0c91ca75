"""Rows 12 to 15: what trust costs. Each is asked for with and without, in turns, in the same minutes; none has a floor."""
import contextlib

from bench_report import median, quotient
from bench_suite import (AUDITED, AUDITED_DURABLY, BenchSuite, curve_echo, sealing, unaudited_build)

TITLES = {
    12: "CURVE: questions and answers at a socket, encrypted and not",
    13: "TLS to Kafka: bookings with it, beside the same in plain text",
    14: "audit: a person's bookings asked for with a record, beside the same without",
    15: "sealing: what it takes of a booking (somebody new also needs a key: row 1, new)",
}


def measure(bench, report):
    for number, row in ((12, row_12), (13, row_13), (14, row_14), (15, row_15)):
        if number in bench.rows:
            print(f"\nrow {number}: {TITLES[number]}", flush=True)
            row(bench, report)


def row_12(bench, report):
    """The door has no plain variant on purpose, so this is a bare ROUTER with the sizes of a booking and its answer."""
    with BenchSuite(bench.build) as suite:
        sizes = suite.question_and_answer_bytes()
        report.fault(suite.faults())
    report.line("a booking was asked for in {} bytes and answered in {}; at a bare socket, as the door has no plain "
                "variant:".format(*sizes))
    for clients, in_flight in ((32, 16), (1, 1)):
        load = (clients, in_flight, bench.seconds, sizes)
        curve, plain = bench.interleave(lambda load=load: curve_echo(bench.build, "curve", *load),
                                        lambda load=load: curve_echo(bench.build, "plain", *load))
        report.side(f"CURVE, {clients} x {in_flight}", curve)
        report.side(f"plain, {clients} x {in_flight}", plain)
        more_us = median([run["cpu_us"] for run in curve]) - median([run["cpu_us"] for run in plain])
        report.ratio(12, f"rate with CURVE beside without, {clients} x {in_flight}", quotient(curve, plain))
        report.line(f"CURVE takes {more_us:.1f} us of CPU for a question and its answer, both sides together")


def row_13(bench, report):
    with BenchSuite(bench.build, tls=True) as safe, BenchSuite(bench.build) as plain:
        for suite in (safe, plain):
            bench.warm_up(suite, 1)
        report.beside(13, "rate with TLS to Kafka beside plain text", *bench.interleave(
            lambda: safe.book(32, 16, bench.seconds), lambda: plain.book(32, 16, bench.seconds)),
                      "booking, Kafka over TLS, 32 x 16", "the same, Kafka in plain text")
        report.fault(safe.faults() + plain.faults())


def row_14(bench, report):
    with contextlib.ExitStack() as stack:
        suites = {}
        unaudited = stack.enter_context(unaudited_build(bench.build))
        for name, build, methods in (("none", unaudited, AUDITED), ("spooled", bench.build, AUDITED),
                                     ("durable", bench.build, AUDITED_DURABLY)):
            suites[name] = stack.enter_context(BenchSuite(build, durable_methods=methods))
            bench.warm_up(suites[name], 1)
        for name, what in (("spooled", "spooled before the answer leaves"), ("durable", "acknowledged before it leaves")):
            report.beside(14, f"rate with a record {what} beside none", *bench.interleave(
                lambda name=name: suites[name].ask(32, 16, bench.seconds),
                lambda: suites["none"].ask(32, 16, bench.seconds)),
                          f"a person's bookings, record {name}, 32 x 16", "the same, no record")
        for suite in suites.values():
            report.fault(suite.faults())


def row_15(bench, report):
    alone = sealing(bench.build, bench.seconds)
    with BenchSuite(bench.build) as suite:
        bench.warm_up(suite, 1)
        runs = [suite.book(32, 16, bench.seconds) for _ in range(bench.repeats)]
        report.fault(suite.faults())
    seal_us, open_us, wrap_us = (alone[key] / 1000 for key in ("seal_ns", "open_ns", "wrap_ns"))
    report.line(f"the {alone['details_bytes']} bytes of one person, in a process of their own: sealed {seal_us:.2f} us, "
                f"opened {open_us:.2f} us; the key of somebody new wrapped {wrap_us:.2f} us")
    report.side("booking over ZeroMQ, 32 x 16", runs)
    report.ratio(15, "sealing beside a booking's processor time", seal_us / median([run["cpu_us"] for run in runs]),
                 "{:.1%}")
