"""How well and how fast people are found: FEBRL's files (BHR_TEST_DATA/febrl) and a made-up population of our own, each at the
threshold that was fixed beforehand, posterior 0.5, with weights learned without labels. Python's recordlinkage judges the
same FEBRL files in the same run, when the folder of a virtual environment that has it is given.

usage: tests/bench/bench_match.py [--build DIR] [--python VENV/bin/python] [--people 10000,100000,1000000] [--json FILE]
"""
import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile

FEBRL = [("1", False), ("2", False), ("3", False), ("3", True)]
LEARN_PEOPLE, JUDGE_PEOPLE, LOOKUPS = 4500, 30000, 20000

# The example of its documentation, with the fields that it names: exact and Jaro-Winkler comparisons behind blocks, and
# expectation-maximisation without labels.
RECORDLINKAGE = """
import sys, json, time, pandas, recordlinkage
begin = time.monotonic()
frame = pandas.read_csv(sys.argv[1], skipinitialspace=True, dtype=str).set_index("rec_id")
frame.columns = [name.strip() for name in frame.columns]
frame = frame.apply(lambda column: column.str.strip())
index = recordlinkage.Index()
for field in ("given_name", "surname", "date_of_birth", "postcode"):
    index.block(field)
pairs = index.index(frame)
compare = recordlinkage.Compare()
for field in ("given_name", "surname"):
    compare.string(field, field, method="jarowinkler", threshold=0.85, label=field)
compare.exact("date_of_birth", "date_of_birth", label="date_of_birth")
compare.exact("postcode", "postcode", label="postcode")
if len(sys.argv) < 3:
    for field in ("street_number", "suburb", "state"):
        compare.exact(field, field, label=field)
    compare.string("address_1", "address_1", method="jarowinkler", threshold=0.85, label="address_1")
links = recordlinkage.ECMClassifier(atol=1e-5).fit_predict(compare.compute(pairs, frame))
person = lambda name: name.split("-")[1]
right = sum(person(a) == person(b) for a, b in links)
sizes = frame.index.map(person).value_counts()
print(json.dumps({"right": right, "wrong": len(links) - right, "missed": int((sizes * (sizes - 1) // 2).sum()) - right,
                  "seconds": round(time.monotonic() - begin, 1)}))
"""


class Bench:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder

    def learn(self, people, *options):
        rules = f"{self.folder}/rules"
        self.run("bhr-match-learn", people, "-o", rules, *options)
        return rules

    def judge(self, rules, people, *options):
        return json.loads(self.run("tests/bench/bhr-bench-match", rules, people, *options))

    def make(self, seed, people, percent):
        path = f"{self.folder}/people-{seed}-{people}.csv"
        with open(path, "wb") as file:
            subprocess.run([f"{self.build}/bhr-make-people", str(seed), str(people), str(percent)], check=True, stdout=file)
        return path

    def run(self, program, *words):
        return subprocess.run([f"{self.build}/{program}", *words], check=True, capture_output=True, text=True).stdout


def f1(counts):
    return 2 * counts["right"] / (2 * counts["right"] + counts["wrong"] + counts["missed"])


def accuracy_line(name, counts):
    print(f"    {name:<44} wrong {counts['wrong']:>5}  missed {counts['missed']:>5}  right {counts['right']:>5}  "
          f"F1 {f1(counts):.5f}", flush=True)


def febrl(bench, python, report):
    data = os.environ.get("BHR_TEST_DATA")
    if not data:
        print("FEBRL: not measured: BHR_TEST_DATA is not set")
        return
    print("FEBRL, without soc_sec_id, posterior 0.5, no labels")
    for number, is_four in FEBRL:
        path = f"{data}/febrl/dataset{number}.csv"
        options = ["--four-fields"] if is_four else []
        rules = bench.learn(path, *options)
        name = f"FEBRL {number}" + (", names, birth date and postcode only" if is_four else "")
        found = bench.judge(rules, path, *options)
        accuracy_line(name + ", one by one", found["joined"])
        every = bench.judge(rules, path, "--all-pairs", *options)
        accuracy_line("  every pair, no keys", every["direct"])
        report[name] = {"one_by_one": found, "every_pair": every}
        if python:
            words = [python, "-c", RECORDLINKAGE, path] + (["four"] if is_four else [])
            theirs = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
            accuracy_line(f"  Python recordlinkage, ECM ({theirs['seconds']} s)", theirs)
            report[name]["recordlinkage"] = theirs


def made_up(bench, report):
    people = bench.make(2, JUDGE_PEOPLE, 30)
    found = bench.judge(bench.learn(bench.make(1, LEARN_PEOPLE, 30)), people)
    print(f"\nMade-up people, {JUDGE_PEOPLE:,}, of SHA-256 {sha256(people)}")
    false_merges = found["direct"]["wrong"]
    print(f"    false merges: {false_merges}, {1e6 * false_merges / JUDGE_PEOPLE:.0f} in a million people")
    accuracy_line("one by one", found["direct"])
    for kind, (right, records) in sorted(found["kinds"].items()):
        if kind != "base":
            print(f"    {kind:<20} {right:>6} of {records:>6} found  {right / records:.4f}")
    report["made_up"] = found


def sizes(bench, people, report):
    rules = bench.learn(bench.make(1, LEARN_PEOPLE, 30))
    print("\n    people       load s   bytes each   look-ups/s   p50 us   p99 us   candidates   right first   wrong first")
    for count in people:
        path = bench.make(3, count, min(30, max(1, 100 * LOOKUPS * 2 // count)))
        row = bench.judge(rules, path, "--scale", str(LOOKUPS))
        row["sha256"] = sha256(path)
        os.unlink(path)
        print(f"    {row['people']:>10,} {row['load_s']:>8.2f} {row['bytes_per_person']:>12.0f} {row['per_second']:>12,.0f} "
              f"{row['p50_us']:>8.1f} {row['p99_us']:>8.1f} {row['candidates']:>12.1f} {row['right_first'] / row['known']:>13.4f} "
              f"{row['wrong_first']:>13}   {row['sha256'][:16]}", flush=True)
        report[f"people_{count}"] = row


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--python", help="a Python that has recordlinkage")
    parser.add_argument("--people", default="10000,100000,1000000")
    parser.add_argument("--only", choices=["febrl", "made-up", "sizes"])
    parser.add_argument("--json")
    options = parser.parse_args()
    report = {}
    with tempfile.TemporaryDirectory(prefix="bhr-bench-match-") as folder:
        bench = Bench(options.build, folder)
        if options.only in (None, "febrl"):
            febrl(bench, options.python, report)
        if options.only in (None, "made-up"):
            made_up(bench, report)
        if options.only in (None, "sizes"):
            sizes(bench, [int(count) for count in options.people.split(",")], report)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
