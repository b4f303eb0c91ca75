/* A short good journal, record by record, for the harnesses that read one. */
#ifndef BHR_TESTS_FUZZ_JOURNAL_SEEDS_H
#define BHR_TESTS_FUZZ_JOURNAL_SEEDS_H

#include "lib/journal/accept.h"
#include "tests/fuzz/fuzz.h"

enum { JOURNAL_SEED_MS = 1000000 };

static inline struct journal_name journal_seed_name(const char *text) {
    struct journal_name name = {0};
    bool is_good = journal_name_set(&name, slice_text(text));
    ASSERT(is_good);
    return name;
}

static inline struct id128 journal_seed_owner(uint64_t epoch) {
    struct id128 owner;
    memset(owner.bytes, (int)(0xA0 + epoch), sizeof owner.bytes);
    return owner;
}

static inline struct journal_identity journal_seed_identity(void) {
    return (struct journal_identity){.environment = journal_seed_name("local"),
                                     .service = journal_seed_name("booking"),
                                     .locality = journal_seed_name("nel-bhr")};
}

static inline struct slice journal_seed_body(void) {
    static uint8_t memory[1024];
    struct entry_body body = {.schema = 1,
                              .outcome = 1,
                              .answer = slice_text("answer"),
                              .repeats = 2,
                              .gap_from = {1, 5},
                              .gap_to = {1, 9},
                              .detail = slice_text("slot_id: expected a slot"),
                              .event_count = 2,
                              .events = {slice_text("first"), slice_text("second")},
                              .correlation_id = slice_text("call-17"),
                              .method = slice_text("Book")};
    struct buffer out = buffer_over(memory, sizeof memory);
    entry_body_write(&body, &out);
    ASSERT(!out.is_full);
    return buffer_slice(&out);
}

/* Genesis, three claims, three entries; false beyond the last. prev is zeros: who needs a chain makes it. */
static inline bool journal_seed(uint32_t index, struct journal_record *ret_record) {
    struct journal_identity identity = journal_seed_identity();
    struct journal_record record = {.kind = index == 0 ? RECORD_GENESIS : index < 4 ? RECORD_CLAIM : RECORD_ENTRY};
    if (index == 0) {
        record.as.genesis = (struct genesis){.journal_id = journal_seed_owner(9),
                                             .environment = identity.environment,
                                             .service = identity.service,
                                             .locality = identity.locality,
                                             .starts_at = {1, 500}};
    } else if (index < 4) {
        record.as.claim = (struct claim){.epoch = index,
                                         .owner = journal_seed_owner(index),
                                         .software = slice_text("0.1.0"),
                                         .host = slice_text("host-1/4711"),
                                         .apply_version = 1};
        if (index == 2) record.as.claim.crashed_at = (struct work){.kind = WORK_COMMAND, .position = {1, 501}};
        if (index == 3) record.as.claim.crashed_at = (struct work){.kind = WORK_TIMER, .timer = {{7}}};
    } else {
        struct entry *entry = &record.as.entry;
        *entry = (struct entry){.epoch = 3,
                                .owner = journal_seed_owner(3),
                                .number = index - 3,
                                .resume_at = {1, 500 + (int64_t)index},
                                .decided_at_ms = JOURNAL_SEED_MS + (int64_t)index,
                                .kind = index == 4   ? ENTRY_COMMAND
                                        : index == 5 ? ENTRY_TIMER
                                                     : ENTRY_GAP,
                                .body = journal_seed_body()};
        if (index == 4) {
            entry->source = journal_seed_name("gp-1");
            memset(entry->command_id.bytes, 0x42, sizeof entry->command_id.bytes);
            memset(entry->command_digest.bytes, 0x43, sizeof entry->command_digest.bytes);
            entry->command_at = (struct position){1, 503};
        }
        if (index == 5) memset(entry->timer.bytes, 0x44, sizeof entry->timer.bytes);
    }
    if (index < 7) *ret_record = record;
    return index < 7;
}

static inline void journal_seed_write(const struct journal_record *record, void (*take)(struct buffer *bytes)) {
    static uint8_t memory[4096];
    struct buffer out = buffer_over(memory, sizeof memory);
    journal_record_write(record, &out);
    take(&out);
}

#endif
