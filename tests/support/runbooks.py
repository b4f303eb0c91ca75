#!/usr/bin/python3
"""The runbooks as programs see them. Run by itself it compares docs/runbooks/README.md with the sources: whatever a
service raises for a human (an alarm, a log line of level error, a metric with a bound to act at) and whatever `bhr drill`
plays has a page that names it, and the index names nothing else. A new alarm without a page fails here.

In a page, a block marked `console` is run by tests/e2e/test_runbooks.py. A line that begins with "$ " is a command; what
follows up to the next one is what it must print, line by line: … stands for anything, and a number for any number, except in
a metric. "(exit code N)" says how it ends when that is not 0. Lines of a block marked `log` must be in the log of a process.
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = f"{ROOT}/docs/runbooks"
FAULT_LINE = re.compile(r"^([a-z]+(?:-[a-z]+)+) +\S", re.MULTILINE)


def main():
    signs, faults, rows = signs_of_sources(), faults_of_drill(), rows_of_index()
    named = {name for name, _ in rows}
    findings = [f"no page for `{name}`: add a row to docs/runbooks/README.md"
                for name in sorted((signs | faults) - named)]
    findings += [f"the index has `{name}`, which nothing raises" for name in sorted(named - signs - faults)]
    pages = {os.path.basename(path) for path in glob.glob(f"{FOLDER}/*.md")} - {"README.md"}
    for name, page in rows:
        if page not in pages:
            findings.append(f"`{name}`: there is no docs/runbooks/{page}")
        elif f"`{name}`" not in read(f"{FOLDER}/{page}") and f"bhr drill {name}" not in read(f"{FOLDER}/{page}"):
            findings.append(f"`{name}`: {page} does not name it")
    linked = set(re.findall(r"\]\(([\w.-]+\.md)\)", read(f"{FOLDER}/README.md")))
    findings += [f"{page} is not in the index" for page in sorted(pages - linked)]
    for finding in findings:
        print(finding)
    print(f"{len(signs)} signs and {len(faults)} drills on {len(pages)} pages")
    sys.exit(1 if findings or not signs or not faults else 0)


def signs_of_sources():
    """Names of alarms, of log events at level error, and of metrics that say when to act."""
    text = "".join(read(path) for path in sorted(glob.glob(f"{ROOT}/lib/host/*.c")))
    stops = "".join(read(f"{ROOT}/lib/host/{name}.h") for name in ("replica", "publisher"))
    signs = set(re.findall(r'\b(?:\w+_)?alarm\(\s*[\w>-]+,\s*"(\w+)"', text))
    signs |= set(re.findall(r'\bX\((?:PUBLISHER_)?STOP_\w+,\s*"(\w+)"', stops)) - {"none", "shutdown"}
    signs |= set(re.findall(r'log_event\(LOG_ERROR,\s*"(\w+)"', text)) - {"alarm"}
    signs |= set(re.findall(r'"(bhr_\w+)"[^\n]*(?:Act at|Page somebody)', read(f"{ROOT}/lib/host/metrics.def")))
    return signs


def faults_of_drill():
    table = re.search(r'FAULTS="(.*?)"', read(f"{ROOT}/deploy/local/drill.sh"), re.DOTALL).group(1)
    return set(FAULT_LINE.findall(table))


def rows_of_index():
    """(name, page) of each row of the tables: names in the first column, one link in the last."""
    rows = []
    for line in read(f"{FOLDER}/README.md").splitlines():
        cells = line.strip("|").split("|")
        link = re.search(r"\]\(([\w.-]+\.md)\)", cells[-1])
        if line.startswith("|") and link:
            rows += [(name, link.group(1)) for name in re.findall(r"`([\w-]+)`", cells[0])]
    return rows


class Command:
    def __init__(self, words):
        self.words, self.code, self.lines = words, 0, []


def commands_of(page):
    """The commands of a page, in order, each with the exit code and the lines that it promises."""
    commands = []
    for block in blocks_of(page, "console"):
        for line in block.splitlines():
            code = re.fullmatch(r"\(exit code (\d+)\)", line)
            if line.startswith("$ "):
                commands.append(Command(line[2:]))
            elif code:
                commands[-1].code = int(code.group(1))
            elif line.strip():
                commands[-1].lines.append(line)
    return commands


def log_lines_of(page):
    return [line for block in blocks_of(page, "log") for line in block.splitlines() if line.strip()]


def blocks_of(page, mark):
    return re.findall(rf"^```{mark}\n(.*?)^```$", read(f"{FOLDER}/{page}"), re.DOTALL | re.MULTILINE)


def missing_lines(promised, printed):
    """The promised lines that were not printed."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    return [line for line in promised if not any(pattern_of(line).fullmatch(one) for one in lines)]


def pattern_of(line):
    """Between spaces … may also stand for nothing."""
    number = r"(?!)" if line.startswith("bhr_") else r"\d+"
    patterns = {" …": "(?: .*)?", "…": ".*"}
    parts = re.split(rf"( ?…|{number})", " ".join(line.split()))
    return re.compile("".join(patterns.get(part) or (r"\d+" if re.fullmatch(number, part) else re.escape(part))
                              for part in parts))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


if __name__ == "__main__":
    main()
