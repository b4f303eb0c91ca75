/* See bench_callers.h. */
#include "tests/bench/bench_callers.h"

#include "lib/base/assert.h"
#include "lib/port/uv/system_clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEND_MS = 50 /* repeats and time limits are looked at this often */, NOT_OK_SHOWN_MAX = 5 };

static bool drain(struct callers *callers, struct caller *caller,
                  void (*took)(struct caller *caller, const struct client_result *result));
static void stop(const char *text);

/* Calls fill for each caller that may have news or room, until nothing is in flight and there is no more to send. A load at
 * a low rate has nothing in flight, and nothing due, time and again before its end. */
void callers_run(struct callers *callers, const struct callers_work *work) {
    struct pollfd fds[CALLERS_MAX * ZMQ_DEALER_ENDPOINTS_MAX];
    struct caller *of_fd[CALLERS_MAX * ZMQ_DEALER_ENDPOINTS_MAX];
    nfds_t count = 0;
    for (uint32_t i = 0; i < callers->count; i++) {
        int own[ZMQ_DEALER_ENDPOINTS_MAX];
        size_t own_count = client_zmq_fds(callers->of[i].connection, own);
        for (size_t j = 0; j < own_count; j++) {
            of_fd[count] = &callers->of[i];
            fds[count++] = (struct pollfd){.fd = own[j], .events = POLLIN};
        }
    }
    int64_t tend_us = 0;
    callers->last_us = samples_now_us();
    for (;;) {
        int64_t now_us = samples_now_us();
        bool must_tend = now_us >= tend_us;
        if (must_tend) tend_us = now_us + TEND_MS * 1000;
        uint32_t in_flight = 0;
        for (nfds_t i = 0; i < count; i++) {
            if (!must_tend && fds[i].revents == 0) continue;
            do work->fill(of_fd[i]);
            while (drain(callers, of_fd[i], work->took));
        }
        for (uint32_t i = 0; i < callers->count; i++) in_flight += client_in_flight(callers->of[i].client);
        if (in_flight == 0 && must_tend && callers->answered == callers->sent && !work->has_more()) return;
        (void)poll(fds, count, in_flight == 0 ? 1 : TEND_MS);
    }
}

/* An outcome that nobody was told before: the suite decides. */
static void note_news(struct callers *callers, int64_t now_us) {
    if (now_us - callers->last_us > callers->gap_us) callers->gap_us = now_us - callers->last_us;
    callers->last_us = now_us;
}

/* Takes what has ended. True when something has. */
static bool drain(struct callers *callers, struct caller *caller,
                  void (*took)(struct caller *caller, const struct client_result *result)) {
    struct client_result result;
    bool has_any = false;
    while (client_next(caller->client, &result)) {
        int64_t now_us = samples_now_us();
        has_any = true;
        caller->free_places[caller->free_count++] = (uint32_t)result.token;
        callers->answered++;
        samples_add(&callers->took, now_us - caller->started_us[result.token]);
        if (!result.is_repeated) note_news(callers, now_us);
        if (result.end == CLIENT_ANSWERED && result.status == REPLY_OK) {
            callers->ok++;
            if (took != NULL) took(caller, &result);
        } else if (callers->answered - callers->ok <= NOT_OK_SHOWN_MAX) {
            (void)fprintf(stderr, "not ok: %s: %s\n", result.outcome, result.detail);
            if (took != NULL) stop("every one of these must be done");
        }
    }
    return has_any;
}

uint32_t caller_next_place(const struct caller *caller) {
    ASSERT(caller->free_count > 0);
    return caller->free_places[caller->free_count - 1];
}

void callers_submit(struct callers *callers, struct caller *caller, const struct client_call *asked,
                    int64_t started_us) {
    struct client_call call = *asked;
    struct error error = {0};
    call.limit_ms = CALLERS_LIMIT_MS;
    call.token = caller_next_place(caller);
    caller->free_count--;
    caller->started_us[call.token] = started_us;
    if (client_submit(caller->client, &call, &error) != STATUS_OK) stop(error.message);
    callers->sent++;
}

static void open_one(struct caller *caller, uint32_t in_flight, const struct zmq_dealer_options *options) {
    const struct client_options client = {.in_flight_max = in_flight};
    const struct clock_port clock = system_clock_port();
    struct error error = {0};
    struct client_dealer dealer;
    if (client_zmq_open(options, &caller->connection, &dealer, &error) != STATUS_OK) stop(error.message);
    caller->client = client_new(&client, &dealer, &clock);
    caller->started_us = calloc(in_flight, sizeof *caller->started_us);
    caller->free_places = calloc(in_flight, sizeof *caller->free_places);
    if (caller->client == NULL || caller->started_us == NULL || caller->free_places == NULL) stop("no memory");
    for (uint32_t place = 0; place < in_flight; place++) caller->free_places[caller->free_count++] = place;
}

void callers_open(struct callers *callers, uint32_t count, uint32_t in_flight, const char *server_key,
                  const char *key_file, char *endpoints) {
    if (count == 0 || count > CALLERS_MAX || in_flight == 0) stop("no callers or too many");
    const char *list[ZMQ_DEALER_ENDPOINTS_MAX];
    size_t endpoint_count = 0;
    char *rest = NULL;
    for (char *at = strtok_r(endpoints, ",", &rest); at != NULL && endpoint_count < ZMQ_DEALER_ENDPOINTS_MAX;
         at = strtok_r(NULL, ",", &rest)) {
        list[endpoint_count++] = at;
    }
    if (endpoint_count == 0) stop("no endpoint");
    struct error error = {0};
    struct zmq_keys keys;
    if (zmq_keys_load(key_file, &keys, &error) != STATUS_OK) stop(error.message);
    const struct zmq_dealer_options options = {
        .endpoints = list, .endpoint_count = endpoint_count, .keys = &keys, .server_key = server_key};
    callers->count = count;
    for (uint32_t i = 0; i < count; i++) open_one(&callers->of[i], in_flight, &options);
}

void callers_print(struct callers *callers, int64_t begin_us) {
    double seconds = (double)(callers->last_us - begin_us) / 1e6;
    (void)printf("\"sent\": %llu, \"ok\": %llu, \"seconds\": %.3f, \"per_second\": %.0f, ",
                 (unsigned long long)callers->sent, (unsigned long long)callers->ok, seconds,
                 (double)callers->ok / seconds);
    samples_print(&callers->took);
    (void)printf(", \"gap_ms\": %.1f", (double)callers->gap_us / 1000);
}

static void stop(const char *text) {
    (void)fprintf(stderr, "callers: %s\n", text);
    exit(1);
}
