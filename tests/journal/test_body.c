/* The body of an entry: there and back, what stops the replica and what a later writer may add. */
#include "tests/journal/samples.h"

#include "lib/base/proto_wire.h"
#include "tests/support/prng.h"

static uint8_t memory[2048];

static struct slice write_body(const struct entry_body *body) {
    struct buffer out = buffer_over(memory, sizeof memory);
    entry_body_write(body, &out);
    assert_false(out.is_full);
    return buffer_slice(&out);
}

static void assert_bodies_equal(const struct entry_body *a, const struct entry_body *b) {
    assert_int_equal(a->schema, b->schema);
    assert_int_equal(a->outcome, b->outcome);
    assert_true(slice_equal(a->answer, b->answer));
    assert_true(a->repeats == b->repeats);
    assert_int_equal(position_compare(a->gap_from, b->gap_from), 0);
    assert_int_equal(position_compare(a->gap_to, b->gap_to), 0);
    assert_true(slice_equal(a->detail, b->detail));
    assert_true(slice_equal(a->correlation_id, b->correlation_id));
    assert_true(slice_equal(a->method, b->method));
    assert_int_equal(a->event_count, b->event_count);
    for (uint32_t i = 0; i < a->event_count; i++) assert_true(slice_equal(a->events[i], b->events[i]));
}

static struct entry_body draw_body(struct prng *prng) {
    static const char pool[300] = "bytes of an answer or an event";
    struct entry_body body = {.schema = (uint32_t)(prng_u64(prng) >> prng_below(prng, 64)),
                              .outcome = (uint32_t)prng_below(prng, 300)};
    if (prng_chance(prng, 70)) body.answer = slice_of(pool, prng_below(prng, sizeof pool));
    if (prng_chance(prng, 30)) body.repeats = prng_u64(prng) >> prng_below(prng, 64);
    if (prng_chance(prng, 30)) body.gap_from = (struct position){0, (int64_t)(prng_u64(prng) >> 1)};
    if (prng_chance(prng, 30)) body.gap_to = (struct position){(uint32_t)prng_u64(prng), 0};
    if (prng_chance(prng, 30)) body.detail = slice_of(pool, prng_below(prng, 100));
    if (prng_chance(prng, 30)) body.correlation_id = slice_of(pool, prng_below(prng, 65));
    if (prng_chance(prng, 30)) body.method = slice_of(pool, prng_below(prng, 33));
    body.event_count = (uint32_t)prng_below(prng, JOURNAL_EVENTS_MAX + 1);
    for (uint32_t i = 0; i < body.event_count; i++) body.events[i] = slice_of(pool, prng_below(prng, sizeof pool));
    return body;
}

static void test_random_bodies_there_and_back(void **unused) {
    (void)unused;
    struct prng prng = prng_seed(11);
    for (int i = 0; i < 5000; i++) {
        struct entry_body body = draw_body(&prng), read;
        struct slice bytes = write_body(&body);
        assert_int_equal(bytes.size, entry_body_size(&body));
        assert_true(entry_body_read(bytes, &read));
        assert_bodies_equal(&body, &read);
    }
}

/* The owner's short way writes the bytes of the long one. */
static void test_entry_with_body(void **unused) {
    (void)unused;
    struct prng prng = prng_seed(12);
    uint8_t long_memory[4096], short_memory[4096];
    for (int i = 0; i < 1000; i++) {
        struct entry_body body = draw_body(&prng), read_body;
        struct journal_record record = sample_entry(7, 42, (struct position){1, 501}), read;
        sample_about_command(&record.as.entry, (struct position){1, 500});
        struct buffer one_pass = buffer_over(short_memory, sizeof short_memory);
        journal_entry_write_with_body(&record.as.entry, &body, &one_pass);
        record.as.entry.body = write_body(&body);
        struct slice two_passes = sample_write(&record, long_memory, sizeof long_memory);
        assert_false(one_pass.is_full);
        assert_true(slice_equal(buffer_slice(&one_pass), two_passes));
        assert_true(journal_record_read(two_passes, &read));
        assert_true(entry_body_read(read.as.entry.body, &read_body));
        assert_bodies_equal(&body, &read_body);

        struct buffer small = buffer_over(short_memory, two_passes.size - 1);
        journal_entry_write_with_body(&record.as.entry, &body, &small);
        assert_true(small.is_full);
        assert_int_equal(small.size, 0);
    }
}

