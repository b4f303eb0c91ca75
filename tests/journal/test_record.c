/* The strict reader: every way to be malformed is refused, field by field, and read(write(r)) == r. Messages are taken
 * apart into their fields and put together again with one thing changed. */
#include "tests/journal/samples.h"

#include "lib/base/proto_wire.h"

enum { FIELDS_MAX = 24, MESSAGE_MAX = 4096 };

/* A message as a list of its fields' bytes, tag included. */
struct parts {
    struct slice fields[FIELDS_MAX];
    uint32_t numbers[FIELDS_MAX];
    enum proto_type types[FIELDS_MAX];
    size_t count;
};

static struct parts take_apart(struct slice message) {
    struct parts parts = {0};
    struct proto_field field;
    bool is_bad;
    struct slice before = message;
    while (proto_next(&message, &field, &is_bad)) {
        assert_true(parts.count < FIELDS_MAX);
        parts.fields[parts.count] = slice_of(before.data, before.size - message.size);
        parts.numbers[parts.count] = field.number;
        parts.types[parts.count++] = field.type;
        before = message;
    }
    assert_false(is_bad);
    return parts;
}

/* Which message inside a record is taken apart: the numbers of the fields that lead to it. */
struct path {
    uint32_t numbers[3];
    size_t count;
};

static struct slice follow(struct slice message, const struct path *path) {
    for (size_t i = 0; i < path->count; i++) {
        struct proto_field field = {0};
        bool is_bad;
        do {
            assert_true(proto_next(&message, &field, &is_bad));
        } while (field.number != path->numbers[i]);
        message = field.bytes;
    }
    return message;
}

/* The record with the message at the end of path replaced, lengths adjusted. */
static void put_replaced(struct slice message, const struct path *path, size_t depth, struct slice with,
                         struct buffer *out) {
    if (depth == path->count) {
        buffer_put(out, with.data, with.size);
        return;
    }
    struct parts parts = take_apart(message);
    for (size_t i = 0; i < parts.count; i++) {
        if (parts.numbers[i] != path->numbers[depth]) {
            buffer_put(out, parts.fields[i].data, parts.fields[i].size);
            continue;
        }
        uint8_t memory[MESSAGE_MAX];
        struct buffer inner = buffer_over(memory, sizeof memory);
        struct path step = {.numbers = {path->numbers[depth]}, .count = 1};
        put_replaced(follow(message, &step), path, depth + 1, with, &inner);
        proto_put_bytes(out, path->numbers[depth], buffer_slice(&inner));
    }
}

