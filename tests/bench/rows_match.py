"""Rows 5, 16, 17 and 18: how well and how fast people are found. FEBRL's files (BHR_TEST_DATA/febrl), in process and through a
real door, beside Python's recordlinkage; a made-up population of our own by what went wrong; its growth; and a trace beside
PostgreSQL and DuckDB. The threshold was fixed beforehand, posterior 0.5, and weights are learned without labels."""
import json
import os
import secrets
import subprocess
import tempfile

import febrl_door
from bench_report import median, quotient, say
from bench_suite import ROOT
from match_people import LEARN_PEOPLE, LEARN_SEED, LOOKUPS, People, accuracy_line, f1, sha256
from match_peers import DuckDb, PostgresTrace

TITLES = {
    5: "demographic trace in process, beside PostgreSQL and DuckDB",
    16: "FEBRL 1 to 3, without soc_sec_id and without labels, beside Python's recordlinkage",
    17: "made-up people of three boroughs, by what went wrong",
    18: "growth in process: from ten thousand people to a million, or BHR_BENCH_PEOPLE_MAX",
}
FEBRL = {1: ("1", False), 2: ("2", False), 3: ("3", False), 4: ("3", True)}  # which set, and whether four fields only
FEBRL_3_ERRORS_MAX, FOUR_FIELDS_F1_MIN = 5, 0.983
JUDGE_PEOPLE, JUDGE_SEEDS, TRACE_PEOPLE = 30000, 5, 1000000
THRESHOLDS = (("fixed for all comparisons", 500000), ("from which a record is linked without a human", 990000))
BYTES_PER_PERSON_MAX, P99_US_MAX, TIMES_POSTGRES_MIN = 200, 1000, 5
PYTHON = f"{ROOT}/build/tools/python/bin/python"
HERE = os.path.dirname(os.path.abspath(__file__))


def measure(bench, report):
    with tempfile.TemporaryDirectory(prefix="bhr-bench-match-") as folder:
        people = People(bench.build, folder)
        for number, row in ((16, row_16), (17, row_17), (18, row_18), (5, row_5)):
            if number in bench.rows:
                with report.part(f"row {number}"):
                    print(f"\nrow {number}: {TITLES[number]}", flush=True)
                    row(bench, report, people)


def row_16(bench, report, people):
    data = os.environ.get("BHR_TEST_DATA")
    if not data:
        report.line("not measured: BHR_TEST_DATA does not name a folder with febrl/dataset1.csv to dataset3.csv")
        return
    for number, is_four in (FEBRL[which] for which in bench.febrl):
        with report.part(f"row 16, FEBRL {number}" + (", four fields" if is_four else "")):
            febrl(report, people, f"{data}/febrl/dataset{number}.csv", number, is_four)


def febrl(report, people, path, number, is_four):
    options = ["--four-fields"] if is_four else []
    rules = people.learn(path, *options)
    report.line(f"FEBRL {number}" + (", names, birth date and postcode only" if is_four else ""))
    found = people.judge(rules, path, *options)
    accuracy_line(report, "  online, one by one; who is linked is one (joined)", found["joined"])
    every = people.judge(rules, path, "--all-pairs", *options)
    accuracy_line(report, "  batch, every pair, joined", every["joined"])
    accuracy_line(report, "  batch, every pair, pair links alone", every["direct"])
    sent = febrl_door.Sent(path, f"{people.folder}/sent-{number}.csv", is_four)
    sent_rules = people.learn(sent.path, *options)
    as_sent = people.judge(sent_rules, sent.path, *options)["joined"]
    accuracy_line(report, "  online, in process, of what the contract carries", as_sent)
    door = febrl_door.through_a_door(people.build, sent_rules, sent)
    accuracy_line(report, "  online, registered at a door, under one person", door,
                  f"  for a human {door['review']}  p50 {door['p50_us'] / 1000:.1f} ms")
    theirs = recordlinkage(path, is_four)
    if theirs:
        accuracy_line(report, f"  recordlinkage {theirs['version']}, ECM, pair links alone", theirs)
        errors = [counts["wrong"] + counts["missed"] for counts in (door, theirs)]
        if errors[0] > errors[1]:
            report.loss(16, f"FEBRL {number}: {errors[0]} errors at the door, {errors[1]} by recordlinkage")
    report.line("  the contract carries postcodes of British form, and no day that does not exist "
                f"({door['cut']} birth dates were cut to month or year)")
    report.data.append({"row": 16, "febrl": number, "four_fields": is_four, "online": found, "batch": every, "as_sent": as_sent,
                        "door": door, "recordlinkage": theirs})
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


def row_17(bench, report, people):
    """Seeds are drawn for each run and printed, so that nobody can have looked at these people before; --seeds repeats one."""
    seeds = bench.seeds or [1000 + secrets.randbelow(10 ** 9) for _ in range(2 if bench.is_quick else JUDGE_SEEDS)]
    rules = people.learned()
    runs = {ppm: [] for _, ppm in THRESHOLDS}
    for seed in seeds:
        path = people.make(seed, JUDGE_PEOPLE, 30)
        report.line(f"{JUDGE_PEOPLE:,} people of seed {seed}, SHA-256 {sha256(path)}")
        for ppm, found in runs.items():
            found.append(people.judge(rules, path, "--posterior", str(ppm)))
        os.unlink(path)
    report.line(f"rules of {LEARN_PEOPLE:,} others, seed {LEARN_SEED}")
    for name, ppm in THRESHOLDS:
        judged_by_kind(report, f"posterior {ppm / 1e6}, {name}", runs[ppm])
    wrong = sum(found["direct"]["wrong"] for found in runs[THRESHOLDS[0][1]])
    records = sum(found["records"] for found in runs[THRESHOLDS[0][1]])
    report.ratio(17, "false merges in a million records, posterior 0.5", 1e6 * wrong / records, "{:.1f}")
    report.data.append({"row": 17, "seeds": seeds, "found": runs})


