"""Kafka with certificates only: the suite as `make up` starts it. Bookings go through a broker that believes nobody without
one, through its restart, a rotation with old and new side by side, and the death of the owner."""
import os
import subprocess
import time

from suite import people, run, skip, until

try:
    from confluent_kafka import Consumer, TopicPartition
except ImportError as error:
    skip(f"{error}; scripts/install-deps.sh installs it")


def first_answer(suite, system, topic, wanted, limit_s=20):
    """As that outside system: the wanted event's type once it is there, or the name of the broker's refusal."""
    consumer = Consumer({**suite.kafka_client(system), "group.id": f"{system}.test", "enable.auto.commit": False,
                         "isolation.level": "read_committed", "auto.offset.reset": "error"})
    try:
        hidden = consumer.list_topics(topic, timeout=limit_s).topics[topic].error
        if hidden is not None:
            return hidden.name()
        consumer.assign([TopicPartition(topic, 0, 0)])
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error() is not None:
                return message.error().name()
            kind = dict(message.headers() or []).get("ce_type", b"").decode()
            if kind == wanted:
                return kind
        return "nothing"
    finally:
        consumer.close()


def body(suite, check):
    crowd = iter(people(5, 60))
    slots = iter(suite.clinic(slots=60)[1])

    def books(what, limit_s=20):
        person, slot = next(crowd), next(slots)
        answer = suite.book(person, slot_id=slot, limit_s=limit_s)
        check(f"a booking {what}", answer.code == 0, f"{dict(answer)} {answer.errors}")

    def expires(number, role="service"):
        return suite.metrics(number).get(f'bhr_certificate_expires_seconds{{role="{role}"}}', 0)

    books("over TLS")
    counted = suite.count()
    check("an independent program with the operators' certificate counts it", counted["booked"] == 1, counted)
    wanted = "bhr.booking.v1.SlotBooked"
    found = first_answer(suite, "gp-demo", "bhr.booking.event.v1", wanted)
    check("a front end reads the event with its own certificate", found == wanted, found)
    found = first_answer(suite, "gp-demo", "bhr.booking.journal.v1", wanted)
    check("and the journal is refused to it", found == "TOPIC_AUTHORIZATION_FAILED", found)
    rules = suite.bhr("topics", "acl", system="ops")
    check("the broker's access rules are the table's", rules.code == 0 and rules.get("missing") == 0, rules.errors)
    names = {row["name"] for row in suite.bhr("status").get("certificates", [])}
    check("status knows every certificate", {"booking", "booking-publisher", "gp-demo", "ops", "broker"} <= names, names)
    check("metrics say how long they are good", all(29 * 86400 < expires(number, role) <= 30 * 86400
                                                    for number in suite.numbers() for role in ("service", "publisher")))

    done = subprocess.run([f"{suite.build}/bhr-booking", "--config", f"{suite.folder}/booking-1.ini", "--set",
                           "kafka_certificate_file="], env=suite.environment, capture_output=True, text=True, check=False)
    check("without a certificate a process does not start", done.returncode == 2, done.returncode)
    check("and says which row is missing", "kafka_certificate_file: expected a path" in done.stderr, done.stderr)
    done = subprocess.run([f"{suite.build}/bhr-booking", "--config", f"{suite.folder}/booking-1.ini", "--set",
                           f"kafka_certificate_file={suite.folder}/tls/gp-demo.crt"], env=suite.environment,
                          capture_output=True, text=True, check=False)
    check("nor with somebody else's", done.returncode == 2 and 'certificate of \\"gp-demo\\"' in done.stderr, done.stderr)

    before = suite.pid(2)
    time.sleep(1.1)  # a file's time and a process's must differ
    rotated = subprocess.run([f"{suite.build}/bhr", "keys", "rotate", "booking", "--tls", f"{suite.folder}/tls", "--days",
                              "60"], env=suite.environment, capture_output=True, text=True, check=False)
    check("the service's certificate is rotated", rotated.returncode == 0, rotated.stderr)
    suite.start(2)
    suite.ready(2)
    check("one process was started anew with it", suite.pid(2) != before and expires(2) > 59 * 86400, expires(2))
    check("the other still shows the old one", expires(1) <= 30 * 86400, expires(1))
    books("while old and new are side by side")

    suite.kafka("stop")
    suite.kafka("start")
    books("after the broker came back", limit_s=40)
    check("both processes are ready again", until(lambda: all(suite.http(number, "/readyz")[0] == 200
                                                              for number in suite.numbers()), 20))
    owner = suite.owner()
    suite.kill(owner)
    check("the other owns after a kill -9", until(lambda: suite.owner() not in (None, owner), 20))
    books("with the new owner")
    counted = suite.count()
    check("four bookings in the journal, no fault", (counted["booked"], counted["faults"]) == (4, []), counted)
    check("nothing of it was said to be plain text", all("kafka_plaintext" not in suite.log(number)
                                                         for number in suite.numbers()))
    check("keys are for their owner only", all(os.stat(f"{suite.folder}/tls/{name}").st_mode & 0o077 == 0
                                               for name in ("ca.key", "booking.key", "ops.key", "broker.pem")))


run("trust on the broker", body, tls=True)
