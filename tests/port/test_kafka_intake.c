/* Request topics against a real broker: lanes come and go with the group, what is committed is not read again and is
 * deleted from the topic, what is not comes again elsewhere, and a lane that nobody takes from stops no other. */
#include "tests/port/kafka_support.h"

enum { TOPICS = 2, SESSION_MS = 2000, NEVER_MS = 3600000 };

static struct kafka_test test;

struct door {
    struct kafka_intake *intake;
    struct intake_port port;
    int wake_fd;
    bool is_ours[INTAKE_LANES_MAX];
    uint32_t topic[INTAKE_LANES_MAX];
    uint32_t given, taken, troubles;
    char trouble[INTAKE_REASON_MAX];
};

static void door_begin(struct door *door, const char *service, const char *const *topics, uint32_t count,
                       int64_t delete_every_ms) {
    struct kafka_options options = test.options;
    struct error error = {0};
    options.service = service;
    options.session_timeout_ms = SESSION_MS;
    *door = (struct door){.wake_fd = wake_new()};
    enum status status =
        kafka_intake_open(&options, door->wake_fd, topics, count, delete_every_ms, &door->intake, &door->port, &error);
    if (status != STATUS_OK) fail_msg("%s", error.message);
}

static void door_end(struct door *door) {
    kafka_intake_close(&door->intake);
    (void)close(door->wake_fd);
}

static void serve(struct door *door) {
    struct intake_event event;
    for (;;) {
        door->port.poll(door->port.context, &event);
        if (event.kind == INTAKE_NOTHING) return;
        if (event.kind == INTAKE_TROUBLE) {
            door->troubles++;
            (void)snprintf(door->trouble, sizeof door->trouble, "%s", event.reason);
            continue;
        }
        assert_true(event.lane < INTAKE_LANES_MAX);
        assert_true(door->is_ours[event.lane] == (event.kind == INTAKE_TAKEN)); /* told in turns */
        door->is_ours[event.lane] = event.kind == INTAKE_GIVEN;
        if (event.kind == INTAKE_GIVEN) door->topic[event.lane] = event.topic;
        *(event.kind == INTAKE_GIVEN ? &door->given : &door->taken) += 1;
    }
}

/* -1: it has no lane of that topic. */
static int lane_of(const struct door *door, uint32_t topic) {
    for (int i = 0; i < INTAKE_LANES_MAX; i++) {
        if (door->is_ours[i] && door->topic[i] == topic) return i;
    }
    return -1;
}

static bool holds(struct door *door, uint32_t topic) {
    serve(door);
    return lane_of(door, topic) >= 0;
}

/* Serves until the door has lanes of all topics. */
static void await_all(struct door *door) {
    int64_t until_us = now_us() + INT64_C(1000) * PATIENCE_MS;
    while (now_us() < until_us) {
        if (holds(door, 0) && holds(door, 1)) return;
        wake_wait(door->wake_fd, 10);
    }
    fail_msg("no lanes; %s", door->trouble);
}

/* The next record of that topic; fails when none comes. */
static struct intake_record next_record(struct door *door, uint32_t topic) {
    struct intake_record record;
    int64_t until_us = now_us() + INT64_C(1000) * PATIENCE_MS;
    while (now_us() < until_us) {
        if (holds(door, topic)) {
            if (door->port.take(door->port.context, (uint32_t)lane_of(door, topic), &record)) return record;
        }
        wake_wait(door->wake_fd, 1000);
    }
    fail_msg("no record; %s", door->trouble);
    return record;
}

static void expect_text(struct door *door, uint32_t topic, const char *value) {
    struct intake_record record = next_record(door, topic);
    if (!slice_equal(record.value, slice_text(value))) {
        fail_msg("\"%.*s\" instead of \"%s\"", (int)record.value.size, (const char *)record.value.data, value);
    }
}

static void done_below(struct door *door, uint32_t topic, int64_t offset) {
    door->port.done(door->port.context, (uint32_t)lane_of(door, topic), offset);
}

static void pass(struct door *door, int64_t ms) {
    int64_t until_us = now_us() + ms * 1000;
    while (now_us() < until_us) {
        serve(door);
        wake_wait(door->wake_fd, 10);
    }
}

/* Two topics of their own, and a service whose group nobody else has. */
static void make_world(char service[64], char topics[TOPICS][TOPIC_NAME_MAX], const char *names[TOPICS]) {
    static int count;
    (void)snprintf(service, 64, "intake-%d-%lld-%d", (int)getpid(), (long long)time(NULL), count++);
    for (int i = 0; i < TOPICS; i++) {
        make_topic(&test, "request", NULL, NULL, topics[i]);
        names[i] = topics[i];
    }
}

