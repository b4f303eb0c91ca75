/* The bytes of values: limits of numbers, shortest varints, fields in any order, random records there and back. */
#include "tests/journal/samples.h"

#include "lib/base/proto_wire.h"
#include "tests/support/prng.h"

static bool reads_entry(struct slice message, struct journal_record *ret_record) {
    uint8_t memory[4096];
    struct buffer out = buffer_over(memory, sizeof memory);
    proto_put_bytes(&out, 3, message);
    assert_false(out.is_full);
    return journal_record_read(buffer_slice(&out), ret_record);
}

/* Bytes written by hand, so that the writer's idea of a number cannot hide the reader's: a gap entry whose number,
 * resume_at and decided_at are given as raw varints. */
static bool reads_numbers(const char *number, const char *generation, const char *offset, const char *decided_at,
                          struct journal_record *ret_record) {
    uint8_t memory[512], position_memory[64];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct buffer position = buffer_over(position_memory, sizeof position_memory);
    uint8_t id[16] = {1};
    proto_put_varint(&out, 1, 7);
    proto_put_bytes(&out, 2, slice_of(id, 16));
    buffer_put_u8(&out, 3 << 3);
    buffer_put(&out, number, strlen(number));
    proto_put_bytes(&out, 4, slice_of(id, 16));
    buffer_put_u8(&position, 1 << 3);
    buffer_put(&position, generation, strlen(generation));
    buffer_put_u8(&position, 2 << 3);
    buffer_put(&position, offset, strlen(offset));
    proto_put_bytes(&out, 5, buffer_slice(&position));
    buffer_put_u8(&out, 6 << 3);
    buffer_put(&out, decided_at, strlen(decided_at));
    return reads_entry(buffer_slice(&out), ret_record);
}

#define U32_MAX      "\xff\xff\xff\xff\x0f"
#define U32_MAX_PLUS "\x80\x80\x80\x80\x10"
#define I64_MAX      "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
#define I64_MAX_PLUS "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"
#define U64_MAX      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
#define U64_MAX_PLUS "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"

static void test_limits(void **unused) {
    (void)unused;
    struct journal_record read;
    assert_true(reads_numbers("\x01", "\x01", "\x01", "\x01", &read));
    assert_true(reads_numbers(U64_MAX, U32_MAX, I64_MAX, I64_MAX, &read));
    assert_true(read.as.entry.number == UINT64_MAX);
    assert_true(read.as.entry.resume_at.generation == UINT32_MAX);
    assert_true(read.as.entry.resume_at.offset == INT64_MAX);
    assert_true(read.as.entry.decided_at_ms == INT64_MAX);
    assert_false(reads_numbers(U64_MAX_PLUS, "\x01", "\x01", "\x01", &read));
    assert_false(reads_numbers("\x01", U32_MAX_PLUS, "\x01", "\x01", &read));
    assert_false(reads_numbers("\x01", "\x01", I64_MAX_PLUS, "\x01", &read));
    assert_false(reads_numbers("\x01", "\x01", U64_MAX, "\x01", &read));
    assert_false(reads_numbers("\x01", "\x01", "\x01", I64_MAX_PLUS, &read));
}

static void test_only_shortest_varints(void **unused) {
    (void)unused;
    struct journal_record read;
    const struct slice zero_in_two = slice_of("\x81\x00", 2); /* one in two bytes */
    uint8_t memory[256];
    struct buffer out = buffer_over(memory, sizeof memory);
    uint8_t id[16] = {1};
    for (int variant = 0; variant < 4; variant++) {
        out.size = 0;
        if (variant == 1) {
            buffer_put(&out, "\x88\x00\x01", 3); /* the tag of field 1 in two bytes */
        } else {
            buffer_put_u8(&out, 1 << 3);
            if (variant == 2) buffer_put(&out, zero_in_two.data, zero_in_two.size);
            if (variant != 2) buffer_put_u8(&out, 1);
        }
        if (variant == 3) {
            buffer_put(&out, "\x12\x90\x00", 3); /* the length of field 2 in two bytes */
            buffer_put(&out, id, 16);
        } else {
            proto_put_bytes(&out, 2, slice_of(id, 16));
        }
        uint8_t record_memory[256];
        struct buffer record = buffer_over(record_memory, sizeof record_memory);
        proto_put_bytes(&record, 2, buffer_slice(&out));
        assert_int_equal(variant == 0, journal_record_read(buffer_slice(&record), &read));
    }
}

