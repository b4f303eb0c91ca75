"""`bhr drill`: each fault that it knows is played on a suite under load, costs no promise, and leaves the suite as it was. It
refuses what is not the local suite, and says so when the suite does not run."""
import os
import shutil
import subprocess

from suite import run, until

SESSION_TIMEOUT_MS = 1500
HANDS_OVER = ("owner-kill", "owner-pause")


def drill(suite, *words):
    return suite.bhr("drill", *words, timeout_s=150)


def refusals(suite, check):
    unknown = drill(suite, "meteor")
    check("an unknown fault is refused", unknown.code == 2 and "bhr drill --list" in unknown.errors, unknown.errors)
    other = f"{suite.folder}/other.ini"
    for what, change in (("of another environment", "s/^environment = local$/environment = live/"),
                         ("with a door elsewhere", "s/^endpoints = /&tcp:\\/\\/10.0.0.1:1,/"),
                         ("that no script started", "/^local_scripts/d")):
        shutil.copy(f"{suite.folder}/bhr.ini", other)
        subprocess.run(["sed", "-i", change, other], check=True)
        refused = suite.run([*suite.bhr_words("drill", "owner-kill"), "--config", other])
        check(f"a suite {what} is refused", refused.code == 2 and "not the suite of this machine" in refused.errors,
              f"{refused.code} {refused.errors}")
    os.remove(other)
    suite.redis("stop")
    refused = drill(suite, "owner-kill")
    check("a suite that is not whole is refused", refused.code == 3 and "not all of it runs" in refused.errors,
          f"{refused.code} {refused.errors}")
    check("and nothing was done to it", all(suite.is_running(number) for number in suite.numbers()))
    suite.redis("start")


def played(suite, check, fault):
    found = drill(suite, fault)
    check(f"{fault}: nothing was lost, nothing given twice, and the stores agree",
          found.code == 0 and (found.get("lost"), found.get("twice"), found.get("stores_agree")) == (0, 0, True),
          f"exit {found.code}: {dict(found)} {found.errors}")
    check(f"{fault}: callers booked meanwhile", found.get("told_yes", 0) > 50 and found["asked"] == found["answered"],
          dict(found))
    check.note(f"{fault}: {found.get('told_yes')} bookings, {found.get('took_ms')} ms, longest time without an answer "
               f"{found.get('longest_gap_ms')} ms, {found.get('claims')} new owners, {found.get('rejected')} not history")
    if fault in HANDS_OVER:
        check(f"{fault}: another owner claimed", found.get("claims", 0) >= 1, dict(found))
    check(f"{fault}: everything runs", until(suite.owner, 10) and all(suite.is_running(n) for n in suite.numbers())
          and "runs on" in suite.kafka("status") and "runs at" in suite.redis("status"))
    aside = [name for number in suite.numbers() for name in os.listdir(suite.setting(number, "data_dir")) if "aside" in name]
    check(f"{fault}: nothing is left over", aside == [] and not os.path.exists(f"{suite.folder}/drill.old"), aside)


def body(suite, check):
    done = subprocess.run(suite.bhr_words("drill", "--list"), capture_output=True, text=True, check=False)
    check("the list is printed", done.returncode == 0 and '"owner-kill"' in done.stdout, done.stderr)
    faults = [line.split()[0] for line in
              subprocess.run([f"{suite.build}/bhr", "--config", f"{suite.folder}/bhr.ini", "drill", "--list"],
                             capture_output=True, text=True, check=True).stdout.splitlines()]
    check("there are ten faults or more", len(faults) >= 10, faults)
    refusals(suite, check)
    for fault in faults:
        played(suite, check, fault)
    verified = suite.bhr("journal", "verify")
    check("bhr journal verify finds nothing wrong", verified.code == 0, f"{dict(verified)} {verified.errors}")
    counted = suite.count()
    check("an independent count of the journal finds no fault", counted["faults"] == [], counted["faults"][:3])


run("drills", body, session_timeout_ms=SESSION_TIMEOUT_MS)
