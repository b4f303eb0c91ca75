/* Booking's clients: they publish sessions, hold, book and cancel, mostly around the same few slots. And booking's own
 * promise: at every prefix of the journal no slot has more bookings than places, counted here from the events alone. */
#include "tests/sim/booking.h"
#include "tests/sim/index.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_client.h"
#include "lib/wire/booking/booking_journal.h"
#include "services/booking/core/rows_booking.h"

#include <stdio.h>

#define FAMILY_NAME "Featherstonehaugh" /* of everybody; must never be seen in the journal */

/* A random row of a table whose keys are [table][id]; false when there is none. */
static bool any_id(struct sim *sim, const struct rows *rows, int table, struct uuid *ret_id) {
    uint8_t from[17] = {(uint8_t)table};
    struct slice key, value;
    for (int attempt = 0; attempt < 2; attempt++) {
        /* Ids begin with a time: a random later part of it finds a random row often enough. */
        uint64_t time_ms = (uint64_t)(SIM_START_MS + (int64_t)sim_below(sim, 60000));
        if (attempt > 0) time_ms = 0;
        for (int i = 0; i < 6; i++) from[1 + i] = (uint8_t)(time_ms >> (40 - 8 * i));
        if (!rows_seek(rows, slice_of(from, sizeof from), &key, &value)) continue;
        if (key.size != sizeof from || key.data[0] != table) continue;
        memcpy(ret_id->bytes, key.data + 1, sizeof ret_id->bytes);
        return true;
    }
    return false;
}

static void publish(struct sim *sim, struct buffer *out) {
    static const int64_t starts[] = {8000, 90 * 1000, 3600 * 1000};
    struct publish_request request = {.session = {.kind = BOOKING_KIND_IN_PERSON,
                                                  .slot_minutes = 10,
                                                  .slot_count = 2 + (uint32_t)sim_below(sim, 3),
                                                  .capacity = 1 + (uint32_t)sim_below(sim, 2)}};
    struct booking_session *session = &request.session;
    (void)snprintf(session->organisation, sizeof session->organisation, "%s", sim_systems[2].organisation);
    (void)snprintf(session->service_id, sizeof session->service_id, "svc-%u", (unsigned)sim_below(sim, 4));
    session->audience = sim_chance(sim, 80) ? BOOKING_AUDIENCE_HUB : BOOKING_AUDIENCE_PRACTICE;
    session->starts_at_ms = sim->time.now_ms + starts[sim_below(sim, 3)] + (int64_t)sim_below(sim, 1000);
    /* Where people are merged, one that was booked must not be in everybody's way. */
    if (sim->swarm.has_source) session->starts_at_ms += (int64_t)(1 + sim_below(sim, 40)) * 3600 * 1000;
    publish_request_encode(&request, out);
}

static struct booking_slot_id any_slot(struct sim *sim, const struct rows *rows) {
    struct booking_slot_id slot = {.session_id = {{1}}, .index = (uint32_t)sim_below(sim, 4)};
    (void)any_id(sim, rows, BOOKING_TABLE_SESSION, &slot.session_id);
    return slot;
}

/* Where an index is followed, people are those that it may know: by number, by description, or both. */
static void describe_person(struct sim *sim, struct booking_person *person) {
    struct index_demographics demographics = {0};
    uint32_t number = (uint32_t)sim_below(sim, 4); /* few, so that most merges are of somebody who is booked */
    index_describe(number, &demographics);
    memcpy(person->family_name, demographics.family_name, sizeof person->family_name);
    memcpy(person->given_name, demographics.given_name, sizeof person->given_name);
    memcpy(person->birth_date, demographics.birth_date, sizeof person->birth_date);
    if (sim_chance(sim, 50)) memset(person->local_id, 0, sizeof person->local_id);
    if (sim_chance(sim, 40)) {
        (void)snprintf(person->nhs_number, sizeof person->nhs_number, "%s", index_nhs_number(number));
    }
}

static void book(struct sim *sim, const struct rows *rows, struct buffer *out) {
    struct book_request request = {0};
    request.is_from_hold = sim_chance(sim, 40) && any_id(sim, rows, BOOKING_TABLE_HOLD, &request.hold_id);
    if (!request.is_from_hold) request.slot_id = any_slot(sim, rows);
    (void)snprintf(request.person.local_id, sizeof request.person.local_id, "p%u", (unsigned)sim_below(sim, 9));
    (void)snprintf(request.person.family_name, sizeof request.person.family_name, FAMILY_NAME);
    if (sim->swarm.has_source) describe_person(sim, &request.person);
    (void)snprintf(request.contact.phone, sizeof request.contact.phone, "020 7946 0000");
    book_request_encode(&request, out);
}

