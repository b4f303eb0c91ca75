"""What a run left behind, in files, so that it can be judged again when the brokers are gone:

    FOLDER/evidence/SERVICE/journal.records   every record, as in tests/journal/golden: offset, timestamp, its type, size, value
    FOLDER/evidence/SERVICE/commands.jsonl    of every record of the command log its offset and who asked what: no content
    FOLDER/evidence/SERVICE/events.jsonl      every record that a reader of committed public events sees
    FOLDER/evidence/index/persons.jsonl       what each door of the index says of every id that the index ever gave
    FOLDER/evidence/stores.json               what `bhr store digest -o json` said"""
import base64
import json
import os
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("support", "journal")]

from check_golden import decode, read_records  # noqa: E402
from history import PACKAGES, read_lines  # noqa: E402
from schema import Schema  # noqa: E402

JOURNAL, COMMANDS, EVENTS = "bhr.{}.journal.v1", "bhr.{}.command.v1", "bhr.{}.event.v1"
PUBLISHED_S = 60  # the publisher may be this far behind when a run ends


def collect(folder, brokers, bhr):
    """Reads all of it when callers have ended. Holds that run out still make entries: so the stores come first, then the
    journal, which knows all that they know, and last what was made of it for others."""
    to = f"{folder}/evidence"
    os.makedirs(to, exist_ok=True)
    done = subprocess.run([bhr, "--config", f"{folder}/bhr.ini", "-o", "json", "store", "digest"], capture_output=True,
                          text=True, check=False)
    with open(f"{to}/stores.json", "w", encoding="utf-8") as file:
        file.write(done.stdout if done.stdout else json.dumps({"stores": [], "error": done.stderr}))
    for service in PACKAGES:
        collect_topics(folder, brokers, service)
    ask_for_persons(folder)


def collect_topics(folder, brokers, service):
    from count_bookings import read_journal, read_topic  # pylint: disable=import-outside-toplevel
    to = f"{folder}/evidence/{service}"
    os.makedirs(to, exist_ok=True)
    write_journal(to, read_journal(brokers, JOURNAL.format(service), 0))
    write_lines(f"{to}/commands.jsonl", map(command_line, read_topic(brokers, COMMANDS.format(service), 0)))
    number, until = last_public_number(Evidence(folder, service).journal()), time.monotonic() + PUBLISHED_S
    while True:
        events = [event_line(message)
                  for message in read_topic(brokers, EVENTS.format(service), 0, isolation="read_committed")]
        if time.monotonic() >= until or (events and int(events[-1]["headers"]["ce_bhrnumber"]) >= number):
            break
        time.sleep(1)
    write_lines(f"{to}/events.jsonl", events)


def last_public_number(records):
    """Of the last entry that others are told of."""
    record_type = Schema()("bhr.journal.v1.Record")
    entries = (decode(record_type, value).entry for _, _, _, value in records)
    return max((entry.number for entry in entries if entry.source or entry.events), default=0)


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


def ask_for_persons(folder):
    """Of every id that the index's journal names as a person's or as a record's own, at each of its doors."""
    from ask_persons import ask_all  # pylint: disable=import-outside-toplevel
    schema = Schema()
    record_type, event_type = schema("bhr.journal.v1.Record"), schema("bhr.index.v1.IndexEvent")
    ids = set()
    for _, _, _, value in Evidence(folder, "index").journal():
        for event in map(event_type.FromString, decode(record_type, value).entry.events):
            ids |= {getattr(getattr(event, event.WhichOneof("event")), name, "")
                    for name in ("person_id", "to_person_id", "survivor_id", "other_id")}
    write_lines(f"{folder}/evidence/index/persons.jsonl", ask_all(folder, schema, sorted(ids - {""})))


class Evidence:
    """Of one service."""

    def __init__(self, folder, service):
        self.all, self.service, self.folder = f"{folder}/evidence", service, f"{folder}/evidence/{service}"

    def journal(self):
        return read_records(f"{self.folder}/journal.records")

    def commands(self):
        return read_lines(f"{self.folder}/commands.jsonl")

    def events(self):
        return read_lines(f"{self.folder}/events.jsonl")

    def persons(self):
        return read_lines(f"{self.folder}/persons.jsonl")

    def read_stores(self):
        with open(f"{self.all}/stores.json", encoding="utf-8") as file:
            return json.load(file)

    def stores(self):
        return [store for store in self.read_stores().get("stores", [])
                if os.path.basename(store["path"]).startswith(f"{self.service}-")]

    def store_error(self):
        return self.read_stores().get("error")
