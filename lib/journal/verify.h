/* The rule over any sequence of records, from outside: `bhr journal verify`, the simulator and tests. Hashing is handed
 * in as a function so that this stays pure. */
#ifndef BHR_JOURNAL_VERIFY_H
#define BHR_JOURNAL_VERIFY_H

#include "lib/journal/accept.h"

struct journal_count {
    uint64_t records, genesis, claims, entries, rejected;
    uint64_t rejected_by_verdict[32];
    uint64_t command_entries, timer_entries, gap_entries, repeats;
    uint64_t unreadable_bodies; /* accepted entries whose body does not decode */
};

typedef struct digest (*journal_hash_function)(struct slice a, struct slice b);

struct journal_verifier {
    struct journal_identity identity;
    struct journal_state state;
    struct journal_count count;
    journal_hash_function hash;
    int64_t offset_next; /* lowest offset not yet judged */
    bool is_stopped;     /* no Genesis, or the wrong journal: nothing more is judged */
};

void journal_verifier_init(struct journal_verifier *verifier, const struct journal_identity *identity,
                           journal_hash_function hash);
/* Judges one more record, in rising offset order (a lower or equal offset is a caller's bug). */
enum journal_verdict journal_verify(struct journal_verifier *verifier, const struct logged *logged,
                                    struct journal_record *ret_record, bool *ret_is_readable);

#endif
