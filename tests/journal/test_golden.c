/* The golden journal (journal.md section 2): tests/journal/golden/v1.journal holds the bytes of a small journal with
 * every accident that a living one can meet, v1.txt what the rule makes of it. Both are frozen: every release must
 * judge these bytes the same way, and write them from the same values as long as it writes this format.
 *
 * v2 begins with the records of v1 and goes on with what entries say since: correlation id and method.
 *
 * A file is records of [offset u64][timestamp u64][1 when LogAppendTime u8][size u32][value], big-endian. A later
 * format gets files of its own: `journal_test_golden --write <folder>/v2` makes them and never overwrites. */
#include "tests/journal/samples.h"

enum { GOLDEN_MAX = 64 * 1024, REPORT_MAX = 8 * 1024, VALUE_MAX = 32 * 1024 };

struct golden {
    struct journal_verifier verifier;
    struct buffer file;
    int64_t offset;
    int64_t timestamp_ms;
    bool is_create_time;
    uint8_t file_memory[GOLDEN_MAX];
    uint8_t value_memory[VALUE_MAX];
};

static struct golden golden;

static void append_value(struct slice value) {
    struct logged logged = {golden.offset, golden.timestamp_ms, !golden.is_create_time, value};
    struct journal_record record;
    bool is_readable;
    (void)journal_verify(&golden.verifier, &logged, &record, &is_readable);
    buffer_put_u64(&golden.file, (uint64_t)golden.offset++);
    buffer_put_u64(&golden.file, (uint64_t)golden.timestamp_ms++);
    buffer_put_u8(&golden.file, golden.is_create_time ? 0 : 1);
    buffer_put_u32(&golden.file, (uint32_t)value.size);
    buffer_put(&golden.file, value.data, value.size);
}

static void append(const struct journal_record *record) {
    append_value(sample_write(record, golden.value_memory, sizeof golden.value_memory));
}

static void append_claim(uint64_t epoch, struct work crashed_at) {
    struct journal_record record = sample_claim(epoch, crashed_at);
    append(&record);
}

/* The entry that would be history now. */
static struct journal_record good_entry(int64_t resume_offset) {
    const struct journal_state *state = &golden.verifier.state;
    struct journal_record record = sample_entry(state->epoch, state->number + 1, (struct position){1, resume_offset});
    record.as.entry.prev = state->prev;
    record.as.entry.decided_at_ms = golden.timestamp_ms - 1;
    return record;
}

static void append_with_body(struct journal_record *record, const struct entry_body *body) {
    struct buffer out = buffer_over(golden.value_memory, sizeof golden.value_memory);
    journal_entry_write_with_body(&record->as.entry, body, &out);
    assert_false(out.is_full);
    append_value(buffer_slice(&out));
}

static const struct entry_body plain_body = {.schema = 1, .outcome = 1};

static void tell_first_owner(void) {
    struct journal_record record = sample_genesis();
    append(&record);
    append_claim(1, no_work);
    record = good_entry(501);
    sample_about_command(&record.as.entry, (struct position){1, 500});
    struct entry_body body = {.schema = 1,
                              .outcome = 100,
                              .answer = slice_text("answer"),
                              .event_count = 2,
                              .events = {slice_text("first event"), slice_text("")}};
    append_with_body(&record, &body);
    append_with_body(&record, &body); /* a late retry of the same append */
    record = good_entry(501);
    sample_about_timer(&record.as.entry, sample_timer(0x55));
    append_with_body(&record, &plain_body);
    record = good_entry(502);
    sample_about_command(&record.as.entry, (struct position){1, 501});
    append_with_body(&record, &(struct entry_body){.schema = 1, .outcome = 100, .repeats = 1});
    record = good_entry(503);
    append_with_body(&record,
                     &(struct entry_body){.schema = 1, .outcome = 7, .gap_from = {1, 502}, .gap_to = {1, 503}});
}

static void tell_rejected_entries(void) {
    append_claim(3, no_work); /* one epoch too far */
    append_claim(2, work_command(1, 503));
    struct journal_record record = good_entry(503);
    record.as.entry.epoch = 1;
    append_with_body(&record, &plain_body);
    record = good_entry(503);
    record.as.entry.owner = sample_id(0xA1);
    append_with_body(&record, &plain_body);
    record = good_entry(503);
    record.as.entry.prev = sample_digest(0x66);
    append_with_body(&record, &plain_body);
    record = good_entry(502);
    append_with_body(&record, &plain_body);
    record = good_entry(503);
    record.as.entry.decided_at_ms = 1000;
    append_with_body(&record, &plain_body);
    record = good_entry(503);
    record.as.entry.decided_at_ms = golden.timestamp_ms + 60001;
    append_with_body(&record, &plain_body);
    record = good_entry(503);
    golden.is_create_time = true;
    append_with_body(&record, &plain_body);
    golden.is_create_time = false;
    append_value(slice_text("these bytes are no record"));
    append_value((struct slice){0});
    record = sample_genesis();
    append(&record);
}

