/* The membership port against a real broker: one member is assigned, it keeps the partition when others come, it hands
 * over at once when it leaves, and a member that was killed is replaced after the session timeout. */
#include "tests/port/kafka_support.h"

#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { SESSION_MS = 2000 };

static struct kafka_test test;

struct member {
    struct kafka_membership *membership;
    struct membership port;
    int wake_fd;
};

static void member_begin(struct member *member, const char *service, const char *topic) {
    struct kafka_options options = test.options;
    struct error error = {0};
    options.service = service;
    options.session_timeout_ms = SESSION_MS;
    member->wake_fd = wake_new();
    if (kafka_membership_open(&options, member->wake_fd, topic, &member->membership, &member->port, &error) !=
        STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

static void member_end(struct member *member) {
    kafka_membership_close(&member->membership);
    (void)close(member->wake_fd);
}

static struct membership_view look(struct member *member) {
    return member->port.poll(member->port.context);
}

/* Serves all members until wanted (NULL: nobody) alone is assigned and all that are members are settled; how long it took,
 * -1 when it did not come to that. */
static int64_t settle(struct member *members, int count, const struct member *wanted, int64_t patience_ms) {
    int64_t begin_us = now_us();
    while (now_us() - begin_us < patience_ms * 1000) {
        bool is_so = true;
        for (int i = 0; i < count; i++) {
            struct membership_view view = look(&members[i]);
            if (!view.is_settled || view.is_assigned != (&members[i] == wanted)) is_so = false;
        }
        if (is_so) return (now_us() - begin_us) / 1000;
        wake_wait(members[0].wake_fd, 5);
    }
    return -1;
}

/* Serves all members for a while; how often wanted was seen without its assignment. */
static int times_without(struct member *members, int count, struct member *wanted, int64_t watch_ms) {
    int times = 0;
    int64_t begin_us = now_us();
    while (now_us() - begin_us < watch_ms * 1000) {
        for (int i = 0; i < count; i++) (void)look(&members[i]);
        if (!look(wanted).is_assigned) times++;
        wake_wait(members[0].wake_fd, 5);
    }
    return times;
}

static void new_service(char ret_service[64]) {
    static int count;
    (void)snprintf(ret_service, 64, "group-%d-%lld-%d", (int)getpid(), (long long)time(NULL), count++);
}

static void one_member_is_assigned_and_keeps_it(void **state) {
    (void)state;
    char service[64], topic[TOPIC_NAME_MAX];
    struct member members[3];
    new_service(service);
    make_topic(&test, "keep", NULL, NULL, topic);
    for (int i = 0; i < 3; i++) member_begin(&members[i], service, topic);
    struct membership_view view = look(&members[0]);
    assert_false(view.is_member);
    assert_false(view.is_assigned);

    members[0].port.join(members[0].port.context);
    view = look(&members[0]);
    assert_true(view.is_member);
    assert_false(view.is_settled);
    int64_t first_ms = settle(members, 1, &members[0], PATIENCE_MS);
    assert_true(first_ms >= 0);

    /* Those who come later, and one that goes and comes back, do not move it; not even for a moment. */
    for (int i = 1; i < 3; i++) {
        members[i].port.join(members[i].port.context);
        assert_int_equal(times_without(members, i + 1, &members[0], 1500), 0);
        assert_true(settle(members, i + 1, &members[0], PATIENCE_MS) >= 0);
    }
    members[2].port.leave(members[2].port.context);
    assert_int_equal(times_without(members, 3, &members[0], 500), 0);
    members[2].port.join(members[2].port.context);
    assert_int_equal(times_without(members, 3, &members[0], 1000), 0);
    assert_true(settle(members, 3, &members[0], PATIENCE_MS) >= 0);
    print_message("first assigned after %" PRId64 " ms\n", first_ms);
    for (int i = 0; i < 3; i++) member_end(&members[i]);
}

static void leaving_hands_over_at_once(void **state) {
    (void)state;
    char service[64], topic[TOPIC_NAME_MAX];
    struct member members[2];
    new_service(service);
    make_topic(&test, "leave", NULL, NULL, topic);
    for (int i = 0; i < 2; i++) {
        member_begin(&members[i], service, topic);
        members[i].port.join(members[i].port.context);
        assert_true(settle(members, i + 1, &members[0], PATIENCE_MS) >= 0);
    }
    int64_t begin_us = now_us();
    members[0].port.leave(members[0].port.context);
    int64_t left_us = now_us() - begin_us;
    struct membership_view view = look(&members[0]);
    assert_false(view.is_member);
    assert_false(view.is_assigned);
    int64_t handed_over_ms = settle(members, 2, &members[1], PATIENCE_MS);
    assert_true(handed_over_ms >= 0);

    /* The one that was there first comes back last. */
    members[0].port.join(members[0].port.context);
    assert_int_equal(times_without(members, 2, &members[1], 1500), 0);
    assert_true(settle(members, 2, &members[1], PATIENCE_MS) >= 0);
    print_message("leave took %.1f ms, the next was assigned after %" PRId64 " ms\n", (double)left_us / 1000,
                  handed_over_ms);
    assert_true(handed_over_ms < SESSION_MS - 500); /* it did leave, and was not merely missed */
    for (int i = 0; i < 2; i++) member_end(&members[i]);
}

/* As Kafka's own tools ask for it, without joining. */
static int64_t offset_of_group(const char *service, const char *topic) {
    char group[80], reason[256];
    (void)snprintf(group, sizeof group, "%s-owners", service);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", test.options.brokers, reason, sizeof reason), 0);
    assert_int_equal(rd_kafka_conf_set(conf, "group.id", group, reason, sizeof reason), 0);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(handle);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, test.options.partition);
    assert_int_equal(rd_kafka_committed(handle, list, PATIENCE_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(handle);
    return offset;
}

static void what_a_member_shows_is_what_tools_see(void **state) {
    (void)state;
    char service[64], topic[TOPIC_NAME_MAX];
    struct member member;
    new_service(service);
    make_topic(&test, "show", NULL, NULL, topic);
    member_begin(&member, service, topic);
    member.port.show(member.port.context, topic, 7); /* no member yet: nothing comes of it */
    member.port.join(member.port.context);
    assert_true(settle(&member, 1, &member, PATIENCE_MS) >= 0);
    assert_int_equal(offset_of_group(service, topic), RD_KAFKA_OFFSET_INVALID);
    member.port.show(member.port.context, topic, 42);
    int64_t begin_us = now_us();
    while (offset_of_group(service, topic) != 42 && now_us() - begin_us < PATIENCE_MS * 1000) {
        assert_true(look(&member).is_assigned);
        wake_wait(member.wake_fd, 5);
    }
    assert_int_equal(offset_of_group(service, topic), 42);
    member_end(&member);
}

/* In a process of its own, which has no other use: joins, says when it is assigned, and waits to be killed. */
static _Noreturn void victim(const char *service, const char *topic, int tell_fd) {
    struct member member;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    member_begin(&member, service, topic);
    member.port.join(member.port.context);
    if (settle(&member, 1, &member, PATIENCE_MS) < 0) _exit(1);
    if (write(tell_fd, "x", 1) != 1) _exit(1);
    for (;;) {
        (void)look(&member);
        wake_wait(member.wake_fd, 100);
    }
}

static void a_killed_member_is_replaced_after_its_session(void **state) {
    (void)state;
    char service[64], topic[TOPIC_NAME_MAX], byte;
    struct member member;
    int ends[2];
    new_service(service);
    make_topic(&test, "kill", NULL, NULL, topic);
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) victim(service, topic, ends[1]);
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    member_begin(&member, service, topic);
    member.port.join(member.port.context);
    assert_true(settle(&member, 1, NULL, PATIENCE_MS) >= 0);

    assert_int_equal(kill(child, SIGKILL), 0);
    int64_t replaced_ms = settle(&member, 1, &member, PATIENCE_MS);
    print_message("assigned %" PRId64 " ms after kill -9, with a session of %d ms\n", replaced_ms, SESSION_MS);
    assert_in_range(replaced_ms, 0, PATIENCE_MS);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)close(ends[0]);
    member_end(&member);
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
        cmocka_unit_test(one_member_is_assigned_and_keeps_it),
        cmocka_unit_test(leaving_hands_over_at_once),
        cmocka_unit_test(what_a_member_shows_is_what_tools_see),
        cmocka_unit_test(a_killed_member_is_replaced_after_its_session),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