/* protobuf leaves the order of fields to the writer, so the rule does too; a body may even stand in between. */
static void test_fields_in_any_order(void **unused) {
    (void)unused;
    struct journal_record record = sample_entry(7, 42, (struct position){1, 501}), read;
    sample_about_command(&record.as.entry, (struct position){1, 500});
    uint8_t memory[1024], body_memory[256];
    struct buffer body = buffer_over(body_memory, sizeof body_memory);
    entry_body_write(&(struct entry_body){.schema = 3, .outcome = 9, .answer = slice_text("yes")}, &body);
    record.as.entry.body = buffer_slice(&body);
    struct slice bytes = sample_write(&record, memory, sizeof memory), message;
    struct proto_field field;
    bool is_bad;
    assert_true(proto_next(&bytes, &field, &is_bad));
    message = field.bytes;

    struct slice fields[16];
    size_t count = 0;
    for (struct slice before = message; proto_next(&message, &field, &is_bad); before = message) {
        fields[count++] = slice_of(before.data, before.size - message.size);
    }
    assert_int_equal(count, 13);
    struct prng prng = prng_seed(7);
    for (int round = 0; round < 200; round++) {
        uint8_t mixed_memory[1024];
        struct buffer mixed = buffer_over(mixed_memory, sizeof mixed_memory);
        for (size_t i = count; i > 1; i--) {
            size_t other = (size_t)prng_below(&prng, i);
            struct slice swapped = fields[i - 1];
            fields[i - 1] = fields[other];
            fields[other] = swapped;
        }
        for (size_t i = 0; i < count; i++) buffer_put(&mixed, fields[i].data, fields[i].size);
        assert_true(reads_entry(buffer_slice(&mixed), &read));
        assert_int_equal(read.as.entry.kind, ENTRY_COMMAND);
        assert_int_equal(read.as.entry.number, 42);
        assert_int_equal(read.as.entry.command_at.offset, 500);
    }
    /* In written order and with the body first, the body can be read. */
    for (int turn = 0; turn < 2; turn++) {
        uint8_t turned_memory[1024], wrapped_memory[1024];
        struct buffer turned = buffer_over(turned_memory, sizeof turned_memory);
        struct buffer wrapped = buffer_over(wrapped_memory, sizeof wrapped_memory);
        bytes = sample_write(&record, memory, sizeof memory);
        assert_true(proto_next(&bytes, &field, &is_bad));
        struct slice all = field.bytes;
        size_t head_size = all.size - body.size;
        if (turn == 1) buffer_put(&turned, all.data + head_size, body.size);
        buffer_put(&turned, all.data, head_size);
        if (turn == 0) buffer_put(&turned, all.data + head_size, body.size);
        proto_put_bytes(&wrapped, 3, buffer_slice(&turned));
        struct entry_body read_body;
        assert_true(journal_record_read(buffer_slice(&wrapped), &read));
        assert_true(entry_body_read(read.as.entry.body, &read_body));
        assert_int_equal(read_body.schema, 3);
        assert_int_equal(read_body.outcome, 9);
        assert_true(slice_equal(read_body.answer, slice_text("yes")));
    }
}

static void draw_bytes(struct prng *prng, void *to, size_t size) {
    uint8_t *bytes = to;
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)prng_below(prng, 256);
}

/* Numbers of every length, extremes among them. */
static uint64_t draw_number(struct prng *prng, uint64_t max) {
    uint64_t number = prng_u64(prng) >> prng_below(prng, 64);
    if (prng_chance(prng, 10)) number = prng_chance(prng, 50) ? 0 : max;
    return number > max ? max : number;
}

static struct position draw_position(struct prng *prng) {
    return (struct position){(uint32_t)draw_number(prng, UINT32_MAX), (int64_t)draw_number(prng, INT64_MAX)};
}

static struct journal_name draw_name(struct prng *prng) {
    char text[JOURNAL_NAME_MAX];
    draw_bytes(prng, text, sizeof text);
    struct journal_name name = {0};
    assert_true(journal_name_set(&name, slice_of(text, 1 + prng_below(prng, JOURNAL_NAME_MAX))));
    return name;
}

