/* Inside the oracle only: what oracle.c and oracle_entry.c share. */
#ifndef BHR_TESTS_SIM_ORACLE_H
#define BHR_TESTS_SIM_ORACLE_H

#include "tests/sim/booking.h"
#include "tests/sim/follow.h"
#include "tests/sim/index.h"

/* One record of the journal as history sees it. */
struct row {
    int64_t offset;
    enum journal_verdict verdict;
    struct journal_state state; /* after it */
    uint64_t digest;            /* of the fold after it */
};

/* One accepted entry about a command. */
struct fact {
    uint64_t number;
    struct journal_name source;
    struct uuid id;
    struct digest digest;
    uint32_t outcome;
    uint64_t repeats;
    struct slice answer; /* borrowed from the record, which lives as long as the broker */
    bool is_first;       /* the answer that counts for its id */
    bool is_lost;        /* cut away later */
};

/* A claim that lay in the log, accepted or not. */
struct claimed {
    struct id128 owner;
    uint64_t epoch;
};

/* What a public topic must hold, as hashes of its records. */
struct public_expected {
    size_t count, room;
    uint64_t *hashes;
};

struct oracle {
    struct sim *sim;
    struct journal_state state;
    struct fake_store fold;
    size_t row_count, row_room;
    struct row *rows;
    size_t lost_count, lost_room;
    struct row *lost; /* rows of histories that were cut away */
    size_t fact_count, fact_room;
    struct fact *facts;
    size_t claim_count, claim_room;
    struct claimed *claims;
    struct booking_promise promise;
    struct index_model *index; /* NULL in a world without */
    struct follow *follow;     /* the same */
    bool is_replaying;         /* after a cut: what was checked before is not checked again */
    struct public_expected events, dead;
    bool is_public_beyond; /* something is public that was cut away since */
};

/* oracle_entry.c: checks an entry that the rule accepted, against the state before it, and folds it. */
void oracle_check_entry(struct oracle *oracle, const struct journal_state *before, const struct entry *entry);
/* oracle_public.c: what the entry is to the public; and after a cut, what of it is public already. */
void oracle_expect_public(struct oracle *oracle, const struct entry *entry);
void oracle_public_cut(struct oracle *oracle);
/* oracle.c: makes room for one more row; *room grows. */
void *oracle_room(void *rows, size_t count, size_t *room, size_t size);

#endif
