"""Row 7: a store that is made again from the journal, beside a plain reader of the same topic."""
import shutil
import time

from bench_report import median, say
from bench_suite import BenchSuite, Failure, kafka_reading, until

TITLES = {7: "a store made again from the journal, beside plain librdkafka reading the same topic"}
JOURNAL, FOLLOWER = "bhr.booking.journal.v1", 2


def measure(bench, report):
    print(f"\nrow 7: {TITLES[7]}", flush=True)
    with BenchSuite(bench.build, count=2) as suite:
        suite.make_slots(bench.rebuild_entries * 2)
        while suite.told < bench.rebuild_entries:
            suite.book(32, 16, bench.seconds)
        say(f"{suite.told:,} bookings in the journal; booking-{FOLLOWER} gives up its store and makes it again")
        ours, plain = bench.interleave(lambda: rebuild(suite), lambda: kafka_reading(bench.build, suite.brokers, JOURNAL))
        if not suite.wait_same_digest(60):
            report.fault([f"a store that was made again differs: {suite.digests()}"])
        report.fault(suite.faults())
    for name, runs in ((f"bhr-booking, an empty store to {ours[0]['entries']:,} entries", ours),
                       (f"plain librdkafka, {plain[0]['records']:,} records", plain)):
        rates = [run["per_second"] for run in runs]
        report.line(f"{name:<46} {median(rates):>9,.0f}/s  ({min(rates):,.0f} - {max(rates):,.0f})")
    ratio = median([run["per_second"] for run in ours]) / median([run["per_second"] for run in plain])
    report.floor(7, "rate of a rebuild beside a plain reader, at least 0.5", round(ratio, 2), ratio >= 0.5, " times")


def rebuild(suite):
    """From the start of the process, its own start included, until it has applied what the owner has."""
    suite.stop_and_wait(FOLLOWER)
    shutil.rmtree(f"{suite.folder}/data/booking-{FOLLOWER}")
    entries = suite.metrics(1)["bhr_replica_journal_number"]
    begun = time.monotonic()
    suite.start(FOLLOWER)
    if not until(lambda: suite.metrics(FOLLOWER).get("bhr_replica_journal_number", 0) >= entries, 120, pause_s=0.01):
        raise Failure("a store was not made again in time")
    return {"entries": int(entries), "per_second": entries / (time.monotonic() - begun)}
