/* The cache against a Redis of its own: what it answers, and that it answers when Redis does not. */
#include "lib/port/redis/redis_cache.h"
#include "lib/port/redis/redis_presence.h"
#include "tests/port/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <uv.h>

static const char REDIS_SERVER[] = "/usr/bin/redis-server";
static char dir[SCRATCH_PATH_MAX], socket_path[SCRATCH_PATH_MAX + 8];
static pid_t server;
static uv_loop_t loop;
static uv_timer_t guard;
static bool is_guard_up;
static struct redis_cache *opened;
static struct cache cache;
static struct redis_cache_figures figures;

/* Answers by token. */
enum { TOKENS = 5000, UNANSWERED = -1 };
static int answers[TOKENS], answer_count;

static void start_server(void) {
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        execl(REDIS_SERVER, REDIS_SERVER, "--port", "0", "--unixsocket", socket_path, "--save", "", "--appendonly",
              "no", "--dir", dir, (char *)NULL);
        _exit(127);
    }
}

static void stop_server(int signal_number) {
    if (server <= 0) return;
    int result;
    kill(server, signal_number);
    kill(server, SIGCONT);
    assert_int_equal(waitpid(server, &result, 0), server);
    server = 0;
}

static void on_guard(uv_timer_t *timer) {
    (void)timer;
    is_guard_up = true;
}

static void open_cache(void) {
    struct error error = {0};
    const struct redis_cache_options options = {.socket_path = socket_path, .uv_loop = &loop};
    if (redis_cache_open(&options, &opened, &cache, &error) != STATUS_OK) fail_msg("%s", error.message);
}

static int set_up(void **state) {
    (void)state;
    scratch_make(dir);
    snprintf(socket_path, sizeof socket_path, "%s/redis", dir);
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &guard);
    for (int i = 0; i < TOKENS; i++) answers[i] = UNANSWERED;
    answer_count = 0;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    redis_cache_close(opened);
    opened = NULL;
    uv_close((uv_handle_t *)&guard, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    stop_server(SIGKILL);
    scratch_remove(dir);
    return 0;
}

static void on_answer(void *context, uint64_t token, enum cache_answer answer) {
    assert_ptr_equal(context, answers);
    assert_true(token < TOKENS);
    assert_int_equal(answers[token], UNANSWERED);
    answers[token] = (int)answer;
    answer_count++;
    uv_stop(&loop); /* a timer may have told it; without this the loop would still wait for its sockets */
}

static void ask(uint64_t token, const char *key, const char *value, int64_t ttl_ms) {
    cache.put_if_absent(cache.context, slice_text(key), slice_text(value), ttl_ms, token, on_answer, answers);
}

