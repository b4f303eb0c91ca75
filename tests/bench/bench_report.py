"""What a run prints and keeps: sides, lines, floors, faults; and the small arithmetic that the rows share."""
import contextlib
import time

from bench_suite import Failure


class Report:
    def __init__(self):
        self.lines, self.faults, self.missed, self.data, self.took = [], [], 0, [], []

    @contextlib.contextmanager
    def part(self, name):
        """Says at the end how long each part took: a long run can be had in pieces. One that fails is a fault, and the others are
        measured all the same."""
        since = time.monotonic()
        try:
            yield
        except Failure as failure:
            self.fault([f"{name}: {failure}"])
        finally:
            self.took.append((name, time.monotonic() - since))

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

    def ratio(self, row, what, value, form="{:.2f} times"):
        """A figure that no floor holds."""
        self.lines.append(f"row {row}: {what}: {form.format(value)}")
        self.data.append({"row": row, "what": what, "value": round(value, 4)})
        print(f"    => {what}: {form.format(value)}", flush=True)

    def race(self, row, what, value):
        """Ours beside theirs, where no floor holds; a loss is called one."""
        self.ratio(row, what, value)
        if value < 1:
            self.loss(row, what)

    def loss(self, row, text):
        self.lines.append(f"row {row}: LOST: {text}")
        self.data.append({"row": row, "lost": text})
        print(f"    => LOST: {text}", flush=True)

    def beside(self, row, what, ours, theirs, our_name, their_name):
        """Two sides and the ratio of their rates."""
        self.side(our_name, ours)
        self.side(their_name, theirs)
        self.ratio(row, what, quotient(ours, theirs))

    def fault(self, texts):
        for text in texts:
            self.faults.append(text)
            print(f"    FAULT: {text}", flush=True)


def say(text):
    print(f"    ... {text}", flush=True)


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def quotient(ours, theirs):
    return median([run["per_second"] for run in ours]) / median([run["per_second"] for run in theirs])


def ms(microseconds):
    return f"{microseconds / 1000:.2f} ms"
