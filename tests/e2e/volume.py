"""What the tests of volume (test_slow_*.py) share: their size, a suite with the load generator of tests/bench beside
it, and a door's memory. Each has one size, `--size full` for `make soak`; without it a hundredth of that, for every
`make test`."""
import argparse
import contextlib
import os
import signal
import time

from loaded import LoadedSuite, read_json
from suite import Failure, skip, until


def sized(full, small=None):
    """The size that the command line asks for."""
    words = argparse.ArgumentParser()
    words.add_argument("--size", choices=("full", "small"), default="small")
    if words.parse_args().size == "full":
        return full
    return full // 100 if small is None else small


class VolumeSuite(LoadedSuite):
    def __init__(self, **options):
        # Freed memory is given back soon, so that what a door holds can be told from what a sanitizer keeps.
        os.environ["ASAN_OPTIONS"] = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1")))
        super().__init__(**options)
        if not os.access(self.generator, os.X_OK):
            skip(f"there is no {self.generator}")

    def book_many(self, seconds, clients=4, in_flight=64, per_second=0, numbers=None):
        """{per_second, p50_us, p99_us, gap_ms, sent, ok, ...}; per_second 0: as fast as answers come."""
        return self.take(read_json(self.booking_words(clients, in_flight, seconds, per_second, numbers=numbers)))

    def fill(self, check, entries, numbers=None):
        """Bookings until the journal is longer by so many entries; its number then."""
        began, since = self.number(), time.monotonic()
        told = 0
        while self.number() < began + entries:
            self.book_many(min(10, max(1, entries / 5000)), clients=8, in_flight=128, numbers=numbers)
            done = self.number() - began
            if done * 10 // entries > told:
                told = done * 10 // entries
                check.note(f"{done:,} of {entries:,} entries, {done / (time.monotonic() - since):,.0f} a second")
        return self.number()

    def number(self):
        """Of the last accepted entry, as the owner's store has it."""
        owner = until(self.owner, 20)
        found = until(lambda: self.metrics(owner).get("bhr_replica_journal_number"), 20)
        if found is None:
            raise Failure("no owner says how long the journal is")
        return int(found)

    @contextlib.contextmanager
    def stopped(self, pid):
        """SIGSTOP, and SIGCONT in any case."""
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
