/* Keeps every client's window full and counts. One thread polls all connections: more threads would only take the
 * processors away from what is measured. */
#include "cli/bhr/load.h"

#include "cli/bhr/load_slots.h"
#include "cli/bhr/progress.h"
#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "services/booking/service.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { IDLE_MS = 5, NHS_STEMS = 100000000, NANOSECONDS = 1000000000 };

struct worker {
    struct asker asker;
    int64_t *began_ns; /* by token */
    uint32_t free_count;
    uint32_t *free_tokens;
};

struct load {
    struct cli *cli;
    const struct load_plan *plan;
    struct load_slots slots;
    struct worker *workers;
    uint32_t worker_count;
    struct pollfd *fds;
    nfds_t fd_count;
    uint32_t person_next;
    int64_t begins_ns, counts_from_ns, ends_ns, last_ns;
    int64_t waits_since_ns;   /* for any answer; 0 while nothing is in flight */
    uint64_t sent, submitted; /* submitted: since counting began */
    struct load_result result;
};

static int open_workers(struct load *load);
static void close_workers(struct load *load);
static void run_all(struct load *load);
static bool is_over(const struct load *load, int64_t now_ns);
static bool may_submit(const struct load *load, int64_t now_ns);
static bool fill_window(struct load *load, struct worker *worker, int64_t now_ns);
static void take(struct load *load, struct worker *worker, const struct client_result *result);
static void note_answer(struct load *load, const struct client_result *result, int64_t ended_ns);
static void count_outcome(struct load_result *result, const char *name);
static void next_person(struct load *load, struct booking_person *ret_person);
static int64_t now_ns(void);

int load_run(struct cli *cli, const struct load_plan *plan, struct load_result *ret_result) {
    ASSERT(plan->clients > 0 && plan->clients <= LOAD_CLIENTS_MAX);
    ASSERT(plan->count > 0 || plan->seconds > 0 || plan->listener.goes_on != NULL);
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL) return cli_fail(cli, CLI_UNREACHED, NULL, "no memory");
    load->cli = cli;
    load->plan = plan;
    digest_random(&load->person_next, sizeof load->person_next);
    load->person_next %= NHS_STEMS;
    int code = load_slots_open(cli, plan, &load->slots);
    if (code == CLI_OK) {
        code = open_workers(load);
        if (code == CLI_OK) {
            run_all(load);
            code = load->slots.code;
        }
        load->result.places = load_slots_places(&load->slots);
        close_workers(load);
        load_slots_close(&load->slots);
    }
    if (code == CLI_OK) *ret_result = load->result;
    free(load);
    return code;
}

static void run_all(struct load *load) {
    load->begins_ns = now_ns();
    load->counts_from_ns = load->begins_ns + load->plan->warmup_seconds * NANOSECONDS;
    load->ends_ns = load->plan->seconds > 0 ? load->counts_from_ns + load->plan->seconds * NANOSECONDS : INT64_MAX;
    struct progress progress = progress_begin(load->cli, "booking", "bookings", load->plan->count);
    for (;;) {
        bool has_moved = load_slots_step(&load->slots);
        int64_t now = now_ns();
        const struct load_listener *listener = &load->plan->listener;
        if (listener->goes_on != NULL && now < load->ends_ns && !listener->goes_on(listener->context)) {
            load->ends_ns = now;
        }
        uint32_t in_flight = 0;
        for (uint32_t i = 0; i < load->worker_count; i++) {
            struct worker *worker = &load->workers[i];
            struct client_result result;
            while (client_next(worker->asker.client, &result)) {
                take(load, worker, &result);
                has_moved = true;
            }
            if (fill_window(load, worker, now)) has_moved = true;
            in_flight += client_in_flight(worker->asker.client);
        }
        if (in_flight == 0) load->waits_since_ns = 0;
        progress_step(&progress, load->result.answered);
        if (in_flight == 0 && is_over(load, now)) break;
        if (load->slots.code != CLI_OK) break;
        if (!has_moved) (void)poll(load->fds, load->fd_count, IDLE_MS);
    }
    progress_end(&progress);
    int64_t end_ns = load->last_ns > load->counts_from_ns ? load->last_ns : now_ns();
    load->result.seconds = (double)(end_ns - load->counts_from_ns) / NANOSECONDS;
}

static bool is_over(const struct load *load, int64_t now) {
    return now >= load->ends_ns || (load->plan->count > 0 && load->submitted >= load->plan->count);
}

static bool may_submit(const struct load *load, int64_t now) {
    if (is_over(load, now)) return false;
    const uint64_t per_second = load->plan->per_second;
    return per_second == 0 || load->sent < (uint64_t)(now - load->begins_ns) * per_second / NANOSECONDS;
}

static bool fill_window(struct load *load, struct worker *worker, int64_t now) {
    bool has_moved = false;
    struct booking_slot_id slot_id;
    while (worker->free_count > 0 && may_submit(load, now) && load_slots_take(&load->slots, &slot_id)) {
        struct book_request request = {.slot_id = slot_id};
        next_person(load, &request.person);
        uint8_t memory[BOOKING_REQUEST_MAX];
        struct buffer body = buffer_over(memory, sizeof memory);
        book_request_encode(&request, &body);
        uint32_t token = worker->free_tokens[--worker->free_count];
        const struct client_call call = {.method = BOOKING_METHOD_BOOK,
                                         .body = buffer_slice(&body),
                                         .user_token = asker_token(&worker->asker),
                                         .limit_ms = load->cli->limit_ms,
                                         .token = token};
        worker->began_ns[token] = now_ns();
        struct error error;
        enum status status = client_submit(worker->asker.client, &call, &error);
        ASSERT(status == STATUS_OK || status == STATUS_NO_MEMORY);
        if (status != STATUS_OK) {
            load->slots.code = cli_fail(load->cli, CLI_UNREACHED, NULL, "%s", error.message);
            return true;
        }
        load->sent++;
        if (load->waits_since_ns == 0) load->waits_since_ns = worker->began_ns[token];
        if (now >= load->counts_from_ns) load->submitted++;
        has_moved = true;
    }
    return has_moved;
}