/* Appends one field to a good body and reads. */
static bool reads_with(void (*put)(struct buffer *out)) {
    struct buffer out = buffer_over(memory, sizeof memory);
    entry_body_write(&(struct entry_body){.schema = 1, .outcome = 2, .answer = slice_text("a"), .repeats = 3}, &out);
    put(&out);
    struct entry_body read = {.schema = 77};
    bool is_read = entry_body_read(buffer_slice(&out), &read);
    assert_int_equal(read.schema, is_read ? 1 : 77);
    return is_read;
}

static void put_nothing(struct buffer *out) {
    (void)out;
}
static void put_schema_again(struct buffer *out) {
    proto_put_varint(out, 16, 1);
}
static void put_answer_again(struct buffer *out) {
    proto_put_bytes(out, 18, slice_text("b"));
}
static void put_detail_as_number(struct buffer *out) {
    proto_put_varint(out, 22, 1);
}
static void put_event_as_number(struct buffer *out) {
    proto_put_varint(out, 23, 1);
}
static void put_correlation_id_twice(struct buffer *out) {
    proto_put_bytes(out, 24, slice_text("journey-7"));
    proto_put_bytes(out, 24, slice_text("journey-7"));
}
static void put_method_as_number(struct buffer *out) {
    proto_put_varint(out, 25, 1);
}
static void put_half_position(struct buffer *out) {
    proto_put_bytes(out, 20, slice_text("\x08\x01"));
}
static void put_four_events(struct buffer *out) {
    for (int i = 0; i < 4; i++) proto_put_bytes(out, 23, slice_text("event"));
}
static void put_five_events(struct buffer *out) {
    for (int i = 0; i < 5; i++) proto_put_bytes(out, 23, slice_text("event"));
}
static void put_later_fields(struct buffer *out) {
    proto_put_varint(out, 15, 1); /* the rule's, had it such a field: passed over as well */
    proto_put_varint(out, 26, 1);
    proto_put_bytes(out, 99, slice_text("of a later release"));
    proto_put_varint(out, 26, 1);
}
static void put_half_a_field(struct buffer *out) {
    buffer_put_u8(out, 0x80);
}

static void test_refused_and_taken(void **unused) {
    (void)unused;
    assert_true(reads_with(put_nothing));
    assert_false(reads_with(put_schema_again));
    assert_false(reads_with(put_answer_again));
    assert_false(reads_with(put_detail_as_number));
    assert_false(reads_with(put_event_as_number));
    assert_false(reads_with(put_correlation_id_twice));
    assert_false(reads_with(put_method_as_number));
    assert_false(reads_with(put_half_position));
    assert_true(reads_with(put_four_events));
    assert_false(reads_with(put_five_events));
    assert_true(reads_with(put_later_fields));
    assert_false(reads_with(put_half_a_field));
}

static void test_schema_and_outcome_are_required(void **unused) {
    (void)unused;
    struct entry_body read;
    assert_false(entry_body_read((struct slice){0}, &read));
    for (uint32_t number = 16; number <= 17; number++) {
        struct buffer out = buffer_over(memory, sizeof memory);
        proto_put_varint(&out, number, 1);
        assert_false(entry_body_read(buffer_slice(&out), &read));
        proto_put_varint(&out, number == 16 ? 17 : 16, (uint64_t)UINT32_MAX);
        assert_true(entry_body_read(buffer_slice(&out), &read));
        out.size = 0;
        proto_put_varint(&out, number, 1);
        proto_put_varint(&out, number == 16 ? 17 : 16, (uint64_t)UINT32_MAX + 1);
        assert_false(entry_body_read(buffer_slice(&out), &read));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_bodies_there_and_back),
        cmocka_unit_test(test_entry_with_body),
        cmocka_unit_test(test_refused_and_taken),
        cmocka_unit_test(test_schema_and_outcome_are_required),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
