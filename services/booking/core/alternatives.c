/* Looks around a full slot in widening rings, so that the few looks it has go to the nearest slots first. Pure but for
 * the rows. */
#include "services/booking/core/alternatives.h"

#include "lib/base/assert.h"
#include "services/booking/core/slot_walk.h"

static const int64_t ring_ms[] = {0, BOOKING_DAY_MS / 24, BOOKING_DAY_MS / 4, BOOKING_DAY_MS, ALTERNATIVES_REACH_MS};
enum { RING_COUNT = sizeof ring_ms / sizeof ring_ms[0] - 1 };

static void look_between(const struct rows *rows, const struct booking_slot *wanted, struct slot_walk_options *options,
                         int64_t from_ms, int64_t before_ms, uint32_t *budget, struct booking_alternatives *found);
static void keep_if_nearer(struct booking_alternatives *found, const struct booking_slot *wanted,
                           const struct booking_slot *candidate);
static bool is_nearer(const struct booking_slot *wanted, const struct booking_slot *a, const struct booking_slot *b);

void alternatives_find(const struct rows *rows, const struct booking_slot *wanted, const struct booking_ingress *asker,
                       int64_t now_ms, struct booking_alternatives *ret_alternatives) {
    ASSERT(wanted->service_id[0] != '\0');
    memset(ret_alternatives, 0, sizeof *ret_alternatives);
    struct slot_walk_options options = {
        .organisation = "",
        .service_id = wanted->service_id,
        .kind = wanted->kind,
        .asker = asker,
        .now_ms = now_ms,
        .end_until_ms = INT64_MAX,
    };
    uint32_t budget = ALTERNATIVES_LOOKS_MAX;
    int64_t start_ms = wanted->starts_at_ms;
    for (int ring = 0; ring < RING_COUNT; ring++) {
        int64_t inner_ms = ring_ms[ring], outer_ms = ring_ms[ring + 1];
        look_between(rows, wanted, &options, start_ms - outer_ms, start_ms - inner_ms, &budget, ret_alternatives);
        look_between(rows, wanted, &options, start_ms + inner_ms, start_ms + outer_ms, &budget, ret_alternatives);
        /* A further ring holds nothing nearer. */
        if (ret_alternatives->count == BOOKING_ALTERNATIVES_MAX || budget == 0) return;
    }
}

/* Slots that start in [from_ms, before_ms). */
static void look_between(const struct rows *rows, const struct booking_slot *wanted, struct slot_walk_options *options,
                         int64_t from_ms, int64_t before_ms, uint32_t *budget, struct booking_alternatives *found) {
    ASSERT(from_ms < before_ms);
    options->start_from_ms = from_ms;
    options->start_before_ms = before_ms;
    struct slot_walk walk;
    slot_walk_begin(&walk, options);
    struct booking_slot slot;
    while (slot_walk_next(rows, &walk, budget, &slot)) {
        if (slot.free > 0) keep_if_nearer(found, wanted, &slot);
    }
}

static void keep_if_nearer(struct booking_alternatives *found, const struct booking_slot *wanted,
                           const struct booking_slot *candidate) {
    uint32_t at = found->count;
    while (at > 0 && is_nearer(wanted, candidate, &found->slots[at - 1])) at--;
    if (at == BOOKING_ALTERNATIVES_MAX) return;
    if (found->count < BOOKING_ALTERNATIVES_MAX) found->count++;
    for (uint32_t i = found->count - 1; i > at; i--) found->slots[i] = found->slots[i - 1];
    found->slots[at] = *candidate;
}

/* Of two equally near the earlier one, then by id: the answer must not depend on the order of looking. */
static bool is_nearer(const struct booking_slot *wanted, const struct booking_slot *a, const struct booking_slot *b) {
    int64_t a_ms = a->starts_at_ms - wanted->starts_at_ms, b_ms = b->starts_at_ms - wanted->starts_at_ms;
    int64_t a_distance = a_ms < 0 ? -a_ms : a_ms, b_distance = b_ms < 0 ? -b_ms : b_ms;
    if (a_distance != b_distance) return a_distance < b_distance;
    if (a_ms != b_ms) return a_ms < b_ms;
    return memcmp(a->slot_id.session_id.bytes, b->slot_id.session_id.bytes, sizeof a->slot_id.session_id.bytes) < 0;
}
