/* A door takes a command, a query that waits for the store, one that waits for its audit record, and one that a human asks,
 * while one call of one port fails: each call, in each way. Each request is answered once, or its reply is known to be lost;
 * nobody is told what was not decided, nothing of a person leaves without a record of it, nothing stays in flight; and the
 * same requests asked again are done. */
#include "tests/support/cmocka.h"

#include "tests/support/fake_door.h"
#include "tests/support/port_faults.h"

#include <stdio.h>

#define USER "555000000111;" FAKE_OTHER ";call-handler;Y90111;session-1"
enum { FILE_INDEX = 2, REQUESTS = 4, ROUND = 20 }; /* ROUND: entries and offsets from one asking to the next */

static struct fake_door fake;
static struct {
    struct faulty_door_socket socket;
    struct faulty_writer writer;
    struct faulty_store store;
    struct faulty_audit audit;
    struct faulty_tokens tokens;
} faulty;

static void begin(void) {
    fake_door_init(&fake);
    fake.options.durable_methods = UINT64_C(1) << FILE_INDEX;
    fake.ports.socket = faulty_door_socket_port(&faulty.socket, fake.ports.socket);
    fake.ports.writer = faulty_writer_port(&faulty.writer, fake.ports.writer);
    fake.ports.store = faulty_store_port(&faulty.store, fake.ports.store);
    fake.ports.audit = faulty_audit_port(&faulty.audit, fake.ports.audit);
    fake.ports.tokens = faulty_tokens_port(&faulty.tokens, fake.ports.tokens);
    fake_door_open(&fake);
    fake_door_put_row(&fake, "row", "value");
}

/* What the log and the replica say of whatever was written since. */
static void decide_from(uint32_t append, uint32_t round) {
    uint64_t number = 11 + round * ROUND;
    int64_t offset = 100 + round * ROUND;
    for (uint32_t i = append; i < fake.append_count; i++, number++, offset++) {
        fake_door_report(&fake, i, TOPIC_DELIVERED, offset);
        (void)door_step(fake.door);
        fake_door_decide(&fake, i, OUTCOME_OK, "done", number, offset + 1);
    }
    door_committed(fake.door, number, (struct position){.offset = offset});
}

static void audited_from(uint32_t audit) {
    for (uint32_t i = audit; i < fake.audit_count; i++) {
        if (fake.audits[i].token != 0) door_audited(fake.door, fake.audits[i].token);
    }
}

static void ask_all(const struct fake_ask *asks, uint32_t round, uint32_t *ret_requests) {
    uint32_t appends = fake.append_count, audits = fake.audit_count;
    for (uint32_t i = 0; i < REQUESTS; i++) ret_requests[i] = fake_door_do(&fake, &asks[i]);
    decide_from(appends, round);
    audited_from(audits);
    fake_door_pass(&fake, 10);
    fake_door_pass(&fake, 60000); /* every deadline is over */
}

static uint32_t count_ok(const uint32_t *requests) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < REQUESTS; i++) {
        if (fake_door_replies_to(&fake, requests[i]) == 0) continue;
        if (strcmp(fake_door_reply_to(&fake, requests[i])->outcome, "ok") == 0) count++;
    }
    return count;
}

static enum port_fault_end live(void *context, uint32_t n, uint32_t way) {
    uint32_t *lost = context;
    begin();
    const struct fake_ask asks[REQUESTS] = {
        {.system = FAKE_OTHER, .id = fake_door_id(&fake), .body = "hello"},
        {.system = FAKE_OTHER, .method = FAKE_ASK, .body = "row", .min_position = 11},
        {.system = FAKE_OTHER, .method = FAKE_FILE, .body = "row"},
        {.system = FAKE_OTHER, .method = FAKE_FILE, .body = "row", .user_token = USER},
    };
    uint32_t requests[REQUESTS];
    port_faults_arm(n, way);
    ask_all(asks, 0, requests);
    enum port_fault_end fault = port_faults_end();

    uint32_t answered = 0, files = 0;
    for (uint32_t i = 0; i < REQUESTS; i++) {
        uint32_t replies = fake_door_replies_to(&fake, requests[i]);
        assert_in_range(replies, 0, 1);
        answered += replies;
        bool is_shown = replies == 1 && fake_door_reply_to(&fake, requests[i])->body_size > 0;
        if (i == 0 && is_shown) assert_int_equal(fake.append_count, 1);
        if (i >= 2) files += is_shown;
    }
    assert_int_equal(answered + fake.lost_count[0] + fake.lost_count[1], REQUESTS);
    assert_true(files <= fake.audit_count);
    assert_int_equal(door_in_flight(fake.door), 0);
    *lost += fake.lost_count[0] + fake.lost_count[1];

    ask_all(asks, 1, requests);
    if (count_ok(requests) != REQUESTS) fail_msg("%s: asked again, %u are ok", port_faults_told(), count_ok(requests));
    fake.told_count -= fake.lost_count[0] + fake.lost_count[1]; /* told of, and not in the fake's hands */
    fake_door_close(&fake);
    return fault;
}

static void whatever_fails_once_each_is_answered_once(void **state) {
    (void)state;
    uint32_t lost = 0, came = port_faults_each(live, &lost);
    printf("%u faults, %u replies lost\n", came, lost);
    assert_true(came > 30);
    assert_int_equal(lost, 2 * REQUESTS); /* each of them, in both ways */
}

static int end(void **state) {
    (void)state;
    (void)port_faults_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_fails_once_each_is_answered_once, NULL, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
