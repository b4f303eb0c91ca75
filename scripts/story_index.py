"""The chapters of the story (story.py) that the index plays: who is ringing, and a wrong merge that is taken back. The events
are read from Kafka with nothing of ours: Confluent's client and Google's protobuf."""
import sys

from exchange import ROOT, until, utc_ms, uk_text

sys.path.insert(0, f"{ROOT}/tests/support")

STEWARD = "555000000333"
LISTENER = "gp-demo"  # an outside system that reads what is public on Kafka
EVENTS, CORRECTED = "bhr.booking.event.v1", "bhr.booking.v1.IdentityCorrected"
NEWS_S = 20
FIELDS = {"family_name": "surname", "given_name": "given name", "birth_date": "birth date"}


class IndexChapters:
    """Mixed into a story: it has suite, tokens, step, say, result, must and claim."""

    def register(self, person, **more):
        """As the person's practice has them."""
        words = [word for name, value in {"--nhs-number": person.get("nhs_number"), "--family": person["family_name"],
                                          "--given": person["given_name"], "--born": person["birth_date"], **more}.items()
                 if value for word in (name, value)]
        return self.must(self.suite.bhr("index", "register", "--source", "emis", "--local-id", person["nhs_number"][-7:],
                                        *words, system="gp-demo"))

    def find_the_caller(self, person):
        """Found by name and birth date, although the surname is misspelt."""
        known = self.register(person, **{"--nhs-status": "verified"})
        heard = misheard(person["family_name"])
        self.step(f"{person['given_name']} rings 111 and has no NHS number at hand. The call handler types the surname as "
                  f"she hears it:\n    {heard} for {person['family_name']}.")
        found = self.must(self.suite.bhr("index", "find", "--family", heard, "--given", person["given_name"], "--born",
                                         person["birth_date"]))
        self.claim(found["result"] == "match" and found["candidates"][0]["person_id"] == known["person_id"],
                   "the index finds the one who is meant", found)
        match = found["candidates"][0]["match"]
        why = ", ".join(f"{FIELDS[reason['field']]} {reason['level']}" for reason in match["reasons"]
                        if reason["field"] in FIELDS)
        self.result(f"one person, {match['posterior_ppm'] / 10_000:.2f} % likely: {why}", found)
        return known["person_id"]

    def join_wrongly_and_part(self, person_id, other):
        """What was believed meanwhile, and who was told, is known afterwards."""
        self.suite.tokens["ops"] = self.suite.sign_in(STEWARD, role="index-steward", organisation="Y90000", system="ops",
                                                      minutes=30)
        other = {**other, "given_name": other["given_name"] + " Jo"}
        other_id = self.register(other)["person_id"]
        self.step("A steward takes two patients for one and merges them.")
        merged = self.must(self.suite.bhr("index", "merge", person_id, other_id, "--reason", "same address, I thought",
                                          system="ops"))
        shown = self.must(self.suite.bhr("index", "show", other_id))
        self.claim(shown["person"]["person_id"] == person_id and len(shown["person"]["records"]) == 2,
                   "whoever asks for one gets both", shown)
        self.result("111 asks for the second patient and is shown the first one's records, too", shown)
        booked = self.must(self.suite.book(other, slot_id=self.a_free_slot()))
        self.is_for(booked["booking_id"], person_id, "the booking is the first patient's, as the index says")
        self.result(f"111 books a slot for the second patient, number {booked['booking_id'][-12:]}: it counts as the "
                    "first one's", booked)
        self.step("The mistake is noticed. The merge is taken back.")
        back = self.must(self.suite.bhr("index", "unmerge", merged["merge_id"], "--reason", "two people", system="ops"))
        self.result(f"two persons again; from {uk_text(utc_ms(back['from']))} for "
                    f"{(utc_ms(back['until']) - utc_ms(back['from'])) / 1000:.1f} s both were taken for one", back)
        again = self.must(self.suite.bhr("index", "show", other_id))
        self.claim(again["person"]["person_id"] == other_id and len(again["person"]["records"]) == 1,
                   "the second patient is alone again", again)
        trail = self.suite.trail("person", "--person-id", person_id, "--since", back["from"], "--until", back["until"])
        touched = [record for record in trail if record["method"].endswith("GetPerson")]
        self.claim(len(touched) == 1 and touched[0]["system"] == "111-nel", "the audit trail says who saw them as one", trail)
        self.say(f"    who was touched: {len(touched)} reading, by {touched[0]['system']} for {touched[0]['organisation']}, "
                 f"user {touched[0]['user']}")
        self.name_the_booking(booked["booking_id"], other_id, back)

    def name_the_booking(self, booking_id, other_id, back):
        """Booking follows the index's journal, and tells everybody who listens whose booking somebody should look at."""
        self.is_for(booking_id, other_id, "the booking is the second patient's again")
        told = until(lambda: [event for event in self.public_events(CORRECTED) if event.other_id == other_id], NEWS_S, 0.2)
        self.claim(len(told) == 1 and list(told[0].booking_ids) == [booking_id] and told[0].from_ms == utc_ms(back["from"]),
                   "exactly the booking that was made meanwhile is named", told)
        self.say(f"    and 1 booking, number {booking_id[-12:]}: it counts as the second patient's again, and a practice's "
                 "system\n    hears on Kafka that somebody should look at it (IdentityCorrected)")

    def is_for(self, booking_id, person_id, what):
        """As soon as booking has followed the index so far."""
        shown = until(lambda: (found := self.must(self.suite.bhr("show", booking_id)))["person"]["person_id"] == person_id
                      and found, NEWS_S)
        self.claim(shown, what)

    def public_events(self, kind):
        """What an outside system reads of that kind."""
        from count_bookings import read_topic  # pylint: disable=import-outside-toplevel
        from schema import Schema  # pylint: disable=import-outside-toplevel
        message_type, brokers = Schema()(kind), self.suite.setting(1, "brokers")
        trust = {**self.suite.kafka_trust(LISTENER), "group.id": f"{LISTENER}.story"}
        return [message_type.FromString(message.value())
                for message in read_topic(brokers, EVENTS, 0, trust, isolation="read_committed")
                if ("ce_type", kind.encode()) in message.headers()]


def misheard(name):
    """With the last two letters swapped."""
    return name[:-2] + name[-1] + name[-2]
