"""A suite (tests/e2e/suite.py) whose booking processes run under a tool: bhr-booking is a two-line program that puts the
tool's words before the real one. What the tool says goes to files of its own, one for each process."""
import glob
import os
import shlex
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [f"{ROOT}/tests/e2e", f"{ROOT}/scripts", HERE]


def thread_sanitizer(build):
    """The words before a program of the preset tsan. Reports of one process do not end it: all of them are wanted. They go
    to files; its exit code stays its own. Where addresses are too random for gcc 12's ThreadSanitizer it ends at once:
    setarch -R makes them less so."""
    options = f"suppressions={HERE}/tsan.supp log_path={{said}} exitcode=66 halt_on_error=0 second_deadlock_stack=1"
    return ["setarch", "-R", "env", f"LD_PRELOAD={build}/tests/sanitize/libbhr-c11-threads.so", f"TSAN_OPTIONS={options}"]


class Instrumented:
    """with Instrumented(build, words) as tool: tool.build is what OwnSuite takes. In words {said} stands for the start of
    the names of the tool's files. are_clients_too: bhr runs like this as well."""

    def __init__(self, build, words, are_clients_too=False):
        self.folder = tempfile.mkdtemp(prefix="bhr-tool-")
        self.build = f"{self.folder}/build"
        os.mkdir(self.build)
        self.write("bhr-booking", words, build)
        if are_clients_too:
            self.write("bhr", words, build)
        else:
            os.symlink(f"{build}/bhr", f"{self.build}/bhr")

    def write(self, program, words, build):
        command = [*(word.format(said=f"{self.folder}/said") for word in words), f"{build}/{program}"]
        with open(f"{self.build}/{program}", "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        os.chmod(f"{self.build}/{program}", 0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)
        return False

    def said(self):
        """{process id: all that the tool said of that process}."""
        texts = {}
        for path in glob.glob(f"{self.folder}/said.*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                texts[path.rsplit(".", 1)[1]] = file.read()
        return texts
