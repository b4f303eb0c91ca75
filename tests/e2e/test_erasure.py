"""A person is erased: afterwards no file of Kafka, no store, no log and nothing of Redis holds what identifies them, nor the
wrapped key with which it could be read; the bookings stay, the journal verifies, and a rebuilt replica agrees. And the
master key, lost and restored from its backup (docs/runbooks/master-key.md)."""
import os
import shutil

from confluent_kafka import Consumer, TopicPartition

from raw_client import Schema
from suite import people, run, until

TOPIC = "bhr.keys.v1"
# Compaction within seconds: what is seven days in live use.
QUICK = ("log.roll.ms=1000 log.cleaner.backoff.ms=200 log.cleaner.min.cleanable.ratio=0.001 "
         "log.cleaner.delete.retention.ms=100 log.segment.delete.delay.ms=100")
NOTE = "rings twice at the blue gate"


def victim():
    return dict(people(77, 1)[0], family_name="Quillfeather-Ashdown", given_name="Marjoribanks", birth_date="1931-05-06",
                phone="07700 900977")


def keys_of(suite, schema, person_id):
    """{key id: wrapped key} of that person, as the topic says now."""
    consumer = Consumer({"bootstrap.servers": suite.brokers, "group.id": "erasure", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", "enable.partition.eof": False})
    first, end = consumer.get_watermark_offsets(TopicPartition(TOPIC, 0), timeout=10)
    consumer.assign([TopicPartition(TOPIC, 0, first)])
    found = {}
    while consumer.position([TopicPartition(TOPIC, 0)])[0].offset < end:
        message = consumer.poll(5)
        if message is None:
            break
        found.pop(message.key(), None)
        if message.value() is None:
            continue
        key = schema("bhr.exchange.v1.PersonKey").FromString(message.value())
        if key.person_id == person_id:
            found[message.key()] = key.wrapped
    consumer.close()
    return found


def written_part(path):
    """All that was ever written to the file: a store is 64 GiB of holes with a few pages between them."""
    parts, offset = [], 0
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        while offset < size:
            try:
                offset = os.lseek(file.fileno(), offset, os.SEEK_DATA)
            except OSError:
                break  # nothing but a hole up to the end
            end = os.lseek(file.fileno(), offset, os.SEEK_HOLE)
            parts.append(os.pread(file.fileno(), end - offset, offset))
            offset = end
    return b"".join(parts)


def places_of(suite, secrets):
    """Files of the whole suite that hold one of these: Kafka's, the stores, the logs, Redis."""
    found = []
    for folder, _, names in os.walk(suite.folder):
        if folder.startswith(f"{suite.folder}/keys"):
            continue
        for name in names:
            try:
                text = written_part(f"{folder}/{name}")
            except OSError:
                continue  # removed meanwhile, or a socket
            found += [(f"{folder}/{name}"[len(suite.folder) + 1:], secret) for secret in secrets if secret in text]
    return found


def clear_secrets(person):
    number = person["nhs_number"]
    texts = [number, f"{number[:3]} {number[3:6]} {number[6:]}", person["family_name"], person["given_name"],
             person["birth_date"], person["phone"], NOTE]
    return [text.encode() for text in texts]


def erase(suite, check, person, person_id, schema):
    wrapped = list(keys_of(suite, schema, person_id).values())
    check("the person has a wrapped key, and it is found in the files of its topic",
          wrapped and all(places_of(suite, [key]) for key in wrapped), len(wrapped))
    check("already now nothing that identifies them is in the clear anywhere",
          places_of(suite, clear_secrets(person)) == [], places_of(suite, clear_secrets(person))[:5])
    asked = suite.bhr("person", "erase", "--nhs-number", person["nhs_number"], system="ops")
    check("nobody is erased by a script that does not say --yes", asked.code == 2, asked.errors)
    done = suite.bhr("person", "erase", "--nhs-number", person["nhs_number"], "--yes", system="ops")
    check("bhr person erase destroys every key of the person",
          done.code == 0 and done["person_id"] == person_id and len(done["destroyed"]) == len(wrapped),
          f"{dict(done)} {done.errors}")
    again = suite.bhr("person", "erase", "--person-id", person_id, "--yes", system="ops")
    check("and may be run again", again.code == 0 and again["destroyed"] == [], f"{dict(again)} {again.errors}")
    return wrapped


def shows_nothing(suite, booking_id):
    shown = suite.bhr("show", booking_id)
    return shown.code == 0 and shown["erased"] and shown["person"]["family_name"] == "" and shown["contact"]["phone"] == ""


def body(suite, check):
    schema = Schema()
    slots = iter(suite.clinic(slots=40)[1])
    crowd = iter(people(78, 60))
    person, bystander = victim(), next(crowd)
    booked = [suite.done(suite.run(suite.book_words(person, slot_id=next(slots)) + ["--note", NOTE])) for _ in range(2)]
    other = suite.done(suite.book(bystander, slot_id=next(slots)))
    shown = suite.bhr("show", booked[0]["booking_id"])
    check("before, the booking shows the person", shown["person"]["family_name"] == person["family_name"]
          and shown["contact"]["note"] == NOTE and not shown["erased"], dict(shown))
    person_id = shown["person"]["person_id"]
    wrapped = erase(suite, check, person, person_id, schema)

    check("afterwards nobody is shown any more, and the booking stays",
          until(lambda: all(shows_nothing(suite, booking["booking_id"]) for booking in booked), 10),
          dict(suite.bhr("show", booked[0]["booking_id"])))
    listed = suite.bhr("person", "--nhs-number", person["nhs_number"])
    check("their bookings are still listed and counted", len(listed.get("bookings", [])) == 2, dict(listed))
    check("others are shown as before", suite.bhr("show", other["booking_id"])["person"]["family_name"]
          == bystander["family_name"])

    def compacted():
        suite.book(next(crowd), slot_id=next(slots))  # a new key: the topic's last file is closed
        return not places_of(suite, wrapped)
    check("compaction removes the wrapped key from the files", until(compacted, 60, pause_s=3),
          places_of(suite, wrapped)[:5])
    check("nothing that identifies them is in any file of Kafka, store, log or Redis",
          places_of(suite, clear_secrets(person)) == [], places_of(suite, clear_secrets(person))[:5])
    verified = suite.bhr("journal", "verify")
    check("bhr journal verify is clean", verified.code == 0, f"{dict(verified)} {verified.errors}")
    counted = suite.count()
    check("an independent count finds the bookings and no fault",
          {booking["booking_id"] for booking in booked} <= set(counted["ids"]) and counted["faults"] == [],
          counted["faults"])

    number = suite.other(suite.owner())
    suite.stop(number)
    rebuilt = suite.bhr("store", "rebuild", suite.setting(number, "data_dir"))
    suite.start(number)
    suite.ready(number)
    check("a rebuilt replica agrees with the other", rebuilt.code == 0 and suite.wait_same_digest(), suite.digests())
    check("and shows nobody either", all(shows_nothing(suite, booking["booking_id"]) for booking in booked for _ in "12"))

    back = suite.done(suite.book(person, slot_id=next(slots)))
    check("who comes again gets a new key", suite.bhr("show", back["booking_id"])["person"]["family_name"]
          == person["family_name"] and shows_nothing(suite, booked[0]["booking_id"]))
    master_key(suite, check, other["booking_id"], bystander)


def refused(suite, number, event):
    """Whether the process says so and ends, instead of serving."""
    before = len(suite.events(number, event))
    suite.start(number)
    said = until(lambda: len(suite.events(number, event)) > before, 30)
    gone = until(lambda: not suite.is_running(number), 15)
    return said and gone and "master" in suite.events(number, event)[-1]["text"]


def master_key(suite, check, booking_id, bystander):
    path = suite.setting(1, "master_key_file")
    backup = f"{suite.folder}/keys/backup-of-master.key"
    shutil.copy2(path, backup)
    suite.stop()
    os.remove(path)
    check("without its master key a process does not start, and says where to look", refused(suite, 1, "not_started"),
          suite.events(1, "not_started")[-1:])
    suite.must("keys", "master", "--dir", os.path.dirname(path), system="ops")
    check("with a new one it finds that this is not the one", refused(suite, 1, "master_key_refused"),
          suite.events(1, "master_key_refused")[-1:])
    check("and exits with 4", suite.events(1, "ended")[-1]["exit_code"] == 4, suite.events(1, "ended")[-1:])
    shutil.copy2(backup, path)
    suite.start()
    suite.ready()
    shown = suite.bhr("show", booking_id)
    check("restored from its backup, everybody is shown again",
          shown.code == 0 and shown["person"]["family_name"] == bystander["family_name"], f"{dict(shown)} {shown.errors}")


run("erasure", body, kafka_settings=QUICK)
