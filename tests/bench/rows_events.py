"""Row 11: how far public events are behind the journal."""
import time

from bench_suite import BenchSuite, Consumer, Schema, differences, expected_events, until

TITLES = {11: "public event behind its entry"}
EVENT_LOADS = ((100, "one booking after the other"), (2000, "a steady load"))  # bookings a second


def measure(bench, report):
    """From an entry's time in the journal to the moment when a Java reader of committed records has its event in hand."""
    print(f"\nrow 11: {TITLES[11]}", flush=True)
    with BenchSuite(bench.build) as suite:
        suite.make_slots(int(max(rate for rate, _ in EVENT_LOADS) * (bench.seconds + bench.warm_seconds) * 3))
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
