"""Users' tokens on the whole suite: what is expired, forged, for another audience or replayed on another system's connection
is refused by name; a session is revoked and the issuer's key changed while both processes go on."""
import base64
import hashlib
import hmac
import json
import re
import time

from suite import people, run, until

USER = "555000000111"


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode().rstrip("=")


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


class Tokens:
    def __init__(self, suite, check):
        self.suite, self.check = suite, check
        self.configs = [self.only(number) for number in suite.numbers()]
        self.slots = suite.clinic(slots=12)[1]
        self.crowd = people(7, 12)

    def only(self, number):
        """The suite's file with one process in it."""
        with open(f"{self.suite.folder}/bhr.ini", encoding="ascii") as file:
            text = re.sub(r"(?m)^endpoints = .*$", "endpoints = " + self.suite.setting(number, "door_endpoint"), file.read())
        path = f"{self.suite.folder}/bhr-{number}.ini"
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def everywhere(self, token, system="111-nel"):
        """(outcome, name of the fault) of a query with that token, as each process says: one pair when they agree."""
        found = set()
        for config in self.configs:
            words = [f"{self.suite.build}/bhr", "--config", config, "--as", system, "--token", token, "-o", "json", "slots",
                     "--service", "clinic", "--days", "5"]
            answer = self.suite.run(words)
            found.add((answer.get("outcome"), answer.get("detail", "").split(":")[0]))
        return found

    def refused(self, what, token, fault, system="111-nel"):
        found = self.everywhere(token, system)
        self.check(f"{what}: {fault}", found == {("user_token_refused", fault)}, found)

    def taken(self, what, token, system="111-nel"):
        found = self.everywhere(token, system)
        self.check(f"{what}: taken", found == {("ok", "")}, found)

    def good(self):
        token = self.suite.sign_in(USER, session="good-1")
        self.taken("a token of the local issuer", token)
        self.taken("a token that ran out within the clocks' difference", self.suite.sign_in(USER, ago=60, minutes=60))
        self.suite.tokens = {"111-nel": token}
        booked = self.suite.book(self.crowd[0], slot_id=self.slots[0])
        self.suite.tokens = {}
        self.check("a booking with it is made", booked.code == 0, booked)
        return token

    def forged(self, good):
        header, claims, signature = read(good).split(".")
        self.refused("alg none", f"{encode({'alg': 'none', 'typ': 'JWT'})}.{claims}.", "token_wrong_algorithm")
        kid = json.loads(decode(header))["kid"]
        with open(f"{self.suite.folder}/keys/token-keys.json", "rb") as file:
            public = file.read()
        confused = encode({"alg": "HS256", "kid": kid, "typ": "JWT"})
        made = hmac.new(public, f"{confused}.{claims}".encode(), hashlib.sha256).digest()
        self.refused("HS256 by the public key", f"{confused}.{claims}.{encode(made)}", "token_wrong_algorithm")
        raised = json.loads(decode(claims))
        raised["nhsid_nrbac_roles"][0]["role_code"] = "consultant"
        self.refused("a role written in", f"{header}.{encode(raised)}.{signature}", "token_bad_signature")
        self.refused("a key that nobody knows", f"{encode({'alg': 'ES256', 'kid': 'x'})}.{claims}.{signature}",
                     "token_unknown_key")

    def wrong(self, good):
        sign_in = self.suite.sign_in
        self.refused("expired an hour ago", sign_in(USER, ago=120, minutes=60), "token_expired")
        self.refused("another audience", sign_in(USER, audience="bhr-exchange-test"), "token_wrong_audience")
        self.refused("another issuer", sign_in(USER, issuer="evil"), "token_wrong_issuer")
        self.refused("on another system's connection", good, "token_other_system", system="gp-demo")
        self.suite.tokens = {"gp-demo": good}
        stolen = self.suite.book(self.crowd[1], slot_id=self.slots[1], system="gp-demo")
        self.suite.tokens = {}
        self.check("nor is anything booked with it there", stolen.get("outcome") == "user_token_refused", stolen)
        booked = self.suite.book(self.crowd[1], slot_id=self.slots[1], system="gp-demo")
        self.check("the place is still free", booked.code == 0, booked)

    def revoked(self):
        path = f"{self.suite.folder}/keys/token-revoked"
        stolen, other = self.suite.sign_in(USER, session="stolen"), self.suite.sign_in(USER, session="kept")
        self.taken("before it is revoked", stolen)
        with open(path, "w", encoding="ascii") as file:
            file.write("stolen # the card was lost\n")
        since = time.monotonic()
        gone = until(lambda: self.everywhere(stolen) == {("user_token_refused", "token_revoked")}, 10, 0.1)
        self.check("revoked in mid-session, without a restart", gone, self.everywhere(stolen))
        self.check.note(f"both processes refused it {time.monotonic() - since:.1f} s later")
        self.taken("another session of the same user", other)
        with open(path, "w", encoding="ascii"):
            pass

    def rotated(self, good):
        def issuer(verb):
            self.suite.must("token", "issuer", verb, "--dir", f"{self.suite.folder}/keys", system="ops")
        pids = [self.suite.pid(number) for number in self.suite.numbers()]
        issuer("--rotate")
        new = self.suite.sign_in(USER, session="new-1")
        self.taken("the first token of a new key", new)
        self.taken("an older token, until it expires", good)
        issuer("--drop-earlier")
        newest = self.suite.sign_in(USER, session="newest-1")
        self.taken("the first token after all other keys were dropped", newest)
        gone = until(lambda: self.everywhere(new) == {("user_token_refused", "token_unknown_key")}, 10, 0.1)
        self.check("tokens of dropped keys are refused", gone, self.everywhere(new))
        with open(f"{self.suite.folder}/keys/token-keys.json", "w", encoding="ascii") as file:
            file.write("{")
        broken = until(lambda: all(self.alarms()), 10, 0.1)
        self.check("a key set that cannot be read: both logs say so", broken, self.alarms())
        self.taken("and the last one holds", newest)
        self.check("no process was started anew", pids == [self.suite.pid(number) for number in self.suite.numbers()])

    def alarms(self):
        return [self.suite.events(number, "token_file_refused") for number in self.suite.numbers()]

    def seen(self):
        token = self.suite.sign_in(USER)
        self.everywhere(token)
        time.sleep(1.2)  # a process tells its figures once a second
        before = [self.suite.metrics(number) for number in self.suite.numbers()]
        for _ in range(5):
            self.everywhere(token)
        time.sleep(1.2)
        for number, old in zip(self.suite.numbers(), before):
            new = self.suite.metrics(number)
            good, signatures = (new[name] - old[name] for name in ('bhr_user_tokens_total{verdict="good"}',
                                                                   "bhr_user_token_signatures_total"))
            self.check(f"booking-{number} took a token five times more without verifying it again",
                       (good, signatures) == (5, 0), (good, signatures))
            self.check(f"booking-{number} counted what it refused, by name",
                       new.get('bhr_user_tokens_total{verdict="token_expired"}') == 1, new)
            log = self.suite.log(number)
            self.check(f"no token and no user in the log of booking-{number}", USER not in log and "eyJ" not in log)


def body(suite, check):
    tokens = Tokens(suite, check)
    good = tokens.good()
    tokens.forged(good)
    tokens.wrong(good)
    tokens.revoked()
    tokens.rotated(good)
    tokens.seen()


run("tokens", body)
