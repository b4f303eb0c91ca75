/* Health and metrics over HTTP, on a loop of the test's own: what is asked is answered, and nothing stays behind. */
#include "lib/host/health.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/loop.h"

#include "tests/support/cmocka.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 512 * 1024, CLIENTS_MAX = 60 };

static struct loop *loop;
static struct health *health;
static const char *reason; /* why it is not ready; NULL for ready */
static char text[ANSWER_MAX];
static pthread_t runner;

static int step(void *context) {
    (void)context;
    return 100;
}

static void on_signal(void *context, int signal_number) {
    (void)context;
    (void)signal_number;
}

static bool is_ready(void *context, char ret_reason[HEALTH_REASON_MAX]) {
    (void)context;
    if (reason != NULL) snprintf(ret_reason, HEALTH_REASON_MAX, "%s", reason);
    return reason == NULL;
}

static int stop_asked;
static int step_until_stopped(void *context) {
    (void)context;
    if (__atomic_load_n(&stop_asked, __ATOMIC_ACQUIRE)) loop_stop(loop);
    return 100;
}

static void *run_loop(void *context) {
    loop_run(loop);
    return context;
}

static int set_up(void **state) {
    (void)state;
    struct error error;
    __atomic_store_n(&stop_asked, 0, __ATOMIC_RELEASE);
    loop = loop_new(step_until_stopped, on_signal, NULL, &error);
    reason = NULL;
    if (loop == NULL) return -1;
    struct health_options options = {.uv_loop = loop_uv(loop), .is_ready = is_ready};
    if (health_open(&health, &options, &error) != STATUS_OK) return -1;
    return pthread_create(&runner, NULL, run_loop, NULL);
}

/* loop_free asserts that nothing is left on the loop. */
static int tear_down(void **state) {
    (void)state;
    __atomic_store_n(&stop_asked, 1, __ATOMIC_RELEASE);
    loop_wake(loop);
    pthread_join(runner, NULL);
    health_close(health);
    loop_free(loop);
    return 0;
}

static int connect_to_it(void) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(health_port(health))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = {.tv_sec = 20};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

