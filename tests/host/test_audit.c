/* The way from spool to Kafka: nothing is forgotten before it is acknowledged, whatever the writer says or does not say,
 * and whatever ends the process. The spool is the real one, on a file of its own; the writer is the test's. */
#include "tests/support/cmocka.h"

#include "lib/host/audit.h"
#include "lib/wire/audit/audit_record.h"
#include "tests/port/scratch.h"
#include "tests/support/prng.h"

enum { LOG_MAX = 4096, RECORDS_MAX = 64 };

/* A writer that keeps what it is given; the test says what becomes of it. */
static struct {
    enum status answer;
    uint32_t count; /* of appends taken */
    struct {
        uint64_t token;
        char id[UUID_TEXT_SIZE + 1], key[UUID_TEXT_SIZE + 1], value[256];
        bool is_reported;
    } appends[LOG_MAX];
    uint32_t report_count, reports_taken;
    struct topic_report reports[LOG_MAX];
} writer;

static char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
static struct spool_file *spool;
static struct audit *audit;
static int64_t now_ms, gather_ms;
static uint32_t told_count;
static uint64_t told[LOG_MAX];

static enum status append(void *context, const struct topic_append *record) {
    (void)context;
    if (writer.answer != STATUS_OK) return writer.answer;
    assert_string_equal(record->topic, AUDIT_TOPIC);
    assert_true(writer.count < LOG_MAX && record->key.size <= UUID_TEXT_SIZE);
    memset(&writer.appends[writer.count], 0, sizeof writer.appends[0]);
    writer.appends[writer.count].token = record->token;
    if (record->key.size > 0) memcpy(writer.appends[writer.count].key, record->key.data, record->key.size);
    struct audit_record read;
    const char *fault = "";
    assert_true(audit_record_decode(record->value, &read, &fault));
    memcpy(writer.appends[writer.count].value, read.outcome.data, read.outcome.size);
    for (uint32_t i = 0; i < record->header_count; i++) {
        if (!slice_equal(record->headers[i].name, slice_text("ce_id"))) continue;
        memcpy(writer.appends[writer.count].id, record->headers[i].value.data, UUID_TEXT_SIZE);
    }
    writer.count++;
    return STATUS_OK;
}

static bool report(void *context, struct topic_report *ret_report) {
    (void)context;
    if (writer.reports_taken == writer.report_count) return false;
    *ret_report = writer.reports[writer.reports_taken++];
    return true;
}

static int64_t monotonic_ms(void *context) {
    (void)context;
    return now_ms;
}

static void acknowledged(void *context, uint64_t token) {
    assert_ptr_equal(context, &told_count);
    told[told_count++] = token;
}

static void open_all(void) {
    struct error error = {0};
    const struct spool_limits limits = {.bytes_max = SPOOL_BYTES_MIN, .records_max = RECORDS_MAX};
    if (spool_open(path, &limits, &spool, &error) != STATUS_OK) fail_msg("%s", error.message);
    const struct audit_options options = {.source = "/bhr/test/booking/nel-bhr",
                                          .spool = spool,
                                          .writer = {.append = append, .report = report},
                                          .clock = {.monotonic_ms = monotonic_ms},
                                          .gather_ms = gather_ms};
    audit = audit_new(&options);
    assert_non_null(audit);
}

static void close_all(void) {
    audit_free(audit);
    spool_close(spool);
}

static int set_up(void **state) {
    (void)state;
    scratch_make(dir);
    (void)snprintf(path, sizeof path, "%s/spool", dir);
    memset(&writer, 0, sizeof writer);
    told_count = 0;
    now_ms = 1000;
    gather_ms = 0;
    open_all();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    close_all();
    scratch_remove(dir);
    return 0;
}