static void tell_crashes_and_end(void) {
    append_claim(3, work_command(1, 503));
    golden.offset += 3; /* Kafka's offsets may have gaps. */
    struct journal_record record = good_entry(503);
    record.as.entry.body = slice_text("\x85\x01"
                                      "four"); /* field 16 of the wrong type: history, but unreadable */
    append(&record);
    golden.timestamp_ms -= 5000; /* the broker's clock steps back */
    record = good_entry(504);
    record.as.entry.decided_at_ms = golden.verifier.state.log_time_ms + 60000;
    sample_about_command(&record.as.entry, (struct position){1, 503});
    append_with_body(&record, &(struct entry_body){.schema = 2, .outcome = 5, .detail = slice_text("slot_id")});
    append_claim(4, work_command(1, 503)); /* a note that history has overtaken */
    append_claim(5, work_timer(0x56));
    append_claim(6, work_timer(0x56));

    static uint8_t large[17000]; /* its length takes three bytes */
    memset(large, 'x', sizeof large);
    record = good_entry(505);
    record.as.entry.decided_at_ms = golden.verifier.state.decided_at_ms;
    sample_about_command(&record.as.entry, (struct position){1, 504});
    append_with_body(&record,
                     &(struct entry_body){.schema = 1, .outcome = 100, .answer = slice_of(large, sizeof large)});
}

/* Since v2: how a command was called, and one that a door did not take. */
static void tell_names(void) {
    struct journal_record record = good_entry(506);
    record.as.entry.decided_at_ms = golden.verifier.state.decided_at_ms;
    sample_about_command(&record.as.entry, (struct position){1, 505});
    append_with_body(&record, &(struct entry_body){.schema = 1,
                                                   .outcome = 100,
                                                   .answer = slice_text("answer"),
                                                   .event_count = 1,
                                                   .events = {slice_text("event")},
                                                   .correlation_id = slice_text("journey-7"),
                                                   .method = slice_text("Book")});
    record = good_entry(507);
    record.as.entry.decided_at_ms = golden.verifier.state.decided_at_ms;
    sample_about_command(&record.as.entry, (struct position){1, 506});
    append_with_body(&record, &(struct entry_body){.schema = 1,
                                                   .outcome = 10,
                                                   .detail = slice_text("denied: this system may not call this method"),
                                                   .method = slice_text("Cancel")});
}

static struct slice tell_journal(int version) {
    assert_true(digest_init());
    struct journal_identity identity = sample_identity();
    golden = (struct golden){.timestamp_ms = 1767225600000};
    golden.file = buffer_over(golden.file_memory, sizeof golden.file_memory);
    journal_verifier_init(&golden.verifier, &identity, digest_of);
    tell_first_owner();
    tell_rejected_entries();
    tell_crashes_and_end();
    if (version >= 2) tell_names();
    assert_false(golden.file.is_full);
    return buffer_slice(&golden.file);
}

__attribute__((format(printf, 2, 3))) static void print(struct buffer *out, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert_in_range(size, 1, sizeof line - 1);
    buffer_put(out, line, (size_t)size);
}

static void print_hex(struct buffer *out, const char *name, const uint8_t bytes[16]) {
    print(out, "%s ", name);
    for (int i = 0; i < 16; i++) print(out, "%02x", bytes[i]);
    print(out, "\n");
}

