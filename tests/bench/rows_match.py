"""Rows 5, 16, 17 and 18: how well and how fast people are found. FEBRL's files (BHR_TEST_DATA/febrl) beside Python's
recordlinkage, a made-up population of our own by what went wrong, its growth, and a trace beside PostgreSQL and DuckDB. The
threshold was fixed beforehand, posterior 0.5, and weights are learned without labels."""
import hashlib
import json
import os
import subprocess
import tempfile

from bench_report import median, quotient, say
from bench_suite import ROOT
from match_peers import DuckDb, PostgresTrace

TITLES = {
    5: "demographic trace in process, beside PostgreSQL and DuckDB",
    16: "FEBRL 1 to 3, without soc_sec_id and without labels, beside Python's recordlinkage",
    17: "made-up people of three boroughs, by what went wrong",
    18: "growth: from ten thousand people to a million, or BHR_BENCH_PEOPLE_MAX",
}
FEBRL = [("1", False), ("2", False), ("3", False), ("3", True)]
FEBRL_3_ERRORS_MAX, FOUR_FIELDS_F1_MIN = 5, 0.983
LEARN_PEOPLE, JUDGE_PEOPLE, LOOKUPS, TRACE_PEOPLE = 4500, 30000, 20000, 1000000
LEARN_SEED, JUDGE_SEED, GROWTH_SEED = 11, 12, 13
BYTES_PER_PERSON_MAX, P99_US_MAX, TIMES_POSTGRES_MIN = 200, 1000, 5
PYTHON = f"{ROOT}/build/tools/python/bin/python"
HERE = os.path.dirname(os.path.abspath(__file__))


def measure(bench, report):
    with tempfile.TemporaryDirectory(prefix="bhr-bench-match-") as folder:
        people = People(bench.build, folder)
        if 16 in bench.rows:
            row_16(report, people)
        if 17 in bench.rows:
            row_17(report, people)
        if 18 in bench.rows:
            most = 100000 if bench.is_quick else int(os.environ.get("BHR_BENCH_PEOPLE_MAX", TRACE_PEOPLE))
            row_18(report, people, [10 ** power for power in range(4, 9) if 10 ** power <= most])
        if 5 in bench.rows:
            row_5(bench, report, people)