/* Runs the loop until as many answers are there, or the cache is up or down, or the time is over. */
enum until { ANSWERS, UP, DOWN, TIME };
static bool run_until(enum until until, int count, uint64_t limit_ms) {
    is_guard_up = false;
    uv_update_time(&loop);
    uv_timer_start(&guard, on_guard, limit_ms, 0);
    while (!is_guard_up) {
        if (until == ANSWERS && answer_count >= count) break;
        if (until == UP && cache.is_up(cache.context)) break;
        if (until == DOWN && !cache.is_up(cache.context)) break;
        uv_run(&loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&guard);
    return !is_guard_up;
}

static void open_with_server(void) {
    start_server();
    open_cache();
    assert_true(run_until(UP, 0, 10000));
}

static void the_first_to_put_has_it(void **state) {
    (void)state;
    open_with_server();
    ask(1, "k", "mine", 60000);
    ask(2, "k", "theirs", 60000);
    assert_int_equal(answer_count, 0);
    assert_true(run_until(ANSWERS, 2, 5000));
    assert_int_equal(answers[1], CACHE_SET);
    assert_int_equal(answers[2], CACHE_HELD_BY_OTHER);
    cache.drop(cache.context, slice_text("k"), slice_text("theirs"));
    ask(3, "k", "theirs", 60000);
    cache.drop(cache.context, slice_text("k"), slice_text("mine"));
    ask(4, "k", "theirs", 40);
    assert_true(run_until(ANSWERS, 4, 5000));
    assert_int_equal(answers[3], CACHE_HELD_BY_OTHER);
    assert_int_equal(answers[4], CACHE_SET);
    (void)run_until(TIME, 0, 100);
    ask(5, "k", "after it expired", 60000);
    cache.put(cache.context, slice_text("p"), slice_of(NULL, 0), 60000);
    ask(6, "p", "x", 60000);
    assert_true(run_until(ANSWERS, 6, 5000));
    assert_int_equal(answers[5], CACHE_SET);
    assert_int_equal(answers[6], CACHE_HELD_BY_OTHER);
    redis_cache_figures(opened, &figures);
    assert_int_equal(figures.errors, 0);
    assert_int_equal(figures.answered, 10);
}

static void a_stopped_redis_is_unknown_in_time(void **state) {
    (void)state;
    open_with_server();
    assert_int_equal(kill(server, SIGSTOP), 0);
    uint64_t start_ms = uv_hrtime() / 1000000;
    for (uint64_t token = 0; token < 10; token++) ask(token, "k", "v", 1000);
    assert_true(run_until(ANSWERS, 10, 5000));
    uint64_t took_ms = uv_hrtime() / 1000000 - start_ms;
    assert_in_range(took_ms, 190, 300);
    for (uint64_t token = 0; token < 10; token++) assert_int_equal(answers[token], CACHE_UNKNOWN);
    assert_false(cache.is_up(cache.context));
    ask(10, "k", "v", 1000);
    assert_true(run_until(ANSWERS, 11, 100));
    assert_int_equal(answers[10], CACHE_UNKNOWN);
    redis_cache_figures(opened, &figures);
    assert_int_equal(figures.timed_out, 1);
    assert_int_equal(kill(server, SIGCONT), 0);
    assert_true(run_until(UP, 0, 10000));
    ask(11, "other", "v", 1000);
    assert_true(run_until(ANSWERS, 12, 5000));
    assert_int_equal(answers[11], CACHE_SET);
}

static void a_killed_redis_is_found_again(void **state) {
    (void)state;
    open_with_server();
    for (int round = 0; round < 3; round++) {
        uint64_t first = (uint64_t)round * 10;
        assert_int_equal(kill(server, SIGSTOP), 0); /* so that the commands are on their way when it dies */
        for (uint64_t token = first; token < first + 5; token++) ask(token, "k", "v", 1000);
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        stop_server(SIGKILL);
        /* Well below their deadline: the socket says so, with an error that hiredis' own adapter would swallow. */
        assert_true(run_until(ANSWERS, round * 6 + 5, 120));
        for (uint64_t token = first; token < first + 5; token++) assert_int_equal(answers[token], CACHE_UNKNOWN);
        cache.put(cache.context, slice_text("k"), slice_text("v"), 1000);
        cache.drop(cache.context, slice_text("k"), slice_text("v"));
        start_server();
        assert_true(run_until(UP, 0, 15000));
        ask(first + 5, "k", "v", 1000);
        assert_true(run_until(ANSWERS, round * 6 + 6, 5000));
        assert_int_equal(answers[first + 5], CACHE_SET);
    }
    redis_cache_figures(opened, &figures);
    assert_true(figures.generation >= 4);
    assert_int_equal(figures.timed_out, 0);
    assert_int_equal(figures.dropped, 6);
}

static void without_redis_all_is_unknown_at_once(void **state) {
    (void)state;
    open_cache();
    for (uint64_t token = 0; token < 1000; token++) {
        ask(token, "k", "v", 1000);
        cache.put(cache.context, slice_text("k"), slice_text("v"), 1000);
    }
    assert_int_equal(answer_count, 0);
    uint64_t start_ms = uv_hrtime() / 1000000;
    assert_true(run_until(ANSWERS, 1000, 5000));
    assert_in_range(uv_hrtime() / 1000000 - start_ms, 0, 100);
    for (uint64_t token = 0; token < 1000; token++) assert_int_equal(answers[token], CACHE_UNKNOWN);
    (void)run_until(TIME, 0, 1200);
    redis_cache_figures(opened, &figures);
    assert_in_range(figures.generation, 3, 8); /* pauses of 50-100, 100-200, 200-400, 400-800 ms */
    assert_int_equal(figures.dropped, 1000);
    assert_false(cache.is_up(cache.context));
}

static void ask_again(void *context, uint64_t token, enum cache_answer answer) {
    on_answer(context, token, answer);
    if (token < 20) {
        cache.put_if_absent(cache.context, slice_text("k"), slice_text("v"), 1000, token + 1, ask_again, answers);
    }
}

static void who_is_told_may_ask_again(void **state) {
    (void)state;
    open_with_server();
    cache.put_if_absent(cache.context, slice_text("k"), slice_text("v"), 1000, 0, ask_again, answers);
    assert_true(run_until(ANSWERS, 5, 5000));
    stop_server(SIGKILL);
    assert_true(run_until(ANSWERS, 21, 5000));
    assert_int_equal(answers[0], CACHE_SET);
    assert_int_equal(answers[20], CACHE_UNKNOWN);
}

static void close_inside(void *context, uint64_t token, enum cache_answer answer) {
    on_answer(context, token, answer);
    redis_cache_close(opened);
    opened = NULL;
}

static void it_may_be_closed_from_inside_an_answer(void **state) {
    (void)state;
    open_with_server();
    cache.put_if_absent(cache.context, slice_text("k"), slice_text("v"), 1000, 0, close_inside, answers);
    ask(1, "k", "v", 1000);
    assert_true(run_until(ANSWERS, 2, 5000));
    assert_int_equal(answers[0], CACHE_SET);
    assert_int_equal(answers[1], CACHE_UNKNOWN);
}

static void more_than_the_bound_is_unknown_and_nothing_is_lost(void **state) {
    (void)state;
    open_with_server();
    for (uint64_t token = 0; token < TOKENS; token++) {
        char key[32];
        snprintf(key, sizeof key, "k%llu", (unsigned long long)token);
        ask(token, key, "v", 60000);
    }
    assert_true(run_until(ANSWERS, TOKENS, 10000));
    int set = 0, unknown = 0;
    for (int i = 0; i < TOKENS; i++) {
        if (answers[i] == CACHE_SET) set++;
        if (answers[i] == CACHE_UNKNOWN) unknown++;
    }
    assert_int_equal(set, REDIS_PENDING_MAX);
    assert_int_equal(unknown, TOKENS - REDIS_PENDING_MAX);
}

/* Our own loop was busy; Redis answered long ago. */
static void a_busy_loop_is_not_taken_for_a_slow_redis(void **state) {
    (void)state;
    open_with_server();
    ask(0, "k", "v", 60000);
    (void)uv_run(&loop, UV_RUN_NOWAIT); /* the command leaves */
    usleep(400000);
    assert_true(run_until(ANSWERS, 1, 5000));
    assert_int_equal(answers[0], CACHE_SET);
    redis_cache_figures(opened, &figures);
    assert_int_equal(figures.timed_out, 0);
}

static void a_socket_path_too_long_is_refused(void **state) {
    (void)state;
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    struct redis_cache_options options = {.socket_path = path, .uv_loop = &loop};
    assert_int_equal(redis_cache_open(&options, &opened, &cache, NULL), STATUS_INVALID);
    options.socket_path = "";
    assert_int_equal(redis_cache_open(&options, &opened, &cache, NULL), STATUS_INVALID);
}

static void collect(void *context, struct slice key, struct slice value) {
    char *text = context;
    size_t size = strlen(text);
    snprintf(text + size, 400 - size, "%.*s=%.*s;", (int)key.size, (const char *)key.data, (int)value.size,
             (const char *)value.data);
}

static void presence_lists_what_has_the_prefix(void **state) {
    (void)state;
    char text[400] = "";
    struct error error = {0};
    assert_int_equal(redis_presence_list(socket_path, "p", 500, collect, text, &error), STATUS_UNAVAILABLE);
    open_with_server();
    cache.put(cache.context, slice_text("p*:b"), slice_text("2"), 60000);
    cache.put(cache.context, slice_text("p*:a"), slice_text("1"), 60000);
    cache.put(cache.context, slice_text("px:c"), slice_text("no"), 60000);
    cache.put(cache.context, slice_text("p*:d"), slice_text("expires"), 1);
    ask(0, "q", "v", 1000);
    assert_true(run_until(ANSWERS, 1, 5000));
    (void)run_until(TIME, 0, 20);
    assert_int_equal(redis_presence_list(socket_path, "p*:", 2000, collect, text, &error), STATUS_OK);
    assert_string_equal(text, "p*:a=1;p*:b=2;");
    text[0] = '\0';
    assert_int_equal(redis_presence_list(socket_path, "none", 2000, collect, text, &error), STATUS_OK);
    assert_string_equal(text, "");
    assert_int_equal(kill(server, SIGSTOP), 0);
    uint64_t start_ms = uv_hrtime() / 1000000;
    assert_int_equal(redis_presence_list(socket_path, "p", 300, collect, text, &error), STATUS_TIMEOUT);
    assert_in_range(uv_hrtime() / 1000000 - start_ms, 290, 1000);
}

int main(void) {
    if (access(REDIS_SERVER, X_OK) != 0) {
        printf("skipped: there is no %s\n", REDIS_SERVER);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_to_put_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stopped_redis_is_unknown_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_redis_is_found_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_redis_all_is_unknown_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_told_may_ask_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_may_be_closed_from_inside_an_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_the_bound_is_unknown_and_nothing_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_busy_loop_is_not_taken_for_a_slow_redis, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_socket_path_too_long_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(presence_lists_what_has_the_prefix, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("redis cache", tests, NULL, NULL);
}
