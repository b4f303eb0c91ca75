"""The index in the suite, asked by a practice, social care, 111 and two stewards: who is found by what, that a merge can be
taken back, what was believed before, who is told of sensitive people, and what the audit trail has of it."""
import json

from suite import instant, now_ms, people, run, until

STEWARD, SECOND, READER = "555000000333", "555000000334", "555000000335"
FOX = {"family_name": "Thistlewood", "given_name": "Dorothy", "birth_date": "1956-03-01", "postcode": "RM1 3AB"}
ROSA = {"family_name": "Thackeray", "given_name": "Rosa", "birth_date": "1961-09-14", "postcode": "RM7 0AA"}


class Desk:
    """The index as several systems ask it."""

    def __init__(self, suite, check):
        self.suite, self.check = suite, check
        self.tokens = {user: suite.sign_in(user, role=role, organisation="Y90000", system="ops")
                       for user, role in ((STEWARD, "index-steward"), (SECOND, "index-steward"))}
        self.reader = suite.sign_in(READER, role="sensitive-reader", organisation="Y90111", system="111-nel")

    def ask(self, *words, system="111-nel", user=None):
        token = self.tokens.get(user, user)
        self.suite.tokens = {} if token is None else {system: token}
        return self.suite.bhr("index", *words, system=system)

    def steward(self, *words, user=STEWARD):
        return self.ask(*words, system="ops", user=user)

    def register(self, person, local_id, system="gp-demo", source="emis", **more):
        words = [word for name, value in {**described(person), **more}.items() for word in (f"--{name}", value)]
        return self.ask("register", "--source", source, "--local-id", local_id, *words, system=system)

    def good(self, what, answer, **fields):
        self.check(what, answer.code == 0 and all(answer.get(name) == value for name, value in fields.items()),
                   f"{dict(answer)} {answer.errors}")
        return answer

    def refused(self, what, outcome, answer, detail=""):
        told = f"{answer.get('outcome')}: {answer.get('message')} {answer.get('detail')} {answer.errors}"
        self.check(f"{what}: {outcome}", answer.code != 0 and answer.get("outcome") == outcome and detail in told, told)
        return answer


def described(person):
    names = {"nhs_number": "nhs-number", "family_name": "family", "given_name": "given", "birth_date": "born",
             "phone": "phone", "postcode": "postcode"}
    return {names[name]: value for name, value in person.items()}


def found_by_what(desk, rosa):
    """One person with a record at a practice and one at social care, misspelt."""
    first = desk.good("a practice registers somebody", desk.register(rosa, "4711", **{"nhs-status": "verified"}), how="new")
    person_id, record_id = first["person_id"], first["record_id"]
    again = desk.register(rosa, "4711", **{"nhs-status": "verified"})
    desk.good("the same record again is an update", again, how="updated", person_id=person_id)
    misspelt = dict(rosa, family_name=rosa["family_name"][:-2] + rosa["family_name"][-1])
    del misspelt["nhs_number"]
    found = desk.ask("find", *flat(described(misspelt)))
    desk.good("111 finds them although the surname is misspelt", found, result="match")
    desk.check("with weight, likelihood and a why for each field",
               found["candidates"][0]["person_id"] == person_id
               and {reason["field"] for reason in found["candidates"][0]["match"]["reasons"]} >= {"family_name", "birth_date"}
               and found["candidates"][0]["match"]["posterior_ppm"] > 900_000, dict(found))
    linked = desk.register(misspelt, "S-1", system="social-demo", source="liquidlogic")
    desk.good("social care's record of the same person is linked", linked, how="linked", person_id=person_id)
    number = rosa["nhs_number"]
    desk.good("found by NHS number", desk.ask("find", "--nhs-number", number), person_id=person_id)
    desk.good("and with the right birth date",
              desk.ask("find", "--nhs-number", number, "--born", rosa["birth_date"]), person_id=person_id)
    desk.refused("with a wrong birth date nobody is told", "person_unknown",
                 desk.ask("find", "--nhs-number", number, "--born", "1901-01-01"))
    desk.good("found by local record", desk.ask("find", "--source", "emis", "--local-id", "4711", system="gp-demo"),
              person_id=person_id)
    return person_id, record_id


