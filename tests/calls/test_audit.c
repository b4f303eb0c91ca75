/* Audit records on their way from the spool to Kafka, while one call of the writer fails: each call, in each way. Each
 * record is acknowledged all the same, whoever waits for it is told once, and the spool is empty afterwards. */
#include "tests/support/cmocka.h"

#include "lib/host/audit.h"
#include "lib/wire/audit/audit_record.h"
#include "tests/port/scratch.h"
#include "tests/support/port_faults.h"

#include <stdio.h>

enum { RECORDS = 3, APPENDS_MAX = 64, STEP_MS = 200, STEPS = 2 * AUDIT_REPORT_MS_MAX / STEP_MS };

/* A writer that delivers whatever it is given. */
static struct {
    uint32_t count, reported;
    uint64_t tokens[APPENDS_MAX];
    uint32_t of_record[RECORDS]; /* how often each record was appended */
} topic;

static char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
static struct spool_file *spool;
static struct audit *audit;
static struct faulty_writer faulty;
static int64_t now_ms;
static uint32_t told[RECORDS];

static enum status append(void *context, const struct topic_append *record) {
    (void)context;
    struct audit_record read;
    const char *fault = "";
    assert_true(topic.count < APPENDS_MAX);
    assert_true(audit_record_decode(record->value, &read, &fault));
    assert_int_equal(read.outcome.size, 1);
    topic.of_record[read.outcome.data[0] - '0']++;
    topic.tokens[topic.count++] = record->token;
    return STATUS_OK;
}

static bool report(void *context, struct topic_report *ret_report) {
    (void)context;
    if (topic.reported == topic.count) return false;
    *ret_report = (struct topic_report){
        .token = topic.tokens[topic.reported], .result = TOPIC_DELIVERED, .offset = topic.reported, .reason = ""};
    topic.reported++;
    return true;
}

static int64_t monotonic_ms(void *context) {
    (void)context;
    return now_ms;
}

static void acknowledged(void *context, uint64_t token) {
    (void)context;
    assert_in_range(token, 1, RECORDS);
    told[token - 1]++;
}

static void open_all(void) {
    struct error error = {0};
    const struct spool_limits limits = {.bytes_max = SPOOL_BYTES_MIN, .records_max = APPENDS_MAX};
    if (spool_open(path, &limits, &spool, &error) != STATUS_OK) fail_msg("%s", error.message);
    const struct topic_writer writer = {.append = append, .report = report};
    const struct audit_options options = {.source = "/bhr/test/booking/nel-bhr",
                                          .spool = spool,
                                          .writer = faulty_writer_port(&faulty, writer),
                                          .clock = {.monotonic_ms = monotonic_ms}};
    audit = audit_new(&options);
    assert_non_null(audit);
}

static void close_all(void) {
    audit_free(audit);
    spool_close(spool);
}

static void put(uint32_t number) {
    uint8_t tail[10] = {(uint8_t)number}, bytes[AUDIT_RECORD_MAX];
    char name[2] = {(char)('0' + number), '\0'};
    struct audit_record record = {.audit_id = uuid_v7_make(1764000000000, tail),
                                  .kind = AUDIT_READ,
                                  .at_ms = 1764000000000,
                                  .correlation_id = slice_text("c-1"),
                                  .outcome = slice_text(name)};
    memset(record.person_id.bytes, 0x5A, sizeof record.person_id.bytes);
    struct buffer out = buffer_over(bytes, sizeof bytes);
    audit_record_encode(&record, &out);
    struct audit_port port = audit_port(audit);
    assert_int_equal(port.put(port.context, buffer_slice(&out), number + 1), STATUS_OK);
}

static void pass(uint32_t steps) {
    for (uint32_t i = 0; i < steps; i++) {
        audit_take_reports(audit, NULL, acknowledged);
        (void)audit_send(audit);
        now_ms += STEP_MS;
    }
}

static uint64_t spooled(void) {
    struct audit_view view;
    audit_look(audit, &view);
    return view.spooled;
}

static enum port_fault_end live(void *context, uint32_t n, uint32_t way) {
    uint32_t *again = context;
    memset(&topic, 0, sizeof topic);
    memset(told, 0, sizeof told);
    now_ms = 1000;
    scratch_make(dir);
    (void)snprintf(path, sizeof path, "%s/spool", dir);
    open_all();
    port_faults_arm(n, way);
    for (uint32_t i = 0; i < RECORDS; i++) {
        put(i);
        pass(2);
    }
    pass(STEPS);
    enum port_fault_end fault = port_faults_end();
    if (spooled() != 0) fail_msg("%s: %llu are left", port_faults_told(), (unsigned long long)spooled());
    for (uint32_t i = 0; i < RECORDS; i++) {
        assert_true(topic.of_record[i] >= 1);
        *again += topic.of_record[i] - 1;
        assert_int_equal(told[i], 1);
    }
    uint32_t before = topic.count;
    close_all();
    open_all(); /* the next process on that spool has nothing to send */
    pass(2);
    assert_int_equal(topic.count, before);
    close_all();
    scratch_remove(dir);
    return fault;
}

static void whatever_fails_once_each_record_arrives(void **state) {
    (void)state;
    uint32_t again = 0, came = port_faults_each(live, &again);
    printf("%u faults; %u records were appended again\n", came, again);
    assert_true(came >= 6 * RECORDS);
    assert_true(again >= RECORDS); /* those whose report said less than was true */
}

static int end(void **state) {
    (void)state;
    (void)port_faults_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_fails_once_each_record_arrives, NULL, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