static void say(int client, const char *request) {
    assert_int_equal(send(client, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

/* Everything until the other side closes. */
static const char *hear(int client) {
    size_t size = 0;
    for (ssize_t got = 1; got > 0; size += got > 0 ? (size_t)got : 0) {
        got = recv(client, text + size, sizeof text - 1 - size, 0);
        assert_true(got >= 0);
    }
    text[size] = '\0';
    close(client);
    return text;
}

static const char *get(const char *path) {
    char request[300];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    int client = connect_to_it();
    say(client, request);
    return hear(client);
}

static void expect(const char *answer, const char *status, const char *body) {
    const char *body_begins = strstr(answer, "\r\n\r\n");
    if (strncmp(answer, status, strlen(status)) != 0 || body_begins == NULL || strcmp(body_begins + 4, body) != 0) {
        fail_msg("expected %s and `%s`, got\n%s", status, body, answer);
    }
}

static void a_turning_loop_is_healthy(void **state) {
    (void)state;
    expect(get("/healthz"), "HTTP/1.1 200", "ok\n");
    reason = "not yet";
    expect(get("/healthz"), "HTTP/1.1 200", "ok\n");
}

static void readiness_says_why_not(void **state) {
    (void)state;
    expect(get("/readyz"), "HTTP/1.1 200", "ready\n");
    reason = "the journal's end is not reached yet";
    expect(get("/readyz"), "HTTP/1.1 503", "the journal's end is not reached yet\n");
}

static void metrics_are_prometheus_text(void **state) {
    (void)state;
    metrics_add(METRIC_SET_ASIDE, NULL, NULL, 1);
    const char *answer = get("/metrics");
    assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert_non_null(strstr(answer, "\nbhr_set_aside_total 1\n"));
}

/* More than a socket takes at once: the rest follows. */
static void a_long_answer_arrives_whole(void **state) {
    (void)state;
    for (int i = 0; i < 150; i++) {
        char method[32];
        snprintf(method, sizeof method, "method_%d", i);
        metrics_observe(METRIC_DOOR_REQUEST_SECONDS, method, NULL, 0.01);
    }
    const char *answer = get("/metrics");
    const char *length = strstr(answer, "Content-Length: ");
    assert_non_null(length);
    assert_int_equal(atol(length + 16), strlen(strstr(answer, "\r\n\r\n") + 4));
    assert_true(strlen(answer) > 150 * 18 * 40);
}

static void other_paths_are_not_found(void **state) {
    (void)state;
    expect(get("/"), "HTTP/1.1 404", "there are /healthz, /readyz and /metrics\n");
    expect(get("/healthz/../metrics/../x"), "HTTP/1.1 404", "there are /healthz, /readyz and /metrics\n");
}

static void what_is_no_request_is_told_so(void **state) {
    (void)state;
    static const struct {
        const char *request, *status;
    } cases[] = {
        {"\x16\x03\x01\x02\r\n\r\n", "HTTP/1.1 400"},
        {"\r\n\r\n", "HTTP/1.1 400"},
        {"GET\r\n\r\n", "HTTP/1.1 400"},
        {"GET /healthz\r\n\r\n", "HTTP/1.1 400"},
        {"GET healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
        {"GET /healthz HTTP/2.0\r\n\r\n", "HTTP/1.1 400"},
        {"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.1 200"},
        {"GET /healthz?verbose HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200"},
        {"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405"},
        {"POST /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello and more", "HTTP/1.1 405"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int client = connect_to_it();
        say(client, cases[i].request);
        shutdown(client, SHUT_WR);
        const char *heard = hear(client);
        if (strncmp(heard, cases[i].status, 12) != 0) fail_msg("%s: got %s", cases[i].request, heard);
    }
}

static void a_request_may_come_in_pieces(void **state) {
    (void)state;
    int client = connect_to_it();
    for (const char *c = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"; *c != '\0'; c++) {
        char piece[2] = {*c, '\0'};
        say(client, piece);
    }
    expect(hear(client), "HTTP/1.1 200", "ready\n");
}

static void a_head_that_is_too_long_is_refused(void **state) {
    (void)state;
    char line[1001];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    int client = connect_to_it();
    say(client, "GET /healthz HTTP/1.1\r\n");
    for (int i = 0; i < 6; i++) say(client, line);
    shutdown(client, SHUT_WR);
    assert_int_equal(strncmp(hear(client), "HTTP/1.1 431", 12), 0);
}

static void who_goes_away_early_does_no_harm(void **state) {
    (void)state;
    for (int i = 0; i < CLIENTS_MAX; i++) {
        int client = connect_to_it();
        if (i % 3 > 0) say(client, i % 3 == 1 ? "GET /metr" : "GET /metrics HTTP/1.1\r\n\r\n");
        struct linger at_once = {.l_onoff = 1};
        if (i % 2 == 0) setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); /* a reset, not an end */
        close(client);
    }
    expect(get("/healthz"), "HTTP/1.1 200", "ok\n");
}

/* More connections than there are places: those that come late are served once the silent ones' time is up. */
static void silent_connections_do_not_shut_others_out(void **state) {
    (void)state;
    int clients[CLIENTS_MAX];
    for (int i = 0; i < CLIENTS_MAX; i++) clients[i] = connect_to_it();
    expect(get("/healthz"), "HTTP/1.1 200", "ok\n");
    for (int i = 0; i < CLIENTS_MAX; i++) close(clients[i]);
}

/* Slow and silent connections up to the bound and beyond; the loop is closed under them. */
static void it_closes_under_open_connections(void **state) {
    (void)state;
    int clients[CLIENTS_MAX];
    for (int i = 0; i < CLIENTS_MAX; i++) {
        clients[i] = connect_to_it();
        if (i % 2 == 0) say(clients[i], i % 4 == 0 ? "GET /met" : "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    usleep(200 * 1000);
    tear_down(NULL);
    for (int i = 0; i < CLIENTS_MAX; i++) close(clients[i]);
    assert_int_equal(set_up(NULL), 0);
    expect(get("/healthz"), "HTTP/1.1 200", "ok\n");
}

static void a_port_in_use_is_an_error_that_names_it(void **state) {
    (void)state;
    struct error error = {0};
    struct health *second = NULL;
    struct loop *second_loop = loop_new(step, on_signal, NULL, &error);
    uint16_t port = health_port(health);
    struct health_options taken = {.uv_loop = loop_uv(second_loop), .port = port, .is_ready = is_ready};
    enum status status = health_open(&second, &taken, &error);
    loop_free(second_loop);
    assert_int_equal(status, STATUS_CONFLICT);
    assert_null(second);
    char expected[100];
    snprintf(expected, sizeof expected, "http_port: cannot listen on 127.0.0.1:%u: address already in use", port);
    assert_memory_equal(error.message, expected, strlen(expected));
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_turning_loop_is_healthy),        TEST(readiness_says_why_not),
        TEST(metrics_are_prometheus_text),      TEST(a_long_answer_arrives_whole),
        TEST(other_paths_are_not_found),        TEST(what_is_no_request_is_told_so),
        TEST(a_request_may_come_in_pieces),     TEST(a_head_that_is_too_long_is_refused),
        TEST(who_goes_away_early_does_no_harm), TEST(silent_connections_do_not_shut_others_out),
        TEST(it_closes_under_open_connections), TEST(a_port_in_use_is_an_error_that_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
