-- psql -v csv=FILE: people to trace among, with blocking indexes, and a function that scores by the weights that a rules file
-- learned from the same population would have, rounded. Everyone of kind base is there but one in four of those who come
-- again, as in bench_match.c; the others are looked up.
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE UNLOGGED TABLE raw (n serial, person_id bigint, kind text, given text, family text, birth text, sex text, line text,
                           line_2 text, town text, postcode text, phone text);
COPY raw (person_id, kind, given, family, birth, sex, line, line_2, town, postcode, phone) FROM :'csv' CSV HEADER;
CREATE TABLE everybody AS
SELECT n - 1 AS n, person_id, kind, lower(given) AS given, lower(family) AS family, birth, sex,
       lower(coalesce(line, '')) AS line, coalesce(postcode, '') AS postcode, coalesce(phone, '') AS phone, soundex(family) AS family_sound, soundex(given) AS given_sound, left(birth, 4) AS birth_year,
       left(lower(given), 3) AS given_3, left(lower(family), 1) AS family_1,
       kind = 'base' AND lead(person_id) OVER (ORDER BY n) = person_id AND (n - 1) % 4 = 0 AS is_stranger
FROM raw;
DROP TABLE raw;
CREATE TABLE traced AS SELECT * FROM everybody WHERE kind = 'base' AND NOT is_stranger;
CREATE TABLE asked AS
SELECT (row_number() OVER (ORDER BY n))::int AS number, * FROM everybody WHERE kind <> 'base' ORDER BY n LIMIT 20000;
DROP TABLE everybody;
ALTER TABLE traced ADD PRIMARY KEY (n);
CREATE INDEX ON traced (birth, family_sound);
CREATE INDEX ON traced (birth, given_3);
CREATE INDEX ON traced (postcode, family_1);
CREATE INDEX ON traced (family_sound, given_sound, birth_year);
CREATE INDEX ON traced (phone) WHERE phone <> '';
CREATE UNIQUE INDEX ON asked (number);
CREATE INDEX ON traced (person_id); -- to count whose record came first
VACUUM (ANALYZE, FREEZE) traced;
VACUUM (ANALYZE, FREEZE) asked;

CREATE FUNCTION trace(wanted int) RETURNS TABLE (person_id bigint, score int) LANGUAGE sql STABLE AS $$
    WITH a AS (SELECT * FROM asked WHERE number = wanted),
    number AS (
        SELECT t.n FROM a JOIN traced t ON t.birth = a.birth AND t.family_sound = a.family_sound
        UNION SELECT t.n FROM a JOIN traced t ON t.birth = a.birth AND t.given_3 = a.given_3
        UNION SELECT t.n FROM a JOIN traced t ON t.postcode = a.postcode AND t.family_1 = a.family_1
        UNION SELECT t.n FROM a JOIN traced t ON t.family_sound = a.family_sound AND t.given_sound = a.given_sound
                                             AND t.birth_year = a.birth_year
        UNION SELECT t.n FROM a JOIN traced t ON t.phone = a.phone AND t.phone <> ''),
    candidate AS (SELECT t.* FROM number JOIN traced t USING (n)),
    scored AS (
        SELECT t.person_id,
               -21 + CASE WHEN t.family = a.family THEN 7 WHEN levenshtein_less_equal(t.family, a.family, 1) <= 1 THEN 7 ELSE -4 END
               + CASE WHEN t.given = a.given THEN 6 WHEN levenshtein_less_equal(t.given, a.given, 1) <= 1 THEN 6
                      WHEN left(t.given, 1) = a.given THEN 5 ELSE -7 END
               + CASE WHEN t.birth = a.birth THEN 14 WHEN length(a.birth) < 10 THEN 7
                      WHEN levenshtein_less_equal(t.birth, a.birth, 1) <= 1 THEN 6 ELSE -6 END
               + CASE WHEN t.sex = a.sex THEN 1 ELSE -10 END
               + CASE WHEN a.postcode = '' THEN 0 WHEN t.postcode = a.postcode THEN 12 ELSE -3 END
               + CASE WHEN a.line = '' THEN 0 WHEN t.line = a.line THEN 6 ELSE 0 END
               + CASE WHEN t.phone = '' OR a.phone = '' THEN 0 WHEN t.phone = a.phone THEN 18 ELSE -4 END AS score
        FROM candidate t, a)
    SELECT person_id, score FROM scored WHERE score >= 0 ORDER BY score DESC LIMIT 10
$$;
