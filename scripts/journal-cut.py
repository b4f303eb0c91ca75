#!/usr/bin/env python3
"""Shortens a topic partition of a stopped broker by exactly COUNT record batches, as a power cut with an unsynced tail
would, and removes the index files that then no longer fit. For tests and drills: it destroys records.

Usage: journal-cut.py DATA_DIR TOPIC PARTITION COUNT

DATA_DIR is the broker's log.dirs. Only the last segment is cut. Prints what was cut and where the log ends now.
"""
import fcntl
import pathlib
import struct
import sys

# Record batch, version 2: base offset, length of what follows, leader epoch, magic, CRC, attributes, last offset delta.
HEADER = struct.Struct(">qiibIhi")
LENGTH_STARTS_AFTER = 12
MAGIC = 2


def main() -> None:
    if len(sys.argv) != 5 or not sys.argv[3].isdigit() or not sys.argv[4].isdigit():
        sys.exit(__doc__)
    data, count = pathlib.Path(sys.argv[1]), int(sys.argv[4])
    partition = data / f"{sys.argv[2]}-{sys.argv[3]}"
    if count < 1:
        sys.exit("journal-cut: COUNT is at least 1")
    if not partition.is_dir():
        sys.exit(f"journal-cut: {partition} is no partition's folder")
    refuse_a_running_broker(data)

    segment = max(partition.glob("*.log"), key=lambda path: int(path.stem))
    batches = batches_of(segment)
    if len(batches) < count:
        sys.exit(f"journal-cut: the last segment, {segment.name}, has {len(batches)} batches only")
    first_cut = batches[-count]
    last_cut = batches[-1]
    with segment.open("r+b") as file:
        file.truncate(first_cut["position"])
    for pattern in ("*.index", "*.timeindex", "*.txnindex"):
        for index in partition.glob(pattern):
            if int(index.stem) == int(segment.stem):
                index.unlink()
    for snapshot in partition.glob("*.snapshot"):
        if int(snapshot.stem) > first_cut["first"]:
            snapshot.unlink()
    # An ordered stop leaves this mark, and the broker would then trust what it had written down about the log's end.
    (data / ".kafka_cleanshutdown").unlink(missing_ok=True)
    print(f"journal-cut: cut {count} batches, offsets {first_cut['first']} to {last_cut['last']}, "
          f"off {partition.name}; it ends at {first_cut['first']} now")


def refuse_a_running_broker(data: pathlib.Path) -> None:
    lock = data / ".lock"
    if not lock.exists():
        return
    with lock.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"journal-cut: the broker of {data} is running")


def batches_of(segment: pathlib.Path) -> list[dict[str, int]]:
    """Whole batches only: what follows the last of them is no record."""
    size = segment.stat().st_size
    batches = []
    with segment.open("rb") as file:
        position = 0
        while position + HEADER.size <= size:
            file.seek(position)
            first, length, _, magic, _, _, last_delta = HEADER.unpack(file.read(HEADER.size))
            end = position + LENGTH_STARTS_AFTER + length
            if magic != MAGIC or length < HEADER.size - LENGTH_STARTS_AFTER or end > size:
                break
            batches.append({"position": position, "first": first, "last": first + last_delta})
            position = end
    return batches


main()