class People:
    """Files of people, rules learned from them, and the programs that judge."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder

    def learn(self, path, *options):
        rules = f"{self.folder}/rules"
        self.run("bhr-match-learn", path, "-o", rules, *options)
        return rules

    def judge(self, rules, path, *options):
        return json.loads(self.run("tests/bench/bhr-bench-match", rules, path, *options))

    def make(self, seed, count, percent):
        path = f"{self.folder}/people-{seed}-{count}.csv"
        with open(path, "wb") as file:
            subprocess.run([f"{self.build}/bhr-make-people", str(seed), str(count), str(percent)], check=True, stdout=file)
        return path

    def run(self, program, *words):
        return subprocess.run([f"{self.build}/{program}", *words], check=True, capture_output=True, text=True).stdout


def f1(counts):
    return 2 * counts["right"] / (2 * counts["right"] + counts["wrong"] + counts["missed"])


def accuracy_line(report, name, counts):
    right = counts["right"]
    report.line(f"{name:<54} wrong {counts['wrong']:>4}  missed {counts['missed']:>4}  precision "
                f"{right / max(right + counts['wrong'], 1):.5f}  recall {right / (right + counts['missed']):.5f}  "
                f"F1 {f1(counts):.5f}")


def row_16(report, people):
    print(f"\nrow 16: {TITLES[16]}", flush=True)
    data = os.environ.get("BHR_TEST_DATA")
    if not data:
        report.line("not measured: BHR_TEST_DATA does not name a folder with febrl/dataset1.csv to dataset3.csv")
        return
    for number, is_four in FEBRL:
        path, options = f"{data}/febrl/dataset{number}.csv", ["--four-fields"] if is_four else []
        rules = people.learn(path, *options)
        report.line(f"FEBRL {number}" + (", names, birth date and postcode only" if is_four else ""))
        found = people.judge(rules, path, *options)
        accuracy_line(report, "  online, one by one; who is linked is one (joined)", found["joined"])
        every = people.judge(rules, path, "--all-pairs", *options)
        accuracy_line(report, "  batch, every pair, joined", every["joined"])
        accuracy_line(report, "  batch, every pair, pair links alone", every["direct"])
        theirs = recordlinkage(path, is_four)
        if theirs:
            accuracy_line(report, f"  recordlinkage {theirs['version']}, ECM, pair links alone", theirs)
        report.data.append({"row": 16, "febrl": number, "four_fields": is_four, "online": found, "batch": every,
                            "recordlinkage": theirs})
        if is_four:
            value = f1(found["joined"])
            report.floor(16, f"four fields, F1 online, above {FOUR_FIELDS_F1_MIN}", round(value, 5), value > FOUR_FIELDS_F1_MIN)
        elif number == "3":
            for way, counts in (("online", found["joined"]), ("batch", every["joined"])):
                errors = counts["wrong"] + counts["missed"]
                report.floor(16, f"FEBRL 3, errors {way}, at most {FEBRL_3_ERRORS_MAX}", errors, errors <= FEBRL_3_ERRORS_MAX)


def recordlinkage(path, is_four):
    if not os.path.exists(PYTHON):
        say("no recordlinkage: scripts/install-deps.sh --bench installs it")
        return None
    words = [PYTHON, f"{HERE}/match_recordlinkage.py", path] + (["four"] if is_four else [])
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def row_17(report, people):
    print(f"\nrow 17: {TITLES[17]}", flush=True)
    path = people.make(JUDGE_SEED, JUDGE_PEOPLE, 30)
    found = people.judge(people.learn(people.make(LEARN_SEED, LEARN_PEOPLE, 30)), path)
    wrong = found["direct"]["wrong"]
    report.line(f"{JUDGE_PEOPLE:,} people of seed {JUDGE_SEED}, SHA-256 {sha256(path)}; rules of seed {LEARN_SEED}")
    report.line(f"false merges: {wrong}, that is {1e6 * wrong / JUDGE_PEOPLE:.0f} in a million people")
    accuracy_line(report, "one by one, pair links", found["direct"])
    accuracy_line(report, "one by one, joined", found["joined"])
    for kind, (right, records) in sorted(found["kinds"].items()):
        if kind != "base":
            report.line(f"{kind:<20} {right:>6} of {records:>6} found  {right / records:.4f}")
    report.ratio(17, "false merges in a million people", 1e6 * wrong / JUDGE_PEOPLE, "{:.0f}")
    report.data.append({"row": 17, "found": found})


def row_18(report, people, counts):
    print(f"\nrow 18: {TITLES[18]}", flush=True)
    rules = people.learn(people.make(LEARN_SEED, LEARN_PEOPLE, 30))
    report.line("    people  load s  bytes each  look-ups/s   p50 us   p99 us  candidates  asked wide  left out  right first")
    for count in counts:
        path = people.make(GROWTH_SEED, count, max(1, min(30, 200 * LOOKUPS // count)))
        row = people.judge(rules, path, "--scale", str(LOOKUPS))
        os.unlink(path)
        report.line(f"{row['people']:>10,} {row['load_s']:>7.1f} {row['bytes_per_person']:>11.0f} {row['per_second']:>11,.0f} "
                    f"{row['p50_us']:>8.1f} {row['p99_us']:>8.1f} {row['candidates']:>11.1f} {row['fell_back']:>11.3f} "
                    f"{row['incomplete']:>9.4f} {row['right_first'] / row['known']:>12.4f}")
        report.data.append({"row": 18, "people": count, "found": row})
        if count == max(counts):
            report.floor(18, f"bytes per person, at most {BYTES_PER_PERSON_MAX}", row["bytes_per_person"],
                         row["bytes_per_person"] <= BYTES_PER_PERSON_MAX)


def row_5(bench, report, people):
    count = TRACE_PEOPLE // (10 if bench.is_quick else 1)
    print(f"\nrow 5: {TITLES[5]}, {count:,} people", flush=True)
    rules = people.learn(people.make(LEARN_SEED, LEARN_PEOPLE, 30))
    path = people.make(GROWTH_SEED, count, max(1, min(30, 200 * LOOKUPS // count)))
    with Served(f"{people.build}/tests/bench/bhr-bench-match", rules, path, "--scale", str(LOOKUPS), "--serve") as ours, \
            PostgresTrace(path) as postgres, DuckDb(PYTHON, path) as duckdb:
        runs = [(ours.run(), postgres.run(8, bench.seconds), duckdb.run(bench.seconds)) for _ in range(bench.repeats)]
        ours, theirs, sql = ([run[side] for run in runs] for side in range(3))
        for name, side in (("trace, one thread, in process", ours), ("PostgreSQL, 8 clients, narrow keys only", theirs),
                           ("DuckDB, Splink-shaped SQL, one at a time", sql)):
            if side[0] is None:
                say("no DuckDB: scripts/install-deps.sh --bench installs it")
            else:
                report.side(name, side)
        first = ours[0]
        report.line(f"the right one first: ours {first['right_first'] / first['known']:.4f} of {first['known']:,} who are "
                    f"there; PostgreSQL {postgres.right_first():.4f}")
    cores = os.cpu_count()
    ratio = quotient(ours, theirs) * cores
    report.floor(5, f"rate of a core beside PostgreSQL's on {cores}, at least {TIMES_POSTGRES_MIN}", round(ratio, 2),
                 ratio >= TIMES_POSTGRES_MIN, " times")
    p99_us = median([run["p99_us"] for run in ours])
    report.floor(5, "p99, below 1000", round(p99_us, 1), p99_us < P99_US_MAX, " us")
    if sql[0] is not None:
        report.ratio(5, "rate beside DuckDB, one at a time", quotient(ours, sql))


class Served:
    """A program that measures once for each line it reads."""

    def __init__(self, *words):
        self.words = words

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __exit__(self, kind, error, trace):
        self.process.stdin.close()
        self.process.wait()
        return False


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
