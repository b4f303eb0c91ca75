"""After bookings, registrations, merges, refusals and bad requests, over ZeroMQ and over Kafka: no NHS number, name, birth date or
telephone number in any log line or metric, nor in key, headers or value of any record but the requests themselves: what
identifies a person is sealed in commands and journal, and in no event, dead letter or audit record at all."""
import os
import re
from datetime import datetime, timezone

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from load import book_request
from raw_client import RawClient, Schema, read_keys
from suite import Failure, people, run, until

REQUESTS, INDEX_REQUESTS = "bhr.booking.request.111-nel.v1", "bhr.index.request.111-nel.v1"
SERVICES = ("booking", "index")
PUBLIC = tuple(f"bhr.{service}.{what}.v1" for service in SERVICES for what in ("event", "dead"))
TOPICS = (*(f"bhr.{service}.{what}.v1" for service in SERVICES for what in ("command", "journal")), "bhr.audit.v1",
          "bhr.keys.v1", *PUBLIC)
PLACE = {"address": "7 Lavender Yard;Rainham", "postcode": "RM13 9XQ"}
INDEX = "bhr.index.v1.IndexService/"
# Long enough that no key drawn at random has one of them in it: a short one, such as Ben, is found in sealed bytes by chance.
GIVEN = ("Bartholomew", "Clementine", "Florence", "Montgomery", "Rosalind", "Wilhelmina")


def crowd_of(seed, count):
    return [dict(person, given_name=GIVEN[i % len(GIVEN)]) for i, person in enumerate(people(seed, count))]


def traffic(suite, check):
    schema = Schema()
    crowd, registered = crowd_of(9, 40), crowd_of(10, 20)
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
    over_kafka(suite, check, schema, slots, crowd)
    index_traffic(suite, check, schema, registered)
    suite.stop(suite.owner(), f"index-{suite.owner('index')}")
    suite.start()
    suite.ready()
    return crowd + registered, [wrong["nhs_number"], "Lavender", "RM13 9XQ", "RM139XQ"]


def index_traffic(suite, check, schema, crowd):
    """Records taken, found, shown, joined and parted; and what no door takes, with what is personal in every place."""
    steward = suite.sign_in("555000000333", role="index-steward", organisation="Y90000", system="ops")

    def register(person, local_id, system="gp-demo", words=()):
        return suite.bhr("index", "register", "--source", "emis", "--local-id", local_id, "--nhs-number",
                         person["nhs_number"], "--family", person["family_name"], "--given", person["given_name"],
                         "--born", person["birth_date"], "--phone", person["phone"], "--address", PLACE["address"],
                         "--postcode", PLACE["postcode"], *words, system=system)

    known = [register(person, person["nhs_number"]) for person in crowd[:8]]
    check("eight are registered", all(answer.code == 0 for answer in known), known[-1])
    who = crowd[0]
    suite.bhr("index", "find", "--nhs-number", who["nhs_number"])
    suite.bhr("index", "find", "--family", who["family_name"], "--born", who["birth_date"], "--postcode", PLACE["postcode"])
    suite.bhr("index", "show", known[0]["person_id"], "--reveal")
    suite.tokens["ops"] = steward
    two = (known[1]["person_id"], known[2]["person_id"])
    merged = suite.bhr("index", "merge", *two, "--reason", "same person", system="ops")
    suite.bhr("index", "unmerge", merged["merge_id"], "--reason", "two people", system="ops")
    refused = suite.bhr("index", "merge", *two, "--reason", f"both are {who['nhs_number']}", system="ops")
    check("a reason with an NHS number in it is refused", refused.get("outcome") == "invalid", refused)
    suite.bhr("index", "flag", two[0], "--flag", "sensitive", "--reason", "asked for it", system="ops")
    suite.tokens = {}

    request = schema("bhr.index.v1.RegisterRecordRequest")()
    request.key.source, request.key.local_id = "emis", who["nhs_number"]
    for name in ("nhs_number", "family_name", "given_name", "birth_date", "phone"):
        setattr(request.demographics, name, who[name])
    whole = request.SerializeToString()
    client = RawClient(schema, suite.setting("index-1", "door_endpoint"), read_keys(f"{suite.folder}/keys/door.key")[0],
                       read_keys(f"{suite.folder}/keys/111-nel.key"))
    for bad in (whole[:-4], whole[:20], whole.replace(who["birth_date"].encode(), b"\xff" * 10)):
        client.ask(INDEX + "RegisterRecord", bad)
    client.ask(INDEX + who["nhs_number"], whole)
    client.ask(INDEX + "RegisterRecord", whole, correlation_id=who["nhs_number"])
    client.close()
    producer = Producer(suite.kafka_client("111-nel"))
    for number, (name, value, more) in enumerate((
            ("taken", whole, {}), ("cut", whole[:-9], {}), ("empty", b"", {}), ("half", whole[:30], {}),
            (who["nhs_number"], whole, {}), (who["family_name"], whole[:40], {}),
            ("type", whole, {"ce_type": f"bhr.index.v1.{who['given_name']}"}), ("cause", whole, {"traceparent": who["phone"]}))):
        producer.produce(INDEX_REQUESTS, key=who["nhs_number"], value=value, headers={
            "ce_type": "bhr.index.v1.RegisterRecordRequest", "ce_id": name,
            "ce_time": datetime.now(timezone.utc).isoformat(), "ce_correlationid": f"index-{number}", **more})
    producer.flush(10)

    def told():
        return [text for place, text in kafka_texts(suite)
                if place == "bhr.index.event.v1 header ce_correlationid" and text.startswith(b"index-")]

    check("what was asked of the index over Kafka is told", until(lambda: len(told()) >= 4, 30, 1), told())


