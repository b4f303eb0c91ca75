-- psql -v slots=N -v persons=N
INSERT INTO slot (id, session_id, starts_at)
SELECT n, n / 200, timestamptz '2030-01-01' + (n % 200) * interval '5 minutes' FROM generate_series(1, :slots) AS n;

INSERT INTO person (id, local_id, family_name, given_name, birth_date)
SELECT n, 'bench-' || n, 'Specimen-' || n % 9973, 'Given-' || n % 997, date '1930-01-01' + (n % 30000)::int
FROM generate_series(1, :persons) AS n;

VACUUM (ANALYZE, FREEZE);
CHECKPOINT;