static struct work draw_work(struct prng *prng) {
    struct work work = {.kind = (enum work_kind)prng_below(prng, 3)};
    if (work.kind == WORK_COMMAND) work.position = draw_position(prng);
    if (work.kind == WORK_TIMER) draw_bytes(prng, work.timer.bytes, 16);
    return work;
}

static struct journal_record draw_record(struct prng *prng, struct slice pool) {
    struct journal_record record = {.kind = (enum record_kind)prng_below(prng, 3)};
    if (record.kind == RECORD_GENESIS) {
        struct genesis *genesis = &record.as.genesis;
        draw_bytes(prng, genesis->journal_id.bytes, 16);
        genesis->environment = draw_name(prng);
        genesis->service = draw_name(prng);
        genesis->locality = draw_name(prng);
        genesis->starts_at = draw_position(prng);
    } else if (record.kind == RECORD_CLAIM) {
        struct claim *claim = &record.as.claim;
        claim->epoch = draw_number(prng, UINT64_MAX);
        draw_bytes(prng, claim->owner.bytes, 16);
        claim->crashed_at = draw_work(prng);
        claim->software = slice_of(pool.data, prng_below(prng, 300));
        claim->host = slice_of(pool.data, prng_below(prng, 300));
        claim->apply_version = (uint32_t)draw_number(prng, UINT32_MAX);
    } else {
        struct entry *entry = &record.as.entry;
        entry->epoch = draw_number(prng, UINT64_MAX);
        draw_bytes(prng, entry->owner.bytes, 16);
        entry->number = draw_number(prng, UINT64_MAX);
        draw_bytes(prng, entry->prev.bytes, 16);
        entry->resume_at = draw_position(prng);
        entry->decided_at_ms = (int64_t)draw_number(prng, INT64_MAX);
        entry->kind = (enum entry_kind)prng_below(prng, 3);
        if (entry->kind == ENTRY_COMMAND) {
            entry->source = draw_name(prng);
            draw_bytes(prng, entry->command_id.bytes, 16);
            draw_bytes(prng, entry->command_digest.bytes, 16);
            entry->command_at = draw_position(prng);
        }
        if (entry->kind == ENTRY_TIMER) draw_bytes(prng, entry->timer.bytes, 16);
        if (prng_chance(prng, 80)) entry->body = pool;
    }
    return record;
}

/* Equal in every field: the slices by content, the rest, zeroed by whoever made it, by value. */
static void assert_records_equal(const struct journal_record *a, const struct journal_record *b) {
    assert_int_equal(a->kind, b->kind);
    if (a->kind == RECORD_GENESIS) {
        assert_memory_equal(&a->as.genesis, &b->as.genesis, sizeof a->as.genesis);
        return;
    }
    if (a->kind == RECORD_CLAIM) {
        const struct claim *x = &a->as.claim, *y = &b->as.claim;
        assert_true(x->epoch == y->epoch && id128_equal(x->owner, y->owner));
        assert_true(work_equal(&x->crashed_at, &y->crashed_at));
        assert_true(slice_equal(x->software, y->software) && slice_equal(x->host, y->host));
        assert_int_equal(x->apply_version, y->apply_version);
        return;
    }
    const struct entry *x = &a->as.entry, *y = &b->as.entry;
    assert_true(x->epoch == y->epoch && id128_equal(x->owner, y->owner) && x->number == y->number);
    assert_true(digest_equal(x->prev, y->prev) && position_compare(x->resume_at, y->resume_at) == 0);
    assert_true(x->decided_at_ms == y->decided_at_ms && x->kind == y->kind);
    assert_true(slice_equal(journal_name_slice(&x->source), journal_name_slice(&y->source)));
    assert_true(uuid_equal(x->command_id, y->command_id) && digest_equal(x->command_digest, y->command_digest));
    assert_true(position_compare(x->command_at, y->command_at) == 0 && timer_id_equal(x->timer, y->timer));
    assert_true(slice_equal(x->body, y->body));
}