const char *booking_make_request(struct sim *sim, const struct rows *rows, uint8_t *ret_source,
                                 struct slice *ret_request) {
    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    const char *method = BOOKING_METHOD_BOOK;
    *ret_source = (uint8_t)sim_below(sim, SIM_SYSTEMS);
    uint64_t drawn = sim_below(sim, 100);
    struct uuid id;
    if (sim->command_count <= 2 || drawn < (sim->swarm.has_source ? 14 : 8)) {
        method = BOOKING_METHOD_PUBLISH_SESSION;
        *ret_source = 2;
        publish(sim, &out);
    } else if (drawn < (sim->swarm.has_source ? 18 : 35)) {
        method = BOOKING_METHOD_HOLD;
        const struct hold_request request = {.slot_id = any_slot(sim, rows),
                                             .hold_seconds = sim_chance(sim, 70) ? 30 : 0};
        hold_request_encode(&request, &out);
    } else if (drawn < (sim->swarm.has_source ? 30 : 55) && any_id(sim, rows, BOOKING_TABLE_BOOKING, &id)) {
        method = BOOKING_METHOD_CANCEL;
        const struct cancel_request request = {.booking_id = id, .reason = BOOKING_CANCEL_PERSON};
        cancel_request_encode(&request, &out);
    } else {
        book(sim, rows, &out);
    }
    ASSERT(!out.is_full && out.size > 0);
    *ret_request = fake_broker_copy(&sim->broker, buffer_slice(&out));
    return method;
}

static struct booked_slot *slot_of(struct booking_promise *promise, struct booking_slot_id id) {
    for (uint32_t i = 0; i < promise->slot_count; i++) {
        if (booking_slot_id_equal(promise->slots[i].id, id)) return &promise->slots[i];
    }
    return NULL;
}

static void add_slots(struct booking_promise *promise, const struct booking_session *session) {
    for (uint32_t i = 0; i < session->slot_count; i++) {
        if (promise->slot_count == BOOKED_SLOTS_MAX) return;
        promise->slots[promise->slot_count++] =
            (struct booked_slot){.id = {.session_id = session->session_id, .index = i}, .capacity = session->capacity};
    }
}

void booking_promise_event(struct sim *sim, struct booking_promise *promise, uint64_t number, struct slice bytes) {
    static uint8_t memory[BOOKING_EVENT_ARENA_SIZE];
    struct arena arena = arena_over(memory, sizeof memory);
    struct booking_event event;
    if (!booking_event_decode(bytes, &arena, &event)) {
        sim_fail(sim, "unreadable: an event of entry %llu", (unsigned long long)number);
        return;
    }
    if (memmem(bytes.data, bytes.size, FAMILY_NAME, strlen(FAMILY_NAME)) != NULL) {
        sim_fail(sim, "a name in the clear: an event of entry %llu", (unsigned long long)number);
    }
    struct booked_slot *slot = NULL;
    switch (event.kind) {
    case BOOKING_EVENT_SESSION_PUBLISHED:
        add_slots(promise, &event.session_published.session);
        return;
    case BOOKING_EVENT_SLOT_HELD:
    case BOOKING_EVENT_HOLD_EXPIRED:
    case BOOKING_EVENT_INDEX_FOLLOWED:
    case BOOKING_EVENT_PERSON_LINKED:
    case BOOKING_EVENT_PERSON_UNLINKED:
    case BOOKING_EVENT_PERSON_AWAITED:
    case BOOKING_EVENT_IDENTITY_CORRECTED:
        return;
    case BOOKING_EVENT_SLOT_BOOKED:
        slot = slot_of(promise, event.slot_booked.slot_id);
        if (slot != NULL) slot->booked++;
        break;
    case BOOKING_EVENT_BOOKING_CANCELLED:
        slot = slot_of(promise, event.booking_cancelled.slot_id);
        if (slot != NULL) slot->booked--;
        break;
    }
    if (slot == NULL || slot->booked > slot->capacity) {
        sim_fail(sim, "a slot given twice: entry %llu books a place that is not there", (unsigned long long)number);
    }
}
