"""The programs of examples/, as people copy them, on a whole suite: each books a slot through a request topic, is told that
another caller cannot have it, and gets the first answer again for the first request."""
import filecmp
import glob
import json
import os
import re
import shutil
import subprocess

from suite import BUILD, ROOT, run

EXAMPLES, PROTO, SYSTEM = f"{ROOT}/examples", f"{ROOT}/proto", "111-nel"
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Missing(Exception):
    """A toolchain that cannot be had."""


def need(*commands):
    for command in commands:
        if shutil.which(command) is None:
            raise Missing(f"there is no {command}")


def call(*words, folder=None):
    """A step of a build, as examples/README.md has it."""
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"{' '.join(words[:3])} failed: {done.stdout.strip()[-300:]}")


def copied(language):
    """The example in a folder of this build, and whether it is as it was at the last build there."""
    folder, is_same = f"{BUILD}/examples/{language}", True
    os.makedirs(folder, exist_ok=True)
    for source in glob.glob(f"{EXAMPLES}/{language}/*.*"):
        copy = f"{folder}/{os.path.basename(source)}"
        if not os.path.exists(copy) or not filecmp.cmp(source, copy, shallow=False):
            is_same = False
            shutil.copyfile(source, copy)
    return folder, is_same


def protos():
    return sorted(glob.glob(f"{PROTO}/bhr/booking/v1/*.proto") + glob.glob(f"{PROTO}/bhr/exchange/v1/*.proto"))


def python():
    need("protoc")
    folder, _ = copied("python")
    call("protoc", "-I", PROTO, f"--python_out={folder}", *protos())
    return ["/usr/bin/python3", f"{folder}/frontend.py"]


def java():
    need("protoc", "mvn", "javac")
    folder, is_same = copied("java")
    jar = f"{folder}/target/frontend-1.jar"
    if not is_same or not os.path.exists(jar) or os.path.getmtime(jar) < max(map(os.path.getmtime, protos())):
        call("mvn", "-q", "-B", "-Dstyle.color=never", f"-Dproto.folder={PROTO}", "clean", "package", folder=folder)
    return ["java", "-Xmx128m", "-cp", f"{jar}:{folder}/target/libs/*", "FrontEnd"]


def javascript():
    need("node", "npm")
    folder, is_same = copied("javascript")
    if not is_same or not os.path.exists(f"{folder}/node_modules/.package-lock.json"):
        call("npm", "install", "--silent", "--no-audit", "--no-fund", folder=folder)
    return ["node", f"{folder}/frontend.js"]


def body(suite, check):
    tls = f"{suite.folder}/tls" if os.path.exists(f"{suite.folder}/tls/{SYSTEM}.crt") else "plaintext"
    check.note(f"certificates: {tls}")
    environment = dict(suite.environment, BHR_PROTO=PROTO, PYTHONDONTWRITEBYTECODE="1")
    slots = suite.clinic(slots=12)[1]
    for number, build in enumerate((python, java, javascript)):
        name, slot, other = build.__name__, slots[4 * number], slots[4 * number + 1]
        try:
            words = build()
        except Missing as missing:
            check.note(f"skipped: {name}: {missing}")
            continue
        done = subprocess.run([*words, suite.brokers, tls, SYSTEM, slot], env=environment, capture_output=True, text=True,
                              timeout=90, check=False)
        told = done.stdout
        check(f"{name}: went to its end", done.returncode == 0, f"{done.returncode}: {told}{done.stderr}"[-800:])
        booked = re.search(f"^a booking: booked, number ({UUID})$", told, re.MULTILINE)
        check(f"{name}: a booking", booked is not None, told)
        check(f"{name}: a slot that is taken, and the nearest free one",
              re.search("^the same slot for another caller: slot_taken: ", told, re.MULTILINE) is not None
              and f"    free instead: {other}\n" in told, told)
        if booked is None:
            continue
        check(f"{name}: a repeat is told the first answer",
              re.search(f"^the first request again: ok, repeated, number {booked[1]}: ", told, re.MULTILINE) is not None, told)
        shown = suite.bhr("show", booked[1])
        check(f"{name}: the booking is there", shown.code == 0 and slot in str(dict(shown)), dict(shown))
    watched = subprocess.run(suite.bhr_words("watch", "--no-follow", "--from", 0), env=suite.environment,
                             capture_output=True, text=True, check=False).stdout
    entries = [entry for entry in map(json.loads, watched.splitlines()) if entry.get("entry_kind") == "command"]
    check(f"each of {len(entries)} entries says how it was called", entries and
          {entry.get("method") for entry in entries} <= {"PublishSession", "Book"}, watched[-600:])
    check("and by which correlation id, where there was one",
          all("correlation_id" in entry for entry in entries if entry["method"] == "Book"), watched[-600:])


run("examples", body)
