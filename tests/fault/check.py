#!/usr/bin/python3
"""Judges a run under faults: every history of its clients, its faults and its journal, and prints a page about it. It shares
no code with the services. Exits with 0 when every promise was kept and 1 when not.

usage: check.py FOLDER [--brokers LIST] [--bhr PROGRAM] [--markdown]
  --brokers   reads journal, command log, public events and stores first, and leaves them in FOLDER/evidence (evidence.py);
              without, it judges what is there
  --bhr       the program that digests stores (build/dev/bhr, or of the build that run.json names)"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [f"{ROOT}/tests/{name}" for name in ("fault", "support", "journal")]

try:
    from evidence import collect
    from page import make_page, read_run
    from run import Run
except ImportError as error:
    print(f"skipped: {error}; scripts/install-deps.sh installs it")
    sys.exit(77)


def judge(folder):
    run = Run(folder)
    run.judge()
    return run


def main():
    words = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1])
    words.add_argument("folder")
    words.add_argument("--brokers")
    words.add_argument("--bhr")
    words.add_argument("--markdown", action="store_true")
    words = words.parse_args()
    if words.brokers is not None:
        build = os.environ.get("BHR_TEST_BUILD", f"{ROOT}/build/{read_run(words.folder).get('build', 'dev')}")
        collect(words.folder, words.brokers, words.bhr or f"{build}/bhr")
    run = judge(words.folder)
    print(make_page(run, words.markdown), end="")
    return 1 if run.promises.names_broken() else 0


if __name__ == "__main__":
    sys.exit(main())
