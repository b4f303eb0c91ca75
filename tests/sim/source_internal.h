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
    /* Of a world beside: whoever asks it, and how often that was. */
    struct source_asker *askers[SIM_PROCESSES_MAX];
    uint32_t asked;
    uint64_t epoch; /* of the entry there that concerned bookings last */
    struct source_item items[ITEMS_MAX];
    uint8_t memory[ARENA_SIZE], command[COMMAND_SIZE], answer[COMMAND_SIZE];
};

enum { QUESTIONS_MAX = 64, QUESTION_SIZE = 4096 };
struct source_question {
    const char *method;
    uint64_t token;
    int64_t due_ms; /* when its answer is there, or its time is up */
    bool is_lost;
    size_t size;
    uint8_t body[QUESTION_SIZE];
    /* Of a world beside. */
    uint32_t number;
    struct uuid id;
    int64_t again_ms; /* when it is asked again, at any door */
    struct ask_answer answer;
    uint8_t answered[QUESTION_SIZE];
};
struct source_asker {
    struct source *source;
    struct sim *sim;
    uint32_t count;
    struct source_question questions[QUESTIONS_MAX];
};

/* source_beside.c: the port of an asker, when there is a world beside. */
struct ask_port source_beside_port(struct source_asker *asker);
/* source.c: whoever follows loses the connection to the journal. */
void source_disconnect_all(struct sim *sim);

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