def shown(desk, rosa, person_id):
    secrets = [rosa[name] for name in ("nhs_number", "family_name", "given_name", "birth_date", "phone")]
    masked = desk.good("a person is shown", desk.ask("show", person_id))["person"]
    desk.check("masked: no number, name, birth date or telephone", not any(bit in json.dumps(masked) for bit in secrets),
               masked)
    desk.check("with year of birth and first letters", masked["records"][0]["demographics"]["birth_date"] == "1961"
               and masked["records"][0]["demographics"]["family_name"] == "T*", masked)
    whole = desk.good("and in full with --reveal", desk.ask("show", person_id, "--reveal"))["person"]
    desk.check("every field is there", all(bit in json.dumps(whole) for bit in secrets), whole)
    desk.check("both sources' records", {record["key"]["source"] for record in whole["records"]} == {"emis", "liquidlogic"},
               whole)
    seen = [record for record in desk.suite.trail("person", "--person-id", person_id)
            if record["method"].endswith("GetPerson")]
    desk.check(f"the audit trail has both: {len(seen)}", len(seen) == 2, seen)


def merged_and_back(desk, person_id):
    """A wrong merge, what is believed meanwhile, and the way back."""
    other = desk.good("somebody else is registered", desk.register(
        {"family_name": "Quarshie", "given_name": "Emre", "birth_date": "1988-11-23", "postcode": "IG1 1AA"}, "77"),
        how="new")
    other_id = other["person_id"]
    before_ms = now_ms()
    desk.refused("a merge with nobody behind it", "user_token_required", desk.ask("merge", person_id, other_id, "--reason", "typed",
                                                                      system="ops"))
    desk.refused("somebody with themselves", "same_person", desk.steward("merge", person_id, person_id, "--reason", "same"))
    merged = desk.good("a steward merges the wrong two", desk.steward("merge", person_id, other_id, "--reason", "same name"))
    one = desk.good("the other's id leads to the survivor", desk.ask("show", other_id))["person"]
    desk.check("and says so", one["person_id"] == person_id and other_id in one["superseded_ids"]
               and len(one["records"]) == 3, one)
    then = desk.good("what was believed before", desk.ask("show", other_id, "--as-of", instant(before_ms)))["person"]
    desk.check("is answered as it was", then["person_id"] == other_id and len(then["records"]) == 1, then)
    came = desk.good("meanwhile the other's record is updated", desk.register(
        {"family_name": "Quarshie", "given_name": "Emre", "birth_date": "1988-11-23", "postcode": "IG1 1AA",
         "phone": "07700 900123"}, "77"), how="updated", person_id=person_id)
    back = desk.good("the merge is taken back", desk.steward("unmerge", merged["merge_id"], "--reason", "two people"),
                     survivor_id=person_id, other_id=other_id)
    desk.check("with the time in which both were taken for one", back["from"] < back["until"], dict(back))
    two = desk.good("the other is a person again", desk.ask("show", other_id, "--reveal"))["person"]
    desk.check("with what came in since", two["person_id"] == other_id and len(two["records"]) == 1
               and two["records"][0]["record_id"] == came["record_id"]
               and two["records"][0]["demographics"]["phone"] == "07700 900123", two)
    desk.check("and the survivor is who they were", len(desk.ask("show", person_id)["person"]["records"]) == 2)
    desk.refused("a second time", "already_unmerged", desk.steward("unmerge", merged["merge_id"], "--reason", "again"))
    return other_id