/* A record whose outcome is "n17". */
static enum status put(uint32_t n, uint64_t token) {
    char name[16];
    uint8_t tail[10] = {0}, bytes[AUDIT_RECORD_MAX];
    memcpy(tail, &n, sizeof n);
    (void)snprintf(name, sizeof name, "n%u", n);
    struct audit_record record = {.audit_id = uuid_v7_make(1764000000000, tail),
                                  .kind = AUDIT_READ,
                                  .at_ms = 1764000000000,
                                  .correlation_id = slice_text("c-1"),
                                  .outcome = slice_text(name)};
    memset(record.person_id.bytes, 0x5A, sizeof record.person_id.bytes);
    struct buffer out = buffer_over(bytes, sizeof bytes);
    audit_record_encode(&record, &out);
    struct audit_port port = audit_port(audit);
    return port.put(port.context, buffer_slice(&out), token);
}

static void tell(uint64_t append_index, enum topic_report_result result) {
    assert_true(append_index < writer.count && writer.report_count < LOG_MAX);
    writer.reports[writer.report_count++] = (struct topic_report){
        .token = writer.appends[append_index].token, .result = result, .offset = 0, .reason = "timed out"};
    audit_take_reports(audit, &told_count, acknowledged);
}

static struct audit_view look(void) {
    struct audit_view view;
    audit_look(audit, &view);
    return view;
}

static void a_record_is_kept_until_it_is_acknowledged(void **state) {
    (void)state;
    assert_int_equal(put(1, 77), STATUS_OK);
    assert_int_equal(writer.count, 0);
    (void)audit_send(audit);
    assert_int_equal(writer.count, 1);
    assert_string_equal(writer.appends[0].value, "n1");
    assert_string_equal(writer.appends[0].key, "5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a");
    assert_int_equal(strlen(writer.appends[0].id), UUID_TEXT_SIZE);
    now_ms += 40;
    assert_int_equal(look().spooled, 1);
    assert_int_equal(look().oldest_ms, 40);
    assert_int_equal(told_count, 0);
    tell(0, TOPIC_DELIVERED);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0], 77);
    assert_int_equal(look().spooled, 0);
    assert_int_equal(look().oldest_ms, 0);
    (void)audit_send(audit);
    assert_int_equal(writer.count, 1);
}

static void nobody_is_told_of_a_record_that_nobody_waits_for(void **state) {
    (void)state;
    (void)put(1, 0);
    (void)audit_send(audit);
    tell(0, TOPIC_DELIVERED);
    assert_int_equal(told_count, 0);
    assert_int_equal(look().acknowledged, 1);
}

static void open_gathering(int64_t ms) {
    close_all();
    gather_ms = ms;
    open_all();
}

static void records_that_nobody_waits_for_go_together(void **state) {
    (void)state;
    open_gathering(20);
    (void)put(1, 0);
    assert_int_equal(audit_send(audit), 20);
    now_ms += 15;
    (void)put(2, 0);
    assert_int_equal(audit_send(audit), 5);
    assert_int_equal(writer.count, 0);
    now_ms += 5;
    assert_int_equal(audit_send(audit), AUDIT_IDLE_MS);
    assert_int_equal(writer.count, 2);
    assert_string_equal(writer.appends[0].value, "n1");
    assert_string_equal(writer.appends[1].value, "n2");
}

static void a_record_that_somebody_waits_for_takes_along_those_before_it(void **state) {
    (void)state;
    open_gathering(20);
    (void)put(1, 0);
    (void)put(2, 77);
    (void)put(3, 0);
    (void)audit_send(audit);
    assert_int_equal(writer.count, 3);
    (void)put(4, 0);
    assert_int_equal(audit_send(audit), 20);
    assert_int_equal(writer.count, 3);
}

static void what_was_not_written_is_sent_again_after_a_pause(void **state) {
    (void)state;
    (void)put(1, 5);
    (void)put(2, 6);
    (void)audit_send(audit);
    tell(0, TOPIC_UNCERTAIN);
    tell(1, TOPIC_DELIVERED);
    assert_string_equal(told_count == 1 && told[0] == 6 ? "" : "only the second", "");
    assert_int_equal(look().spooled, 2); /* the first is in front of it */
    assert_int_equal(audit_send(audit), AUDIT_AGAIN_MS);
    assert_int_equal(writer.count, 2);
    now_ms += AUDIT_AGAIN_MS;
    (void)audit_send(audit);
    assert_int_equal(writer.count, 3);
    assert_string_equal(writer.appends[2].value, "n1");
    assert_string_equal(writer.appends[2].id, writer.appends[0].id); /* a copy says that it is one */
    assert_int_equal(look().sent_again, 1);
    tell(2, TOPIC_DELIVERED);
    assert_int_equal(told_count, 2);
    assert_int_equal(look().spooled, 0);
}

