"""Between hosts: cut, lost, late; both ways or one way."""
from faults import (Kind, any_booking, any_of, brokers_of, follower, leading_broker, other_broker, owner, owner_of,
                    service_of)

LOSS = "numgen random mod 100 < {} drop"


def seconds_of(draw):
    return draw.choice([draw.uniform(1.0, 3.0), draw.uniform(3.0, 10.0)])


def cut(world, host, others, seconds, outgoing=True, incoming=True):
    with world.network.filtered(host, others, "drop" if outgoing else "", "drop" if incoming else ""):
        yield seconds


def cut_from_brokers(world, draw, targets, note):
    del note
    yield from cut(world, targets[0], brokers_of(world), seconds_of(draw))


def cut_one_way(world, draw, targets, note):
    outgoing = draw.random() < 0.5
    note["direction"] = "it is not heard" if outgoing else "it does not hear"
    yield from cut(world, targets[0], brokers_of(world), seconds_of(draw), outgoing=outgoing, incoming=not outgoing)


def cut_from_coordinator(world, draw, targets, note):
    """The group gives the partition away, while the owner still writes the journal: it must be told by the journal."""
    service = service_of(targets[0])
    coordinator, leader = world.coordinator(service), world.leader(service)
    note["coordinator"], note["journal_leader"] = coordinator, leader
    if coordinator not in world.kafka_numbers or coordinator == leader:
        note["in_vain"] = "the coordinator leads the journal, too"
        yield 0.0
        return
    yield from cut(world, targets[0], [f"kafka-{coordinator}"], world.session_timeout_ms / 1000 + draw.uniform(2.0, 6.0))


def cut_from_journal_leader(world, draw, targets, note):
    """It is still a member of the group, and cannot append."""
    leader = world.leader(service_of(targets[0]))
    note["journal_leader"] = leader
    if leader not in world.kafka_numbers:
        yield 0.0
        return
    yield from cut(world, targets[0], [f"kafka-{leader}"], seconds_of(draw))


def cut_from_brokers_only(world, draw, targets, note):
    """A broker that its peers do not hear, and everybody else does."""
    del note
    others = [name for name in brokers_of(world) if name != targets[0]]
    yield from cut(world, targets[0], others, seconds_of(draw))


def cut_from_index(world, draw, targets, note):
    """Its door asks in vain; what the index decides meanwhile it still reads from the journal."""
    del note
    yield from cut(world, targets[0], world.of_service("index"), seconds_of(draw))


def lose_packets(world, draw, targets, note):
    percent = draw.randrange(5, 41)
    note["percent"] = percent
    others = [name for name in world.network.names if name != targets[0]]
    statement = LOSS.format(percent)
    with world.network.filtered(targets[0], others, statement, statement):
        yield seconds_of(draw)


def delay(world, draw, targets, note):
    note["delay_ms"] = draw.randrange(50, 501)
    with world.network.far_away(targets[0], note["delay_ms"]):
        yield seconds_of(draw)


def any_broker(world, draw):
    return [f"kafka-{draw.choice(world.kafka_numbers)}"]


def network(name, weight, pick, play, **options):
    return Kind(name, weight, pick, play, needs=("network",), **options)


KINDS = [
    network("owner cut from the brokers", 5, owner, cut_from_brokers, timeout="group"),
    network("follower cut from the brokers", 3, follower, cut_from_brokers),
    network("owner cut one way", 4, owner, cut_one_way, timeout="group"),
    network("owner cut from the coordinator", 5, owner, cut_from_coordinator, timeout="group"),
    network("owner cut from the journal's leader", 4, owner, cut_from_journal_leader, timeout="group"),
    network("leading broker cut from the others", 3, leading_broker, cut_from_brokers_only, timeout="broker"),
    network("other broker cut from the others", 3, other_broker, cut_from_brokers_only),
    network("packets of a process lost", 3, any_booking, lose_packets),
    network("packets of a broker lost", 3, any_broker, lose_packets),
    network("process far away", 3, any_booking, delay),
    network("broker far away", 3, any_broker, delay),
    network("booking's owner cut from the index", 4, owner, cut_from_index),
    network("index: owner cut from the brokers", 3, owner_of("index"), cut_from_brokers),
    network("index: owner cut from the coordinator", 3, owner_of("index"), cut_from_coordinator),
    network("index: packets of a process lost", 2, any_of("index"), lose_packets),
    network("index: process far away", 2, any_of("index"), delay),
]