def four_eyes(desk, crowd, person_id):
    """Two verified numbers that differ need two stewards; a merge on top of a merge is taken back in order."""
    second = desk.good("somebody with another verified number",
                       desk.register(crowd[1], "88", **{"nhs-status": "verified"}), how="new")["person_id"]
    waits = desk.refused("merging two verified numbers", "approval_needed",
                         desk.steward("merge", person_id, second, "--reason", "one has a temporary number"))
    approve = ("merge", person_id, second, "--reason", "seen both", "--approves", waits["merge_id"])
    desk.refused("who asked for it approving it", "approval_not_yours", desk.steward(*approve))
    merged = desk.good("another steward approves", desk.steward(*approve, user=SECOND))
    third = desk.good("a third one", desk.register({"family_name": "Jarvis-Cole", "given_name": "Umar",
                                                    "birth_date": "1971-07-07"}, "99"))["person_id"]
    later = desk.good("into whom the survivor is merged", desk.steward("merge", third, person_id, "--reason", "chain"))
    desk.refused("the inner merge cannot be taken back first", "merged_again",
                 desk.steward("unmerge", merged["merge_id"], "--reason", "order"))
    desk.good("the outer one can", desk.steward("unmerge", later["merge_id"], "--reason", "order"))
    desk.good("then the inner one", desk.steward("unmerge", merged["merge_id"], "--reason", "order"))
    return second


def worked_on(desk):
    """Alike, but not enough: a new person and a pair for a human, whose decision stands."""
    twin = {**FOX, "birth_date": "1956-03-07"}
    del twin["postcode"]
    desk.good("one of two who are alike", desk.register(FOX, "501"), how="new")
    seen = desk.register(twin, "502")
    desk.check("the other is a new person, for a human to look at", seen.code == 0 and seen["how"] == "review",
               f"{dict(seen)} {seen.errors}")
    pairs = desk.good("the pair is on the work list", desk.steward("worklist", "list"))["pairs"]
    mine = [pair for pair in pairs if pair["other_person_id"] == seen.get("person_id")]
    if not desk.check("with what speaks for it", len(mine) == 1 and mine[0]["match"]["reasons"], pairs):
        return
    pair_id = mine[0]["pair_id"]
    desk.good("a steward claims it", desk.steward("worklist", "claim", pair_id))
    desk.refused("another cannot", "claimed_by_another", desk.steward("worklist", "claim", pair_id, user=SECOND))
    decide = ("worklist", "decide", pair_id, "--verdict", "different", "--reason", "sisters")
    desk.good("they are two", desk.steward(*decide))
    desk.refused("decided once", "already_decided", desk.steward(*decide))
    desk.good("registered again they are", desk.register(twin, "502"), how="updated")
    left = desk.steward("worklist", "list").get("pairs", [])
    desk.check("never proposed again", all(pair["other_person_id"] != seen["person_id"] for pair in left), left)


def sensitive(desk, crowd):
    person = crowd[2]
    person_id = desk.register(person, "66", **{"nhs-status": "verified"})["person_id"]
    desk.good("somebody is marked sensitive", desk.steward("flag", person_id, "--flag", "sensitive", "--reason", "court order"))
    nobody = desk.ask("find", "--nhs-number", crowd[9]["nhs_number"])
    for what, words in (("by number", ("find", "--nhs-number", person["nhs_number"])), ("by id", ("show", person_id))):
        told = desk.refused(f"{what} they are answered as not there", "person_unknown", desk.ask(*words))
        desk.check("in the very words of somebody who is not there", (told["message"], told["status"]) ==
                   (nobody["message"], nobody["status"]), (dict(told), dict(nobody)))
    del person["nhs_number"]
    desk.good("by description nobody is found", desk.ask("find", *flat(described(person))), result="no-match")
    desk.good("who may know finds them", desk.ask("show", person_id, user=desk.reader))


def says(answer):
    return {consent["consent"]["purpose"]: consent["consent"]["decision"] for consent in answer.get("consents", [])}


