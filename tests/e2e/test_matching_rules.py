"""New matching rules are tried on what was asked: which answers stay, whose match would become another person's, and that
what was asked is shown masked and kept sealed, outlives kill -9, and goes with an erased person. Then the page about it
(docs/runbooks/matching-rules.md), typed from its beginning to its end."""
import glob
import json
import tempfile

from runbook_desk import ROOT, Desk, follow
from suite import run, until

STEWARD = "555000000333"
ROSA = {"family": "Quillfeather", "given": "Marjoribanks", "born": "1961-09-14", "postcode": "RM7 0AA", "phone": "07700 900977"}
SISTER = {**ROSA, "given": "Winifred", "born": "1949-12-03"}
NOBODY = {"family": "Thistlewood", "given": "Zebedee", "born": "1931-02-03"}
ASKED = 8


def words_of(person):
    return [word for name, value in person.items() for word in (f"--{name}", value)]


def write_rules(suite, name, **changes):
    """The deployed rules with other values, by row with _ for a space."""
    with open(f"{ROOT}/deploy/local/match.rules", encoding="ascii") as file:
        lines = file.read().splitlines()
    for row, value in {"version": 900, **changes}.items():
        found = [number for number, line in enumerate(lines) if line.startswith(f"{row.replace('__', ' ')} ")]
        lines[found[0]] = f"{row.replace('__', ' ')} {value}"
    path = f"{suite.folder}/{name}.rules"
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    return path


def find(suite, number, person):
    """Asks one process of the index, where any of them may be asked otherwise."""
    path = f"{suite.folder}/only-{number}.ini"
    with open(f"{suite.folder}/bhr.ini", encoding="ascii") as file:
        lines = file.read().splitlines()
    where = lines.index("[service index]")
    endpoint = suite.setting(f"index-{number}", "door_endpoint")
    lines = [f"endpoints = {endpoint}" if place > where and line.startswith("endpoints = ") else line
             for place, line in enumerate(lines)]
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    return suite.run([f"{suite.build}/bhr", "--config", path, "--as", "111-nel", "-o", "json", "index", "find",
                      *words_of(person)])


def asked(suite, check):
    registered = [suite.bhr("index", "register", "--source", "emis", "--local-id", local_id, *words_of(person), system="gp-demo")
                  for local_id, person in (("1", ROSA), ("2", SISTER))]
    check("two sisters are registered", [one.get("how") for one in registered] == ["new", "new"], registered)
    found = [find(suite, number, person) for person in [ROSA, NOBODY] * (ASKED // 4) for number in (1, 2)]
    check("one is found, and somebody unknown is not", {(one.get("result"), len(one.get("candidates", []))) for one in found}
          == {("match", 1), ("no-match", 0)}, found)
    check("each answer says the version of the rules", {one.get("rules_version") for one in found} == {in_use()}, found)
    return registered


def in_use():
    with open(f"{ROOT}/deploy/local/match.rules", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("version "))


def is_clear(text):
    return any(value in text for person in (ROSA, SISTER, NOBODY) for value in person.values())


def body(suite, check):
    sisters = asked(suite, check)
    same = write_rules(suite, "same")

    def try_rules(path, *words):
        return suite.bhr("index", "try-rules", path, *words, system="ops")

    refused = try_rules(same)
    check("nobody tries rules without a name", refused.code == 1 and refused.get("outcome") == "user_token_required",
          f"{dict(refused)} {refused.errors}")
    suite.tokens = {"ops": suite.sign_in(STEWARD, role="index-steward", organisation="Y90000", system="ops")}
    tried = try_rules(same)
    check("rules that say the same change nothing", tried.code == 0 and tried["tried"] == tried["same"] == ASKED
          and not tried["changes"] and tried["processes"] == 2, f"{dict(tried)} {tried.errors}")
    check("both versions are said", (tried["rules_version"], tried["new_rules_version"]) == (in_use(), 900), dict(tried))
    check("some of them only", try_rules(same, "--limit", 1)["tried"] == 2)

    swapped = write_rules(suite, "swapped", weight__given_name__same=-60000, weight__given_name__different=60000,
                          weight__birth_date__same=-60000, weight__birth_date__different=60000)
    worse = try_rules(swapped)
    check("rules by which the sister would be found are told by exit code", worse.code == 5 and worse["other_persons"]
          == ASKED // 2, f"{dict(worse)} {worse.errors}")
    first = worse["changes"][0]
    example = first["examples"][0]
    check("they come first", first["change"] == "match -> another person" and len(first["examples"]) == 3, first)
    check("with whose it was and would be", (example["before"]["person_id"], example["after"]["person_id"]) ==
          tuple(one["person_id"] for one in sisters), example)
    check("weight before and after, and why", example["before"]["match"]["weight_millibits"] !=
          example["after"]["match"]["weight_millibits"] and example["after"]["match"]["reasons"], example)
    check("masked", example["described"]["family_name"] == "Q*" and example["described"]["birth_date"] == "1961"
          and not is_clear(json.dumps(worse)), example)
    check("nobody was answered by them", find(suite, 1, ROSA)["candidates"][0]["person_id"] ==
          sisters[0]["person_id"])
    tried_by = [record for record in suite.trail("user", STEWARD) if record["method"].endswith("TryRules")]
    check(f"the audit trail has who tried them: {len(tried_by)}", len(tried_by) >= 6, tried_by)
    files = glob.glob(f"{suite.folder}/data/index-*/kept.spool")
    check("each process keeps what it was asked", len(files) == 2, files)
    kept = b"".join(open(path, "rb").read() for path in files)
    check("sealed", not any(value.encode() in kept for person in (ROSA, NOBODY) for value in person.values()))

    suite.kill("index-1")
    alone = try_rules(same, "--timeout", 2)
    check("without one process the other's are tried, and the exit code says so", alone.code == 3 and alone["processes"] == 1
          and alone["tried"] == ASKED // 2, f"{dict(alone)} {alone.errors}")
    suite.start("index-1")
    suite.ready("index-1")
    check("a process that was killed has what it kept", try_rules(same)["tried"] == ASKED + 1, dict(try_rules(same)))
    suite.must("person", "erase", "--person-id", sisters[0]["record_id"], "--yes", system="ops")
    check("who is erased takes it with them", until(lambda: try_rules(same)["unreadable"] == ASKED // 2 + 1, 10),
          dict(try_rules(same)))
    with tempfile.TemporaryDirectory(prefix="bhr-desk-") as folder:
        follow(Desk(suite, folder), check, "matching-rules.md")
    check("after the page callers are answered by the new rules",
          suite.bhr("index", "find", *words_of(SISTER)).get("rules_version") == 900)
    check("both stores agree", suite.wait_same_digest(service="index"), suite.digests("index"))


run("matching-rules", body, services=("booking", "index"))
