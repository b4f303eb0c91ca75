"""What a trace is measured beside: PostgreSQL with blocking indexes and scores in SQL (postgres/trace.sql), and DuckDB with SQL of
the shape that Splink makes, one look-up at a time (match_duckdb.py)."""
import json
import os
import shutil
import subprocess

from bench_suite import free_ports
from postgres import SQL, Postgres

HERE = os.path.dirname(os.path.abspath(__file__))


class PostgresTrace:
    """A cluster of its own that holds the people of a file."""

    def __init__(self, path):
        self.path, self.cluster = path, Postgres(free_ports()[0], 1, 1)

    def __enter__(self):
        self.cluster.__enter__()
        copy = f"{self.cluster.folder}/people.csv"
        shutil.copyfile(self.path, copy)
        os.chmod(copy, 0o644)
        self.cluster.psql("-v", f"csv={copy}", "-f", f"{SQL}/trace.sql")
        os.unlink(copy)
        self.lookups = int(self.cluster.psql("-c", "SELECT count(*) FROM asked"))
        return self

    def run(self, clients, seconds):
        return self.cluster.pgbench("trace_one.sql", clients, seconds, lookups=self.lookups)[0]

    def right_first(self):
        """Of those who are there, whose own record comes first."""
        return float(self.cluster.psql("-c", """
            SELECT avg(coalesce(first.person_id = a.person_id, false)::int) FROM asked a
            LEFT JOIN LATERAL (SELECT person_id FROM trace(a.number) LIMIT 1) first ON true
            WHERE a.number <= 2000 AND EXISTS (SELECT FROM traced t WHERE t.person_id = a.person_id)"""))

    def __exit__(self, kind, error, trace):
        return self.cluster.__exit__(kind, error, trace)


class DuckDb:
    """In a Python of its own; without one every run is None."""

    def __init__(self, python, path):
        self.words = [python, f"{HERE}/match_duckdb.py", path] if os.path.exists(python) else None

    def __enter__(self):
        if self.words:
            self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def run(self, seconds):
        if not self.words:
            return None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __exit__(self, kind, error, trace):
        if self.words:
            self.process.stdin.close()
            self.process.wait()
        return False
