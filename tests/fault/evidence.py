"""What a run left behind, in files, so that it can be judged again when the brokers are gone:

    FOLDER/evidence/journal.records   every record, as in tests/journal/golden: offset, timestamp, its type, size, value
    FOLDER/evidence/commands.jsonl    of every record of the command log its offset and who asked what: no content
    FOLDER/evidence/events.jsonl      every record that a reader of committed public events sees
    FOLDER/evidence/stores.json       what `bhr store digest -o json` said"""
import base64
import json
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("support", "journal")]

from check_golden import read_records  # noqa: E402
from history import read_lines  # noqa: E402

JOURNAL, COMMANDS, EVENTS = "bhr.booking.journal.v1", "bhr.booking.command.v1", "bhr.booking.event.v1"


def collect(folder, brokers, bhr):
    """Reads all of it from brokers and stores that nobody writes to any more."""
    from count_bookings import read_journal, read_topic  # pylint: disable=import-outside-toplevel
    to = f"{folder}/evidence"
    os.makedirs(to, exist_ok=True)
    write_journal(to, read_journal(brokers, JOURNAL, 0))
    write_lines(f"{to}/commands.jsonl", map(command_line, read_topic(brokers, COMMANDS, 0)))
    write_lines(f"{to}/events.jsonl", map(event_line, read_topic(brokers, EVENTS, 0, isolation="read_committed")))
    done = subprocess.run([bhr, "--config", f"{folder}/bhr.ini", "-o", "json", "store", "digest"], capture_output=True,
                          text=True, check=False)
    with open(f"{to}/stores.json", "w", encoding="utf-8") as file:
        file.write(done.stdout if done.stdout else json.dumps({"stores": [], "error": done.stderr}))


def write_journal(to, records):
    with open(f"{to}/journal.records", "wb") as file:
        for offset, timestamp, is_append_time, value in records:
            value = value or b""
            file.write(struct.pack(">qqBI", offset, timestamp, is_append_time, len(value)) + value)


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def headers_of(message):
    return {name: (value or b"").decode(errors="replace") for name, value in message.headers() or []}


def command_line(message):
    headers = headers_of(message)
    return {"offset": message.offset(), "source": headers.get("ce_source", ""), "id": headers.get("ce_id", ""),
            "digest": headers.get("bhr_digest", "")}


def event_line(message):
    return {"offset": message.offset(), "key": (message.key() or b"").decode(errors="replace"),
            "headers": headers_of(message), "value": base64.b64encode(message.value() or b"").decode()}


class Evidence:
    def __init__(self, folder):
        self.folder = f"{folder}/evidence"

    def journal(self):
        return read_records(f"{self.folder}/journal.records")

    def commands(self):
        return read_lines(f"{self.folder}/commands.jsonl")

    def events(self):
        return read_lines(f"{self.folder}/events.jsonl")

    def stores(self):
        with open(f"{self.folder}/stores.json", encoding="utf-8") as file:
            return json.load(file)
