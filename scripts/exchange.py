"""What Python programs need to work with a suite on this machine: its folder as deploy/local/suite.sh wrote it, the command
line `bhr`, health and metrics. It asks and commands; it keeps nothing."""
import glob
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LONDON = ZoneInfo("Europe/London")


class Answer(dict):
    """What `bhr -o json` printed (the service's answer and what is said about it, in one), its exit code, how long it took
    with the start of the program, and what it complained about."""

    def __init__(self, fields, code, took_ms, errors):
        super().__init__(fields)
        self.code, self.took_ms, self.errors = code, took_ms, errors


class Failure(Exception):
    """A sentence for people; programs print it and exit with 1."""


class Suite:
    def __init__(self, folder=f"{ROOT}/run", build=f"{ROOT}/build/release", environment=None):
        self.folder, self.build = os.path.abspath(folder), os.path.abspath(build)
        # Every BHR_ name that a program does not know is an error to it, so none leaks in from the shell.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("BHR_")}
        self.script_environment = dict(self.environment, BHR_SUITE_DIR=self.folder, BHR_SUITE_BUILD=self.build,
                                       **(environment or {}))
        self.tokens = {}  # system -> file with the token of the user who asks through it

    def numbers(self, service="booking"):
        """Of the service's processes that are configured: [1, 2]."""
        names = glob.glob(f"{self.folder}/{service}-*.ini")
        return sorted(int(re.search(r"-(\d+)\.ini$", name).group(1)) for name in names)

    def setting(self, number, key):
        with open(f"{self.folder}/{name_of(number)}.ini", encoding="utf-8") as file:
            return re.search(rf"^{key} = (.*)$", file.read(), re.MULTILINE).group(1)

    def effective(self, number, key):
        """A setting as the process sees it, defaults included."""
        done = subprocess.run([f"{self.build}/bhr-booking", "--config", f"{self.folder}/booking-{number}.ini",
                               "--print-config"], env=self.environment, capture_output=True, text=True, check=True)
        return re.search(rf"^{key} = (\S*)", done.stdout, re.MULTILINE).group(1)

    def trust_words(self):
        """How a program that is not ours shows who it is to Kafka: --ca, --certificate and --key, or nothing."""
        with open(f"{self.folder}/bhr.ini", encoding="utf-8") as file:
            rows = dict(re.findall(r"^kafka_(ca|certificate|key)_file = (.*)$", file.read(), re.MULTILINE))
        return [word for name, path in rows.items() for word in (f"--{name}", path)]

    def kafka_trust(self, system):
        """What a client of librdkafka needs to be that principal, beside the brokers."""
        if not os.path.exists(f"{self.folder}/tls/ca.crt"):
            return {}
        return {"security.protocol": "ssl", "ssl.ca.location": f"{self.folder}/tls/ca.crt",
                "ssl.certificate.location": f"{self.folder}/tls/{system}.crt",
                "ssl.key.location": f"{self.folder}/tls/{system}.key"}

    def bhr_words(self, *words, system="111-nel"):
        return [f"{self.build}/bhr", "--config", f"{self.folder}/bhr.ini", "--as", system, "-o", "json",
                *option("--token", self.tokens.get(system)), *map(str, words)]

    def bhr(self, *words, system="111-nel", timeout_s=60):
        """Runs `bhr`; never fails for what the suite answered: that is in the Answer."""
        return self.run(self.bhr_words(*words, system=system), timeout_s)

    def trail(self, *words):
        """The records that `bhr audit` prints."""
        done = subprocess.run(self.bhr_words("audit", *words, system="ops"), env=self.environment, capture_output=True,
                              text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise Failure(f"bhr audit {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def run(self, words, timeout_s=60):
        since = time.monotonic()
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=timeout_s, check=False)
        return read_answer(done.stdout, done.returncode, since, done.stderr)

    def sign_in(self, user, role="call-handler", organisation="Y90111", system="111-nel", **options):
        """A file with a new token of the local issuer; options are those of `bhr token new`, minutes=5 for --minutes 5."""
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        made = self.run(self.bhr_words("token", "new", user, "--role", role, "--organisation", organisation, *words,
                                       system=system))
        if made.code != 0:
            raise Failure(f"bhr token new: exit {made.code}: {made.errors}")
        path = f"{self.folder}/keys/{made['claims']['sid']}.token"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(made["token"])
        return path

    def publish(self, organisation, service, starts_at_ms, slots=8, minutes=15, places=1, audience="hub", system="ops",
                request_id=None):
        return self.bhr("session", "publish", "--organisation", organisation, "--service", service, "--kind",
                        "in-person", "--audience", audience, "--starts", instant(starts_at_ms), "--minutes", minutes,
                        "--count", slots, "--capacity", places, *option("--id", request_id), system=system)

    def find(self, service, from_ms, to_ms, system="111-nel"):
        return self.bhr("slots", "--service", service, "--from", instant(from_ms), "--to", instant(to_ms), "--limit", 500,
                        system=system)

    def hold(self, slot_id, request_id=None, seconds=None, system="111-nel"):
        return self.bhr("hold", slot_id, *option("--id", request_id), *option("--seconds", seconds), system=system)

    def book_words(self, person, slot_id=None, hold_id=None, request_id=None, limit_s=None, system="111-nel"):
        return self.bhr_words("book", *([] if slot_id is None else [slot_id]), *option("--hold", hold_id),
                              "--nhs-number", person["nhs_number"], "--family", person["family_name"],
                              "--given", person["given_name"], "--born", person["birth_date"],
                              "--phone", person["phone"], *option("--id", request_id), *option("--timeout", limit_s),
                              system=system)

    def book(self, person, **options):
        return self.run(self.book_words(person, **options))

    def script(self, name, *words, check=True):
        """deploy/local/suite.sh and its neighbours, for this folder."""
        done = subprocess.run([f"{ROOT}/deploy/local/{name}", *map(str, words)], env=self.script_environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if check and done.returncode != 0:
            raise Failure(f"{name} {' '.join(map(str, words))} failed:\n{done.stdout}")
        return done.stdout

    def http(self, number, path, timeout_s=2.0):
        """(status, text); status 0 when nobody answers."""
        try:
            url = f"http://127.0.0.1:{self.setting(number, 'http_port')}{path}"
            with urllib.request.urlopen(url, timeout=timeout_s) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as reply:
            return reply.code, reply.read().decode()
        except OSError as error:
            return 0, str(error)

    def metrics(self, number):
        """{'bhr_replica_state{state="owning"}': 1.0, ...}; nothing when nobody answers."""
        return read_metrics(*self.http(number, "/metrics"))

    def owner(self, service="booking"):
        """The number of the process that owns the service's partition, or None."""
        for number in self.numbers(service):
            if self.metrics(name_of(number, service)).get('bhr_replica_state{state="owning"}') == 1:
                return number
        return None

    def pid(self, number):
        with open(f"{self.folder}/{name_of(number)}.pid", encoding="ascii") as file:
            return int(file.read())


def name_of(process, service="booking"):
    """Of a process that is meant by its number, or by its name."""
    return f"{service}-{process}" if isinstance(process, int) else process


def read_answer(out, code, since, errors):
    try:
        fields = json.loads(out)
    except ValueError:
        fields = {}
    if isinstance(fields.get("answer"), dict):
        fields = {**fields.pop("answer"), **fields}
    return Answer(fields, code, (time.monotonic() - since) * 1000, errors.strip() or ("" if fields else out.strip()))


def read_metrics(status, text):
    """Nothing of an answer that is none."""
    if status != 200:
        return {}
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)}


def option(name, value):
    return [] if value is None else [name, value]


def instant(ms):
    """As FHIR writes it: 2026-11-23T18:30:00.000Z"""
    return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


def until(condition, limit_s, pause_s=0.05):
    """What condition returned as soon as it is true; its last value when the time is up."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value or time.monotonic() >= deadline:
            return value
        time.sleep(pause_s)


def now_ms():
    return int(time.time() * 1000)


def uk_day(days_from_today=0):
    return datetime.now(LONDON).date() + timedelta(days=days_from_today)


def uk_ms(day, hour, minute):
    """That wall time in the United Kingdom, GMT or BST, as milliseconds since 1970 UTC."""
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON).timestamp() * 1000)


def utc_ms(instant_text):
    """Of "2026-11-23T18:30:00.000Z"."""
    return int(datetime.fromisoformat(instant_text.replace("Z", "+00:00")).timestamp() * 1000)


def uk_text(ms):
    """Mon 23 Nov 18:30"""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).astimezone(LONDON).strftime("%a %d %b %H:%M")
