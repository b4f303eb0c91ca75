"""Stores and clocks: a disk that is full, a store that is lost or older than it was, a process that is there twice, a wall
clock that is wrong."""
import glob
import os
import shutil
import subprocess
import time

from exchange import read_metrics
from faults import Kind, any_booking, any_of, owner, owner_of, service_of
from suite import Failure, until
from world import SMALL_DISK

KEPT = {"audit.spool", "note"}  # beside the store, and not of it
CLONE_PORTS_ON = 3  # a clone's ports are so many above its original's, on the same host
FREE_PERCENT = 5  # less than a replica needs to own
DAY_MS = 86400000


def small_disk(world, draw):  # pylint: disable=unused-argument
    return [f"booking-{SMALL_DISK}"]


def fill_disk(world, draw, targets, note):
    name = targets[0]
    folder = world.setting(name, "data_dir")
    is_full = draw.random() < 0.5
    note["left"] = "nothing" if is_full else f"{FREE_PERCENT} %"
    ballast = f"{folder}/ballast"
    fill(ballast, folder, 0 if is_full else FREE_PERCENT)
    try:
        yield draw.uniform(3.0, 8.0)
        note["meanwhile"] = world.http(name, "/readyz")[1].strip()
    finally:
        os.unlink(ballast)
        # A store that found no room has stopped; whoever made room starts it again.
        if not until(lambda: world.is_ready(name), 3):
            note["started_again"] = True
            world.stop(name)
            world.start(name)


def fill(path, folder, percent_left):
    disk = os.statvfs(folder)
    size = (disk.f_bavail - disk.f_blocks * percent_left // 100) * disk.f_frsize
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, max(size, disk.f_frsize))
    finally:
        os.close(descriptor)


def lose_store(world, draw, targets, note):
    del draw, note
    name = targets[0]
    world.kill(name)
    remove_store(world.setting(name, "data_dir"))
    world.start(name)
    yield 0.0


def restore_store(world, draw, targets, note):
    """As from last night's backup: a copy, time that passes, and the copy in the store's place."""
    name = targets[0]
    folder, copy = world.setting(name, "data_dir"), f"{world.folder}/copy-of-{name}"
    copy_store(world, folder, copy)
    seconds = draw.uniform(2.0, 8.0)
    note["older_by_s"] = round(seconds, 1)
    try:
        yield seconds
        world.kill(name)
        remove_store(folder)
        shutil.copytree(copy, folder, dirs_exist_ok=True)
    finally:
        world.start(name)
        shutil.rmtree(copy, ignore_errors=True)


def copy_store(world, folder, copy):
    done = world.bhr("store", "copy", folder, copy)
    if done.code != 0:
        raise Failure(f"bhr store copy: exit {done.code}: {done.errors}")


def remove_store(folder):
    for path in glob.glob(f"{folder}/*"):
        if os.path.basename(path) in KEPT:
            continue
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def clone_process(world, draw, targets, note):
    """The same program, configuration, name and store once more, with ports of its own, as when a machine's image is started
    twice. The original goes on; what the clone did is noted."""
    name = targets[0]
    folder, settings = f"{world.folder}/clone-of-{name}", f"{world.folder}/clone-of-{name}.ini"
    copy_store(world, world.setting(name, "data_dir"), folder)
    port = write_clone(world, name, folder, settings)
    # It ends with this thread, whatever ends that.
    words = ["setpriv", "--pdeathsig", "KILL", f"{os.path.dirname(__file__)}/launch.sh", f"{world.folder}/hosts",
             name, f"{world.build}/bhr-{service_of(name)}", "--config", settings]
    with open(f"{world.folder}/log/clone-of-{name}.log", "ab") as log:
        # pylint: disable-next=consider-using-with
        clone = subprocess.Popen(words, env=world.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    states, until_s, seen = [], time.monotonic() + draw.uniform(5.0, 15.0), {}
    try:
        while time.monotonic() < until_s:
            yield 0.2
            seen = read_metrics(*world.http_at(name, port, "/metrics")) or seen
            state = next((name for name in seen if name.startswith("bhr_replica_state") and seen[name] == 1), None)
            if state is not None and (not states or states[-1] != state):
                states.append(state)
    finally:
        note["ended_by_itself"] = clone.poll()
        clone.kill()
        clone.wait()
        note["states"] = [state.split('"')[1] for state in states]
        note["claims"] = int(seen.get("bhr_replica_claims_total", 0))
        note["entries"] = int(seen.get("bhr_replica_entries_total", 0))
        shutil.rmtree(folder, ignore_errors=True)


def write_clone(world, name, folder, settings):
    """The original's configuration but for its folder and ports; its port of health and metrics."""
    endpoint, port = world.setting(name, "door_endpoint"), int(world.setting(name, "http_port"))
    address, door_port = endpoint.rsplit(":", 1)
    with open(f"{world.folder}/{name}.ini", encoding="utf-8") as file:
        text = file.read()
    for key, old, new in (("data_dir", world.setting(name, "data_dir"), folder),
                           ("door_endpoint", endpoint, f"{address}:{int(door_port) + CLONE_PORTS_ON}"),
                           ("http_port", port, port + CLONE_PORTS_ON)):
        text = text.replace(f"\n{key} = {old}\n", f"\n{key} = {new}\n")
    with open(settings, "w", encoding="utf-8") as file:
        file.write(text)
    return port + CLONE_PORTS_ON


def wrong_clock(world, draw, targets, note, offset_ms):
    note["offset_ms"] = offset_ms
    world.set_clock(targets[0], offset_ms)
    try:
        yield draw.uniform(3.0, 10.0)
    finally:
        world.set_clock(targets[0], 0)


def some_ms(draw):
    return draw.choice([draw.randrange(500, 60000), draw.randrange(60000, DAY_MS)])


def clock_back(world, draw, targets, note):
    yield from wrong_clock(world, draw, targets, note, -some_ms(draw))


def clock_on(world, draw, targets, note):
    yield from wrong_clock(world, draw, targets, note, some_ms(draw))


def clock_ten_years_on(world, draw, targets, note):
    yield from wrong_clock(world, draw, targets, note, 3652 * DAY_MS)


KINDS = [
    Kind("disk full", 3, small_disk, fill_disk, needs=("disk",), timeout="group"),
    Kind("store lost", 3, any_booking, lose_store, timeout="group"),
    Kind("store restored from an older copy", 3, any_booking, restore_store, timeout="group"),
    Kind("process cloned with its store", 3, any_booking, clone_process),
    Kind("clock set back", 4, any_booking, clock_back, needs=("clock",)),
    Kind("owner's clock set forward", 4, owner, clock_on, needs=("clock",)),
    Kind("owner's clock ten years on", 2, owner, clock_ten_years_on, needs=("clock",)),
    Kind("process's clock ten years on", 2, any_booking, clock_ten_years_on, needs=("clock",)),
    Kind("index: store lost", 2, any_of("index"), lose_store),
    Kind("index: store restored from an older copy", 2, any_of("index"), restore_store),
    Kind("index: process cloned with its store", 2, any_of("index"), clone_process),
    Kind("index: clock set back", 1, any_of("index"), clock_back, needs=("clock",)),
    Kind("index: owner's clock set forward", 2, owner_of("index"), clock_on, needs=("clock",)),
]
