"""The longest gap in service when the owner gets kill -9, at the usual session timeout of its Kafka group and at the
shortest that the brokers here allow (group.min.session.timeout.ms)."""
from load import Load, book_request
from raw_client import Schema
from suite import Checks, people, until
from world import World

KILLS = 3
TIMEOUTS_MS = ((6000, 7000), (1000, 3000))  # session timeout, and what the gap must stay below


def measure_gaps(build):
    with Checks(f"the longest gap, {KILLS} times kill -9 of the owner") as check:
        for timeout_ms, limit_ms in TIMEOUTS_MS:
            with World(session_timeout_ms=timeout_ms, build=build, services=("booking",)) as world:
                gaps_ms = [gap_ms(world, round_) for round_ in range(KILLS)]
            check(f"session timeout {timeout_ms} ms: {', '.join(f'{gap:.0f}' for gap in gaps_ms)} ms, longest "
                  f"{max(gaps_ms):.0f}, below {limit_ms}", max(gaps_ms) < limit_ms)
    return 1 if check.failed or not check.passed else 0


def gap_ms(world, round_):
    """A calm load, so that the gap is the ring's and not a queue's."""
    schema = Schema()
    slots = world.clinic(slots=200, places=8, minutes=5, days=3 + round_, hour=6)[1]
    crowd = people(20 + 2 * round_, 290) + people(21 + 2 * round_, 290)
    load = Load(world, schema, [book_request(schema, slots[index % 200], person) for index, person in enumerate(crowd)],
                clients=8, in_flight=8, per_second=60, attempt_s=0.5)
    owner = until(world.owner, 20)
    load.start()
    until(lambda: len(load.final) > 150, 20)
    world.kill(owner)
    load.join()
    world.start(owner)
    world.ready()
    return load.longest_gap_s() * 1000
