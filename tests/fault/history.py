"""Histories: what each client did and heard, a line of JSON for each thing, in the order in which it happened to that
client. The head of clients.py says what stands in a line."""
import glob
import json
import os
import time

COMMANDS = {"booking": ("PublishSession", "Hold", "Book", "Cancel"),
            "index": ("RegisterRecord", "MergePersons", "UnmergePersons")}
QUESTIONS = {"booking": ("GetBooking", "FindSlots"), "index": ("FindPerson", "TracePerson", "GetPerson")}
PACKAGES = {"booking": "bhr.booking.v1.", "index": "bhr.index.v1."}
INTERFACES = {"booking": "bhr.booking.v1.BookingService/", "index": "bhr.index.v1.IndexService/"}
SERVICES = {method: service for table in (COMMANDS, QUESTIONS) for service, methods in table.items() for method in methods}


def service_of(method):
    return SERVICES[method]


def is_command(method):
    return method in COMMANDS[SERVICES[method]]


def full_name(method):
    return INTERFACES[SERVICES[method]] + method


def now_us():
    """One clock for everybody: CLOCK_MONOTONIC, which network namespaces and set-back wall clocks do not change."""
    return time.monotonic_ns() // 1000


class Writer:
    def __init__(self, folder, client):
        os.makedirs(folder, exist_ok=True)
        self.client = client
        self.file = open(f"{folder}/client-{client}.jsonl", "w", encoding="utf-8",  # pylint: disable=consider-using-with
                         buffering=1)

    def write(self, kind, **fields):
        line = {"k": kind, "at_us": now_us(), "client": self.client, **fields}
        self.file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def close(self):
        self.file.close()


def read_lines(path):
    """Of a file of lines that may not be there. The last line of a program that was killed may be half a line."""
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def read_histories(folder):
    for path in sorted(glob.glob(f"{folder}/history/client-*.jsonl")):
        yield from read_lines(path)