def over_kafka(suite, check, schema, slots, crowd):
    """A booking, a refusal, a repeat and requests that no door takes, with what is personal in every place it can stand in."""
    whole = book_request(schema, slots[28], crowd[36])
    who, now = crowd[37], datetime.now(timezone.utc).isoformat()
    spaced = f"{who['nhs_number'][:3]} {who['nhs_number'][3:6]} {who['nhs_number'][6:]}"
    requests = [
        ("booked", whole, {}), ("booked", whole, {"ce_correlationid": "again"}),
        ("taken", book_request(schema, slots[28], who), {}),
        ("invalid", book_request(schema, slots[29], dict(who, birth_date=who["family_name"])), {}),
        ("cut", whole[:-9], {}), ("empty", b"", {}), ("words", " ".join(map(str, who.values())).encode(), {}),
        ("number", whole, {"ce_correlationid": who["nhs_number"]}), (who["nhs_number"], whole, {}), (spaced, whole, {}),
        (who["family_name"], whole[:40], {}), (who["phone"], whole, {"ce_time": who["birth_date"]}),
        ("type", whole, {"ce_type": f"bhr.booking.v1.{who['given_name']}{who['nhs_number']}"}),
        ("trace", whole, {"traceparent": who["nhs_number"], "ce_source": who["family_name"]}),
    ]
    producer = Producer(suite.kafka_client("111-nel"))
    for number, (name, value, more) in enumerate(requests):
        producer.produce(REQUESTS, key=who["nhs_number"], value=value, headers={
            "ce_type": "bhr.booking.v1.BookRequest", "ce_id": name, "ce_time": now,
            "ce_correlationid": f"{name if name.isalpha() and name.islower() else 'n'}-{number}", **more})
    producer.flush(10)

    def outcomes():
        return [text for place, text in kafka_texts(suite) if place == "bhr.booking.event.v1 header ce_correlationid"]

    seen = until(lambda: len(outcomes()) >= 8 and outcomes(), 30, 1)
    check(f"outcomes of requests over Kafka are told: {len(seen or outcomes())}", seen, sorted(set(outcomes())))


def kafka_texts(suite):
    consumer = Consumer({**suite.kafka_client("ops"), "group.id": "privacy", "enable.auto.commit": False,
                         "auto.offset.reset": "error", "enable.partition.eof": True})
    for topic in TOPICS:
        first, _ = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
        consumer.assign([TopicPartition(topic, 0, first)])
        while (message := consumer.poll(10)) is not None and message.error() is None:
            yield f"{topic} key", message.key() or b""
            yield f"{topic} value", message.value() or b""
            for name, value in message.headers() or []:
                yield f"{topic} header {name}", value or b""
        if message is None or message.error().code() != KafkaError._PARTITION_EOF:
            raise Failure(f"{topic} cannot be read to its end")
    consumer.close()


def body(suite, check):
    crowd, more = traffic(suite, check)
    texts = [(f"{folder}/{name}", open(f"{folder}/{name}", "rb").read())
             for folder, _, names in os.walk(f"{suite.folder}/log") for name in names]
    texts += [(f"/metrics of {service}-{number}", suite.http(f"{service}-{number}", "/metrics")[1].encode())
              for service in SERVICES for number in suite.numbers(service)]
    kafka = list(kafka_texts(suite))
    check(f"there is something to look at: {len(texts)} logs and metrics, {len(kafka)} keys, headers and values",
          all(text for _, text in texts) and len(texts) >= 8 and len(kafka) > 60)
    for topic in PUBLIC:
        values = [text for place, text in kafka if place == f"{topic} value"]
        check(f"{topic} tells something: {len(values)} records", len(values) > 3)
    secrets = set(more)
    for person in crowd:
        number = person["nhs_number"]
        secrets |= {number, f"{number[:3]} {number[3:6]} {number[6:]}", f"{number[:3]}-{number[3:6]}-{number[6:]}",
                    person["family_name"], person["birth_date"], person["phone"]}
    found = [(place, bit) for place, text in texts + kafka for bit in secrets if bit.encode() in text]
    check("nowhere an NHS number, a family name, a birth date or a telephone number", found == [], found[:5])
    found = [(place, name) for place, text in texts + kafka for name in GIVEN if re.search(rb"(?i)" + name.encode(), text)]
    check("nowhere a given name", found == [], found[:5])


run("privacy", body, services=SERVICES)
