"""Redis may be stopped, killed, frozen, emptied and started at any moment: bookings go on, and status says what it does not
know."""
import os
import signal
import subprocess

from suite import people, run, until


def body(suite, check):
    crowd = iter(people(2, 60))
    slots = iter(suite.clinic(slots=60)[1])

    def books(what):
        answer = suite.book(next(crowd), slot_id=next(slots))
        check(f"a booking {what}", answer.code == 0, f"{dict(answer)} {answer.errors}")

    def status_knows():
        status = suite.bhr("status")
        return status.code == 0 and len(status.get("processes", [])) == 2 and status.get("presence") != "unknown"

    def status_does_not_know():
        return suite.bhr("status").get("presence") == "unknown"

    books("with Redis")
    check("status knows both processes", until(status_knows, 6), dict(suite.bhr("status")))
    suite.redis("stop")
    books("without Redis")
    check("status says that presence is unknown", until(status_does_not_know, 6), dict(suite.bhr("status")))
    check("metrics say that Redis is away", until(lambda: suite.metrics(1).get("bhr_redis_up") == 0, 6))
    suite.redis("start")
    check("both processes are back in it, without further help", until(status_knows, 15), dict(suite.bhr("status")))
    books("after it came back")
    for _ in range(5):
        subprocess.run(["redis-cli", "-s", suite.setting(1, "redis_socket"), "flushall"], check=True,
                       stdout=subprocess.DEVNULL)
        books("in the moment it was emptied")
    with open(f"{suite.folder}/redis/pid", encoding="ascii") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGSTOP)
    for _ in range(3):
        books("while it is frozen")
    check("status does not wait for it", status_does_not_know(), dict(suite.bhr("status")))
    os.kill(pid, signal.SIGCONT)
    suite.redis("kill")
    for _ in range(5):
        books("in the moment it was killed")
    suite.redis("start")
    check("presence returns", until(status_knows, 15), dict(suite.bhr("status")))
    counted = suite.count()
    check("sixteen bookings in the journal, no fault", (counted["booked"], counted["faults"]) == (16, []), counted)


run("Redis away", body)
