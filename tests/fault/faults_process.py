"""Processes, brokers and Redis that die, or stop and go on."""
import subprocess
import time

from faults import (Kind, all_brokers, all_of, all_processes, answers_since, brokers_of, follower, follower_of, kill, killed,
                    leading_broker, number_of, other_broker, owner, owner_of, paused, redis, service_of)
from pulse import now_us
from suite import ROOT, Failure, until
from world import JOURNAL

IN_FLIGHT_S = 1.0  # what was acknowledged before two brokers died may still be read and answered for so long


def kill_one(world, draw, targets, note):
    del note
    yield from killed(world, targets, draw.uniform(0.0, 3.0))


def pause_one(world, draw, targets, note):
    seconds = draw.choice([draw.uniform(1.0, 3.0), draw.uniform(3.0, 15.0)])
    note["seconds"] = round(seconds, 1)
    yield from paused(world, targets, seconds)


def pause_until_replaced(world, draw, targets, note):
    """The owner stops, under load most likely in mid-turn, until the group has given its partition away and another has
    claimed it; then it goes on, and appends what it had decided: entries of a zombie."""
    del draw
    service = service_of(targets[0])
    pause = paused(world, targets, 0)
    next(pause)
    limit = time.monotonic() + 15
    try:
        while time.monotonic() < limit and world.owner(service) in (None, number_of(targets[0])):
            yield 0.1
        note["replaced_by"] = world.owner(service)
        yield 0.5
    finally:
        pause.close()


def kill_two_brokers(world, draw, targets, note):
    del targets
    two = draw.sample(brokers_of(world), 2)
    yield from none_may_be_answered(world, note, killed(world, two, draw.uniform(3.0, 6.0)))


def pause_two_brokers(world, draw, targets, note):
    del targets
    two = draw.sample(brokers_of(world), 2)
    yield from none_may_be_answered(world, note, paused(world, two, draw.uniform(3.0, 8.0)))


def none_may_be_answered(world, note, fault):
    """Writes must stop, not lie: with one broker of three nothing new is accepted."""
    seconds = next(fault)
    try:
        yield IN_FLIGHT_S
        since_us = now_us()
        yield max(seconds - IN_FLIGHT_S, 0.5)
        note["answered_meanwhile"] = answers_since(world, since_us)
    finally:
        fault.close()


def kill_all_brokers(world, draw, targets, note):
    """All at once, as in a power cut; then one that follows has not what it had not yet written to its disk."""
    yield from killed(world, targets, draw.uniform(0.0, 2.0))
    leader = until(world.leader, 60, pause_s=0.2)
    if leader is None:
        raise Failure("a minute after all brokers were started again nobody leads the journal")
    victim = draw.choice([number for number in world.kafka_numbers if number != leader])
    kill(world, f"kafka-{victim}")
    try:
        note["journal_leader"], note["cut"] = leader, cut_tail(world, victim)
    finally:
        world.kafka("start", victim)


def cut_tail(world, number):
    done = subprocess.run(["/usr/bin/python3", f"{ROOT}/scripts/journal-cut.py", f"{world.folder}/kafka/{number}/data",
                           JOURNAL.format("booking"), "0", "1"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"journal-cut.py: {done.stdout} {done.stderr}")
    return f"kafka-{number}: {done.stdout.strip()}"


def kill_all_processes(world, draw, targets, note):
    del note
    yield from killed(world, targets, draw.uniform(0.0, 2.0))


def index_gone(world, draw, targets, note):
    """Long enough that callers who have asked before are answered, and others ask, are answered, and ask again."""
    yield from without_index(note, killed(world, targets, draw.uniform(8.0, 14.0)))


def index_frozen(world, draw, targets, note):
    """Connected, and silent."""
    yield from without_index(note, paused(world, targets, draw.uniform(6.0, 10.0)))


def without_index(note, fault):
    """The judge looks what became of bookings in that time."""
    seconds = next(fault)
    try:
        since_us = now_us()
        yield seconds
        note["without_index_us"] = [since_us, now_us()]
    finally:
        fault.close()


def flush_redis(world, draw, targets, note):
    del draw, targets
    note["answer"] = world.redis_command("flushall")
    yield 0.5


def lose_redis(world, draw, targets, note):
    """For good: it is not started again, and whoever asks is told nothing from it until the run is over."""
    del draw, note
    for target in targets:
        kill(world, target)
    world.skipped["redis"] = "Redis was gone for good by then"
    yield 1.0


KINDS = [
    Kind("owner killed", 9, owner, kill_one, timeout="group"),
    Kind("follower killed", 6, follower, kill_one),
    Kind("owner paused", 6, owner, pause_one, timeout="group"),
    Kind("owner paused until replaced", 9, owner, pause_until_replaced, timeout="group"),
    Kind("follower paused", 5, follower, pause_one),
    Kind("all processes killed", 2, all_processes, kill_all_processes, timeout="group"),
    Kind("leading broker killed", 5, leading_broker, kill_one, timeout="broker"),
    Kind("other broker killed", 4, other_broker, kill_one),
    Kind("leading broker paused", 4, leading_broker, pause_one, timeout="broker"),
    Kind("other broker paused", 3, other_broker, pause_one),
    Kind("two brokers killed", 2, all_brokers, kill_two_brokers, is_alone=True, timeout="broker"),
    Kind("two brokers paused", 2, all_brokers, pause_two_brokers, is_alone=True, timeout="broker"),
    Kind("all brokers killed, a tail lost", 2, all_brokers, kill_all_brokers, is_alone=True, timeout="broker"),
    Kind("Redis killed", 3, redis, kill_one, needs=("redis",)),
    Kind("Redis paused", 3, redis, pause_one, needs=("redis",)),
    Kind("Redis flushed", 3, redis, flush_redis, needs=("redis",)),
    Kind("Redis gone for good", 1, redis, lose_redis, needs=("redis",), is_once=True),
    Kind("index: owner killed", 4, owner_of("index"), kill_one),
    Kind("index: follower killed", 2, follower_of("index"), kill_one),
    Kind("index: owner paused", 3, owner_of("index"), pause_one),
    Kind("index: owner paused until replaced", 4, owner_of("index"), pause_until_replaced),
    Kind("index: gone for a while", 4, all_of("index"), index_gone, is_alone=True),
    Kind("index: frozen for a while", 3, all_of("index"), index_frozen, is_alone=True),
]
