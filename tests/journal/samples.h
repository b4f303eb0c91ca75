/* Small whole records to start from: each test changes the one thing that it is about. */
#ifndef BHR_TESTS_JOURNAL_SAMPLES_H
#define BHR_TESTS_JOURNAL_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/digest/digest.h"
#include "lib/journal/verify.h"

static inline struct id128 sample_id(uint8_t fill) {
    struct id128 id;
    memset(id.bytes, fill, sizeof id.bytes);
    return id;
}

static inline struct digest sample_digest(uint8_t fill) {
    struct digest digest;
    memset(digest.bytes, fill, sizeof digest.bytes);
    return digest;
}

static inline struct timer_id sample_timer(uint8_t fill) {
    struct timer_id timer;
    memset(timer.bytes, fill, sizeof timer.bytes);
    return timer;
}

static inline struct journal_name sample_name(const char *text) {
    struct journal_name name = {0};
    assert_true(journal_name_set(&name, slice_text(text)));
    return name;
}

static inline struct journal_identity sample_identity(void) {
    return (struct journal_identity){
        .environment = sample_name("local"), .service = sample_name("booking"), .locality = sample_name("nel-bhr")};
}

static inline struct journal_record sample_genesis(void) {
    struct journal_identity identity = sample_identity();
    struct journal_record record = {.kind = RECORD_GENESIS};
    record.as.genesis = (struct genesis){.journal_id = sample_id(0x11),
                                         .environment = identity.environment,
                                         .service = identity.service,
                                         .locality = identity.locality,
                                         .starts_at = {1, 500}};
    return record;
}

static inline struct journal_record sample_claim(uint64_t epoch, struct work crashed_at) {
    struct journal_record record = {.kind = RECORD_CLAIM};
    record.as.claim = (struct claim){.epoch = epoch,
                                     .owner = sample_id((uint8_t)(0xA0 + epoch)),
                                     .crashed_at = crashed_at,
                                     .software = slice_text("0.1.0"),
                                     .host = slice_text("host-1/4711"),
                                     .apply_version = 1};
    return record;
}

/* A gap entry of the owner that sample_claim(epoch) makes; turn it into another kind with the two below. */
static inline struct journal_record sample_entry(uint64_t epoch, uint64_t number, struct position resume_at) {
    struct journal_record record = {.kind = RECORD_ENTRY};
    record.as.entry = (struct entry){.epoch = epoch,
                                     .owner = sample_id((uint8_t)(0xA0 + epoch)),
                                     .number = number,
                                     .resume_at = resume_at,
                                     .decided_at_ms = 1000000,
                                     .kind = ENTRY_GAP};
    return record;
}

static inline void sample_about_command(struct entry *entry, struct position at) {
    entry->kind = ENTRY_COMMAND;
    entry->source = sample_name("gp-1");
    memset(entry->command_id.bytes, 0x42, sizeof entry->command_id.bytes);
    entry->command_digest = sample_digest(0x43);
    entry->command_at = at;
}

static inline void sample_about_timer(struct entry *entry, struct timer_id timer) {
    entry->kind = ENTRY_TIMER;
    entry->timer = timer;
}

static inline struct work work_command(uint32_t generation, int64_t offset) {
    return (struct work){.kind = WORK_COMMAND, .position = {generation, offset}};
}

static inline struct work work_timer(uint8_t fill) {
    return (struct work){.kind = WORK_TIMER, .timer = sample_timer(fill)};
}

static const struct work no_work = {.kind = WORK_NONE};

/* Writes the record to memory; the slice lives as long as that. */
static inline struct slice sample_write(const struct journal_record *record, uint8_t *memory, size_t size_max) {
    struct buffer out = buffer_over(memory, size_max);
    journal_record_write(record, &out);
    assert_false(out.is_full);
    return buffer_slice(&out);
}

static inline void assert_states_equal(const struct journal_state *a, const struct journal_state *b) {
    uint8_t bytes_a[JOURNAL_STATE_SIZE], bytes_b[JOURNAL_STATE_SIZE];
    journal_state_write(a, bytes_a);
    journal_state_write(b, bytes_b);
    assert_memory_equal(bytes_a, bytes_b, JOURNAL_STATE_SIZE);
}

#endif
