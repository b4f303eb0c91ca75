#!/usr/bin/python3
"""A story on the suite that `make up` started, told while it happens: a caller to 111 is found although the name is
misspelt, and gets a GP slot for the evening; while 200 more book at once, the process that decides is killed; two patients
are merged wrongly, and parted again. Every claim it prints is checked; it exits with 1 when one
is not true. It can be told any number of times; the people are made up (scripts/people.py)."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from demo_borough import HUB, PRACTICES
from exchange import ROOT, Failure, Suite, now_ms, read_answer, uk_day, uk_ms, uk_text, until, utc_ms
from people import people
from story_index import IndexChapters

AREA, CALLERS, CLINIC_SLOTS, CLINIC_PLACES, ANSWERS_BEFORE_KILL = "romford", 200, 50, 3, 40
NAMES = {code: name for code, name, _ in PRACTICES}


class Callers:
    """One `bhr` process for each command line. All wait behind a gate, so that they begin at once."""

    def __init__(self, suite, lines):
        self.ends = {}  # index -> when it ended
        gate, self.gate = os.pipe()
        self.outs = [tempfile.TemporaryFile() for _ in lines]
        self.processes = [subprocess.Popen(["sh", "-c", 'read -r _; exec "$@"', "caller", *line], env=suite.environment,
                                           stdin=gate, stdout=out, stderr=subprocess.STDOUT)
                          for line, out in zip(lines, self.outs)]
        os.close(gate)

    def go(self):
        os.close(self.gate)
        self.began = time.monotonic()
        return self.began

    def watch(self, condition, limit_s=90):
        """Notes who has ended, until condition is true, be it after all have ended; what it was then."""
        value = None
        while time.monotonic() < self.began + limit_s:
            for index, process in enumerate(self.processes):
                if index not in self.ends and process.poll() is not None:
                    self.ends[index] = time.monotonic()
            value = condition()
            if value:
                break
            time.sleep(0.002)
        return value

    def answers(self):
        """Of all, in their order."""
        self.watch(lambda: len(self.ends) == len(self.processes))
        found = []
        for process, out in zip(self.processes, self.outs):
            process.wait()
            out.seek(0)
            found.append(read_answer(out.read().decode(), process.returncode, self.began, ""))
        return found


class Story(IndexChapters):
    def __init__(self, suite):
        self.suite = suite
        # The journal's length is the seed: whoever was in an earlier telling is not asked to be in two places at once.
        length = self.must(suite.find(f"gp-evening-{AREA}", *self.evening(0)))["position"]
        self.first_person, self.second_person, self.third_person = people(length, 3)
        self.crowd = people(length // CALLERS, CALLERS)

    def tell(self):
        self.say(f"It is {uk_text(now_ms())} in {AREA.capitalize()}. All people are made up.\n")
        self.sign_in()
        person_id = self.find_the_caller(self.first_person)
        slot = self.look_for_a_slot()
        hold_id = self.hold(slot)
        self.be_interrupted(slot)
        self.confirm(hold_id, slot)
        clinic_id, slots = self.open_clinic()
        answers = self.book_at_once_and_kill(slots)
        self.count(clinic_id, answers)
        self.join_wrongly_and_part(person_id, self.third_person)

    # ---- one caller ----

    def sign_in(self):
        """From here on every request of 111 carries a token that says which human asks, and through which system."""
        token = self.suite.sign_in("555000000111", role="call-handler", organisation="Y90111", purpose="direct-care",
                                   minutes=30)
        self.suite.tokens["gp-demo"] = token
        stolen = self.suite.find(f"gp-evening-{AREA}", *self.evening(0), system="gp-demo")
        self.suite.tokens = {"111-nel": token}
        self.claim(stolen.get("detail", "").startswith("token_other_system"), "it is good through her system only", stolen)
        self.say("The call handler of 111 has signed in. Sent through a practice's system, her token is refused: "
                 "token_other_system.\n")

    def look_for_a_slot(self):
        self.step(f"Now she looks for a GP slot near {AREA.capitalize()} this evening.")
        for day in range(14):
            found = self.must(self.suite.find(f"gp-evening-{AREA}", *self.evening(day)))
            if found["slots"]:
                break
            self.say("    There is none left this evening, so for the next one:" if day == 0 else "    Nor then.")
        self.claim(found["slots"], "there is a free evening slot within 14 days")
        slot = found["slots"][0]
        practices = len({each["organisation"] for each in found["slots"]})
        self.result(f"{len(found['slots'])} free slots at {practices} practices, the first at {self.where(slot)}", found)
        return slot

    def evening(self, day):
        return max(uk_ms(uk_day(day), 17, 0), now_ms()), max(uk_ms(uk_day(day), 23, 0), now_ms() + 1000)

    def a_free_slot(self):
        """The last one of an evening, which nobody else in this story wants."""
        evenings = (self.must(self.suite.find(f"gp-evening-{AREA}", *self.evening(day)))["slots"] for day in range(1, 14))
        slots = next(filter(None, evenings), None)
        self.claim(slots, "there is a free evening slot within 14 days")
        return slots[-1]["slot_id"]

    def hold(self, slot):
        self.step("She holds that slot while she speaks with the caller.")
        held = self.must(self.suite.hold(slot["slot_id"]))
        self.result(f"held until {uk_text(utc_ms(held['expires_at']))[-5:]}", held)
        return held["hold_id"]

    def be_interrupted(self, slot):
        name = self.second_person["given_name"]
        self.step(f"The line goes quiet. A second handler wants the same slot, for {name}.")
        taken = self.suite.book(self.second_person, slot_id=slot["slot_id"])
        self.claim(taken.get("outcome") == "slot_held", "a held slot is refused by name", taken)
        self.claim(len(taken["alternatives"]) == 3, "three alternatives are named", taken)
        self.result(f"{taken['outcome']}: {taken['message']}", taken)
        for other in taken["alternatives"]:
            self.say(f"          {self.where(other)}")

    def confirm(self, hold_id, slot):
        self.step("The first caller is back and says yes. The slot is booked.")
        booked = self.must(self.suite.book(self.first_person, hold_id=hold_id))
        self.claim(booked["slot"]["slot_id"] == slot["slot_id"], "it is the slot that was held", booked)
        self.result(f"booked, number {booked['booking_id'][-12:]}", booked)
        self.step("Her screen had frozen, so she sends the same request again.")
        again = self.must(self.suite.book(self.first_person, hold_id=hold_id, request_id=booked["request_id"]))
        self.claim(again["repeated"] is True and booked["repeated"] is False, "the second answer is marked repeated", again)
        self.claim(again["booking_id"] == booked["booking_id"], "it is the same booking", again)
        self.result(f"the same answer, marked repeated: number {again['booking_id'][-12:]}", again)

    # ---- two hundred ----

    def open_clinic(self):
        self.step(f"{HUB[1]}, opens an extra clinic: {CLINIC_SLOTS} slots of {CLINIC_PLACES} places.")
        # A service of its own, so that the story can be told again.
        service = time.strftime("clinic-%m%d-%H%M%S")
        starts_at_ms = uk_ms(uk_day((5 - uk_day().weekday()) % 7 or 7), 9, 0)
        opened = self.must(self.suite.publish(HUB[0], service, starts_at_ms, CLINIC_SLOTS, 5, CLINIC_PLACES, "hub",
                                              "hub-demo"))
        self.result(f"{CLINIC_SLOTS * CLINIC_PLACES} places on {uk_text(starts_at_ms)}", opened)
        return opened["session_id"], [f"{opened['session_id']}:{index}" for index in range(CLINIC_SLOTS)]

    def book_at_once_and_kill(self, slots):
        owner = until(self.suite.owner, 20)
        self.claim(owner, "a process owns the partition")
        pid = self.suite.pid(owner)
        other = next(number for number in self.suite.numbers() if number != owner)
        self.step(f"{CALLERS} callers book at once. booking-{owner} (pid {pid}) decides; it gets kill -9 in the middle.")
        callers = Callers(self.suite, [self.suite.book_words(person, slot_id=slots[index % len(slots)], limit_s=60)
                                       for index, person in enumerate(self.crowd)])
        began = callers.go()
        callers.watch(lambda: len(callers.ends) >= ANSWERS_BEFORE_KILL)
        before = len(callers.ends)
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        taken_over = callers.watch(lambda: self.suite.owner() == other and time.monotonic() - killed)
        answers = callers.answers()
        self.claim(taken_over, f"booking-{other} took over")
        ends = sorted(callers.ends.values())
        silence = max(later - earlier for earlier, later in zip(ends, ends[1:]))
        self.say(f"    {before} callers had their answer when it was killed, {killed - began:.2f} s after the first call")
        self.say(f"    booking-{other} took over {taken_over:.2f} s after the kill (a group session lasts "
                 f"{self.session_timeout_s():.0f} s);\n    the longest silence was {silence:.2f} s")
        self.say(f"    the last of {CALLERS} callers had an answer {ends[-1] - killed:.2f} s after the kill")
        self.claim(before < CALLERS, "it was killed in the middle")
        self.suite.script("suite.sh", "start", owner)
        self.suite.script("suite.sh", "ready", owner)
        self.say(f"    booking-{owner} was started again and has caught up (pid {self.suite.pid(owner)})")
        return answers

    def session_timeout_s(self):
        return int(self.suite.effective(1, "session_timeout_ms")) / 1000

    def count(self, clinic_id, answers):
        self.step("Every caller got exactly one answer; nothing is lost and nothing is double.")
        booked = [answer["booking_id"] for answer in answers if answer.code == 0]
        taken = [answer for answer in answers if answer.get("outcome") == "slot_taken"]
        places = CLINIC_SLOTS * CLINIC_PLACES
        self.claim(len(answers) == CALLERS and len(booked) + len(taken) == CALLERS, "each of them was told yes or no",
                   [(answer.code, dict(answer), answer.errors) for answer in answers
                    if answer.code != 0 and answer.get("outcome") != "slot_taken"][:3])
        self.claim(len(booked) == places and len(set(booked)) == places,
                   f"{places} were booked, as many as there are places, not {len(booked)}")
        self.say(f"    told yes: {len(booked)} (there are {places} places)    told taken, with others named: {len(taken)}")
        verified = self.suite.bhr("journal", "verify")
        self.claim(verified.code == 0, "bhr journal verify finds nothing wrong", verified)
        self.result("bhr journal verify: nothing wrong in the accepted history", verified)
        since = time.monotonic()
        brokers = self.suite.setting(1, "brokers")
        done = subprocess.run(["/usr/bin/python3", f"{ROOT}/tests/support/count_bookings.py", brokers, "--ids",
                               *self.suite.trust_words()],
                              capture_output=True, text=True, check=False)
        self.claim(done.returncode == 0, "the count finds no fault", done.stdout[-500:] + done.stderr)
        counted = json.loads(done.stdout)
        of_clinic = [booking_id for booking_id, slot_id in counted["ids"].items() if slot_id.startswith(clinic_id)]
        self.claim(set(of_clinic) == set(booked), "the journal holds the very bookings that the callers were told of")
        self.say(f"    counted by an independent program: {len(of_clinic)} bookings of the clinic in the journal, the very "
                 f"ones;\n    {counted['booked']} in all, {counted['claims']} owners so far, no slot given twice"
                 f"  [{(time.monotonic() - since) * 1000:.0f} ms]")

    # ---- telling ----

    number = 0

    def step(self, text):
        self.number += 1
        self.say(f"{self.number:2}  {text}")

    def result(self, text, answer):
        self.say(f"    {text}  [{answer.get('took_ms', round(answer.took_ms))} ms]")

    def where(self, slot):
        return f"{uk_text(utc_ms(slot['starts_at']))}, {NAMES.get(slot['organisation'], slot['organisation'])}"

    def must(self, answer):
        self.claim(answer.code == 0, "bhr did what it was asked", answer)
        return answer

    def claim(self, is_true, what, found=None):
        if not is_true:
            more = "" if found is None else f"\n    found: {found} {getattr(found, 'errors', '')}"
            raise Failure(f"NOT TRUE: {what}{more}")

    def say(self, text):
        print(text, flush=True)


def main():
    try:
        Story(Suite()).tell()
    except Failure as failure:
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
