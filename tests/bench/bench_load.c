/* Callers of booking at the rate they can get: N clients, each with a connection of its own and M requests in flight, all
 * driven by one thread as pgbench drives its own (32 threads on two cores would measure the scheduler). It publishes the
 * sessions, books each slot once in a scattered order, and prints one JSON object. Every answer is waited for and counted: a
 * rate is never taken from what was sent.
 *
 * Slots at the same time are for different people, so nobody is refused for being booked twice. By default the callers are
 * a population that comes again, as a borough's does; with "new" each is somebody nobody has seen before.
 *
 * usage: bhr-bench-load publish SERVER_KEY KEY_FILE ENDPOINTS SLOT_FILE SESSIONS
 *        bhr-bench-load book    SERVER_KEY KEY_FILE ENDPOINTS SLOT_FILE FIRST CLIENTS IN_FLIGHT SECONDS
 *                             [PER_SECOND [known|new [TOKEN_FILE]]]
 *        bhr-bench-load ask     SERVER_KEY KEY_FILE ENDPOINTS SLOT_FILE FIRST CLIENTS IN_FLIGHT SECONDS
 * ENDPOINTS are comma separated. FIRST is how many slots of the file are used up. PER_SECOND: an open loop at this rate;
 * 0: as fast as answers come. TOKEN_FILE: a user's token that every booking carries. ask: for the bookings of
 * those who come again, one after the other. */
#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/port/uv/system_clock.h"
#include "lib/wire/booking/booking_client.h"
#include "tests/bench/bench_callers.h"
#include "tests/bench/bench_person.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SLOTS_PER_SESSION = BOOKING_SLOT_COUNT_MAX,
    PUBLISH_IN_FLIGHT = 64,
    SERVICES = 100, /* each has one session a day, of almost seventeen hours */
    DAYS = 300,
    PEOPLE = 2 * SERVICES * SLOTS_PER_SESSION, /* twice as many as there are slots at one time of day */
};

struct load {
    struct callers callers;
    struct uuid *sessions;
    uint64_t slot_count, next, end; /* bookings: next to send, and where slots end */
    bool is_everybody_new;
    uint64_t asked;
    char user_token[EXCHANGE_USER_TOKEN_MAX];
    size_t user_token_size;
    uint8_t memory[BOOKING_REQUEST_MAX];
};

static struct load load;

static struct {
    uint64_t count, next;
    int64_t begin_ms, first_ms;
    uint64_t number_of_place[PUBLISH_IN_FLIGHT]; /* one caller publishes */
} publish;

static void stop(const char *text) {
    (void)fprintf(stderr, "bhr-bench-load: %s\n", text);
    exit(1);
}

static void submit(struct caller *caller, const char *method, const struct buffer *body, int64_t started_us) {
    ASSERT(!body->is_full);
    const struct client_call call = {
        .method = method, .body = buffer_slice(body), .user_token = slice_of(load.user_token, load.user_token_size)};
    callers_submit(&load.callers, caller, &call, started_us);
}

static void submit_booking(struct caller *caller, int64_t started_us) {
    ASSERT(load.next < load.end);
    uint64_t number = load.next++, slot = number * CALLERS_STEP % load.slot_count;
    struct book_request request = {.slot_id = {.session_id = load.sessions[slot / SLOTS_PER_SESSION],
                                               .index = (uint32_t)(slot % SLOTS_PER_SESSION)}};
    bench_person(load.is_everybody_new ? PEOPLE + slot : slot % PEOPLE, &request.person, &request.contact);
    struct buffer body = buffer_over(load.memory, sizeof load.memory);
    book_request_encode(&request, &body);
    submit(caller, BOOKING_METHOD_BOOK, &body, started_us);
}

static void submit_question(struct caller *caller) {
    struct list_person_bookings_request request = {0};
    struct booking_contact contact;
    bench_person(load.asked++ * CALLERS_STEP % PEOPLE, &request.person, &contact);
    struct buffer body = buffer_over(load.memory, sizeof load.memory);
    list_person_bookings_request_encode(&request, &body);
    submit(caller, BOOKING_METHOD_LIST_PERSON_BOOKINGS, &body, samples_now_us());
}

static void submit_session(struct caller *caller, uint64_t number, int64_t starts_at_ms, int64_t started_us) {
    struct publish_request request = {.session = {.kind = BOOKING_KIND_IN_PERSON,
                                                  .audience = BOOKING_AUDIENCE_111,
                                                  .starts_at_ms = starts_at_ms,
                                                  .slot_minutes = 5,
                                                  .slot_count = SLOTS_PER_SESSION,
                                                  .capacity = 1}};
    (void)snprintf(request.session.organisation, sizeof request.session.organisation, "Y90020");
    (void)snprintf(request.session.service_id, sizeof request.session.service_id, "bench-%lld-%u",
                   (long long)publish.begin_ms, (unsigned)(number % SERVICES));
    struct buffer body = buffer_over(load.memory, sizeof load.memory);
    publish_request_encode(&request, &body);
    submit(caller, BOOKING_METHOD_PUBLISH_SESSION, &body, started_us);
}

/* ---- publish ---- */

static void fill_sessions(struct caller *caller) {
    while (caller->free_count > 0 && publish.next < publish.count) {
        uint64_t number = publish.next++;
        publish.number_of_place[caller_next_place(caller)] = number;
        submit_session(caller, number, publish.first_ms + (int64_t)(number / SERVICES % DAYS) * BOOKING_DAY_MS,
                       samples_now_us());
    }
}

