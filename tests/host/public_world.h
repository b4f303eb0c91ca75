/* Entries of booking and the public records that they make: what the tests of lib/host/public_record.h share. One record set
 * at a time. */
#ifndef BHR_TESTS_HOST_PUBLIC_WORLD_H
#define BHR_TESTS_HOST_PUBLIC_WORLD_H

#include "tests/support/cmocka.h"

#include "lib/digest/digest.h"
#include "lib/host/public_record.h"
#include "lib/host/replica.h"
#include "lib/wire/booking/booking_request.h"
#include "services/booking/service.h"

static uint8_t arena_memory[PUBLIC_RECORDS_ARENA_SIZE], body_memory[64 * 1024], event_memory[64 * 1024];
static struct public_record records[PUBLIC_RECORDS_MAX];
static struct public_context context;

static const struct uuid command_id = {{1, 0x90, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}};
#define COMMAND_ID_TEXT "01900304-0506-7708-890a-0b0c0d0e0f10"

static inline int public_begin(void **state) {
    (void)state;
    assert_true(digest_init());
    context = (struct public_context){.service = &booking_service,
                                      .environment = slice_text("test"),
                                      .locality = slice_text("nel-bhr"),
                                      .journal_id = {{9, 9}},
                                      .hash = digest_of};
    return 0;
}

static inline struct entry entry_of(enum entry_kind kind, const struct entry_body *body) {
    struct entry entry = {.epoch = 1, .number = 41, .decided_at_ms = 1764000000000, .kind = kind};
    if (kind == ENTRY_COMMAND) {
        assert_true(journal_name_set(&entry.source, slice_text("111-nel")));
        entry.command_id = command_id;
        entry.command_at = (struct position){2, 700};
    }
    struct buffer out = buffer_over(body_memory, sizeof body_memory);
    entry_body_write(body, &out);
    assert_false(out.is_full);
    entry.body = buffer_slice(&out);
    return entry;
}

static inline uint32_t tell(const struct entry *entry) {
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    return public_records_of_entry(&context, entry, &arena, records);
}

static inline struct slice header_of(const struct public_record *record, const char *name) {
    for (uint32_t i = 0; i < record->header_count; i++) {
        if (slice_equal(record->headers[i].name, slice_text(name))) return record->headers[i].value;
    }
    return slice_of(NULL, 0);
}

static inline void assert_header(const struct public_record *record, const char *name, const char *value) {
    struct slice found = header_of(record, name);
    if (!slice_equal(found, slice_text(value))) {
        fail_msg("%s is %.*s and not %s", name, (int)found.size, (const char *)found.data, value);
    }
}

static inline struct uuid some_id(uint8_t fill) {
    struct uuid id;
    memset(id.bytes, fill, sizeof id.bytes);
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    return id;
}

static inline struct slice slot_answer(struct arena *arena) {
    struct booking_answer answer = {.alternatives.count = 1};
    answer.alternatives.slots[0] =
        (struct booking_slot){.slot_id = {.session_id = some_id(2), .index = 4}, .organisation = "Y90020", .free = 1};
    return booking_answer_encode(BOOKING_COMMAND_BOOK, &answer, arena);
}

#endif
