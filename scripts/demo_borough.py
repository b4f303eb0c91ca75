#!/usr/bin/python3
"""Publishes the sessions of a small made-up borough for the next 14 days: twelve practices with morning surgeries of their
own and evening slots for 111, and a hub that is open on Saturdays. Times are UK wall time. The id of each request follows
from what it publishes, so a second run is told the first answers and changes nothing; on a later day it adds that day."""
import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor

from exchange import Suite, now_ms, uk_day, uk_ms

DAYS = 14
# Codes of the form Y9.... and these names are made up.
PRACTICES = [("Y90001", "Beam Valley Surgery", "dagenham"), ("Y90002", "Heathway Green Practice", "dagenham"),
             ("Y90003", "Abbey Ruins Medical Centre", "barking"), ("Y90004", "Roding Quay Surgery", "barking"),
             ("Y90005", "Market Place Practice", "romford"), ("Y90006", "Raphael Lodge Surgery", "romford"),
             ("Y90007", "Rise Park Health Centre", "romford"), ("Y90008", "Ingrebourne Mill Surgery", "hornchurch"),
             ("Y90009", "Cranbrook Lane Practice", "ilford"), ("Y90010", "Valentines Medical Centre", "ilford"),
             ("Y90011", "Forest Edge Surgery", "woodford"), ("Y90012", "Fairlop Waters Practice", "woodford")]
HUB = ("Y90020", "Saturday Hub, Romford", "romford")


def sessions_of(day):
    """(organisation, service, audience, start, minutes, slots, places) of one day."""
    for organisation, _, area in PRACTICES:
        if day.weekday() < 5:
            yield organisation, f"gp-morning-{area}", "practice", uk_ms(day, 8, 30), 15, 12, 1
        yield organisation, f"gp-evening-{area}", "111", uk_ms(day, 18, 30), 15, 8, 1
    if day.weekday() == 5:
        yield HUB[0], "hub-saturday", "hub", uk_ms(day, 9, 0), 15, 32, 3


def request_id(organisation, service, starts_at_ms):
    """A UUIDv7 that is always the same for the same session. Its time is 15 days before: past when it is first sent, and
    young enough (30 days) to be remembered until the session is over."""
    random_part = int.from_bytes(hashlib.sha256(f"{organisation} {service} {starts_at_ms}".encode()).digest()[:10], "big")
    number = (starts_at_ms - 15 * 86_400_000) << 80 | random_part
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def publish(suite, session):
    organisation, service, audience, starts_at_ms, minutes, slots, places = session
    return suite.publish(organisation, service, starts_at_ms, slots, minutes, places, audience,
                         request_id=request_id(organisation, service, starts_at_ms))


def main():
    suite = Suite()
    soonest_ms = now_ms() + 60_000
    sessions = [session for day in range(DAYS) for session in sessions_of(uk_day(day)) if session[3] > soonest_ms]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda session: publish(suite, session), sessions))
    faults = [answer for answer in answers if answer.code != 0]
    if faults:
        print(f"{len(faults)} of {len(sessions)} sessions were not published; the first: {faults[0]} {faults[0].errors}")
        return 1
    new = sum(not answer.get("repeated", False) for answer in answers)
    places = sum(session[5] * session[6] for session in sessions)
    print(f"= {new} of {len(sessions)} sessions new; {places:,} places at {len(PRACTICES)} practices and a hub, {DAYS} days")
    return 0


if __name__ == "__main__":
    sys.exit(main())
