"""All of a run: what its clients say, handed to the service that each line is about, and what is promised by no service
alone."""
from history import read_histories, service_of
from judge import BookingCase
from judge_events import judge_events
from judge_identity import Identity, Waits
from judge_index import IndexCase
from promises import OfIndex, Promises
from schema import Schema


class Run:
    def __init__(self, folder):
        self.folder, self.promises, schema = folder, Promises(), Schema()
        self.index = IndexCase(folder, schema, OfIndex(self.promises))
        self.identity = Identity(self.promises, schema, self.index)
        self.booking = BookingCase(folder, schema, self.promises, self.identity)
        self.cases = {"booking": self.booking, "index": self.index}
        self.waits = Waits(folder)
        self.clients, self.finished, self.open_at_end = set(), set(), []

    def judge(self):
        for line in read_histories(self.folder):
            self.take_line(line)
        self.index.read_journal()
        self.identity.begin()
        self.booking.read_journal()
        self.identity.end(self.booking.ledger)
        for case in self.cases.values():
            case.judge()
            judge_events(case)
        self.index.judge_everybody()
        self.waits.judge(self.promises)
        self.judge_service()

    def take_line(self, line):
        client = line["client"]
        self.clients.add(client)
        if line["k"] == "finish":
            self.finished.add(client)
            return
        if client in self.finished:
            self.promises.count("service", line["k"] == "answer")
            if line["k"] == "silence":
                self.open_at_end.append(line)
        self.waits.take(line)
        self.cases[service_of(line["method"])].take_line(line)

    def judge_service(self):
        for client in sorted(self.clients - self.finished):
            self.promises.check("service", False, lambda client=client: f"client {client} did not get as far as its end")
        for line in self.open_at_end:
            self.promises.check("service", False, lambda line=line: f"{line['source']}'s {line['method']} "
                                f"{line['request_id']} got no answer, although all was mended")
