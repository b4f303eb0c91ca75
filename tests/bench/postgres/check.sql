-- Booked appointments, slots among them, slots that say they are booked: three times the same number.
SELECT count(*), count(DISTINCT slot_id), (SELECT count(*) FROM slot WHERE status = 1) FROM appointment;
