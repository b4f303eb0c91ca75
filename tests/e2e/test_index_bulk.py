"""Files into the index and out of it: people and practices imported while the owner is killed, a trace that is killed and goes
on, and every kind of file that is not as it must be, each answered with its line and what was expected."""
import csv
import os
import random
import signal
import subprocess
import time

from raw_client import STATUS, RawClient, Schema, new_id, read_keys
from suite import now_ms, people, run, until

PEOPLE, TRACED = 900, 1500
HEAD = ["reference", "nhs_number", "nhs_number_status", "family_name", "given_name", "birth_date", "sex", "address_1",
        "postcode", "phone"]
SERVICE = "bhr.index.v1.IndexService/"
ODS = os.path.join(os.environ.get("BHR_TEST_DATA", "/nowhere"), "ods", "epraccur_2015-11-27.csv")


def crowd_of(count):
    """Told apart by number, date and street; names repeat."""
    draw, found = random.Random(7), []
    for seed in range(40, 60):
        found += people(seed, 250)
    for index, person in enumerate(found[:count]):
        year, month, day = 1930 + index % 80, 1 + index // 80 % 12, 1 + draw.randrange(28)
        yield {"reference": f"P{index}", "nhs_number": person["nhs_number"], "nhs_number_status": "01",
               "family_name": person["family_name"], "given_name": person["given_name"],
               "birth_date": f"{year}-{month:02d}-{day:02d}", "sex": "female", "address_1": f"{index + 1} Long Row",
               "postcode": f"RM{1 + index % 9} {index % 9 + 1}{chr(65 + index % 26)}B", "phone": person["phone"]}


