/* A look-up by description takes no memory, whether it is kept or not: neither the search nor the vault nor the file that
 * keeps it asks for any, so none of them can fail a caller for want of it. */
#include "lib/host/kept.h"
#include "tests/core/index/index_desk.h"
#include "tests/port/scratch.h"
#include "tests/support/alloc.h"

static char dir[SCRATCH_PATH_MAX];
static struct kept *kept;
static struct kept_port port;

static int64_t wall_ms(void *context) {
    (void)context;
    return desk.now_ms;
}

static int set_up(void **state) {
    scratch_make(dir);
    int result = desk_open(state);
    char path[SCRATCH_PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/kept.spool", dir);
    const struct kept_options options = {
        .path = path, .bytes_max = SPOOL_BYTES_MIN, .age_ms_max = 3600000, .clock = {.wall_ms = wall_ms}};
    struct error error = {0};
    if (kept_open(&options, &kept, &error) != STATUS_OK) fail_msg("%s", error.message);
    port = kept_port(kept);
    desk.context.kept = &port;
    return result;
}

static int tear_down(void **state) {
    kept_close(kept);
    scratch_remove(dir);
    return desk_close(state);
}

static void a_look_up_takes_no_memory(void **state) {
    (void)state;
    struct index_register_request request;
    memset(&request, 0, sizeof request);
    memcpy(request.key.source, "pas", 3);
    memcpy(request.key.local_id, "H-1", 3);
    memcpy(request.demographics.family_name, "Thistlewood", 11);
    memcpy(request.demographics.given_name, "Dorothy", 7);
    memcpy(request.demographics.birth_date, "1956-03-01", 10);
    assert_int_equal(
        command("RegisterRecord", &index_register_request_wire, &request, "", INDEX_COMMAND_REGISTER, NULL),
        OUTCOME_OK);
    struct index_trace_request found = {.demographics = request.demographics, .limit = 5};
    struct index_trace_request unknown = found;
    memcpy(unknown.demographics.family_name, "Quillfeath\0", 11);
    memcpy(unknown.demographics.birth_date, "1931-02-03", 10);
    static struct index_trace_answer answer;
    /* So many that the file is full and the oldest go. */
    for (int i = 0; i < 400; i++) {
        alloc_fail(1);
        uint32_t outcome = query("TracePerson", &index_trace_request_wire, i % 2 == 0 ? &found : &unknown, "",
                                 &index_trace_response_wire, &answer);
        bool has_asked = alloc_end();
        assert_int_equal(outcome, OUTCOME_OK);
        assert_false(has_asked);
        assert_int_equal(answer.result, i % 2 == 0 ? INDEX_TRACE_MATCH : INDEX_TRACE_NO_MATCH);
    }
    struct kept_view view;
    port.look(port.context, &view);
    assert_int_equal(view.end, 400);
    assert_true(view.dropped > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(a_look_up_takes_no_memory, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
