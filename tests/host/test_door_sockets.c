/* A door with two sockets: requests are let in from both by the same rules, and each reply leaves by the socket that its
 * request came from, at once or much later. */
#include "tests/support/cmocka.h"
#include "tests/support/fake_door.h"

static struct fake_door fake;

/* The second socket: holds one request, keeps the last reply. */
static struct {
    bool has_request;
    uint8_t header[EXCHANGE_REQUEST_HEADER_MAX];
    size_t header_size;
    uint32_t reply_count;
    enum status sent;
    char outcome[EXCHANGE_OUTCOME_MAX + 1], route[8];
} second;

static bool receive(void *context, struct socket_request *ret_request) {
    (void)context;
    if (!second.has_request) return false;
    second.has_request = false;
    *ret_request = (struct socket_request){.route = {.size = 4, .bytes = "lane"},
                                           .system = FAKE_OTHER,
                                           .header = slice_of(second.header, second.header_size),
                                           .body = slice_text("one")};
    return true;
}

static enum status send_reply(void *context, const struct socket_route *route, struct slice header, struct slice body) {
    (void)context;
    (void)body;
    struct reply_header reply;
    const char *fault;
    assert_true(reply_header_decode(header, &reply, &fault));
    memcpy(second.outcome, reply.outcome.data, reply.outcome.size);
    second.outcome[reply.outcome.size] = '\0';
    memcpy(second.route, route->bytes, route->size);
    second.route[route->size] = '\0';
    second.reply_count++;
    return second.sent;
}

static struct uuid ask_second(const char *method) {
    struct request_header header = {.method = slice_text(method), .request_id = fake_door_id(&fake)};
    struct buffer out = buffer_over(second.header, sizeof second.header);
    request_header_encode(&header, &out);
    second.header_size = out.size;
    second.has_request = true;
    return header.request_id;
}

static void what_is_refused_at_once_is_told_where_it_was_asked(void **state) {
    (void)state;
    (void)ask_second(FAKE_SECRET);
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.system = "stranger"});
    fake_door_expect(&fake, request, "denied", REPLY_DENIED);
    assert_int_equal(fake.reply_count, 1);
    assert_int_equal(second.reply_count, 1);
    assert_string_equal(second.outcome, "denied");
    assert_string_equal(second.route, "lane");
}

static void what_is_decided_later_is_told_where_it_was_asked(void **state) {
    (void)state;
    (void)ask_second(FAKE_DO);
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal(fake.append_count, 2);
    assert_int_equal(door_in_flight(fake.door), 2);
    uint32_t theirs = strcmp(fake_append_header(&fake.appends[0], COMMAND_HEADER_SOURCE), FAKE_OTHER) == 0 ? 0 : 1;
    fake_door_decide(&fake, theirs, OUTCOME_OK, "done", 11, 101);
    assert_int_equal(fake.reply_count, 0);
    assert_int_equal(second.reply_count, 1);
    assert_string_equal(second.outcome, "ok");
    fake_door_decide(&fake, 1 - theirs, OUTCOME_OK, "done", 12, 102);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
    assert_int_equal(second.reply_count, 1);
}

static void what_runs_out_of_time_is_told_where_it_was_asked(void **state) {
    (void)state;
    (void)ask_second(FAKE_DO);
    door_step(fake.door);
    fake_door_pass(&fake, 5001);
    assert_int_equal(second.reply_count, 1);
    assert_string_equal(second.outcome, "unknown_outcome");
    assert_int_equal(fake.reply_count, 0);
}

/* The door waits for nobody: who does not read, or is gone, asks again. */
static void a_reply_that_does_not_leave_is_counted_as_lost(void **state) {
    (void)state;
    second.sent = STATUS_FULL;
    (void)ask_second(FAKE_SECRET);
    door_step(fake.door);
    assert_int_equal(fake.lost_count[true], 1);
    second.sent = STATUS_NOT_FOUND;
    (void)ask_second(FAKE_SECRET);
    door_step(fake.door);
    second.sent = STATUS_OK;
    (void)ask_second(FAKE_SECRET);
    door_step(fake.door);
    assert_int_equal(second.reply_count, 3);
    assert_int_equal(fake.lost_count[true], 1);
    assert_int_equal(fake.lost_count[false], 1);
}

static int open_both(void **state) {
    (void)state;
    memset(&second, 0, sizeof second);
    fake_door_init(&fake);
    fake.ports.intake = (struct door_socket){.receive = receive, .send = send_reply};
    fake_door_open(&fake);
    return 0;
}

static int close_both(void **state) {
    (void)state;
    assert_int_equal(fake.told_count, fake.reply_count + second.reply_count);
    fake.told_count = fake.reply_count; /* what fake_door_close expects of one socket */
    fake_door_close(&fake);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_refused_at_once_is_told_where_it_was_asked, open_both, close_both),
        cmocka_unit_test_setup_teardown(what_is_decided_later_is_told_where_it_was_asked, open_both, close_both),
        cmocka_unit_test_setup_teardown(what_runs_out_of_time_is_told_where_it_was_asked, open_both, close_both),
        cmocka_unit_test_setup_teardown(a_reply_that_does_not_leave_is_counted_as_lost, open_both, close_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