static void a_report_that_comes_late_or_twice_harms_nothing(void **state) {
    (void)state;
    (void)put(1, 5);
    (void)audit_send(audit);
    tell(0, TOPIC_UNCERTAIN);
    tell(0, TOPIC_DELIVERED); /* it landed after all */
    assert_int_equal(look().spooled, 0);
    assert_int_equal(told_count, 1);
    tell(0, TOPIC_DELIVERED);
    tell(0, TOPIC_UNCERTAIN);
    assert_int_equal(told_count, 1);
    now_ms += AUDIT_AGAIN_MS;
    (void)audit_send(audit);
    assert_int_equal(writer.count, 1);
}

static void a_full_spool_says_so_and_takes_again_later(void **state) {
    (void)state;
    struct audit_port port = audit_port(audit);
    for (uint32_t n = 0; n < RECORDS_MAX; n++) {
        assert_true(port.has_room(port.context));
        assert_int_equal(put(n, 0), STATUS_OK);
    }
    assert_false(port.has_room(port.context));
    assert_int_equal(look().refused_full, 1);
    assert_int_equal(put(99, 0), STATUS_FULL);
    (void)audit_send(audit);
    assert_int_equal(writer.count, RECORDS_MAX);
    tell(1, TOPIC_DELIVERED);
    assert_false(port.has_room(port.context)); /* the oldest is still there */
    tell(0, TOPIC_DELIVERED);
    assert_true(port.has_room(port.context));
    assert_int_equal(put(99, 0), STATUS_OK);
}

static void a_writer_that_takes_nothing_is_asked_again(void **state) {
    (void)state;
    writer.answer = STATUS_FULL;
    (void)put(1, 0);
    assert_int_equal(audit_send(audit), AUDIT_AGAIN_MS);
    assert_non_null(look().trouble);
    writer.answer = STATUS_OK;
    now_ms += AUDIT_AGAIN_MS;
    (void)audit_send(audit);
    tell(0, TOPIC_DELIVERED);
    assert_null(look().trouble);
    assert_int_equal(look().spooled, 0);
}

/* A producer that failed for good takes its reports with it: everything is sent again by the next one. */
static void a_producer_that_is_gone_loses_nothing(void **state) {
    (void)state;
    for (uint32_t n = 0; n < 3; n++) (void)put(n, 0);
    (void)audit_send(audit);
    (void)put(3, 0);
    writer.answer = STATUS_UNAVAILABLE;
    (void)audit_send(audit);
    writer.answer = STATUS_OK;
    now_ms += AUDIT_AGAIN_MS;
    (void)audit_send(audit);
    assert_int_equal(writer.count, 7);
    for (uint64_t i = 3; i < 7; i++) tell(i, TOPIC_DELIVERED);
    assert_int_equal(look().spooled, 0);
}

static void a_writer_that_never_reports_is_not_believed(void **state) {
    (void)state;
    (void)put(1, 0);
    (void)audit_send(audit);
    now_ms += AUDIT_REPORT_MS_MAX;
    (void)audit_send(audit);
    assert_int_equal(writer.count, 1);
    now_ms += 1;
    (void)audit_send(audit);
    now_ms += AUDIT_AGAIN_MS;
    (void)audit_send(audit);
    assert_int_equal(writer.count, 2);
}

