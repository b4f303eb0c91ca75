/* Inside the source only: what source.c and source_journal.c share. */
#ifndef BHR_TESTS_SIM_SOURCE_INTERNAL_H
#define BHR_TESTS_SIM_SOURCE_INTERNAL_H

#include "tests/sim/source.h"

enum {
    ITEMS_MAX = 512,
    ARENA_SIZE = 512 * 1024,
    COMMAND_SIZE = 64 * 1024,
    STEPS_MAX = 70,
    SIZE_MAX_OF_ENTRY = 32 * 1024
};
#define SOURCE_JOURNAL "index.journal"

struct source {
    struct sim *sim;
    struct fake_log *journal;
    struct journal_identity identity;
    struct journal_state state;
    struct fake_store rows;
    struct service_context context;
    struct index_model *model;
    int64_t due_ms, away_until_ms, cut_at;
    uint32_t steps, item_count;
    struct source_item items[ITEMS_MAX];
    uint8_t memory[ARENA_SIZE], command[COMMAND_SIZE], answer[COMMAND_SIZE];
};

/* source_journal.c: appends what a journal begins with, what ends an ownership, and what is not history. */
void source_genesis(struct source *source);
void source_claim(struct source *source);
void source_noise(struct source *source);
/* The next entry, as it would be decided now; its body lies in memory. */
struct journal_record source_entry_of(const struct source *source, const struct entry_body *body, uint8_t *memory,
                                      size_t size);
/* Appends it, and notes what of it concerns bookings. */
void source_write_entry(struct source *source, const struct entry_body *body);

#endif
