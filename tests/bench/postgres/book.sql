-- pgbench: one booking, one statement, one commit. Each transaction takes a slot of its own, in a random order that
-- is the same for all runs; n counts
-- the transactions of a client from where the last run ended.
\set n :n + 1
\set slot permute(:client_id + :stride * :n, :slots, 42) + 1
\set person random(1, :persons)
WITH taken AS (
    UPDATE slot SET status = 1 WHERE id = :slot AND status = 0 RETURNING id
)
INSERT INTO appointment (slot_id, person_id, booked_by, phone)
SELECT id, :person, '111-nel', '02079460000' FROM taken;
