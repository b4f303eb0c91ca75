"""FEBRL's records registered one at a time over ZeroMQ at a real door, as a source would send them: what the contract cannot
carry is made what it can. Pairs of records that end under one person are compared with the truth."""
import csv
import time
from datetime import date

from bench_index import INDEX, PRACTICE, SERVICE, SOURCE, IndexSuite
from bench_suite import Failure

HALF_PPM = 500000
LINKED = ["", "new", "linked", "updated", "review"]
FOUR_FIELDS = ("given_name", "surname", "date_of_birth", "postcode")


class Sent:
    """A file of FEBRL as the contract carries it, in FEBRL's form, so that rules can be learned from it; and how much was
    changed.

    Postcodes: 4011 is X401 1AA, a form that a UK postcode may have; how far two are apart is as before. A day that does not
    exist, which a door refuses, is cut to its month or year. A state is a county."""

    def __init__(self, path, out, is_four):
        self.cut, self.path = 0, out
        with open(path, encoding="utf-8", newline="") as file:
            rows = [{name.strip(): value.strip() for name, value in row.items()} for row in csv.DictReader(file)]
        for row in rows:
            whole = row["date_of_birth"]
            row["date_of_birth"] = existing(whole)
            self.cut += len(row["date_of_birth"].replace("-", "")) < len(whole)
            if row["postcode"]:
                row["postcode"] = "X{0:.3} {0[3]}AA".format(row["postcode"])
            row["soc_sec_id"] = ""
            if is_four:
                row.update({name: "" for name in row if name not in FOUR_FIELDS and name != "rec_id"})
        self.rows = rows
        with open(out, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def existing(text):
    """YYYYMMDD as YYYY-MM-DD, or as much of it as is of a day that exists."""
    if len(text) != 8 or not "18800101" <= text:
        return ""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return f"{text[:4]}-{text[4:6]}" if "01" <= text[4:6] <= "12" else text[:4]


def through_a_door(build, rules, sent):
    """{right, wrong, missed, review, per_second ...}: with the threshold of the other ways, posterior 0.5."""
    person_of, how, took_us = {}, dict.fromkeys(LINKED[1:], 0), []
    with IndexSuite(build, rules, len(sent.rows), link_ppm=HALF_PPM, review_ppm=HALF_PPM) as suite:
        client = suite.client(INDEX, PRACTICE)
        request, response = (suite.schema(f"bhr.index.v1.RegisterRecord{kind}") for kind in ("Request", "Response"))
        for row in sent.rows:
            us, body = ask(client, request, row)
            answer = response.FromString(body)
            person_of[row["rec_id"]] = answer.person_id
            how[LINKED[answer.how]] += 1
            took_us.append(us)
        client.close()
    took_us.sort()
    counts = count_pairs(person_of)
    return counts | how | {"cut": sent.cut, "p50_us": took_us[len(took_us) // 2],
                           "p99_us": took_us[len(took_us) * 99 // 100]}


def ask(client, request, row):
    """(microseconds, body) of one registration."""
    question = request()
    question.key.source, question.key.local_id = SOURCE, row["rec_id"]
    who = question.demographics
    who.family_name, who.given_name = row["surname"], row["given_name"]
    who.birth_date, who.postcode = row["date_of_birth"], row["postcode"]
    who.house, who.county = row["street_number"], row["state"]
    who.address_lines.extend(line for line in (row["address_1"], row["address_2"], row["suburb"]) if line)
    since = time.monotonic()
    answer = client.ask(SERVICE + "RegisterRecord", question.SerializeToString(), wait_s=30)
    if answer is None or answer[0].outcome != "ok":
        raise Failure(f"{row['rec_id']} was not registered: {'no answer' if answer is None else answer[0]}")
    return (time.monotonic() - since) * 1e6, answer[1]


def count_pairs(person_of):
    """Of records under one person, against the number in FEBRL's rec-NUMBER-org and rec-NUMBER-dup-0."""
    of_truth, of_person, of_both = {}, {}, {}
    for record, person in person_of.items():
        truth = record.split("-")[1]
        for groups, key in ((of_truth, truth), (of_person, person), (of_both, (truth, person))):
            groups[key] = groups.get(key, 0) + 1
    true, joined, right = (sum(size * (size - 1) // 2 for size in groups.values())
                           for groups in (of_truth, of_person, of_both))
    return {"right": right, "wrong": joined - right, "missed": true - right}