def consents(desk, rosa, person_id):
    """What somebody refuses is told and stands in nobody's way; after a merge a refusal counts until they are asked again."""
    say = ("consent", "set", person_id, "--purpose", "record-sharing", "--from", "2026-01-01")
    desk.good("somebody refuses", desk.ask(*say, "--decision", "deny", system="gp-demo"))
    desk.good("and says how to be spoken to", desk.ask("preferences", "set", person_id, "--channel", "telephone", "--language",
                                                       "bn", "--interpreter", "--needs", "large-print", system="gp-demo"))
    told = desk.good("it is told", desk.ask("consent", "show", person_id), person_id=person_id)
    desk.check("by whom, when and for whom", says(told) == {"record-sharing": "deny"}
               and told["consents"][0]["recorded_by"] == "gp-demo" and told["consents"][0]["recorded_for_id"] == person_id, told)
    desk.check("what they need is masked", told["preferences"]["language"] == "*" and not told["preferences"]["needs"]
               and "large-print" not in json.dumps(told), told)
    whole = desk.good("and told with --reveal", desk.ask("consent", "show", person_id, "--reveal"))["preferences"]
    desk.check("all of it", whole == {"channel": "telephone", "language": "bn", "needs_interpreter": True,
                                      "needs": ["large-print"]}, whole)
    desk.good("who refuses is found as before", desk.ask("find", "--nhs-number", rosa["nhs_number"]), person_id=person_id)
    other_id = desk.good("somebody else permits", desk.register(
        {"family_name": "Abernethy-Vaughan", "given_name": "Solveig", "birth_date": "1979-04-30"}, "404"), how="new")["person_id"]
    desk.good("just that", desk.ask("consent", "set", other_id, *say[3:], "--decision", "permit", system="gp-demo"))
    merged = desk.good("both are merged", desk.steward("merge", other_id, person_id, "--reason", "same person"))
    one = desk.good("the refusal counts", desk.ask("consent", "show", other_id))
    desk.check("and is said to be contradicted", says(one) == {"record-sharing": "deny"}
               and one["consents"][0]["is_contradicted"], one)
    asked_ms = now_ms()
    desk.good("asked again they permit", desk.ask(*say, "--decision", "permit", system="gp-demo"))
    desk.check("which counts for both", says(desk.ask("consent", "show", person_id)) == {"record-sharing": "permit"})
    desk.check("what was known before is told too",
               says(desk.ask("consent", "show", person_id, "--as-of", instant(asked_ms))) == {"record-sharing": "deny"})
    back = desk.good("the merge is taken back", desk.steward("unmerge", merged["merge_id"], "--reason", "two people"))
    desk.check("each has what they said", back["other_id"] == person_id
               and says(desk.ask("consent", "show", person_id)) == {"record-sharing": "deny"}
               and says(desk.ask("consent", "show", other_id)) == {"record-sharing": "permit"})
    person = desk.good("a person is shown with it", desk.ask("show", person_id))["person"]
    desk.check("in their history the steward stands by name, the practice as a system",
               {(change["what"], change["by"]) for change in person["history"]} >= {
                   ("unmerged", STEWARD), ("merged", STEWARD), ("consented", "gp-demo"), ("preferred", "gp-demo")},
               person["history"])
    desk.refused("operators do not learn it", "denied", desk.ask("consent", "show", person_id, system="ops"),
                 "may not call this method")
    desk.refused("days that go backwards", "dates_reversed",
                 desk.ask(*say, "--decision", "deny", "--until", "2025-12-31", system="gp-demo"))