/* What the rule makes of a file: one line per record, then the state after the last. */
static void judge_file(struct slice file, struct buffer *report) {
    assert_true(digest_init());
    struct journal_identity identity = sample_identity();
    struct journal_verifier verifier;
    journal_verifier_init(&verifier, &identity, digest_of);
    struct cursor cursor = cursor_over(file);
    while (cursor.rest.size > 0) {
        struct logged logged = {.offset = (int64_t)cursor_u64(&cursor)};
        logged.timestamp_ms = (int64_t)cursor_u64(&cursor);
        logged.is_log_append_time = cursor_u8(&cursor) == 1;
        logged.value = cursor_take(&cursor, cursor_u32(&cursor));
        assert_false(cursor.is_bad);
        struct journal_record record;
        bool is_readable;
        enum journal_verdict verdict = journal_verify(&verifier, &logged, &record, &is_readable);
        print(report, "record %lld %s\n", (long long)logged.offset, journal_verdict_name(verdict));
    }
    const struct journal_state *state = &verifier.state;
    print_hex(report, "journal_id", state->journal_id.bytes);
    print(report, "epoch %llu\n", (unsigned long long)state->epoch);
    print_hex(report, "owner", state->owner.bytes);
    print(report, "number %llu\n", (unsigned long long)state->number);
    print_hex(report, "prev", state->prev.bytes);
    print(report, "resume_at %u %lld\n", state->resume_at.generation, (long long)state->resume_at.offset);
    print(report, "decided_at_ms %lld\n", (long long)state->decided_at_ms);
    print(report, "log_time_ms %lld\n", (long long)state->log_time_ms);
    print(report, "crashes %u\n", state->crashes);
    print_hex(report, "crashed_at_timer", state->crashed_at.timer.bytes);
    print(report, "unreadable_bodies %llu\n", (unsigned long long)verifier.count.unreadable_bodies);
    assert_false(report->is_full);
}

static struct slice read_file(const char *path, uint8_t *memory, size_t size_max) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot open %s", path);
    size_t size = fread(memory, 1, size_max, file);
    assert_true(size > 0 && size < size_max && feof(file));
    assert_int_equal(fclose(file), 0);
    return slice_of(memory, size);
}

#define GOLDEN_FOLDER BHR_SOURCE_DIR "/tests/journal/golden/"
static const struct version {
    int number;
    const char *journal, *report;
} versions[] = {
    {1, GOLDEN_FOLDER "v1.journal", GOLDEN_FOLDER "v1.txt"},
    {2, GOLDEN_FOLDER "v2.journal", GOLDEN_FOLDER "v2.txt"},
};
enum { VERSION_COUNT = sizeof versions / sizeof versions[0] };

static uint8_t frozen_memory[GOLDEN_MAX], report_memory[REPORT_MAX], expected_memory[REPORT_MAX];

static void test_frozen_journal_is_judged_the_same(void **unused) {
    (void)unused;
    for (size_t i = 0; i < VERSION_COUNT; i++) {
        struct slice frozen = read_file(versions[i].journal, frozen_memory, sizeof frozen_memory);
        struct slice expected = read_file(versions[i].report, expected_memory, sizeof expected_memory - 1);
        struct buffer report = buffer_over(report_memory, sizeof report_memory - 1);
        judge_file(frozen, &report);
        expected_memory[expected.size] = report_memory[report.size] = '\0';
        assert_string_equal((char *)report_memory, (char *)expected_memory);
    }
}

static void test_same_values_write_the_frozen_bytes(void **unused) {
    (void)unused;
    for (size_t i = 0; i < VERSION_COUNT; i++) {
        struct slice frozen = read_file(versions[i].journal, frozen_memory, sizeof frozen_memory);
        struct slice told = tell_journal(versions[i].number);
        assert_int_equal(told.size, frozen.size);
        assert_memory_equal(told.data, frozen.data, frozen.size);
    }
}

/* Every verdict that a journal with a Genesis can meet is in it. */
static void test_frozen_journal_meets_everything(void **unused) {
    (void)unused;
    (void)tell_journal(1);
    const struct journal_count *count = &golden.verifier.count;
    for (unsigned verdict = VERDICT_SECOND_GENESIS; verdict <= VERDICT_ENTRY_TIME_AHEAD; verdict++) {
        if (count->rejected_by_verdict[verdict] == 0) {
            fail_msg("no record is %s", journal_verdict_name((enum journal_verdict)verdict));
        }
    }
    assert_true(count->command_entries > 0 && count->timer_entries > 0 && count->gap_entries > 0);
    assert_int_equal(count->unreadable_bodies, 1);
    assert_int_equal(count->repeats, 1);
}

static void write_new(const char *folder_and_name, const char *extension, struct slice bytes) {
    char path[512];
    int size = snprintf(path, sizeof path, "%s.%s", folder_and_name, extension);
    assert_in_range(size, 1, sizeof path - 1);
    FILE *file = fopen(path, "wbx");
    if (file == NULL) fail_msg("%s exists or cannot be made: golden files are never overwritten", path);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        struct slice told = tell_journal(versions[VERSION_COUNT - 1].number);
        struct buffer report = buffer_over(report_memory, sizeof report_memory);
        judge_file(told, &report);
        write_new(argv[2], "journal", told);
        write_new(argv[2], "txt", buffer_slice(&report));
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frozen_journal_is_judged_the_same),
        cmocka_unit_test(test_same_values_write_the_frozen_bytes),
        cmocka_unit_test(test_frozen_journal_meets_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