def judged_by_kind(report, name, runs):
    """False merges first. By kind of the record that came later: a wrong link counts where it was made."""
    records, wrong = sum(found["records"] for found in runs), sum(found["direct"]["wrong"] for found in runs)
    report.line(f"{name}: {wrong} false merges among {records:,} records, {1e6 * wrong / records:.1f} in a million; by seed "
                f"{', '.join(str(found['direct']['wrong']) for found in runs)}")
    for way in ("direct", "joined"):
        pooled = {key: sum(found[way][key] for found in runs) for key in ("right", "wrong", "missed")}
        accuracy_line(report, "  one by one, pair links" if way == "direct" else "  one by one, joined", pooled)
    report.line("  what went wrong      wrong links  precision    found        of  recall")
    for kind in sorted(runs[0]["kinds"]):
        found, of, linked, linked_wrong = (sum(run["kinds"][kind][at] for run in runs) for at in range(4))
        precision = f"{1 - linked_wrong / linked:.5f}" if linked and kind != "base" else "-"
        recall = "" if kind == "base" else f"{found:>9} {of:>9}  {found / of:.4f}"
        report.line(f"  {'first records' if kind == 'base' else kind:<20} {linked_wrong:>11} {precision:>10}{recall}")


def row_18(bench, report, people):
    counts = bench.people_counts(int(os.environ.get("BHR_BENCH_PEOPLE_MAX", TRACE_PEOPLE)), 100000)
    rules = people.learned()
    report.line("    people  load s  bytes each  look-ups/s   p50 us   p99 us  candidates  asked wide  left out  right first  "
                "wrong first  peak MiB")
    for count in counts:
        with report.part(f"row 18, {count:,} people"):
            path = people.make_growth(count)
            row = people.judge(rules, path, "--scale", str(LOOKUPS))
            os.unlink(path)
        report.line(f"{row['people']:>10,} {row['load_s']:>7.1f} {row['bytes_per_person']:>11.0f} {row['per_second']:>11,.0f} "
                    f"{row['p50_us']:>8.1f} {row['p99_us']:>8.1f} {row['candidates']:>11.1f} {row['fell_back']:>11.3f} "
                    f"{row['incomplete']:>9.4f} {row['right_first'] / row['known']:>12.4f} "
                    f"{row['wrong_first'] / row['lookups']:>12.5f} {row['peak_mib']:>9,.0f}")
        report.data.append({"row": 18, "people": count, "found": row})
        if count == max(counts):
            report.floor(18, f"bytes per person, at most {BYTES_PER_PERSON_MAX}", row["bytes_per_person"],
                         row["bytes_per_person"] <= BYTES_PER_PERSON_MAX)


def row_5(bench, report, people):
    count = TRACE_PEOPLE // (10 if bench.is_quick else 1)
    report.line(f"{count:,} people; PostgreSQL and DuckDB hold the same ones in the same minutes, each asked in turn")
    rules, path = people.learned(), people.make_growth(count)
    with Served(f"{people.build}/tests/bench/bhr-bench-match", rules, path, "--scale", str(LOOKUPS), "--serve") as ours, \
            PostgresTrace(path) as postgres, DuckDb(PYTHON, path) as duckdb:
        runs = [(ours.run(), postgres.run(8, bench.seconds), duckdb.run(bench.seconds), duckdb.run("batch"))
                for _ in range(bench.repeats)]
        ours, theirs, sql, batch = ([run[side] for run in runs] for side in range(4))
        for name, side in (("trace, one thread, in process", ours), ("PostgreSQL, 8 clients, narrow keys only", theirs),
                           ("DuckDB, Splink-shaped SQL, one at a time", sql), ("DuckDB, the same, all in one statement", batch)):
            if side[0] is None:
                say("no DuckDB: scripts/install-deps.sh --bench installs it")
            else:
                report.side(name, side)
        first = ours[0]
        report.line(f"the right one first: ours {first['right_first'] / first['known']:.4f} of {first['known']:,} who are "
                    f"there; PostgreSQL {postgres.right_first():.4f}"
                    + (f"; DuckDB {batch[0]['right_first']:.4f}" if batch[0] else ""))
    cores = os.cpu_count()
    ratio = quotient(ours, theirs) * cores
    report.floor(5, f"rate of a core beside PostgreSQL's on {cores}, at least {TIMES_POSTGRES_MIN}", round(ratio, 2),
                 ratio >= TIMES_POSTGRES_MIN, " times")
    p99_us = median([run["p99_us"] for run in ours])
    report.floor(5, "p99, below 1000", round(p99_us, 1), p99_us < P99_US_MAX, " us")
    if sql[0] is not None:
        report.race(5, "rate of one thread beside DuckDB, one at a time", quotient(ours, sql))
        report.race(5, f"rate of one thread beside DuckDB in one statement on {cores}", quotient(ours, batch))


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