static bool has_more_sessions(void) {
    return publish.next < publish.count;
}

static void keep_session(struct caller *caller, const struct client_result *result) {
    (void)caller;
    static uint8_t memory[16 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    struct booking_answer answer;
    struct wire_fault fault;
    if (!booking_answer_decode(BOOKING_COMMAND_PUBLISH, result->body, &arena, &answer, &fault)) {
        stop("an answer could not be read");
    }
    load.sessions[publish.number_of_place[result->token]] = answer.id;
}

static void publish_sessions(char **words) {
    const struct clock_port clock = system_clock_port();
    publish.count = strtoull(words[4], NULL, 10);
    publish.begin_ms = clock.wall_ms(clock.context);
    publish.first_ms = (publish.begin_ms / BOOKING_DAY_MS + 2) * BOOKING_DAY_MS;
    if (publish.count == 0 || publish.count > SERVICES * DAYS) stop("no sessions or too many");
    load.sessions = calloc(publish.count, sizeof *load.sessions);
    FILE *file = fopen(words[3], "we");
    if (load.sessions == NULL || file == NULL) stop("no memory or no slot file");
    callers_open(&load.callers, 1, PUBLISH_IN_FLIGHT, words[0], words[1], words[2]);
    int64_t begin_us = samples_now_us();
    const struct callers_work work = {.fill = fill_sessions, .has_more = has_more_sessions, .took = keep_session};
    callers_run(&load.callers, &work);
    bool is_written = fwrite(load.sessions, sizeof *load.sessions, publish.count, file) == publish.count;
    if (fclose(file) != 0 || !is_written) stop("the slot file cannot be written");
    if (load.callers.ok != publish.count) stop("not every session was published");
    (void)printf("{\"sessions\": %llu, \"slots\": %llu, \"seconds\": %.3f}\n", (unsigned long long)publish.count,
                 (unsigned long long)publish.count * SLOTS_PER_SESSION, (double)(samples_now_us() - begin_us) / 1e6);
}

/* ---- book ---- */

static int64_t begin_us, until_us;
static uint64_t per_second;

static void fill_bookings(struct caller *caller) {
    while (caller->free_count > 0 && load.next < load.end) {
        int64_t now_us = samples_now_us();
        if (now_us >= until_us) return;
        int64_t due_us = per_second == 0 ? now_us : begin_us + (int64_t)(load.callers.sent * 1000000 / per_second);
        if (due_us > now_us) return;
        submit_booking(caller, due_us);
    }
}

static void fill_questions(struct caller *caller) {
    while (caller->free_count > 0 && samples_now_us() < until_us) submit_question(caller);
}

static bool has_more_time(void) {
    return samples_now_us() < until_us && load.next < load.end;
}

static void read_sessions(const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) stop("the slot file cannot be read");
    size_t count = (size_t)ftell(file) / sizeof(struct uuid);
    rewind(file);
    load.sessions = calloc(count + 1, sizeof *load.sessions);
    if (load.sessions == NULL || fread(load.sessions, sizeof *load.sessions, count, file) != count) stop("no memory");
    (void)fclose(file);
    load.slot_count = load.end = count * SLOTS_PER_SESSION;
    if (count == 0 || load.slot_count % CALLERS_STEP == 0) stop("no slots");
}

static void read_token(const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL) stop("the token file cannot be read");
    load.user_token_size = fread(load.user_token, 1, sizeof load.user_token, file);
    (void)fclose(file);
}

/* FIRST CLIENTS IN_FLIGHT SECONDS are the last of the words. */
static void run_timed(char **words, void (*fill)(struct caller *caller)) {
    uint64_t first = load.next = strtoull(words[4], NULL, 10);
    callers_open(&load.callers, (uint32_t)strtoul(words[5], NULL, 10), (uint32_t)strtoul(words[6], NULL, 10), words[0],
                 words[1], words[2]);
    begin_us = samples_now_us();
    until_us = begin_us + (int64_t)(strtod(words[7], NULL) * 1e6);
    const struct callers_work work = {.fill = fill, .has_more = has_more_time};
    callers_run(&load.callers, &work);
    if (load.next == load.end) stop("there were too few slots for this run");
    (void)printf("{\"used\": %llu, ", (unsigned long long)(load.next - first));
    callers_print(&load.callers, begin_us);
    (void)printf("}\n");
}

static void book(char **words, int count) {
    read_sessions(words[3]);
    per_second = count > 8 ? strtoull(words[8], NULL, 10) : 0;
    load.is_everybody_new = count > 9 && strcmp(words[9], "new") == 0;
    if (count > 10) read_token(words[10]);
    run_timed(words, fill_bookings);
}

int main(int argc, char **argv) {
    if (!digest_init()) stop("libsodium does not start");
    if (argc == 7 && strcmp(argv[1], "publish") == 0) {
        publish_sessions(argv + 2);
    } else if (argc >= 10 && argc <= 13 && strcmp(argv[1], "book") == 0) {
        book(argv + 2, argc - 2);
    } else if (argc == 10 && strcmp(argv[1], "ask") == 0) {
        read_sessions(argv[5]);
        run_timed(argv + 2, fill_questions);
    } else {
        stop("usage: see the beginning of tests/bench/bench_load.c");
    }
    return 0;
}
