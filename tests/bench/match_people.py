"""Files of people, rules learned from them without labels, and the programs that judge."""
import hashlib
import json
import os
import subprocess

LEARN_PEOPLE, LOOKUPS = 4500, 20000
LEARN_SEED, GROWTH_SEED = 11, 13


class People:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder

    def learn(self, path, *options):
        rules = f"{self.folder}/{os.path.basename(path)}{''.join(options)}.rules"
        self.run("bhr-match-learn", path, "-o", rules, *options)
        return rules

    def learned(self, seed=LEARN_SEED):
        """Rules of other people than those who are judged."""
        return self.learn(self.make(seed, LEARN_PEOPLE, 30))

    def judge(self, rules, path, *options):
        return json.loads(self.run("tests/bench/bhr-bench-match", rules, path, *options))

    def make(self, seed, count, percent):
        path = f"{self.folder}/people-{seed}-{count}.csv"
        with open(path, "wb") as file:
            subprocess.run([f"{self.build}/bhr-make-people", str(seed), str(count), str(percent)], check=True, stdout=file)
        return path

    def make_growth(self, count):
        """With as many second records as are looked up."""
        return self.make(GROWTH_SEED, count, max(1, min(30, 200 * LOOKUPS // count)))

    def run(self, program, *words):
        return subprocess.run([f"{self.build}/{program}", *words], check=True, capture_output=True, text=True).stdout


def f1(counts):
    return 2 * counts["right"] / (2 * counts["right"] + counts["wrong"] + counts["missed"])


def accuracy_line(report, name, counts, note=""):
    right = counts["right"]
    report.line(f"{name:<54} wrong {counts['wrong']:>4}  missed {counts['missed']:>4}  precision "
                f"{right / max(right + counts['wrong'], 1):.5f}  recall {right / (right + counts['missed']):.5f}  "
                f"F1 {f1(counts):.5f}{note}")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