static void test_random_records_there_and_back(void **unused) {
    (void)unused;
    struct prng prng = prng_seed(20260101);
    uint8_t pool_memory[400], memory[4096], again_memory[4096];
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[100];
        draw_bytes(&prng, bytes, sizeof bytes);
        struct buffer pool = buffer_over(pool_memory, sizeof pool_memory);
        proto_put_bytes(&pool, 16 + (uint32_t)prng_below(&prng, 100), slice_of(bytes, prng_below(&prng, 101)));
        proto_put_varint(&pool, 16 + (uint32_t)prng_below(&prng, 100), prng_u64(&prng));
        struct journal_record record = draw_record(&prng, buffer_slice(&pool)), read;
        struct slice written = sample_write(&record, memory, sizeof memory);
        assert_true(journal_record_read(written, &read));
        assert_records_equal(&record, &read);
        struct slice again = sample_write(&read, again_memory, sizeof again_memory);
        assert_true(slice_equal(written, again));

        /* One byte changed: whatever is still read keeps the limits of its types. */
        memory[prng_below(&prng, written.size)] ^= (uint8_t)(1 + prng_below(&prng, 255));
        if (!journal_record_read(written, &read) || read.kind != RECORD_ENTRY) continue;
        const struct entry *entry = &read.as.entry;
        assert_true(entry->decided_at_ms >= 0 && entry->resume_at.offset >= 0 && entry->command_at.offset >= 0);
        assert_true(entry->source.size <= JOURNAL_NAME_MAX &&
                    (entry->source.size > 0) == (entry->kind == ENTRY_COMMAND));
        struct entry_body body;
        if (entry_body_read(entry->body, &body)) assert_true(body.event_count <= JOURNAL_EVENTS_MAX);
    }
}

static void test_names(void **unused) {
    (void)unused;
    struct journal_name name = sample_name("kept");
    char text[JOURNAL_NAME_MAX + 1];
    memset(text, 'x', sizeof text);
    assert_false(journal_name_set(&name, slice_of(text, 0)));
    assert_false(journal_name_set(&name, slice_of(text, JOURNAL_NAME_MAX + 1)));
    assert_true(slice_equal(journal_name_slice(&name), slice_text("kept")));
    assert_true(journal_name_set(&name, slice_of(text, JOURNAL_NAME_MAX)));
    assert_int_equal(name.size, JOURNAL_NAME_MAX);
}

/* What does not fit is not begun, and what was there stays. */
static void test_written_whole_or_not_at_all(void **unused) {
    (void)unused;
    struct journal_record record = sample_claim(8, work_command(1, 500));
    uint8_t memory[512];
    size_t size = sample_write(&record, memory, sizeof memory).size;
    for (size_t room = 0; room <= size; room++) {
        struct buffer out = buffer_over(memory, 3 + room);
        buffer_put(&out, "abc", 3);
        journal_record_write(&record, &out);
        assert_int_equal(out.is_full, room < size);
        assert_int_equal(out.size, room < size ? 3 : 3 + size);
    }
}

static void test_largest_record(void **unused) {
    (void)unused;
    size_t size_max = JOURNAL_RECORD_MAX + 1024;
    uint8_t *memory = malloc(size_max), *large = calloc(1, size_max);
    assert_true(memory != NULL && large != NULL);
    struct journal_record record = sample_entry(7, 42, (struct position){1, 501}), read;
    struct buffer out = buffer_over(memory, size_max);
    journal_record_write(&record, &out);
    size_t head_size = out.size - 2; /* its length takes one byte, a large one's three */
    for (int over = 0; over <= 1; over++) {
        struct buffer body = buffer_over(large, size_max);
        size_t body_size = JOURNAL_RECORD_MAX - head_size - 4 + (size_t)over;
        proto_put_varint(&body, 16, 1); /* 3 bytes, then 2 of tag and 3 of length */
        buffer_put(&body, "\x92\x01", 2);
        size_t rest = body_size - 8;
        buffer_put_u8(&body, (uint8_t)(rest | 0x80));
        buffer_put_u8(&body, (uint8_t)(rest >> 7 | 0x80));
        buffer_put_u8(&body, (uint8_t)(rest >> 14));
        record.as.entry.body = slice_of(large, body_size);
        out = buffer_over(memory, size_max);
        journal_record_write(&record, &out);
        assert_int_equal(out.is_full, over == 1);
        if (over == 1) continue;
        assert_int_equal(out.size, JOURNAL_RECORD_MAX);
        assert_true(journal_record_read(buffer_slice(&out), &read));
        assert_int_equal(read.as.entry.body.size, body_size);
    }
    free(memory);
    free(large);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_only_shortest_varints),
        cmocka_unit_test(test_fields_in_any_order),
        cmocka_unit_test(test_random_records_there_and_back),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_written_whole_or_not_at_all),
        cmocka_unit_test(test_largest_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