static void what_a_process_leaves_behind_the_next_one_sends(void **state) {
    (void)state;
    for (uint32_t n = 0; n < 5; n++) (void)put(n, 9);
    (void)audit_send(audit);
    tell(0, TOPIC_DELIVERED);
    close_all();
    writer.count = 0;
    told_count = 0;
    open_all();
    assert_int_equal(look().spooled, 4);
    (void)audit_send(audit);
    assert_int_equal(writer.count, 4);
    assert_string_equal(writer.appends[0].value, "n1");
    for (uint64_t i = 0; i < 4; i++) tell(i, TOPIC_DELIVERED);
    assert_int_equal(told_count, 0); /* whoever waited is gone with the first process */
    assert_int_equal(look().spooled, 0);
}

/* Reports of any kind, lost, late and twice, writers that fail and processes that end: in the end each record that was
 * taken has been acknowledged, and none was forgotten before. */
static void nothing_taken_is_ever_lost(void **state) {
    (void)state;
    static bool is_delivered[LOG_MAX];
    unsigned healed = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        memset(is_delivered, 0, sizeof is_delivered);
        memset(&writer, 0, sizeof writer);
        struct prng prng = prng_seed(seed);
        open_gathering((int64_t)prng_below(&prng, 2) * 400);
        uint32_t taken = 0, restarts = 0;
        for (unsigned step = 0; step < 3000 || look().spooled > 0; step++) {
            bool is_healing = step >= 3000;
            assert_true(step < 100000 && look().spooled <= RECORDS_MAX);
            if (writer.count > LOG_MAX - RECORDS_MAX || writer.report_count == LOG_MAX) break;
            now_ms += (int64_t)prng_below(&prng, 300);
            writer.answer = is_healing || prng_chance(&prng, 70) ? STATUS_OK
                            : prng_chance(&prng, 50)             ? STATUS_FULL
                                                                 : STATUS_UNAVAILABLE;
            if (!is_healing && taken < 1500 && prng_chance(&prng, 50) &&
                put(taken, prng_below(&prng, 2) * (taken + 1)) == STATUS_OK)
                taken++;
            (void)audit_send(audit);
            if (writer.count > 0 && (is_healing || prng_chance(&prng, 60))) {
                uint32_t i = is_healing ? 0 : (uint32_t)prng_below(&prng, writer.count);
                while (i + 1 < writer.count && writer.appends[i].is_reported) i++;
                bool is_good = is_healing || prng_chance(&prng, 50);
                writer.appends[i].is_reported = true;
                uint32_t n = (uint32_t)strtoul(writer.appends[i].value + 1, NULL, 10);
                /* The log has it before anybody can be told so; it may have it and say "uncertain". */
                if (is_good || prng_chance(&prng, 30)) is_delivered[n] = true;
                tell(i, is_good ? TOPIC_DELIVERED : TOPIC_UNCERTAIN);
            }
            if (!is_healing && prng_below(&prng, 300) == 0) {
                close_all();
                writer.count = writer.report_count = writer.reports_taken = 0; /* nobody hears of those any more */
                open_all();
                restarts++;
            }
        }
        if (look().spooled == 0) {
            for (uint32_t n = 0; n < taken; n++) {
                if (!is_delivered[n]) fail_msg("seed %llu: record %u is lost", (unsigned long long)seed, n);
            }
            assert_true(taken > 100 && restarts > 0);
            healed++;
        }
        told_count = 0;
        close_all();
        (void)unlink(path);
        open_all();
    }
    assert_true(healed >= 35); /* the others ran out of room in the test's arrays */
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_kept_until_it_is_acknowledged),
        TEST(nobody_is_told_of_a_record_that_nobody_waits_for),
        TEST(records_that_nobody_waits_for_go_together),
        TEST(a_record_that_somebody_waits_for_takes_along_those_before_it),
        TEST(what_was_not_written_is_sent_again_after_a_pause),
        TEST(a_report_that_comes_late_or_twice_harms_nothing),
        TEST(a_full_spool_says_so_and_takes_again_later),
        TEST(a_writer_that_takes_nothing_is_asked_again),
        TEST(a_producer_that_is_gone_loses_nothing),
        TEST(a_writer_that_never_reports_is_not_believed),
        TEST(what_a_process_leaves_behind_the_next_one_sends),
        TEST(nothing_taken_is_ever_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