static bool reads_with(struct slice record, const struct path *path, struct slice message) {
    /* On the heap and of the exact size, so that the sanitizer sees a read past the end. */
    uint8_t memory[MESSAGE_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    put_replaced(record, path, 0, message, &out);
    assert_false(out.is_full);
    uint8_t *exact = malloc(out.size == 0 ? 1 : out.size);
    assert_non_null(exact);
    memcpy(exact, memory, out.size);
    struct journal_record read;
    bool is_readable = journal_record_read(slice_of(exact, out.size), &read);
    free(exact);
    return is_readable;
}

struct target {
    const char *what;
    struct journal_record record;
    struct path path;
    uint32_t optional;  /* number of a field that may be missing, or 0 */
    uint32_t field_max; /* highest number the message knows among the rule's */
    bool has_body;      /* numbers from 16 up are walked over */
};

static struct target targets[10];
static size_t target_count;

static void add_target(struct target target) {
    assert_true(target_count < sizeof targets / sizeof targets[0]);
    targets[target_count++] = target;
}

static int make_targets(void **unused) {
    (void)unused;
    struct journal_record genesis = sample_genesis();
    struct journal_record command = sample_entry(7, 42, (struct position){1, 501});
    struct journal_record timer = command, gap = command;
    sample_about_command(&command.as.entry, (struct position){1, 500});
    sample_about_timer(&timer.as.entry, sample_timer(0x55));
    struct journal_record at_command = sample_claim(8, work_command(1, 500));
    struct journal_record at_timer = sample_claim(8, work_timer(0x55));

    add_target((struct target){"genesis", genesis, {{1}, 1}, 0, 5, true});
    add_target((struct target){"genesis.starts_at", genesis, {{1, 5}, 2}, 0, 2, false});
    add_target((struct target){"claim", at_timer, {{2}, 1}, 3, 3, true});
    add_target((struct target){"claim.crashed_at, a timer", at_timer, {{2, 3}, 2}, 0, 2, false});
    add_target((struct target){"claim.crashed_at, a command", at_command, {{2, 3}, 2}, 0, 2, false});
    add_target((struct target){"claim.crashed_at.position", at_command, {{2, 3, 1}, 3}, 0, 2, false});
    add_target((struct target){"entry about a command", command, {{3}, 1}, 0, 11, true});
    add_target((struct target){"entry.command_at", command, {{3, 10}, 2}, 0, 2, false});
    add_target((struct target){"entry about a timer", timer, {{3}, 1}, 11, 11, true});
    add_target((struct target){"entry about a gap", gap, {{3}, 1}, 0, 11, true});
    return 0;
}

/* Puts the parts together with part `at` written `times` times, or replaced when `instead` is given. */
static struct slice put_together(const struct parts *parts, size_t at, unsigned times, const struct slice *instead,
                                 uint8_t memory[MESSAGE_MAX]) {
    struct buffer out = buffer_over(memory, MESSAGE_MAX);
    for (size_t i = 0; i < parts->count; i++) {
        if (i == at && instead != NULL) {
            buffer_put(&out, instead->data, instead->size);
            continue;
        }
        for (unsigned n = 0; n < (i == at ? times : 1); n++) {
            buffer_put(&out, parts->fields[i].data, parts->fields[i].size);
        }
    }
    assert_false(out.is_full);
    return buffer_slice(&out);
}

/* One field of each wire type under a number, all of them well-formed. */
static struct slice field_of_type(uint32_t number, enum proto_type type, uint8_t memory[32]) {
    struct buffer out = buffer_over(memory, 32);
    if (type == PROTO_VARINT) proto_put_varint(&out, number, 7);
    if (type == PROTO_BYTES) proto_put_bytes(&out, number, slice_text("0123456789abcdef"));
    if (type == PROTO_FIXED32 || type == PROTO_FIXED64) {
        proto_put_varint(&out, number, 0);
        out.size--; /* the tag alone, of one or two bytes; its type is in the first */
        memory[0] = (uint8_t)(memory[0] | (unsigned)type);
        for (unsigned i = 0; i < (type == PROTO_FIXED32 ? 4U : 8U); i++) buffer_put_u8(&out, 1);
    }
    assert_false(out.is_full);
    return buffer_slice(&out);
}

static const enum proto_type all_types[] = {PROTO_VARINT, PROTO_FIXED64, PROTO_BYTES, PROTO_FIXED32};

typedef void try_function(const struct target *target, struct slice record, const struct parts *parts);

static void each_target(try_function *try_one) {
    for (size_t i = 0; i < target_count; i++) {
        uint8_t memory[MESSAGE_MAX];
        struct slice record = sample_write(&targets[i].record, memory, sizeof memory);
        struct parts parts = take_apart(follow(record, &targets[i].path));
        try_one(&targets[i], record, &parts);
    }
}

static void check(const struct target *target, const char *change, uint32_t number, bool expected, struct slice record,
                  struct slice message) {
    if (reads_with(record, &target->path, message) != expected) {
        fail_msg("%s, field %u %s: should be %s", target->what, number, change, expected ? "history" : "refused");
    }
}

static void try_missing_and_doubled(const struct target *target, struct slice record, const struct parts *parts) {
    uint8_t memory[MESSAGE_MAX];
    check(target, "as written", 0, true, record, put_together(parts, 0, 1, NULL, memory));
    for (size_t i = 0; i < parts->count; i++) {
        uint32_t number = parts->numbers[i];
        bool is_body = number >= 16;
        check(target, "missing", number, is_body || number == target->optional, record,
              put_together(parts, i, 0, NULL, memory));
        check(target, "doubled", number, is_body, record, put_together(parts, i, 2, NULL, memory));
    }
}

static void test_missing_and_doubled(void **unused) {
    (void)unused;
    each_target(try_missing_and_doubled);
}

static void try_wrong_type(const struct target *target, struct slice record, const struct parts *parts) {
    uint8_t memory[MESSAGE_MAX];
    for (size_t i = 0; i < parts->count; i++) {
        for (size_t t = 0; t < 4; t++) {
            if (all_types[t] == parts->types[i]) continue;
            uint8_t field_memory[32];
            struct slice field = field_of_type(parts->numbers[i], all_types[t], field_memory);
            check(target, "of another type", parts->numbers[i], parts->numbers[i] >= 16, record,
                  put_together(parts, i, 1, &field, memory));
        }
    }
}

static void test_wrong_type(void **unused) {
    (void)unused;
    each_target(try_wrong_type);
}

/* Ids are 16 bytes, names 1 to 64. Nested messages with a byte more or less are not well-formed. */
static void try_wrong_length(const struct target *target, struct slice record, const struct parts *parts) {
    uint8_t memory[MESSAGE_MAX];
    const uint8_t zeros[80] = {0};
    for (size_t i = 0; i < parts->count; i++) {
        uint32_t number = parts->numbers[i];
        if (parts->types[i] != PROTO_BYTES || number >= 16) continue;
        const size_t sizes[] = {0, 15, 17, 65};
        bool is_name = (target->record.kind == RECORD_GENESIS && number >= 2 && number <= 4) ||
                       (target->record.kind == RECORD_ENTRY && number == 7);
        for (size_t s = 0; s < 4; s++) {
            uint8_t field_memory[128];
            struct buffer field = buffer_over(field_memory, sizeof field_memory);
            proto_put_bytes(&field, number, slice_of(zeros, sizes[s]));
            struct slice bytes = buffer_slice(&field);
            check(target, "of another length", number, is_name && sizes[s] != 0 && sizes[s] != 65, record,
                  put_together(parts, i, 1, &bytes, memory));
        }
    }
}

static void test_wrong_length(void **unused) {
    (void)unused;
    each_target(try_wrong_length);
}

static void try_unknown_fields(const struct target *target, struct slice record, const struct parts *parts) {
    uint8_t memory[MESSAGE_MAX];
    const uint32_t high[] = {16, 17, 31, 32, 33, 99, 1000};
    for (uint32_t n = 0; n < 15 + sizeof high / sizeof high[0]; n++) {
        uint32_t number = n < 15 ? n + 1 : high[n - 15];
        if (number <= target->field_max) continue;
        for (size_t t = 0; t < 4; t++) {
            struct parts more = *parts;
            uint8_t field_memory[32];
            more.fields[more.count++] = field_of_type(number, all_types[t], field_memory);
            check(target, "unknown", number, target->has_body && number >= 16, record,
                  put_together(&more, 0, 1, NULL, memory));
        }
    }
}

static void test_unknown_fields(void **unused) {
    (void)unused;
    each_target(try_unknown_fields);
}

/* The command's four fields stand together or not at all, and never with a timer. A Work is one of its two. */
static void test_shapes(void **unused) {
    (void)unused;
    struct target *command = &targets[6], *timer = &targets[8];
    uint8_t memory[MESSAGE_MAX], command_memory[MESSAGE_MAX], timer_memory[MESSAGE_MAX];
    struct slice record = sample_write(&command->record, command_memory, sizeof command_memory);
    struct parts parts = take_apart(follow(record, &command->path));
    struct parts of_timer =
        take_apart(follow(sample_write(&timer->record, timer_memory, sizeof timer_memory), &timer->path));
    for (unsigned set = 0; set < 32; set++) {
        struct parts some = parts;
        some.count = 6;
        for (size_t i = 0; i < 4; i++) {
            if ((set >> i & 1) != 0) some.fields[some.count++] = parts.fields[6 + i];
        }
        if ((set & 16) != 0) some.fields[some.count++] = of_timer.fields[6];
        bool is_entry = set == 0 || set == 15 || set == 16;
        check(command, "in a mix", set, is_entry, record, put_together(&some, 0, 1, NULL, memory));
    }

    struct target *at_timer = &targets[3], *at_command = &targets[4];
    record = sample_write(&at_command->record, command_memory, sizeof command_memory);
    struct slice note_of_timer =
        follow(sample_write(&at_timer->record, timer_memory, sizeof timer_memory), &at_timer->path);
    struct parts both = take_apart(follow(record, &at_command->path));
    both.fields[both.count++] = note_of_timer;
    check(at_command, "with the other", 2, false, record, put_together(&both, 0, 1, NULL, memory));
}

/* A record holds one of the three and nothing else. */
static void test_record_itself(void **unused) {
    (void)unused;
    struct journal_record record = sample_claim(8, no_work), read = {.kind = RECORD_ENTRY};
    uint8_t memory[MESSAGE_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    assert_false(journal_record_read((struct slice){0}, &read)); /* a Kafka record without a value */
    journal_record_write(&record, &out);
    struct slice one = buffer_slice(&out);
    assert_true(journal_record_read(one, &read));
    journal_record_write(&record, &out);
    assert_false(journal_record_read(buffer_slice(&out), &read)); /* doubled */
    for (uint32_t number = 1; number <= 20; number++) {
        out.size = one.size;
        proto_put_varint(&out, number, 0);
        assert_false(journal_record_read(buffer_slice(&out), &read)); /* and something else, body or not */
        struct slice content = slice_of(one.data + 2, one.size - 2);
        uint8_t other_memory[MESSAGE_MAX];
        struct buffer other = buffer_over(other_memory, sizeof other_memory);
        proto_put_bytes(&other, number, content);
        assert_int_equal(number == 2, journal_record_read(buffer_slice(&other), &read)); /* another kind */
    }
    for (size_t t = 0; t < 4; t++) {
        if (all_types[t] == PROTO_BYTES) continue;
        assert_false(journal_record_read(field_of_type(2, all_types[t], memory), &read));
    }
}

/* Every record cut at every byte, from outside and, with the lengths made right again, inside. */
static void try_truncated(const struct target *target, struct slice record, const struct parts *parts) {
    for (size_t size = 0; size < record.size; size++) {
        uint8_t *exact = malloc(size == 0 ? 1 : size);
        assert_non_null(exact);
        memcpy(exact, record.data, size);
        struct journal_record read;
        assert_false(journal_record_read(slice_of(exact, size), &read));
        free(exact);
    }
    struct slice message = follow(record, &target->path);
    for (size_t size = 0; size < message.size; size++) {
        bool is_complete = false; /* cut between two fields, behind the last that must be there */
        size_t end = 0;
        for (size_t i = 0; i < parts->count; i++) {
            uint32_t number = parts->numbers[i];
            bool loses_command = target->record.kind == RECORD_ENTRY && target->path.count == 1 && number == 7;
            /* An entry that loses all that names its command is one about a gap. */
            if (end == size && (number >= 16 || number == target->optional || loses_command)) is_complete = true;
            end += parts->fields[i].size;
        }
        check(target, "cut", (uint32_t)size, is_complete, record, slice_of(message.data, size));
    }
}

static void test_truncated(void **unused) {
    (void)unused;
    each_target(try_truncated);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_and_doubled),
        cmocka_unit_test(test_wrong_type),
        cmocka_unit_test(test_wrong_length),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_record_itself),
        cmocka_unit_test(test_truncated),
    };
    return cmocka_run_group_tests(tests, make_targets, NULL);
}