def directory(desk):
    """Who works where, and what is open for whom."""
    doctor = ("practitioner", "register", "555000000777", "--name", "Dr A Osei", "--gmc", "7654321", "--from", "2005-08-03",
              "--role", "R8000,Y99901,2006-01-01", "--role", "S8000:G8000:R8003,Y99901,2008-01-01,2009-12-31")
    desk.refused("a role at an organisation that nobody knows", "organisation_unknown", desk.ask(*doctor, system="ops"))
    practice = ["Y99901", "A PRACTICE"] + [""] * 7 + ["RM1 3AB", "20000101", "", "A"] + [""] * 10 + ["07L", "", "4", ""]
    path = f"{desk.suite.folder}/epraccur.csv"
    with open(path, "w", encoding="ascii") as file:
        file.write(",".join(practice) + "\n")
    taken = desk.ask("import", "ods", path, system="ops")
    desk.check("an organisation comes in", taken.code == 0, f"{dict(taken)} {taken.errors}")
    desk.good("then the doctor does", desk.ask(*doctor, system="ops"), is_changed=True)
    desk.good("once", desk.ask(*doctor, system="ops"), is_changed=False)
    found = desk.good("found by GMC number", desk.ask("practitioner", "show", "7654321", "--register", "gmc"), is_open=True)
    desk.check("with what is open and what closed after which day",
               [(role["is_open"], role["closed_after"]) for role in found["roles"]] == [(True, ""), (False, "2009-12-31")], found)
    desk.refused("another with that number", "registration_taken",
                 desk.ask("practitioner", "register", "555000000778", "--name", "B", "--gmc", "7654321", "--from", "2005-08-03",
                          system="ops"))
    desk.refused("nobody", "practitioner_unknown", desk.ask("practitioner", "show", "555000000999"))
    desk.good("a service comes in", desk.ask("service", "register", "evening", "--organisation", "Y99901", "--name", "Evening",
                                             "--kind", "gp-evening", "--districts", "RM1", "--hours", "mon-fri 18:30-20:00",
                                             "--from", "2026-01-01", system="ops"), is_changed=True)
    open_then = [len(desk.ask("services", "RM1 3AB", "--at", at)["services"]) for at in ("2026-11-27 19:00", "2026-11-28 19:00")]
    desk.check("open on a Friday evening and not on a Saturday", open_then == [1, 0], open_then)


def related(desk, person_id):
    set_practice = ("relationship", "set", person_id, "--kind", "registered-practice", "--organisation", "Y99901", "--from",
                    "2026-03-01")
    desk.good("somebody is registered with a practice", desk.ask(*set_practice, system="gp-demo"))
    person = desk.good("and shown so", desk.ask("show", person_id))["person"]
    desk.check("with the day", [(r["kind"], r["organisation"], r["from_date"]) for r in person["relationships"]] ==
               [("registered-practice", "Y99901", "2026-03-01")], person["relationships"])


def flat(options):
    return [word for name, value in options.items() for word in (f"--{name}", value)]



def body(suite, check):
    desk = Desk(suite, check)
    crowd = people(31, 10)
    rosa = {**crowd[0], **ROSA}
    person_id, record_id = found_by_what(desk, rosa)
    shown(desk, rosa, person_id)
    merged_and_back(desk, person_id)
    four_eyes(desk, crowd, person_id)
    worked_on(desk)
    sensitive(desk, crowd)
    consents(desk, rosa, person_id)
    directory(desk)
    related(desk, person_id)
    alone = desk.good("a record is taken out by hand", desk.steward("unlink", record_id, "--reason", "wrong chart"))
    desk.good("and put back", desk.steward("link", record_id, person_id, "--reason", "right chart"),
              previous_person_id=alone["person_id"])
    board = desk.steward("board")
    row = [row for row in board.get("rows", []) if row["source"] == "liquidlogic"]
    check("the board counts social care's record as matched", row and row[0]["records"] == row[0]["matched"] == 1, dict(board))
    check("both replicas of the index agree", suite.wait_same_digest(service="index"), suite.digests("index"))
    verified = suite.bhr("journal", "verify", "--service", "index", system="ops")
    check("its journal is whole", verified.code == 0, f"{dict(verified)} {verified.errors}")
    status = until(lambda: (answer := suite.bhr("status", system="ops")).code == 0 and answer, 5)
    check("status knows both services", status and {row["service"] for row in status["services"]} == {"booking", "index"})


run("index", body, services=("booking", "index"))
