"""What the nemesis can do: a Kind is one way to hurt the world, and the tables of faults_*.py list them.

    def play(world, draw, targets, note):     a generator
        ... what begins the fault
        yield 3.5                             how many seconds it lasts; it may yield more than once
        ... what ends it                      also when the run is over before that

targets are the names that no other fault may touch meanwhile: "booking-2", "index-1", "kafka-1", "redis". note is for whoever
reads the page: note["signal"] = "KILL". Who is picked by any, owner, follower or all is of booking, or of the index with
"index" as first argument: owner_of("index")."""
import contextlib
import dataclasses
import os
import signal
import typing

from pulse import now_us


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    weight: int  # cards in the nemesis's deck
    pick: typing.Callable  # (world, draw) -> names of targets, or None when there is nobody to hurt just now
    play: typing.Callable
    needs: tuple = ()  # what of world.skipped forbids it
    is_alone: bool = False  # with no other fault beside it
    is_once: bool = False
    timeout: str = ""  # whose time limit is part of the gap: "group" or "broker"


def number_of(target):
    return int(target.rsplit("-", 1)[1])


def service_of(target):
    return target.rsplit("-", 1)[0]


def any_of(service):
    return lambda world, draw: [draw.choice(world.of_service(service))]


def owner_of(service):
    def pick(world, draw):  # pylint: disable=unused-argument
        number = world.owner(service)
        return None if number is None else [f"{service}-{number}"]
    return pick


def follower_of(service):
    def pick(world, draw):
        number = world.owner(service)
        others = [name for name in world.of_service(service) if name != f"{service}-{number}"]
        return None if number is None else [draw.choice(others)]
    return pick


def all_of(service):
    return lambda world, draw: world.of_service(service)


any_booking, owner, follower, all_processes = (pick("booking") for pick in (any_of, owner_of, follower_of, all_of))


def leading_broker(world, draw):  # pylint: disable=unused-argument
    number = world.leader()
    return [f"kafka-{number}"] if number in world.kafka_numbers else None


def other_broker(world, draw):
    number = world.leader()
    if number not in world.kafka_numbers:
        return None
    return [f"kafka-{draw.choice([other for other in world.kafka_numbers if other != number])}"]


def all_brokers(world, draw):  # pylint: disable=unused-argument
    return brokers_of(world)


def redis(world, draw):  # pylint: disable=unused-argument
    return ["redis"]


def brokers_of(world):
    return [f"kafka-{number}" for number in world.kafka_numbers]


def pid_of(world, target):
    if target == "redis":
        return world.redis_pid()
    return world.broker_pid(number_of(target)) if target.startswith("kafka") else world.pid(target)


def killed(world, targets, seconds):
    """kill -9, and started again when the time is over."""
    for target in targets:
        kill(world, target)
    try:
        yield seconds
    finally:
        brokers = [number_of(target) for target in targets if target.startswith("kafka")]
        processes = [target for target in targets if target in world.processes]
        if brokers:
            world.kafka("start", *brokers)
        if processes:
            world.start(*processes)
        if "redis" in targets:
            world.redis("start")


def kill(world, target):
    if target == "redis":
        world.redis("kill")
    elif target.startswith("kafka"):
        world.kafka("kill", number_of(target))
    else:
        world.kill(target)


def paused(world, targets, seconds):
    """SIGSTOP, and SIGCONT when the time is over."""
    pids = [pid_of(world, target) for target in targets]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield seconds
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def answers_since(world, since_us):
    return world.pulse.count(since_us, now_us())
