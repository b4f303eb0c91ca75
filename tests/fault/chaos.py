#!/usr/bin/env python3
"""No slot twice, nobody's record for another's, and no promise lost, whatever dies: a whole suite of three brokers, three
processes of booking and two of the index under load, hurt by a nemesis with a seed, and judged afterwards by a program that
shares no code with it (check.py).

Usage: chaos.py [--seconds 90] [--seed N] [--build DIR] [--page FILE] [--keep DIR] [--only NAME]
       chaos.py --gaps [--build DIR]
  --page  also writes the page there, as Markdown      --keep  histories, faults and logs are copied there
  --only  plays only kinds of faults whose name has NAME in it
  --gaps  only kills the owner, at the usual session timeout and at the shortest, and prints how long nobody was served
Exits with 0 when every promise was kept, 1 when not, 77 when this machine has not what it takes."""
import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from suite import BUILD, ROOT, Checks, Failure, until  # noqa: E402
from awaited import awaited  # noqa: E402
from gaps import measure_gaps  # noqa: E402
from nemesis import Nemesis  # noqa: E402
from pulse import Pulse, now_us  # noqa: E402
from world import World  # noqa: E402

READY_S = 60
KNOWN_S = 300  # booking asks for one after the other


def main():
    words = read_words()
    if words.gaps:
        sys.exit(measure_gaps(words.build))
    print(f"seed {words.seed}", flush=True)
    words.build = os.path.abspath(words.build)
    with Checks(f"chaos, {words.seconds} s") as check, World(build=words.build) as world:
        is_kept = True
        try:
            play(world, check, words)
            is_kept = check.failed or words.keep is not None
        finally:
            if is_kept:
                check.note(f"kept in {keep(world.folder, words.keep or f'{ROOT}/build/chaos-{words.seed}')}")
    sys.exit(1 if check.failed or not check.passed else 0)


def read_words():
    words = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1])
    words.add_argument("--seconds", type=int, default=90)
    words.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1 << 31))
    words.add_argument("--build", default=BUILD)
    words.add_argument("--page")
    words.add_argument("--keep")
    words.add_argument("--only", default="")
    words.add_argument("--gaps", action="store_true")
    return words.parse_args()


def play(world, check, words):
    from clients import Clients  # pylint: disable=import-outside-toplevel
    for what, why in world.skipped.items():
        check.note(f"skipped: {what}, because {why}")
    history = f"{world.folder}/history"
    os.makedirs(history, exist_ok=True)
    world.pulse = Pulse(history)
    world.pulse.start()
    clients = Clients(world, words.seed)
    clients.start()
    if not world.pulse.wait_all_back(now_us(), READY_S):
        raise Failure(f"no command was answered within {READY_S} s, before any fault")
    nemesis = Nemesis(world, world.pulse, words.seed, f"{world.folder}/nemesis.jsonl", words.only)
    since_us = now_us()
    check.note(f"three brokers, {', '.join(world.processes)} and Redis serve; now they are hurt")
    nemesis.run(words.seconds)
    until_us = now_us()
    check.note(f"{nemesis.dealt} faults; now all of it is mended")
    mend(world)
    check("callers are served again when all is mended", world.pulse.wait_all_back(now_us(), READY_S))
    clients.stop()
    world.pulse.stop()
    write_run(world, words, nemesis, since_us, until_us)
    check("booking knows whom nobody knew", until(lambda: not awaited(world.brokers), KNOWN_S, pause_s=1.0),
          f"{len(awaited(world.brokers))} are still awaited")
    check("and all that the index has decided", until(lambda: is_followed(world), READY_S, pause_s=0.5))
    for service in world.services:
        check(f"all that {service} accepted is public", until(lambda name=service: is_published(world, name), READY_S,
                                                              pause_s=0.2))
        check(f"every store of {service} is the same", world.wait_same_digest(READY_S, service), world.digests(service))
    # Nobody is stopped before the judge has read everything: holds that run out still make entries, and what a publisher
    # had not told when it was stopped would be told by the next one only (evidence.py: collect).
    check("nothing ended by itself and every fault was mended", not nemesis.findings, "\n".join(nemesis.findings))
    judge(world, check, words)


def mend(world):
    world.kafka("start")
    world.redis("start")
    world.start()
    until(lambda: all(world.is_ready(name) for name in world.processes), READY_S, pause_s=0.2)


def is_published(world, service):
    owner = world.owner(service)
    return owner is not None and world.metrics(f"{service}-{owner}").get("bhr_publisher_lag_entries") == 0


def is_followed(world):
    """As far as the index's journal goes just now."""
    owner, numbers = world.owner(), [number for number, _ in world.digests("index")]
    return owner is not None and bool(numbers) and world.metrics(owner).get("bhr_reactor_number", 0) >= max(numbers)


def write_run(world, words, nemesis, since_us, until_us):
    """What the page says at its head."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    run = {"seed": words.seed, "seconds": words.seconds, "from_us": since_us, "until_us": until_us, "faults": nemesis.dealt,
           "skipped": world.skipped, "session_timeout_ms": world.session_timeout_ms,
           "machine": f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.system()} {platform.release()}",
           "build": os.path.basename(words.build), "commit": commit(), "at": time.strftime("%Y-%m-%d", time.gmtime())}
    with open(f"{world.folder}/run.json", "w", encoding="utf-8") as file:
        json.dump(run, file, indent=2)


def commit():
    done = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def judge(world, check, words):
    program = ["/usr/bin/python3", f"{HERE}/check.py", world.folder]
    done = subprocess.run([*program, "--brokers", world.brokers, "--bhr", f"{world.build}/bhr"], stdout=subprocess.PIPE,
                          text=True, check=False)
    print(done.stdout, flush=True)
    check("every promise was kept", done.returncode == 0, f"check.py: exit {done.returncode}")
    if words.page is not None:
        page = subprocess.run([*program, "--markdown"], stdout=subprocess.PIPE, text=True, check=False)
        with open(words.page, "w", encoding="utf-8") as file, open(f"{HERE}/not_tried.md", encoding="utf-8") as rest:
            file.write(page.stdout + rest.read())


def keep(folder, to):
    """Small things only: stores and journals come again from the seed, as far as anything does."""
    shutil.rmtree(to, ignore_errors=True)
    os.makedirs(to)
    for name in ("history", "evidence", "log", "nemesis.jsonl", "run.json"):
        path = f"{folder}/{name}"
        if os.path.isdir(path):
            shutil.copytree(path, f"{to}/{name}")
        elif os.path.exists(path):
            shutil.copy(path, to)
    return to


if __name__ == "__main__":
    main()