static void take(struct load *load, struct worker *worker, const struct client_result *result) {
    uint32_t token = (uint32_t)result->token;
    ASSERT(token < load->plan->in_flight);
    ASSERT(worker->free_count < load->plan->in_flight);
    int64_t began_ns = worker->began_ns[token], ended_ns = now_ns();
    worker->free_tokens[worker->free_count++] = token;
    note_answer(load, result, ended_ns);
    if (began_ns < load->counts_from_ns) return;
    load->last_ns = ended_ns;
    load->result.asked++;
    if (result->attempts > 1) load->result.retries += result->attempts - 1;
    if (result->is_repeated) load->result.repeated++;
    count_outcome(&load->result, result->outcome);
    if (result->end != CLIENT_ANSWERED) return;
    load->result.answered++;
    histogram_add(&load->result.latency_us, (uint64_t)(ended_ns - began_ns) / 1000);
}

static void note_answer(struct load *load, const struct client_result *result, int64_t ended_ns) {
    const struct load_listener *listener = &load->plan->listener;
    if (result->end == CLIENT_ANSWERED) {
        ASSERT(load->waits_since_ns != 0);
        uint64_t gap_us = (uint64_t)(ended_ns - load->waits_since_ns) / 1000;
        if (gap_us > load->result.gap_us) load->result.gap_us = gap_us;
        load->waits_since_ns = ended_ns;
    }
    if (!answer_is_good(result)) return;
    load->result.booked++;
    if (listener->booked != NULL) listener->booked(listener->context, result->request_id);
}

static void count_outcome(struct load_result *result, const char *name) {
    for (uint32_t i = 0; i < result->outcome_count; i++) {
        if (strcmp(result->outcomes[i].name, name) != 0) continue;
        result->outcomes[i].count++;
        return;
    }
    if (result->outcome_count < LOAD_OUTCOMES_MAX) {
        struct load_outcome *outcome = &result->outcomes[result->outcome_count++];
        bool is_last = result->outcome_count == LOAD_OUTCOMES_MAX;
        (void)snprintf(outcome->name, sizeof outcome->name, "%s", is_last ? "others" : name);
    }
    result->outcomes[result->outcome_count - 1].count++;
}

/* Numbers that begin with 9 are never issued to people (domain.md 3.1 "Ranges"); a tenth of the stems has no check
 * digit. */
static void next_person(struct load *load, struct booking_person *ret_person) {
    for (;;) {
        uint32_t stem = 900000000 + load->person_next;
        load->person_next = (load->person_next + 1) % NHS_STEMS;
        char digits[16];
        (void)snprintf(digits, sizeof digits, "%09u", stem);
        int sum = 0;
        for (int i = 0; i < 9; i++) sum += (digits[i] - '0') * (10 - i);
        int check = (11 - sum % 11) % 11;
        if (check == 10 || stem == 999999999) continue;
        digits[9] = (char)('0' + check);
        digits[10] = '\0';
        memcpy(ret_person->nhs_number, digits, sizeof ret_person->nhs_number);
        return;
    }
}

static int open_workers(struct load *load) {
    const struct load_plan *plan = load->plan;
    load->workers = calloc(plan->clients, sizeof *load->workers);
    load->fds = calloc((size_t)(plan->clients + 1) * ZMQ_DEALER_ENDPOINTS_MAX, sizeof *load->fds);
    if (load->workers == NULL || load->fds == NULL) return cli_fail(load->cli, CLI_UNREACHED, NULL, "no memory");
    for (uint32_t i = 0; i <= plan->clients; i++) {
        struct client_zmq *connection = load->slots.publisher.connection;
        if (i < plan->clients) {
            struct worker *worker = &load->workers[i];
            int code = asker_open(load->cli, &booking_service, NULL, plan->in_flight, &worker->asker);
            if (code != CLI_OK) return code;
            load->worker_count++;
            worker->began_ns = calloc(plan->in_flight, sizeof *worker->began_ns);
            worker->free_tokens = calloc(plan->in_flight, sizeof *worker->free_tokens);
            if (worker->began_ns == NULL || worker->free_tokens == NULL) {
                return cli_fail(load->cli, CLI_UNREACHED, NULL, "no memory");
            }
            for (uint32_t token = 0; token < plan->in_flight; token++) {
                worker->free_tokens[worker->free_count++] = token;
            }
            connection = worker->asker.connection;
        }
        int fds[ZMQ_DEALER_ENDPOINTS_MAX];
        size_t count = client_zmq_fds(connection, fds);
        for (size_t j = 0; j < count; j++)
            load->fds[load->fd_count++] = (struct pollfd){.fd = fds[j], .events = POLLIN};
    }
    return CLI_OK;
}

static void close_workers(struct load *load) {
    for (uint32_t i = 0; i < load->worker_count; i++) {
        asker_close(&load->workers[i].asker);
        free(load->workers[i].began_ns);
        free(load->workers[i].free_tokens);
    }
    free(load->workers);
    free(load->fds);
}

static int64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}
