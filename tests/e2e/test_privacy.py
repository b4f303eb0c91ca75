"""After bookings, refusals, cancellations and bad requests: no NHS number, name, birth date or telephone number in any log
line, metric, Kafka key or header."""
import os
import re

from confluent_kafka import Consumer, TopicPartition

from load import book_request
from raw_client import RawClient, Schema, read_keys
from suite import people, run

TOPICS = ("bhr.booking.command.v1", "bhr.booking.journal.v1")


def traffic(suite, check):
    schema = Schema()
    crowd = people(9, 40)
    slots = suite.clinic(slots=30)[1]
    booked = [suite.book(person, slot_id=slot) for person, slot in zip(crowd[:20], slots)]
    check("twenty are booked", all(answer.code == 0 for answer in booked), booked[-1])
    suite.book(crowd[21], slot_id=slots[0])
    suite.book(crowd[0], slot_id=slots[0])
    suite.bhr("show", booked[0]["booking_id"])
    suite.bhr("cancel", booked[1]["booking_id"], "--reason", "person")
    client = RawClient(schema, suite.setting(1, "door_endpoint"), read_keys(f"{suite.folder}/keys/door.key")[0],
                       read_keys(f"{suite.folder}/keys/111-nel.key"))
    whole = book_request(schema, slots[25], crowd[30])
    wrong = dict(crowd[31], nhs_number=crowd[31]["nhs_number"][:9] + str((int(crowd[31]["nhs_number"][9]) + 1) % 10))
    for bad in (book_request(schema, slots[26], wrong), whole[:-7], whole[:40],
                whole.replace(b"07700", b"\xff\xfe\x00x\x80"),
                book_request(schema, "no slot: " + crowd[32]["nhs_number"], crowd[32]),
                book_request(schema, slots[27], dict(crowd[33], birth_date=crowd[33]["family_name"]))):
        client.ask("Book", bad)
    client.ask(crowd[34]["nhs_number"], whole)
    client.ask(f"{crowd[34]['family_name']}/{crowd[34]['nhs_number']}", whole)
    client.ask("Book", whole, correlation_id=crowd[35]["nhs_number"])
    client.close()
    suite.stop(suite.owner())
    suite.start()
    suite.ready()
    return crowd, [wrong["nhs_number"]]


def keys_and_headers(suite):
    consumer = Consumer({"bootstrap.servers": suite.brokers, "group.id": "privacy", "enable.auto.commit": False,
                         "auto.offset.reset": "error"})
    for topic in TOPICS:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
        consumer.assign([TopicPartition(topic, 0, first)])
        offset = first - 1
        while offset < end - 1:
            message = consumer.poll(10)
            offset = message.offset()
            yield f"{topic} key", message.key() or b""
            for name, value in message.headers() or []:
                yield f"{topic} header {name}", value or b""
    consumer.close()


def body(suite, check):
    crowd, more = traffic(suite, check)
    texts = [(f"{folder}/{name}", open(f"{folder}/{name}", "rb").read())
             for folder, _, names in os.walk(f"{suite.folder}/log") for name in names]
    texts += [(f"/metrics of booking-{number}", suite.http(number, "/metrics")[1].encode()) for number in suite.numbers()]
    kafka = list(keys_and_headers(suite))
    check(f"there is something to look at: {len(texts)} logs and metrics, {len(kafka)} keys and headers",
          all(text for _, text in texts) and len(texts) >= 4 and len(kafka) > 60)
    secrets = set(more)
    for person in crowd:
        number = person["nhs_number"]
        secrets |= {number, f"{number[:3]} {number[3:6]} {number[6:]}", f"{number[:3]}-{number[3:6]}-{number[6:]}",
                    person["family_name"], person["birth_date"], person["phone"]}
        # A given name such as Rosa may stand inside an id; as a word of its own it may not.
    words = {person["given_name"] for person in crowd}
    for what, bits in (("an NHS number, a family name, a birth date or a telephone number", secrets), ):
        found = [(place, bit) for place, text in texts + kafka for bit in bits if bit.encode() in text]
        check(f"nowhere {what}", found == [], found[:5])
    found = [(place, word) for place, text in texts + kafka for word in words
             if re.search(rb"(?i)\b" + word.encode() + rb"\b", text)]
    check("nowhere a given name", found == [], found[:5])


run("privacy", body)