static void what_is_committed_is_not_read_again(void **state) {
    (void)state;
    char service[64], topics[TOPICS][TOPIC_NAME_MAX];
    const char *names[TOPICS];
    make_world(service, topics, names);
    struct kafka_writer *kafka_writer;
    int wake_fd = wake_new();
    struct topic_writer writer = writer_new(&test, wake_fd, topics[0], &kafka_writer);
    const struct topic_header headers[] = {{slice_text("ce_id"), slice_text("first")},
                                           {slice_text("other"), slice_text("x")},
                                           {slice_text("ce_id"), slice_text("last")},
                                           {slice_text("ce_type"), slice_text("t")}};
    struct topic_append append = {
        .topic = topics[0], .value = slice_text("a"), .header_count = 4, .headers = headers, .token = 1};
    assert_int_equal(writer.append(writer.context, &append), STATUS_OK);
    assert_int_equal(next_report(&writer, wake_fd).result, TOPIC_DELIVERED);
    append_text(&writer, wake_fd, topics[0], "b", 1);
    append_text(&writer, wake_fd, topics[0], "c", 2);
    append_text(&writer, wake_fd, topics[1], "other", 0);

    struct door door;
    door_begin(&door, service, names, TOPICS, NEVER_MS);
    struct intake_record record = next_record(&door, 0);
    assert_int_equal(record.offset, 0);
    assert_true(record.timestamp_ms > wall_ms() - 60000);
    assert_true(slice_equal(record.headers[INTAKE_HEADER_ID], slice_text("last"))); /* the last of its name counts */
    assert_true(slice_equal(record.headers[INTAKE_HEADER_TYPE], slice_text("t")));
    assert_false(record.has_header[INTAKE_HEADER_TIME]);
    expect_text(&door, 0, "b");
    expect_text(&door, 1, "other");
    assert_int_equal(door.port.lag(door.port.context, (uint32_t)lane_of(&door, 0)), 3);
    done_below(&door, 0, 2);
    assert_int_equal(door.port.lag(door.port.context, (uint32_t)lane_of(&door, 0)), 1);
    door_end(&door); /* commits what is done and leaves */

    door_begin(&door, service, names, TOPICS, NEVER_MS);
    expect_text(&door, 0, "c");
    expect_text(&door, 1, "other"); /* was not done */
    assert_int_equal(door.troubles, 0);
    door_end(&door);
    kafka_writer_close(&kafka_writer);
    (void)close(wake_fd);
}

static void what_could_not_be_kept_comes_again(void **state) {
    (void)state;
    char service[64], topics[TOPICS][TOPIC_NAME_MAX];
    const char *names[TOPICS];
    make_world(service, topics, names);
    struct kafka_writer *kafka_writer;
    int wake_fd = wake_new();
    struct topic_writer writer = writer_new(&test, wake_fd, topics[0], &kafka_writer);
    append_text(&writer, wake_fd, topics[0], "a", 0);
    append_text(&writer, wake_fd, topics[0], "b", 1);

    struct door door;
    door_begin(&door, service, names, TOPICS, NEVER_MS);
    expect_text(&door, 0, "a");
    done_below(&door, 0, 1);
    expect_text(&door, 0, "b");
    uint32_t taken = door.taken;
    door.port.begin_again(door.port.context);
    expect_text(&door, 0, "b");
    assert_true(door.taken > taken); /* its lanes were taken away in between */
    door_end(&door);
    kafka_writer_close(&kafka_writer);
    (void)close(wake_fd);
}

/* librdkafka then says nothing and begins at the earliest record: seen where a leader was paused, and where a log was
 * cut. */
