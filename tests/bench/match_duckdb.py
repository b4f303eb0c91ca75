"""Look-ups by DuckDB, with SQL of the shape that Splink makes: blocking rules as joins, levels by Jaro-Winkler, the weights
summed. Reads a line for each run from its input: for how many seconds to look up one at a time, or "batch": all of them, at
most LOOKUPS, in one statement, which is what it is made for. Prints one JSON object for each.

usage: match_duckdb.py people.csv
"""
import json
import sys
import time

import duckdb

LOOKUPS = 20000
RULES = ["a.birth_date = t.birth_date AND a.family_name = t.family_name",
         "a.birth_date = t.birth_date AND a.given_name = t.given_name",
         "a.postcode = t.postcode AND a.given_name = t.given_name",
         "a.postcode = t.postcode AND a.birth_date = t.birth_date",
         "a.family_name = t.family_name AND a.given_name = t.given_name",
         "a.phone = t.phone AND a.phone <> ''"]
SCORE = """-21
    + CASE WHEN t.family_name = a.family_name THEN 7 WHEN jaro_winkler_similarity(t.family_name, a.family_name) >= 0.92 THEN 7
           WHEN jaro_winkler_similarity(t.family_name, a.family_name) >= 0.88 THEN 2 ELSE -4 END
    + CASE WHEN t.given_name = a.given_name THEN 6 WHEN jaro_winkler_similarity(t.given_name, a.given_name) >= 0.92 THEN 6
           WHEN jaro_winkler_similarity(t.given_name, a.given_name) >= 0.88 THEN 2 ELSE -7 END
    + CASE WHEN t.birth_date = a.birth_date THEN 14 WHEN damerau_levenshtein(t.birth_date, a.birth_date) <= 1 THEN 6 ELSE -6 END
    + CASE WHEN t.sex = a.sex THEN 1 ELSE -10 END
    + CASE WHEN t.postcode = a.postcode THEN 12 ELSE -3 END
    + CASE WHEN t.phone = '' OR a.phone = '' THEN 0 WHEN t.phone = a.phone THEN 18 ELSE -4 END"""
TRACE = f"""
WITH a AS (SELECT * FROM asked WHERE number = ?), pairs AS (
    {" UNION ".join(f"SELECT t.n FROM a, traced t WHERE {rule}" for rule in RULES)})
SELECT t.person_id, {SCORE} AS score
FROM a, pairs JOIN traced t USING (n) WHERE score >= 0 ORDER BY score DESC LIMIT 10
"""
BATCH = f"""
WITH a AS (SELECT * FROM asked WHERE number <= {LOOKUPS}), pairs AS (
    {" UNION ".join(f"SELECT a.number, t.n FROM a, traced t WHERE {rule}" for rule in RULES)}),
scored AS (SELECT a.number, t.person_id, {SCORE} AS score
           FROM pairs JOIN a USING (number) JOIN traced t ON t.n = pairs.n WHERE score >= 0)
SELECT number, person_id FROM scored QUALIFY row_number() OVER (PARTITION BY number ORDER BY score DESC) <= 10
"""
RIGHT_FIRST = f"""
WITH first AS ({BATCH.replace("<= 10", "= 1")})
SELECT avg(coalesce(first.person_id = a.person_id, false)::int) FROM asked a LEFT JOIN first USING (number)
WHERE a.number <= {LOOKUPS} AND EXISTS (FROM traced t WHERE t.person_id = a.person_id)
"""


def main():
    base = duckdb.connect()
    base.execute("""CREATE TABLE everybody AS SELECT row_number() OVER () - 1 AS n, *, lead(person_id) OVER () AS after
                    FROM read_csv(?, all_varchar = true, header = true)""", [sys.argv[1]])
    base.execute("UPDATE everybody SET phone = coalesce(phone, ''), postcode = coalesce(postcode, '')")
    base.execute("CREATE TABLE traced AS SELECT * FROM everybody WHERE kind = 'base' AND NOT (after = person_id AND n % 4 = 0)")
    base.execute("CREATE TABLE asked AS SELECT row_number() OVER (ORDER BY n) AS number, * FROM everybody WHERE kind <> 'base'")
    count, number = base.execute("SELECT count(*) FROM asked").fetchone()[0], 0
    right_first = None
    for line in sys.stdin:
        took, begin, cpu = [], time.monotonic(), time.process_time()
        if line.strip() == "batch":
            base.execute(BATCH).fetchall()
            took = [(time.monotonic() - begin) / min(count, LOOKUPS)] * min(count, LOOKUPS)
        while line.strip() != "batch" and time.monotonic() - begin < float(line):
            number = number % count + 1
            since = time.monotonic()
            base.execute(TRACE, [number]).fetchall()
            took.append(time.monotonic() - since)
        seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
        took.sort()
        if line.strip() == "batch" and right_first is None:
            right_first = base.execute(RIGHT_FIRST).fetchone()[0]
        print(json.dumps({"per_second": len(took) / seconds, "p50_us": 1e6 * took[len(took) // 2],
                          "p99_us": 1e6 * took[len(took) * 99 // 100], "cpu_us": 1e6 * cpu / len(took),
                          "right_first": right_first}), flush=True)


if __name__ == "__main__":
    main()
