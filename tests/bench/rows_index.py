"""Rows 4 and 19: an index of its own, filled over ZeroMQ through the whole ring. Exact look-ups beside a bare echo, and what
grows when people do: time to load, memory, candidates, look-ups, and how well a description finds its person."""
import itertools
import os
import random
import tempfile
import time

from bench_index import SERVICE, SOURCE, IndexSuite, put_question, read_rows
from bench_report import median, quotient
from bench_suite import Failure, curve_echo
from made_people import MadePeople
from match_people import LOOKUPS, People

TITLES = {
    4: "exact look-up over ZeroMQ, beside a bare echo on the same kind of socket",
    19: "growth through the whole ring: registered, looked up and traced over ZeroMQ",
}
EXACT_PEOPLE = 1000000
# (clients, in flight of each): 32 callers who wait for each answer, a gateway with 32 under way, and one alone
SHAPES = ((32, 1), (1, 32), (1, 1))
RATE_MIN, P50_TIMES_MAX = 0.5, 1.3
STORE_BYTES_MAX = 1500


def measure(bench, report):
    counts = sorted(bench.people_counts(1000000, 10000)) if 19 in bench.rows else []
    exact = EXACT_PEOPLE // (100 if bench.is_quick else 1) if 4 in bench.rows else 0
    table = []
    for count in sorted({*counts, *([exact] if exact else [])}):
        rows = [row for row, is_here in ((4, count == exact), (19, count in counts)) if is_here]
        with report.part(f"row{'s' if len(rows) > 1 else ''} {' and '.join(map(str, rows))}, {count:,} people"):
            table += of_count(bench, report, count, rows)
    if table:
        print_table(report, table)


def of_count(bench, report, count, rows):
    """Fills an index with so many, once for both rows."""
    print(f"\n{count:,} people: {'; '.join(f'row {row}: {TITLES[row]}' for row in rows)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bhr-bench-index-") as folder:
        people = People(bench.build, folder)
        rules, path = people.learned(), people.make_growth(count)
        in_process = people.judge(rules, path, "--scale", str(LOOKUPS)) if 19 in rows else None
        made = MadePeople(path)
        os.unlink(path)
        with IndexSuite(bench.build, rules, count) as suite:
            filled = Filled(suite, made, folder)
            report.line(f"{len(made.registered):,} registered in {filled.load_s:.1f} s, {filled.per_second:,.0f} a second; "
                        f"each found by number or local id {filled.seen_s:.1f} s later; taken for somebody else: "
                        f"{filled.how.get('linked', 0)}, and for a human to look at: {filled.how.get('review', 0)}")
            table = [row_19(bench, report, filled, in_process)] if 19 in rows else []
            if 4 in rows:
                row_4(bench, report, filled)
            return table


class Filled:
    """An index with people in it, and files of questions about them."""

    def __init__(self, suite, made, folder):
        self.suite, self.made, self.folder = suite, made, folder
        before = suite.anonymous_bytes(), suite.store_bytes()
        self.load_s, rows = suite.register(made.base_path)
        self.person_of, self.how = {}, {}
        for row in rows:
            self.person_of[row["reference"]] = row["person_id"]
            self.how[row["result"]] = self.how.get(row["result"], 0) + 1
        if len(self.person_of) != len(made.registered):
            raise Failure(f"{len(made.registered)} were sent, {len(self.person_of)} registered")
        count = len(made.registered)
        self.per_second = count / self.load_s
        self.exact, self.first_body = self.write_exact()
        since = time.monotonic()
        suite.ask(self.exact, 8, 16, 0)  # everybody, and each answer is the right one
        self.seen_s = time.monotonic() - since
        self.anonymous, self.store = ((after - earlier) / count for after, earlier in
                                      zip((suite.anonymous_bytes(), suite.store_bytes()), before))

    def write_exact(self):
        """By NHS number and by local id in turns; the answer must name the person that registration named."""
        path, first = f"{self.folder}/exact", None
        find, found = (self.suite.schema(f"bhr.index.v1.{name}") for name in ("FindPersonRequest", "FindPersonResponse"))
        with open(path, "wb") as file:
            for at, (reference, number) in enumerate(self.scattered()):
                question = find(nhs_number=number)
                if at % 2:
                    question = find()
                    question.record.source, question.record.local_id = SOURCE, reference
                body = question.SerializeToString()
                first = first or body
                put_question(file, SERVICE + "FindPerson", body,
                             found(person_id=self.person_of[reference]).SerializeToString())
        return path, first

    def scattered(self):
        """Not as they were registered: neighbours would lie side by side in the store."""
        people = list(self.made.registered)
        random.Random(4).shuffle(people)
        return people

    def write_traces(self):
        path = f"{self.folder}/traces"
        request = self.suite.schema("bhr.index.v1.TracePersonRequest")
        with open(path, "wb") as file:
            for row in itertools.islice(read_rows(self.made.second_path), LOOKUPS):
                question = request(limit=10)
                who = question.demographics
                who.family_name, who.given_name, who.birth_date = row["family_name"], row["given_name"], row["birth_date"]
                who.sex = {"female": 1, "male": 2}.get(row["sex"], 0)
                who.address_lines.extend(line for line in (row["address_1"], row["address_2"]) if line)
                who.postcode, who.phone = row["postcode"], row["phone"]
                put_question(file, SERVICE + "TracePerson", question.SerializeToString())
        return path


