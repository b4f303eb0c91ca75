"""A PostgreSQL of its own to compare with: a fresh cluster in a folder of its own, on 127.0.0.1, durable and tuned
(postgres/postgresql.conf), filled with slots and persons. It ends with this program, however that ends."""
import glob
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SQL = f"{HERE}/postgres"
STRIDE = 32  # the most clients: transaction n of client c takes slot number c + 32 n of a random order


class Postgres:
    def __init__(self, port, slots, persons):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
        if not found:
            raise SystemExit("bench: no PostgreSQL: scripts/install-deps.sh --bench installs it")
        self.bin, self.port, self.slots, self.persons = found[-1], port, slots, persons
        self.folder = tempfile.mkdtemp(prefix="bhr-bench-pg-")
        self.next_number, self.booked = 0, 0
        # PostgreSQL refuses to run as root; a child that loses its parent is told to stop.
        self.user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        self.server = None

    def __enter__(self):
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        self.as_user(f"{self.bin}/initdb", "-D", f"{self.folder}/data", "--auth=trust", "--username=bench", "--no-sync",
                     "--no-locale", "--encoding=UTF8")
        with open(f"{SQL}/postgresql.conf", encoding="utf-8") as file:
            settings = file.read()
        with open(f"{self.folder}/data/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"\n{settings}\nport = {self.port}\nunix_socket_directories = '{self.folder}'\n")
        with open(f"{self.folder}/log", "wb") as log:
            self.server = subprocess.Popen(["setpriv", *self.user, "--pdeathsig", "INT", f"{self.bin}/postgres", "-D",
                                            f"{self.folder}/data"], stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 30
        while subprocess.run([f"{self.bin}/pg_isready", "-q", *self.where()], check=False).returncode != 0:
            if time.monotonic() > deadline or self.server.poll() is not None:
                raise SystemExit(f"bench: PostgreSQL did not start: {self.folder}/log")
            time.sleep(0.1)
        self.psql("-f", f"{SQL}/schema.sql")
        self.psql("-v", f"slots={self.slots}", "-v", f"persons={self.persons}", "-f", f"{SQL}/fill.sql")
        return self

    def __exit__(self, kind, error, trace):
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        return False

    def as_user(self, *words):
        subprocess.run(["setpriv", *self.user, *words] if self.user else words, check=True, stdout=subprocess.DEVNULL,
                       cwd="/")

    def where(self):
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", "-d", "postgres"]

    def psql(self, *words):
        return subprocess.run([f"{self.bin}/psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", *self.where(), *words],
                              check=True, capture_output=True, text=True).stdout.strip()

    def run(self, clients, seconds):
        """Bookings: {per_second, p50_us, p99_us, cpu_us}. A checkpoint before it, so that none falls into it."""
        self.psql("-c", "CHECKPOINT")
        figures, of_client = self.pgbench("book.sql", clients, seconds, slots=self.slots, persons=self.persons,
                                          stride=STRIDE, n=self.next_number)
        self.next_number += max(of_client.values()) + 1
        if STRIDE * (self.next_number + 1) > self.slots:
            raise SystemExit("bench: PostgreSQL's slots are used up: fewer or shorter runs, or more slots")
        self.booked += sum(of_client.values())
        return figures

    def pgbench(self, script, clients, seconds, **variables):
        """One run of a script: its figures, and how many transactions each client made."""
        cpu = self.cpu_s()
        logs = tempfile.mkdtemp(prefix="run-", dir=self.folder)
        words = [f"{self.bin}/pgbench", "-n", "-f", f"{SQL}/{script}", "-M", "prepared", "-c", str(clients), "-j",
                 str(min(clients, 2)), "-T", str(seconds), "-l", "--log-prefix", f"{logs}/log",
                 "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench"]
        for name, value in variables.items():
            words += ["-D", f"{name}={value}"]
        done = subprocess.run([*words, "postgres"], check=True, capture_output=True, text=True).stdout
        took, of_client = [], {}
        for path in glob.glob(f"{logs}/log*"):
            with open(path, encoding="ascii") as file:
                for line in file:
                    client, _, microseconds = line.split(" ", 3)[:3]
                    took.append(int(microseconds))
                    of_client[client] = of_client.get(client, 0) + 1
        shutil.rmtree(logs)
        took.sort()
        rate = float(re.search(r"^tps = ([0-9.]+)", done, re.MULTILINE).group(1))
        return {"per_second": rate, "p50_us": took[len(took) // 2], "p99_us": took[len(took) * 99 // 100],
                "cpu_us": (self.cpu_s() - cpu) * 1e6 / len(took)}, of_client

    def cpu_s(self):
        """Of the server, its processes and all pgbench runs so far."""
        total, tick = 0.0, os.sysconf("SC_CLK_TCK")
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            pid, parent = int(path.split("/")[2]), int(fields[1])
            if pid == self.server.pid:
                total += sum(map(int, fields[11:15])) / tick  # its own and that of processes which have ended
            elif parent == self.server.pid:
                total += sum(map(int, fields[11:13])) / tick
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return total + children.ru_utime + children.ru_stime

    def faults(self):
        """What contradicts "each slot once, none lost", or nothing."""
        counts = [int(word) for word in self.psql("-f", f"{SQL}/check.sql").split("|")]
        return [] if set(counts) == {self.booked} else [f"PostgreSQL: told {self.booked}, tables say {counts}"]

    def version(self):
        return self.psql("-c", "SHOW server_version")

    def settings(self):
        with open(f"{SQL}/postgresql.conf", encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip() and not line.startswith("#")]
