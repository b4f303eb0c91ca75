/* Sessions for the load generator. Each has a service id of its own, so that no two overlap; they lie a day ahead. One
 * thread; owns the publishing client and the list of sessions. */
#include "cli/bhr/load_slots.h"

#include "cli/bhr/progress.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "services/booking/service.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SESSIONS_MAX = 200000,
    PUBLISH_IN_FLIGHT = 16,
    SLOT_MINUTES = 5,
    AHEAD_SESSIONS = 40, /* besides what is in flight */
};

static uint32_t sessions_wanted(const struct load_slots *slots);
static void publish(struct load_slots *slots);
static void on_published(struct load_slots *slots, const struct client_result *result);

int load_slots_open(struct cli *cli, const struct load_plan *plan, struct load_slots *slots) {
    *slots = (struct load_slots){.cli = cli, .plan = plan, .session_room = SESSIONS_MAX};
    uint8_t random[4];
    digest_random(random, sizeof random);
    text_hex(random, sizeof random, slots->run_id);
    int code = asker_open(cli, &booking_service, plan->publish_as, PUBLISH_IN_FLIGHT, &slots->publisher);
    if (code != CLI_OK) return code;
    slots->sessions = calloc(slots->session_room, sizeof *slots->sessions);
    if (slots->sessions == NULL) slots->code = cli_fail(cli, CLI_UNREACHED, NULL, "no memory");
    uint32_t first = sessions_wanted(slots);
    struct progress progress = progress_begin(cli, "publishing slots", "sessions", first);
    while (slots->code == CLI_OK && slots->published < first) {
        if (!load_slots_step(slots)) client_wait(slots->publisher.client, 100);
        progress_step(&progress, slots->published);
    }
    progress_end(&progress);
    code = slots->code;
    if (code != CLI_OK) load_slots_close(slots);
    return code;
}

void load_slots_close(struct load_slots *slots) {
    asker_close(&slots->publisher);
    free(slots->sessions);
    slots->sessions = NULL;
}

bool load_slots_step(struct load_slots *slots) {
    bool has_moved = false;
    struct client_result result;
    while (client_next(slots->publisher.client, &result)) {
        on_published(slots, &result);
        has_moved = true;
    }
    while (slots->code == CLI_OK && slots->asked < sessions_wanted(slots) &&
           client_in_flight(slots->publisher.client) < PUBLISH_IN_FLIGHT) {
        publish(slots);
        has_moved = true;
    }
    return has_moved;
}

bool load_slots_take(struct load_slots *slots, struct booking_slot_id *ret_slot_id) {
    uint64_t slot =
        slots->plan->fixed_slots > 0 ? slots->next % slots->plan->fixed_slots : slots->next / slots->plan->capacity;
    uint64_t session = slot / LOAD_SLOTS_PER_SESSION;
    if (session >= slots->published) return false;
    slots->next++;
    ret_slot_id->session_id = slots->sessions[session];
    ret_slot_id->index = (uint32_t)(slot % LOAD_SLOTS_PER_SESSION);
    return true;
}

uint64_t load_slots_places(const struct load_slots *slots) {
    uint64_t slot_count =
        slots->plan->fixed_slots > 0 ? slots->plan->fixed_slots : (uint64_t)slots->published * LOAD_SLOTS_PER_SESSION;
    return slot_count * slots->plan->capacity;
}

static uint32_t sessions_for(uint64_t slot_count) {
    uint64_t count = (slot_count + LOAD_SLOTS_PER_SESSION - 1) / LOAD_SLOTS_PER_SESSION;
    return count < SESSIONS_MAX ? (uint32_t)count : SESSIONS_MAX;
}

/* Fixed slots: all of them. Otherwise enough for what may be asked for soon, but no more than the whole run needs. */
static uint32_t sessions_wanted(const struct load_slots *slots) {
    const struct load_plan *plan = slots->plan;
    if (plan->fixed_slots > 0) return sessions_for(plan->fixed_slots);
    uint64_t in_flight = (uint64_t)plan->clients * plan->in_flight;
    uint64_t soon = (slots->next + in_flight) / plan->capacity + AHEAD_SESSIONS * LOAD_SLOTS_PER_SESSION;
    if (plan->count > 0 && plan->warmup_seconds == 0) {
        uint64_t needed = (plan->count + plan->capacity - 1) / plan->capacity;
        if (needed < soon) soon = needed;
    }
    return sessions_for(soon);
}

static void publish(struct load_slots *slots) {
    struct publish_request request = {
        .session = {.kind = BOOKING_KIND_IN_PERSON,
                    .audience = BOOKING_AUDIENCE_HUB,
                    .starts_at_ms = (cli_now_ms(slots->cli) / BOOKING_DAY_MS + 2) * BOOKING_DAY_MS,
                    .slot_minutes = SLOT_MINUTES,
                    .slot_count = LOAD_SLOTS_PER_SESSION,
                    .capacity = slots->plan->capacity}};
    (void)show_take(request.session.organisation, sizeof request.session.organisation, slots->plan->organisation);
    (void)snprintf(request.session.service_id, sizeof request.session.service_id, "load-%s-%u", slots->run_id,
                   slots->asked);
    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    publish_request_encode(&request, &body);
    ASSERT(!body.is_full);
    const struct client_call call = {
        .method = BOOKING_METHOD_PUBLISH_SESSION, .body = buffer_slice(&body), .limit_ms = slots->cli->limit_ms};
    struct error error;
    if (client_submit(slots->publisher.client, &call, &error) != STATUS_OK) {
        slots->code = cli_fail(slots->cli, CLI_UNREACHED, NULL, "%s", error.message);
        return;
    }
    slots->asked++;
}

static void on_published(struct load_slots *slots, const struct client_result *result) {
    if (!answer_is_good(result)) {
        if (slots->code == CLI_OK) slots->code = answer_report(slots->cli, result, NULL);
        return;
    }
    struct booking_answer answer;
    struct wire_fault fault;
    arena_reset(&slots->publisher.arena);
    if (!booking_answer_decode(BOOKING_COMMAND_PUBLISH, result->body, &slots->publisher.arena, &answer, &fault)) {
        slots->code = answer_unreadable(slots->cli, fault.text);
        return;
    }
    ASSERT(slots->published < slots->session_room);
    slots->sessions[slots->published++] = answer.id;
}