static void a_log_that_ends_earlier_is_read_again(void **state) {
    (void)state;
    char service[64], topics[TOPICS][TOPIC_NAME_MAX];
    const char *names[TOPICS];
    make_world(service, topics, names);
    struct kafka_writer *kafka_writer;
    int wake_fd = wake_new();
    struct topic_writer writer = writer_new(&test, wake_fd, topics[0], &kafka_writer);
    for (int i = 0; i < 3; i++) append_text(&writer, wake_fd, topics[0], i == 0 ? "a" : i == 1 ? "b" : "c", i);
    struct door door;
    door_begin(&door, service, names, TOPICS, NEVER_MS);
    expect_text(&door, 0, "a");
    expect_text(&door, 0, "b");
    done_below(&door, 0, 2);
    expect_text(&door, 0, "c");

    delete_topic(&test, topics[0]);
    const struct kafka_topic_shape shape = {.partition_count = 1, .replica_count = 1};
    struct error error = {0};
    while (kafka_admin_create(test.admin, topics[0], &shape, NULL, 0, ADMIN_MS, &error) != STATUS_OK) usleep(50000);
    append_text(&writer, wake_fd, topics[0], "new", 0);
    uint32_t taken = door.taken;
    struct intake_record record = next_record(&door, 0);
    assert_int_equal(record.offset, 0);
    assert_true(slice_equal(record.value, slice_text("new")));
    assert_true(door.taken > taken); /* what the host still holds of the lane before is nobody's */
    done_below(&door, 0, 1);
    door_end(&door);
    kafka_writer_close(&kafka_writer);
    (void)close(wake_fd);
}

static void a_lane_that_is_not_taken_from_stops_no_other(void **state) {
    (void)state;
    enum { FLOOD = 400, SIZE = 30000 }; /* 12 MB: twelve times what is fetched ahead */
    char service[64], topics[TOPICS][TOPIC_NAME_MAX];
    const char *names[TOPICS];
    make_world(service, topics, names);
    struct kafka_writer *kafka_writer;
    int wake_fd = wake_new();
    struct topic_writer writer = writer_new(&test, wake_fd, topics[0], &kafka_writer);
    static uint8_t flood[SIZE];
    for (int i = 0; i < FLOOD; i++) {
        struct topic_append append = {.topic = topics[0], .value = slice_of(flood, sizeof flood), .token = 1};
        assert_int_equal(writer.append(writer.context, &append), STATUS_OK);
    }
    for (int i = 0; i < FLOOD; i++) assert_int_equal(next_report(&writer, wake_fd).result, TOPIC_DELIVERED);

    struct door door;
    door_begin(&door, service, names, TOPICS, NEVER_MS);
    await_all(&door);
    pass(&door, 500); /* the flood fills its queue */
    int64_t longest_us = 0;
    for (int i = 0; i < 20; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", i);
        int64_t begin_us = now_us();
        append_text(&writer, wake_fd, topics[1], text, i);
        expect_text(&door, 1, text);
        if (now_us() - begin_us > longest_us) longest_us = now_us() - begin_us;
    }
    print_message("written and read beside a full lane, the slowest of 20: %.1f ms\n", (double)longest_us / 1000);
    assert_true(longest_us < 5000000);
    for (int i = 0; i < FLOOD; i++) assert_int_equal(next_record(&door, 0).offset, i); /* and nothing is missing */
    door_end(&door);
    kafka_writer_close(&kafka_writer);
    (void)close(wake_fd);
}

static void doors_share_the_topics(void **state) {
    (void)state;
    char service[64], topics[TOPICS][TOPIC_NAME_MAX];
    const char *names[TOPICS];
    make_world(service, topics, names);
    struct kafka_writer *kafka_writer;
    int wake_fd = wake_new();
    struct topic_writer writer = writer_new(&test, wake_fd, topics[0], &kafka_writer);
    for (int i = 0; i < TOPICS; i++) append_text(&writer, wake_fd, topics[i], "a", 0);
    struct door doors[2];
    door_begin(&doors[0], service, names, TOPICS, NEVER_MS);
    for (uint32_t i = 0; i < TOPICS; i++) expect_text(&doors[0], i, "a");

    door_begin(&doors[1], service, names, TOPICS, NEVER_MS);
    int64_t until_us = now_us() + INT64_C(1000) * PATIENCE_MS;
    bool is_shared = false;
    while (!is_shared && now_us() < until_us) {
        for (int i = 0; i < 2; i++) serve(&doors[i]);
        for (uint32_t i = 0; i < TOPICS; i++) {
            is_shared = is_shared || (lane_of(&doors[0], i) >= 0 && lane_of(&doors[1], 1 - i) >= 0 &&
                                      lane_of(&doors[0], 1 - i) < 0 && lane_of(&doors[1], i) < 0);
        }
        wake_wait(doors[0].wake_fd, 10);
    }
    assert_true(is_shared);
    /* Nothing was done: whoever has a topic now begins it anew. */
    for (uint32_t i = 0; i < TOPICS; i++) expect_text(&doors[lane_of(&doors[0], i) >= 0 ? 0 : 1], i, "a");
    for (uint32_t i = 0; i < TOPICS; i++) done_below(&doors[lane_of(&doors[0], i) >= 0 ? 0 : 1], i, 1);
    int64_t begin_us = now_us();
    door_end(&doors[1]);
    await_all(&doors[0]);
    print_message("the other's topic %.0f ms after it left\n", (double)(now_us() - begin_us) / 1000);
    for (int i = 0; i < TOPICS; i++) append_text(&writer, wake_fd, topics[i], "b", 1);
    for (uint32_t i = 0; i < TOPICS; i++) {
        struct intake_record record = next_record(&doors[0], i);
        /* Its own was revoked before the commit of every 200 ms; the revocation commits. */
        assert_int_equal(record.offset, 1);
    }
    door_end(&doors[0]);
    kafka_writer_close(&kafka_writer);
    (void)close(wake_fd);
}

