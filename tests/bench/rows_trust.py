"""Rows 12 to 15: what trust costs. Each is asked for with and without, in turns, in the same minutes; none has a floor."""
import contextlib

from bench_report import median, quotient
from bench_suite import (AUDITED, AUDITED_DURABLY, BenchSuite, curve_echo, question_and_answer_bytes, sealing,
                         unaudited_build)

TITLES = {
    12: "CURVE: questions and answers at a socket, encrypted and not",
    13: "TLS to Kafka: bookings with it, beside the same in plain text",
    14: "audit: a person's bookings asked for with a record, beside the same without",
    15: "sealing: what it takes of a booking (somebody new also needs a key: row 1, new)",
}
DETAILS_BYTES = 160  # of a person with name, birth date, NHS number and phone, encoded


def measure(bench, report):
    for number, row in ((12, row_12), (13, row_13), (14, row_14), (15, row_15)):
        if number in bench.rows:
            print(f"\nrow {number}: {TITLES[number]}", flush=True)
            row(bench, report)


def row_12(bench, report):
    """The door has no plain variant on purpose, so this is a bare ROUTER with the sizes of a booking and its answer."""
    sizes = question_and_answer_bytes()
    report.line("at a bare socket that echoes {} and {} bytes: the door has no plain variant".format(*sizes))
    for clients, in_flight in ((32, 16), (1, 1)):
        curve, plain = bench.interleave(lambda: curve_echo(bench.build, "curve", clients, in_flight, bench.seconds, sizes),
                                        lambda: curve_echo(bench.build, "plain", clients, in_flight, bench.seconds, sizes))
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
        for name, options in (("none", {"build": stack.enter_context(unaudited_build(bench.build))}),
                              ("spooled", {"durable_methods": AUDITED}), ("durable", {"durable_methods": AUDITED_DURABLY})):
            suites[name] = stack.enter_context(BenchSuite(**{"build": bench.build, **options}))
            bench.warm_up(suites[name], 1)
        for name, what in (("spooled", "spooled before the answer leaves"), ("durable", "acknowledged before it leaves")):
            report.beside(14, f"rate with a record {what} beside none", *bench.interleave(
                lambda name=name: suites[name].ask(32, 16, bench.seconds),
                lambda: suites["none"].ask(32, 16, bench.seconds)),
                          f"a person's bookings, record {name}, 32 x 16", "the same, no record")
        for suite in suites.values():
            report.fault(suite.faults())


def row_15(bench, report):
    alone = sealing(bench.build, DETAILS_BYTES, bench.seconds)
    with BenchSuite(bench.build) as suite:
        bench.warm_up(suite, 1)
        runs = [suite.book(32, 16, bench.seconds) for _ in range(bench.repeats)]
        report.fault(suite.faults())
    booking_us = median([run["cpu_us"] for run in runs])
    report.line(f"{DETAILS_BYTES} bytes, in a process of their own: sealed {alone['seal_ns'] / 1000:.2f} us, opened "
                f"{alone['open_ns'] / 1000:.2f} us, a new person's key wrapped {alone['wrap_ns'] / 1000:.2f} us: sealing is "
                f"{alone['seal_ns'] / 1000 / booking_us:.1%} of a booking's {booking_us:.0f} us of CPU")
