-- What a practice system would build instead, tuned for booking: a status on the slot, one appointment per slot by a
-- unique key. Slots leave room on their pages so that an update stays on its page (HOT). There is no foreign key to person:
-- it would cost PostgreSQL another look-up for each booking.
CREATE TABLE slot (
    id         bigint   PRIMARY KEY,
    session_id bigint   NOT NULL,
    starts_at  timestamptz NOT NULL,
    status     smallint NOT NULL DEFAULT 0 -- 0 free, 1 booked
) WITH (fillfactor = 50);

CREATE TABLE person (
    id          bigint PRIMARY KEY,
    local_id    text NOT NULL,
    family_name text NOT NULL,
    given_name  text NOT NULL,
    birth_date  date NOT NULL
);

CREATE TABLE appointment (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot_id   bigint NOT NULL UNIQUE REFERENCES slot (id),
    person_id bigint NOT NULL,
    booked_at timestamptz NOT NULL DEFAULT now(),
    booked_by text NOT NULL,
    phone     text NOT NULL
);