def write(path, rows, head=HEAD):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, head)
        out.writeheader()
        out.writerows(rows)
    return path


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Run:
    """One bulk command in the background."""

    def __init__(self, suite, *words):
        self.process = subprocess.Popen(suite.bhr_words("index", *words, system="ops"), env=suite.environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def end(self, limit_s=120):
        out, errors = self.process.communicate(timeout=limit_s)
        return self.process.returncode, out, errors


def lines_in(path):
    try:
        with open(path, "rb") as file:
            return file.read().count(b"\n")
    except OSError:
        return 0


def imported_while_killed(suite, check, folder):
    """kill -9 of the owner in the middle of an import: every row went in, once."""
    path, out = write(f"{folder}/people.csv", crowd_of(PEOPLE)), f"{folder}/people.out"
    words = ("--timeout", 60, "import", "people", path, "--source", "emis", "--organisation", "Y90001", "--out", out)
    going = Run(suite, *words[2:], *words[:2])
    until(lambda: lines_in(f"{out}.part") > PEOPLE // 4, 30, 0.01)
    owner = suite.owner("index")
    suite.kill(f"index-{owner}")
    before = lines_in(f"{out}.part")
    code, told, errors = going.end()
    suite.start(f"index-{owner}")
    suite.ready(f"index-{owner}")
    check(f"the owner was killed in the middle of it, after {before} of {PEOPLE} rows", before < PEOPLE - 64, before)
    check("every row went in nevertheless", code == 0, f"{told} {errors}")
    rows = read(out)
    check("each with its result, in the file's order", [row["reference"] for row in rows] == [f"P{i}" for i in range(PEOPLE)])
    check("each as a person of its own", len({row["person_id"] for row in rows}) == PEOPLE
          and {row["result"] for row in rows} <= {"new", "review"}, {row["result"] for row in rows})
    board = suite.bhr("index", "board", system="ops")
    check("the board counts as many", sum(row["records"] for row in board["rows"]) == PEOPLE, dict(board))
    check("both replicas agree", suite.wait_same_digest(service="index"), suite.digests("index"))
    check("what is there already is not overwritten", Run(suite, *words[2:]).end()[0] == 2)


def traced_again(suite, check, folder):
    """A trace that is killed goes on where its output ends."""
    crowd = list(crowd_of(TRACED))
    for index, row in enumerate(crowd):
        row["nhs_number_status"] = ""
        if index % 3 == 1:
            row["nhs_number"] = ""
        if index % 3 == 2:
            row["birth_date"] = "1901-01-01"
    path, out = write(f"{folder}/trace.csv", crowd), f"{folder}/trace.out"
    going = Run(suite, "trace", path, "--out", out)
    until(lambda: lines_in(f"{out}.part") > 10, 30, 0.002)
    going.kill()
    done = lines_in(f"{out}.part") - 1
    with open(f"{out}.part", "a", encoding="ascii") as file:
        file.write("P99,3")  # a line that the kill cut off
    code, told, errors = Run(suite, "trace", path, "--out", out).end()
    check(f"a trace that was killed after {done} of {TRACED} rows goes on and ends", code == 0 and 0 < done < TRACED,
          f"{told} {errors}")
    rows = read(out)
    check("a line for each row, in order", [row["reference"] for row in rows] == [f"P{i}" for i in range(TRACED)])
    codes = {kind: {row["code"] for row in rows[kind:PEOPLE:3]} for kind in range(3)}
    check(f"number and birth date agree: 30; by description 20 or 22; a wrong birth date 31 to 33: {codes}",
          codes[0] == {"30"} and codes[1] <= {"20", "22"} and codes[2] <= {"31", "32", "33"})
    strangers = {row["code"] for row in rows[PEOPLE::3]}
    check("who is not known: 31, or somebody like them", strangers <= {"31", "32", "33"} and "31" in strangers, strangers)
    write(f"{folder}/other.csv", reversed(crowd))
    os.rename(out, f"{out}.part")
    code, told, errors = Run(suite, "trace", f"{folder}/other.csv", "--out", out).end()
    check("an output of another file is not gone on with", code == 2 and "is not of this file" in told + errors, told + errors)


def bad_files(suite, check, folder):
    head, good = ",".join(HEAD), "{0},,,Abara,Rosa,1950-0{0}-01,female,,RM1 1AA,"
    whole = [head, good.format(1), good.format(2)]

    def tell(what, text, left_out, *expected, code=5):
        path, encoded = f"{folder}/bad.csv", text if isinstance(text, bytes) else text.encode()
        with open(path, "wb") as file:
            file.write(encoded)
        answer = suite.bhr("index", "import", "people", path, "--source", what.replace(" ", "-")[:30], "--organisation",
                           "Y90001", system="ops")
        told = f"{answer.get('faults')} {answer.errors}"
        check(f"{what}: {answer.get('faults') or answer.errors}", answer.code == code
              and (left_out is None or answer.get("left_out") == left_out) and all(bit in told for bit in expected), told)

    tell("a byte order mark and Windows line ends", b"\xef\xbb\xbf" + "\r\n".join(whole).encode(), 0, code=0)
    tell("a missing column", "reference,family_name\n1,Abara\n", None, "line 1: birth_date", code=2)
    tell("a duplicate header", "\n".join([head + ",Surname", good.format(1) + ",Abara"]), None, "line 1: family_name", "two",
         code=2)
    tell("an empty file", "", None, "expected a header line", code=2)
    tell("UTF-16", "\n".join(whole).encode("utf-16"), None, "expected UTF-8", code=2)
    tell("a quote that never ends", "\n".join([head, good.format(1), '"3' + good.format(3), good.format(4)]), 1, "'line': 3",
         "quote that begins a field to end")
    tell("a quote inside a field", "\n".join([head, good.format(1), good.format(2).replace("Abara", 'Ab"ara')]), 1, "'line': 3")
    tell("a name that is not UTF-8", "\n".join(whole).encode().replace(b"Abara", b"Ab\xffra", 1), 1, "'line': 2", "UTF-8")
    tell("a name of 10 kB", "\n".join(whole).replace("Abara", "A" * 10240, 1), 1, "'line': 2", "family_name", "100 bytes")
    tell("a wrong check digit", "\n".join([head, good.format(1).replace("1,,,", "1,9434765918,,", 1)]), 1, "nhs_number")
    tell("a date that does not exist", "\n".join(whole).replace("1950-01-01", "1950-02-30"), 1, "'line': 2", "birth_date")
    tell("a birth in the future", "\n".join(whole).replace("1950-01-01", "2190-01-01"), 1, "birth_date", "has come")
    tell("a row that is too short", "\n".join([head, "1,,,Abara", good.format(2)]), 1, "'line': 2", "10 fields")
    tell("a field over two lines", "\n".join([head, '1,,,"Aba\nra",,1950-01-01,,,,', good.format(2)]), 1, "'line': 2", "one line")


def bad_requests(suite, check):
    """What only a client that is not ours would send."""
    schema = Schema()
    client = RawClient(schema, suite.setting("index-1", "door_endpoint"), read_keys(f"{suite.folder}/keys/door.key")[0],
                       read_keys(f"{suite.folder}/keys/gp-demo.key"))
    request = schema("bhr.index.v1.RegisterRecordRequest")()
    request.key.source, request.key.local_id = "emis", "raw"
    request.demographics.family_name, request.demographics.birth_date = "Abara", "1950-01-01"
    whole = request.SerializeToString()

    def refused(what, body, detail):
        answer = client.ask(SERVICE + "RegisterRecord", body)
        told = "no answer" if answer is None else f"{STATUS[answer[0].status]}: {answer[0].detail}"
        check(f"{what}: {told}", answer is not None and STATUS[answer[0].status] == "invalid" and detail in told)

    def changed(**fields):
        copy = schema("bhr.index.v1.RegisterRecordRequest").FromString(whole)
        for name, value in fields.items():
            setattr(copy.demographics, name, value)
        return copy.SerializeToString()

    refused("a name of 10 kB", changed(family_name="A" * 10240), "demographics.family_name")
    refused("a name that is not UTF-8", whole.replace(b"Abara", b"Ab\xffra"), "demographics.family_name")
    refused("a wrong check digit", changed(nhs_number="9434765918"), "demographics.nhs_number")
    refused("an impossible date", changed(birth_date="1950-02-30"), "demographics.birth_date")
    refused("a birth in the future", changed(birth_date="2190-01-01"), "birth_date")
    refused("a verified number that is not there", changed(nhs_number_status=1), "demographics.nhs_number")
    refused("a postcode that is none", changed(postcode="nowhere"), "demographics.postcode")
    request.key.organisation = "Y90020"
    refused("a record of somebody else", request.SerializeToString(), "key.organisation")
    answer = client.ask(SERVICE + "GetPerson", schema("bhr.index.v1.GetPersonRequest")(person_id=new_id(), as_of_ms=now_ms()))
    check("and the next one is served", answer is not None and answer[0].outcome == "person_unknown")
    client.close()


def practices(suite, check):
    """The directory: a file in which some rows are wrong, then that of the whole country."""
    row = '"Y9030{0}","MADE UP SURGERY {0}","Y56","Q71","1 LONG ROW","","ROMFORD","ESSEX","","RM1 1AA","19740401","{1}","{2}",' \
        '"B","08F","20130401","","01708 000000","","","","0","","08F","","4",""'
    rows = [row.format(0, "", "A"), row.format(1, "20150331", "C"), row.format(2, "", "C"),
            row.format(3, "", "A").replace("19740401", "1 April 1974"), row.format(4, "", "A").replace("RM1 1AA", "NOWHERE"),
            row.format(5, "", "A").rsplit(",", 3)[0], row.format(6, "", "A").replace("Y90306", "y90306"),
            row.format(7, "19700101", "C"), row.format(8, "", "A")]
    path = f"{suite.folder}/files/some.csv"
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(rows))
    told = suite.bhr("index", "import", "ods", path, system="ops")
    why = {fault["line"]: fault["why"] for fault in told.get("faults", [])}
    check(f"of nine practices three go in: {why}", told.code == 5 and told["whole"] and told["good"] == 3
          and sorted(why) == [3, 4, 5, 6, 7, 8], f"{dict(told)} {told.errors}")
    check("each other with what was expected", all(word in why[line] for line, word in (
        (3, "closed_date"), (4, "opened_date"), (5, "postcode"), (6, "27 fields"), (7, "code"), (8, "dates_reversed"))), why)
    told = suite.bhr("index", "import", "ods", path, system="ops")
    check("again, nothing changes", told["good"] == 3)
    closed = suite.bhr("index", "organisation", "Y90301")
    check("one of them was closed on a day", closed.code == 0 and closed["is_open"] is False
          and closed["organisation"]["closed_date"] == "2015-03-31", f"{dict(closed)} {closed.errors}")
    before = suite.bhr("index", "organisation", "Y90301", "--on", "2015-03-30")
    check("and open before", before.code == 0 and before["is_open"] is True, f"{dict(before)} {before.errors}")
    unknown = suite.bhr("index", "organisation", "Y90302")
    check("one that did not go in is not known", unknown.get("outcome") == "organisation_unknown", dict(unknown))
    none = suite.bhr("index", "services", "RM1 1AA")
    check("no service is in the directory yet", none.code == 0 and none["services"] == [], f"{dict(none)} {none.errors}")
    if not os.path.exists(ODS):
        check.note("BHR_TEST_DATA has no ods: practices are not imported")
        return
    since = time.monotonic()
    told = suite.bhr("index", "import", "ods", ODS, system="ops", timeout_s=200)
    check(f"practices imported in {time.monotonic() - since:.1f} s: {told.get('good')} of {told.get('rows')}, "
          f"{told.get('left_out')} named with line and why", told["whole"] and told["good"] > 12_000
          and told["left_out"] == told["rows"] - told["good"]
          and len(told["faults"]) == min(20, told["left_out"]) and all(fault["why"] for fault in told["faults"]),
          f"{dict(told)} {told.errors}")
    check.note(f"the first that did not go in: {told['faults'][:3]}")


def body(suite, check):
    folder = f"{suite.folder}/files"
    os.makedirs(folder)
    imported_while_killed(suite, check, folder)
    traced_again(suite, check, folder)
    bad_files(suite, check, folder)
    bad_requests(suite, check)
    practices(suite, check)
    check("both replicas agree at the end", suite.wait_same_digest(30, service="index"), suite.digests("index"))
    verified = suite.bhr("journal", "verify", "--service", "index", system="ops")
    check("the journal is whole", verified.code == 0, f"{dict(verified)} {verified.errors}")


run("index in bulk", body, services=("booking", "index"))
