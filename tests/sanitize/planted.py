"""The suppressions of tests/sanitize/tsan.supp hide nothing of ours: a race planted where each library that they name has
called us, or has lent us memory, is reported under them; the same work under a lock is not."""
import os
import subprocess
import sys
import tempfile

from instrumented import ROOT, thread_sanitizer

from suite import Checks  # noqa: E402

BUILD = os.environ.get("BHR_TEST_BUILD", f"{ROOT}/build/tsan")
# Where each is planted, and the function of ours that must stand in the report.
PLACES = {"thread": "change", "libuv": "on_timer", "libzmq": "on_free", "librdkafka": "on_log", "liblmdb": "change_lent"}


def reports(place):
    """All that is reported of a run."""
    with tempfile.TemporaryDirectory() as folder:
        said = f"{folder}/said"
        words = [word.format(said=said) for word in thread_sanitizer(BUILD)]
        done = subprocess.run([*words, f"{BUILD}/tests/sanitize/bhr-planted-race", place, folder], check=False,
                              capture_output=True, text=True)
        texts = []
        for name in os.listdir(folder):
            if name.startswith("said."):
                with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as file:
                    texts.append(file.read())
        return done.returncode, "".join(texts) + done.stderr


def main():
    with Checks("planted races") as check:
        code, text = reports("none")
        check("under a lock nothing is reported", code == 0 and text == "", f"exit {code}\n{text}")
        for place, function in PLACES.items():
            code, text = reports(place)
            check(f"{place}: the race is reported", "WARNING: ThreadSanitizer: data race" in text and f" {function} " in text,
                  f"exit {code}\n{text}")
    sys.exit(1 if check.failed or not check.passed else 0)


if __name__ == "__main__":
    main()
