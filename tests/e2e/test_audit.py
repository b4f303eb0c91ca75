"""Kafka falls silent under read load: reads of the durable method wait and fail by their deadline, the others go on until
the spool is full and are then told to come back; a process is killed in the middle of it. When Kafka answers again, every
read that was answered has its record, and `bhr audit` finds it by person. `--seconds 30` for the full length."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

from confluent_kafka import Consumer, TopicPartition

from raw_client import STATUS, RawClient, Schema, new_id, read_keys
from suite import people, run, until

AWAY_S = float(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 12
SPOOL_MAX = 120
PERSONS = 4


class Reader(threading.Thread):
    """Asks one method on one process, again and again, and keeps what came of each request."""

    def __init__(self, suite, schema, number, method, bodies, pause_s, deadline_ms=1500, system="111-nel"):
        super().__init__(daemon=True)
        self.words = (schema, suite.setting(number, "door_endpoint"), read_keys(f"{suite.folder}/keys/door.key")[0],
                      read_keys(f"{suite.folder}/keys/{system}.key"))
        self.method, self.bodies, self.pause_s, self.deadline_ms = method, bodies, pause_s, deadline_ms
        self.answers, self.is_over = [], False  # (request id, when asked, took, status or None)

    def run(self):
        client = RawClient(*self.words)
        while not self.is_over:
            request_id, since = new_id(), time.time()
            body = self.bodies[len(self.answers) % len(self.bodies)]
            reply = client.ask(self.method, body, wait_s=self.deadline_ms / 1000 + 2, request_id=request_id,
                               deadline_ms=int(since * 1000) + self.deadline_ms)
            if reply is not None and reply[0].request_id != request_id:
                reply = None
            status = None if reply is None else STATUS[reply[0].status]
            self.answers.append((request_id, since, time.time() - since, status))
            if reply is None:  # its answer would be taken for the next one's
                client.close()
                client = RawClient(*self.words)
            time.sleep(self.pause_s)
        client.close()

    def stop(self):
        self.is_over = True
        self.join()

    def within(self, since, until_s):
        return [answer for answer in self.answers if since <= answer[1] and answer[1] + answer[2] <= until_s]


def trail(suite, schema):
    """[(audit id, request id, key)] of every record, copies too; read by a client that shares nothing with ours."""
    consumer = Consumer({"bootstrap.servers": suite.brokers, "group.id": "none", "enable.auto.commit": False})
    part = TopicPartition("bhr.audit.v1", 0, 0)
    end = consumer.get_watermark_offsets(part, timeout=10)[1]
    consumer.assign([part])
    found = []
    while len(found) < end:
        message = consumer.poll(10)
        if message is None or message.error():
            break
        record = schema("bhr.audit.v1.AuditRecord").FromString(message.value())
        found.append((record.audit_id, record.request_id, message.key()))
    consumer.close()
    return found


def told(answers, status):
    return [answer for answer in answers if answer[3] == status]


def body(suite, check):
    schema = Schema()
    crowd = list(people(16, PERSONS))
    slots = suite.clinic(slots=PERSONS)[1]
    booked = [suite.done(suite.book(person, slot_id=slot))["booking_id"] for person, slot in zip(crowd, slots)]
    reads = [schema("bhr.booking.v1.GetBookingRequest")(booking_id=booking).SerializeToString() for booking in booked]
    lists = []
    for person in crowd:
        request = schema("bhr.booking.v1.ListPersonBookingsRequest")()
        request.person.nhs_number = person["nhs_number"]
        lists.append(request.SerializeToString())
    readers = [Reader(suite, schema, number, method, bodies, pause_s)
               for number in suite.numbers()
               for method, bodies, pause_s in (("GetBooking", reads, 0.02), ("ListPersonBookings", lists, 0.1))]
    for reader in readers:
        reader.start()
    check("with Kafka both kinds of reads are answered",
          until(lambda: all(len(told(reader.answers, "ok")) >= 10 for reader in readers), 15),
          [reader.answers[-3:] for reader in readers])

    with open(f"{suite.folder}/kafka/pid", encoding="ascii") as file:
        broker = int(file.read())
    os.kill(broker, signal.SIGSTOP)
    since = time.time()
    try:
        until(lambda: all(suite.metrics(number).get("bhr_audit_refused_full_total", 0) > 0
                          for number in suite.numbers()), AWAY_S - 3, pause_s=0.3)
        check("the spool fills to its bound and no further",
              all(suite.metrics(number).get("bhr_audit_spooled", 0) <= SPOOL_MAX for number in suite.numbers()))
        time.sleep(max(0.0, since + AWAY_S - time.time()))
    finally:
        healed = time.time()
        away = [(reader, reader.within(since + 0.5, healed)) for reader in readers]
        victim = suite.numbers()[0]
        suite.kill(victim)  # with a spool full of what was answered
        os.kill(broker, signal.SIGCONT)
    for reader, answers in away:
        if reader.method == "GetBooking":
            check("spooled reads go on", len(told(answers, "ok")) > 10, len(answers))
            check("until the bound, and are then told to come back", len(told(answers, "too_busy")) > 0, answers[-5:])
        else:
            check("no durable read is answered with Kafka away", told(answers, "ok") == [], told(answers, "ok"))
            late = told(answers, "unavailable")
            check("they fail by their deadline, or are told to come back",
                  late and all(1.2 < took < 2.5 for _, _, took, _ in late), [took for _, _, took, _ in late])
        check("nothing else is told", {answer[3] for answer in answers} <= {"ok", "too_busy", "unavailable"},
              {answer[3] for answer in answers})
    suite.start(victim)
    suite.ready(victim)
    left = [event["records"] for event in suite.events(victim, "audit_left_behind")]
    check("the killed process finds what it left behind", left and left[-1] > 0, left)
    check.note(f"Kafka was away for {healed - since:.1f} s; the killed process had left {left} records")
    back = time.time()
    check("durable reads are answered again",
          until(lambda: all(any(answer[1] > back and answer[3] == "ok" for answer in reader.answers[-20:])
                            for reader in readers if reader.method == "ListPersonBookings"), 30))
    for reader in readers:
        reader.stop()
    check("the spools run empty", until(lambda: all(suite.metrics(number).get("bhr_audit_spooled") == 0
                                                    for number in suite.numbers()), 30))
    records = trail(suite, schema)
    recorded = {request_id for _, request_id, _ in records}
    answered = {answer[0] for reader in readers for answer in told(reader.answers, "ok")}
    missing = answered - recorded
    check("every answered read has its record", answered and not missing, (len(answered), len(missing)))
    copies = len(records) - len({audit_id for audit_id, _, _ in records})
    check("one read has one id", len({(audit, request) for audit, request, _ in records})
          == len({audit for audit, _, _ in records}))
    check.note(f"{len(answered)} reads answered, {len(recorded)} recorded, {copies} copies")
    officer(suite, check, crowd, booked)


def officer(suite, check, crowd, booked):
    """The privacy officer's questions."""
    found = ask(suite, "audit", "person", "--nhs-number", crowd[0]["nhs_number"])
    check("audit person by NHS number finds reads of both kinds",
          {line["method"].rsplit("/", 1)[1] for line in found} == {"GetBooking", "ListPersonBookings"}, found[:2])
    check("each once", len({line["audit_id"] for line in found}) == len(found))
    check("and of nobody else", len({line["person_id"] for line in found}) == 1)
    same = ask(suite, "audit", "person", "--person-id", found[0]["person_id"])
    check("audit person by id finds the same", same == found, (len(same), len(found)))
    denied = suite.bhr("person", "--nhs-number", crowd[0]["nhs_number"], system="ops")
    check("operators may not see a person's bookings", denied.code != 0, dict(denied))
    until(lambda: ask(suite, "audit", "refusals"), 10, pause_s=0.5)
    refused = ask(suite, "audit", "refusals")
    check("audit refusals tells who was refused what",
          any(line["system"] == "ops" and line["method"].endswith("/ListPersonBookings") for line in refused), refused)
    check("nobody is found where nobody looked", ask(suite, "audit", "user", "nobody") == [])
    check("a booking's id is not a person's", ask(suite, "audit", "person", "--person-id", booked[0]) == [])


def ask(suite, *words):
    done = subprocess.run(suite.bhr_words(*words, system="ops"), env=suite.environment, capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode != 0:
        print(done.stdout, done.stderr)
        return []
    return [json.loads(line) for line in done.stdout.splitlines()]


run("the audit trail while Kafka is away", body, settings=f"audit_spool_records_max={SPOOL_MAX}")
