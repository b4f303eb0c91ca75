#!/usr/bin/python3
"""Adds up what ran, from ctest's JUnit files: every cmocka test of every program, the counts of a program that closes
with `N passed, N failed`, and one for any other program. A program that ends badly counts as at least one failure, and
one that ran nothing at all is a failure too. Prints one line; exits 1 when anything failed or nothing passed."""
import re
import sys
import xml.etree.ElementTree as ElementTree

# cmocka sends these to stderr, so they may stand behind half a line of a buffered stdout.
CMOCKA = re.compile(r"\[  (PASSED|FAILED|SKIPPED) *\] (\d+) test\(s\)")
PLAIN = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)


def counts_of(status, output):
    """(passed, failed, skipped) of one program."""
    cmocka, plain = CMOCKA.findall(output), PLAIN.findall(output)
    passed = failed = skipped = 0
    if cmocka:
        passed = sum(int(count) for word, count in cmocka if word == "PASSED")
        failed = sum(int(count) for word, count in cmocka if word == "FAILED")
        skipped = sum(int(count) for word, count in cmocka if word == "SKIPPED")
    elif plain:
        passed, failed, skipped = (int(count or 0) for count in plain[-1])
    elif status == "run":
        passed = 1
    if status in ("notrun", "disabled"):
        return (passed, failed, max(skipped, 1))
    if status != "run" or passed + failed + skipped == 0:
        failed = max(failed, 1)
    return (passed, failed, skipped)


def main(paths):
    totals, troubled, skipped_names = [0, 0, 0], [], []
    for path in paths:
        for case in ElementTree.parse(path).iter("testcase"):
            status, output = case.get("status"), case.findtext("system-out") or ""
            # ctest calls a program that could not be started "notrun" as well; it says "Skipped" only for exit 77.
            if status == "notrun" and not any("SKIP" in (node.get("message") or "") for node in case.iter("skipped")):
                status = "fail"
            counts = counts_of(status, output)
            totals = [total + count for total, count in zip(totals, counts)]
            if counts[1]:
                troubled.append(case.get("name"))
            if counts[2]:
                reason = re.search(r"skipped: .*", output)
                skipped_names.append(f"{case.get('name')} ({reason.group(0) if reason else 'skipped'})")
    for name in skipped_names:
        print(f"not run: {name}")
    for name in troubled:
        print(f"failed: {name}")
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
