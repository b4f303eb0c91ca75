/* Questions from a file, asked over ZeroMQ in their order, as fast as answers come or each of them once. Whoever writes
 * the file scatters them: read here at random, a million of them cost their asker as much as its side of the socket.
 * Every answer must be good, and of the bytes that the file expects, or the program ends with 1. Prints one JSON object.
 *
 * The file: of each question the method's size, its body's size and that of the answer's body as three 16-bit numbers,
 * lowest byte first; then the bytes of the three. An answer of size 0 may be any.
 *
 * usage: bhr-bench-ask SERVER_KEY KEY_FILE ENDPOINTS QUESTION_FILE FIRST CLIENTS IN_FLIGHT SECONDS
 * FIRST: how many questions to leave out; SECONDS 0: every question once. */
#include "lib/digest/digest.h"
#include "tests/bench/bench_callers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_FLIGHT_MAX = 256, HEAD_SIZE = 6 };

struct question {
    const char *method; /* ended by NUL */
    struct slice body, answer;
};

static struct callers callers;
static uint8_t *bytes; /* of the file */
static struct question *questions;
static uint64_t question_count, next, end;
static uint64_t asked_of[CALLERS_MAX][IN_FLIGHT_MAX];
static int64_t begin_us, until_us;
static uint64_t answer_bytes;

static void stop(const char *text) {
    (void)fprintf(stderr, "bhr-bench-ask: %s\n", text);
    exit(1);
}

static bool has_more(void) {
    return next < end && samples_now_us() < until_us;
}

static void fill(struct caller *caller) {
    while (caller->free_count > 0 && has_more()) {
        uint64_t number = next++ % question_count;
        const struct question *question = &questions[number];
        asked_of[caller - callers.of][caller_next_place(caller)] = number;
        const struct client_call call = {.method = question->method, .body = question->body, .is_query = true};
        callers_submit(&callers, caller, &call, samples_now_us());
    }
}

static void take(struct caller *caller, const struct client_result *result) {
    struct slice expected = questions[asked_of[caller - callers.of][result->token]].answer;
    if (expected.size > 0 && !slice_equal(expected, result->body)) stop("an answer is not what the file expects");
    answer_bytes += result->body.size;
}

static uint64_t size_at(size_t at) {
    return bytes[at] | (uint64_t)bytes[at + 1] << 8;
}

/* A method's name lies in memory that stays, ended by NUL; there are few. */
static const char *name_of(struct slice text) {
    static char names[8][128];
    for (size_t i = 0; i < sizeof names / sizeof names[0] && text.size < sizeof names[0]; i++) {
        if (names[i][0] == '\0') memcpy(names[i], text.data, text.size);
        if (slice_equal(text, slice_text(names[i]))) return names[i];
    }
    stop("too many methods, or one that is too long");
    return NULL;
}

static void read_questions(const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) stop("the questions cannot be read");
    size_t size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(size + 1);
    questions = calloc(size / HEAD_SIZE + 1, sizeof *questions);
    if (bytes == NULL || questions == NULL || fread(bytes, 1, size, file) != size) stop("no memory for the questions");
    (void)fclose(file);
    for (size_t at = 0; at < size;) {
        if (size - at < HEAD_SIZE) stop("the questions are cut off");
        uint64_t method = size_at(at), body = size_at(at + 2), answer = size_at(at + 4);
        at += HEAD_SIZE;
        if (size - at < method + body + answer) stop("the questions are cut off");
        questions[question_count++] = (struct question){.method = name_of(slice_of(bytes + at, method)),
                                                        .body = slice_of(bytes + at + method, body),
                                                        .answer = slice_of(bytes + at + method + body, answer)};
        at += method + body + answer;
    }
    if (question_count == 0) stop("no questions");
}

int main(int argc, char **argv) {
    if (!digest_init()) stop("libsodium does not start");
    if (argc != 9) stop("usage: see the beginning of tests/bench/bench_ask.c");
    read_questions(argv[4]);
    uint32_t in_flight = (uint32_t)strtoul(argv[7], NULL, 10);
    double seconds = strtod(argv[8], NULL);
    if (in_flight > IN_FLIGHT_MAX) stop("too many in flight");
    next = strtoull(argv[5], NULL, 10);
    end = seconds > 0 ? UINT64_MAX : next + question_count;
    callers_open(&callers, (uint32_t)strtoul(argv[6], NULL, 10), in_flight, argv[1], argv[2], argv[3]);
    begin_us = samples_now_us();
    until_us = seconds > 0 ? begin_us + (int64_t)(seconds * 1e6) : INT64_MAX;
    const struct callers_work work = {.fill = fill, .has_more = has_more, .took = take};
    callers_run(&callers, &work);
    (void)printf("{\"answer_bytes\": %.0f, ", (double)answer_bytes / (double)callers.answered);
    callers_print(&callers, begin_us);
    (void)printf("}\n");
    free(questions);
    free(bytes);
    return 0;
}