static void what_is_committed_is_deleted(void **state) {
    (void)state;
    char service[64], topics[TOPICS][TOPIC_NAME_MAX];
    const char *names[TOPICS];
    make_world(service, topics, names);
    struct kafka_writer *kafka_writer;
    int wake_fd = wake_new();
    struct topic_writer writer = writer_new(&test, wake_fd, topics[0], &kafka_writer);
    for (int i = 0; i < 5; i++) append_text(&writer, wake_fd, topics[0], "in clear", i);
    append_text(&writer, wake_fd, topics[1], "in clear", 0);
    struct door door;
    door_begin(&door, service, names, TOPICS, 300);
    for (int i = 0; i < 5; i++) expect_text(&door, 0, "in clear");
    expect_text(&door, 1, "in clear");
    done_below(&door, 0, 3);
    struct topic_range range = {0};
    struct error error;
    int64_t until_us = now_us() + INT64_C(1000) * PATIENCE_MS;
    while (range.start < 3 && now_us() < until_us) {
        pass(&door, 100);
        assert_int_equal(test.admin_port.range(test.admin_port.context, topics[0], ADMIN_MS, &range, &error),
                         STATUS_OK);
    }
    assert_int_equal(range.start, 3);
    assert_int_equal(range.end, 5);
    done_below(&door, 0, 5);
    while (range.start < 5 && now_us() < until_us) {
        pass(&door, 100);
        assert_int_equal(test.admin_port.range(test.admin_port.context, topics[0], ADMIN_MS, &range, &error),
                         STATUS_OK);
    }
    assert_int_equal(range.start, 5);
    assert_int_equal(test.admin_port.range(test.admin_port.context, topics[1], ADMIN_MS, &range, &error), STATUS_OK);
    assert_int_equal(range.start, 0); /* not done, not deleted */
    if (door.troubles > 0) fail_msg("%s", door.trouble);
    door_end(&door);
    kafka_writer_close(&kafka_writer);
    (void)close(wake_fd);
}

static void a_missing_topic_is_told_and_stops_no_other(void **state) {
    (void)state;
    char service[64], topics[TOPICS][TOPIC_NAME_MAX];
    const char *names[TOPICS];
    make_world(service, topics, names);
    names[1] = "no.such.topic";
    struct kafka_writer *kafka_writer;
    int wake_fd = wake_new();
    struct topic_writer writer = writer_new(&test, wake_fd, topics[0], &kafka_writer);
    append_text(&writer, wake_fd, topics[0], "a", 0);
    struct door door;
    door_begin(&door, service, names, TOPICS, NEVER_MS);
    expect_text(&door, 0, "a");
    pass(&door, 300);
    print_message("%u times: %s\n", door.troubles, door.trouble);
    assert_true(door.troubles > 0);
    assert_non_null(strstr(door.trouble, "no.such.topic"));
    assert_int_equal(door.taken, 0);
    door_end(&door);
    kafka_writer_close(&kafka_writer);
    (void)close(wake_fd);
}

static int start(void **state) {
    (void)state;
    struct broker broker;
    broker_any(&broker);
    kafka_test_begin(&test, &broker);
    return 0;
}

static int stop(void **state) {
    (void)state;
    kafka_test_end(&test);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_committed_is_not_read_again),
        cmocka_unit_test(what_could_not_be_kept_comes_again),
        cmocka_unit_test(a_log_that_ends_earlier_is_read_again),
        cmocka_unit_test(a_lane_that_is_not_taken_from_stops_no_other),
        cmocka_unit_test(doors_share_the_topics),
        cmocka_unit_test(what_is_committed_is_deleted),
        cmocka_unit_test(a_missing_topic_is_told_and_stops_no_other),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