def row_4(bench, report, filled):
    suite = filled.suite
    question, answer = suite.sizes(SERVICE + "FindPerson", filled.first_body)
    report.line("a look-up is asked for in {} + {} bytes and answered in {} + {}, header and body, as are those at the bare socket; "
                "CURVE on both".format(*question, *answer))
    echo = tuple("{}+{}".format(*frames) for frames in (question, answer))
    for clients, in_flight in SHAPES:
        rate, p50 = beside_echo(bench, report, suite, filled.exact, (clients, in_flight), echo, "exact look-up")
        if clients * in_flight == 1:
            report.floor(4, f"p50 of one alone beside the echo's, at most {P50_TIMES_MAX}", round(p50, 2),
                         p50 <= P50_TIMES_MAX, " times")
        else:
            report.floor(4, f"rate beside the echo's, {clients} x {in_flight}, at least {RATE_MIN}", round(rate, 2),
                         rate >= RATE_MIN, " times")
    whole = tuple(sum(frames) for frames in (question, answer))
    beside(bench, report, suite, filled.exact, whole, "whole messages in one frame")
    with suite.unaudited() as ready_s:
        report.line(f"the same store in an index that audits nothing, ready {ready_s:.1f} s after its start")
        beside(bench, report, suite, filled.exact, echo, "no record")


def beside(bench, report, suite, questions, sizes, name):
    """What no floor is for."""
    for clients, in_flight in SHAPES:
        rate, p50 = beside_echo(bench, report, suite, questions, (clients, in_flight), sizes, f"exact look-up ({name})")
        is_alone = clients * in_flight == 1
        report.ratio(4, f"{name}, {'p50' if is_alone else 'rate'} beside the echo's, {clients} x {in_flight}",
                     p50 if is_alone else rate)


def beside_echo(bench, report, suite, questions, load, sizes, name):
    """(rate, p50) as so many times the echo's."""
    suite.ask(questions, *load, bench.warm_seconds / 2)
    ours, bare = bench.interleave(lambda: suite.ask(questions, *load, bench.seconds),
                                  lambda: curve_echo(bench.build, "curve", *load, bench.seconds, sizes))
    report.side("{}, {} x {}".format(name, *load), ours)
    report.side("bare echo of {2} and {3} bytes, {0} x {1}".format(*load, *sizes), bare)
    return quotient(ours, bare), median([run["p50_us"] for run in ours]) / median([run["p50_us"] for run in bare])


def row_19(bench, report, filled, in_process):
    suite, traces = filled.suite, filled.write_traces()
    runs = {}
    for name, questions, clients in (("exact alone", filled.exact, 1), ("exact", filled.exact, 32),
                                     ("trace alone", traces, 1), ("trace", traces, 32)):
        runs[name] = suite.ask(questions, clients, 1, bench.seconds)
        report.side(f"{name}, {clients} x 1", [runs[name]])
    judged = judge_traces(filled)
    row = {"row": 19, "people": len(filled.made.registered), "load_s": filled.load_s, "per_second": filled.per_second,
           "seen_s": filled.seen_s, "memory": filled.anonymous, "store": filled.store, "candidates": in_process["candidates"],
           "runs": runs, "traced": judged, "registered": filled.how}
    report.data.append(row)
    report.floor(19, f"{row['people']:,} people, store bytes for each, at most {STORE_BYTES_MAX}", round(filled.store),
                 filled.store <= STORE_BYTES_MAX)
    return row


def judge_traces(filled):
    """By the index's own thresholds: what a caller is told is one person without doubt, against the truth."""
    told = {"right": 0, "wrong": 0, "review": 0, "nobody": 0, "strangers": 0, "strangers_wrong": 0}
    for row in filled.suite.trace(filled.made.second_path):
        truth = filled.made.truth[row["reference"]]
        is_match = row["code"] == "20"
        if truth is None:
            told["strangers"] += 1
            told["strangers_wrong"] += is_match
        elif is_match:
            told["right" if row["person_id"] == filled.person_of[truth] else "wrong"] += 1
        else:
            told["review" if row["code"] == "22" else "nobody"] += 1
    return told


def print_table(report, table):
    print(f"\nrow 19: {TITLES[19]}", flush=True)
    report.line("    people   load s  a second  B/person in memory  in the store  candidates    exact p50 / p99 us    "
                "trace p50 / p99 us  traces/s")
    for row in table:
        exact, trace = row["runs"]["exact alone"], row["runs"]["trace alone"]
        report.line(f"{row['people']:>10,} {row['load_s']:>8.1f} {row['per_second']:>9,.0f} {row['memory']:>19.0f} "
                    f"{row['store']:>13.0f} {row['candidates']:>11.1f} {exact['p50_us']:>12.0f} / {exact['p99_us']:>7.0f} "
                    f"{trace['p50_us']:>13.0f} / {trace['p99_us']:>7.0f} {row['runs']['trace']['per_second']:>9,.0f}")
    report.line("traced by what is known of them, told as one person without doubt (posterior 0.99):")
    report.line("    people  wrong person  strangers taken for somebody  precision  recall  for a human  nobody")
    for row in table:
        told = row["traced"]
        matches = told["right"] + told["wrong"] + told["strangers_wrong"]
        known = told["right"] + told["wrong"] + told["review"] + told["nobody"]
        report.line(f"{row['people']:>10,} {told['wrong']:>13} {told['strangers_wrong']:>19} of {told['strangers']:>6} "
                    f"{told['right'] / max(matches, 1):>10.5f} {told['right'] / max(known, 1):>7.4f} {told['review']:>12} "
                    f"{told['nobody']:>7}")
