"""Where a page of docs/runbooks is typed, command by command, into the suite of a test."""
import os
import subprocess
import sys

from suite import ROOT, name_of, until

sys.path.insert(0, f"{ROOT}/tests/support")
from runbooks import FOLDER, commands_of, log_lines_of, missing_lines  # noqa: E402,F401 (for the tests)

# Pages that need a suite of their own; the others are typed by test_runbooks.py.
OWN_TESTS = {"matching-rules.md": "test_matching_rules.py"}
# What only looks may be asked again until it shows what the page promises.
LOOKS = ("bhr status", "bhr journal verify", "bhr store digest", "bhr topics", "bhr --as", "curl ", "grep ", "tail ")
LOOK_S = 25
COMMAND_S = 60
WRAPPER = """#!/usr/bin/env bash
source "{folder}/local.env"
exec "{root}/deploy/local/{script}" "$@"
"""


class Desk:
    """Where an operator types: a folder that looks like a clone, with the suite's folder as run/."""

    def __init__(self, suite, folder):
        self.suite, self.folder = suite, folder
        os.symlink(suite.folder, f"{folder}/run")
        for script in ("suite.sh", "redis.sh", "kafka/kafka.sh"):
            path = f"{folder}/deploy/local/{script}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o755), "w", encoding="ascii") as file:
                file.write(WRAPPER.format(folder=suite.folder, root=ROOT, script=script))
        self.environment = dict(suite.environment, PATH=f"{suite.build}:{os.environ['PATH']}")
        self.ports = {f"127.0.0.1:{first + number}": f"127.0.0.1:{suite.setting(name_of(number, service), 'http_port')}"
                      for service, first in (("booking", 17100), ("index", 17110)) for number in suite.numbers(service)}

    def type(self, words):
        """(exit code, everything that was printed)"""
        for shown, real in self.ports.items():
            words = words.replace(shown, real)
        done = subprocess.run(["bash", "-c", words], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=COMMAND_S, check=False)
        return done.returncode, done.stdout


def follow(desk, check, page):
    """Types the page from its beginning to its end; false at the first command that does not do what it says."""
    commands = commands_of(page)
    check(f"{page}: there is something to type", len(commands) > 0)
    for command in commands:
        code, printed = None, ""

        def is_as_promised():
            nonlocal code, printed
            code, printed = desk.type(command.words)
            return code == command.code and not missing_lines(command.lines, printed)

        is_good = until(is_as_promised, LOOK_S if command.words.startswith(LOOKS) else 0, pause_s=0.3)
        if not check(f"{page}: {command.words}", is_good,
                     f"exit code {code}, expected {command.code}; not printed: "
                     f"{missing_lines(command.lines, printed)}\n{printed}"):
            return False
    return True
