/* Every event of the source that concerns bookings is taken in once and in order, whoever owns; links say what follows from
 * it, and IdentityCorrected names exactly the bookings that a wrong merge has touched. */
#include "tests/sim/follow.h"

#include "lib/base/assert.h"
#include "lib/host/journal_place.h"
#include "lib/wire/booking/booking_journal.h"
#include "services/booking/core/outcome.h"

#include <stdlib.h>

enum { BOOKINGS_MAX = 2 * SIM_COMMANDS_MAX, LINKS_MAX = 512, AHEAD_MS_MAX = 1000 };

struct person_link {
    struct uuid person_id, parent_id, merge_id; /* merge zero: by a look-up or a record */
    uint64_t number;
};
struct touched {
    struct uuid booking_id, person_id;
    int64_t booked_at_ms;
};
struct told {
    struct uuid record_id, person_id;
    bool is_awaited;
};

struct follow {
    struct sim *sim;
    uint32_t followed; /* of the source's items */
    struct index_followed last;
    uint64_t epoch;         /* of the entry that was followed last */
    bool is_judged_no_more; /* both journals were cut: which came first is not told */
    uint32_t link_count, booking_count, told_count;
    struct person_link links[LINKS_MAX];
    struct touched bookings[BOOKINGS_MAX];
    struct told told[BOOKINGS_MAX];
};

static const struct source_item *judge_place(struct follow *follow, const struct entry *entry,
                                             const struct index_followed *followed);
static void judge_item(struct follow *follow, uint64_t number, const struct source_item *item,
                       const struct booking_event *events, uint32_t count);
static void take_in(struct follow *follow, const struct entry *entry, const struct booking_event *event);

void follow_entry(struct follow *follow, const struct entry *entry, const struct entry_body *body) {
    static uint8_t memory[JOURNAL_EVENTS_MAX * BOOKING_EVENT_ARENA_SIZE];
    static struct booking_event events[JOURNAL_EVENTS_MAX];
    struct arena arena = arena_over(memory, sizeof memory);
    if (body->outcome == REFUSED_SOURCE_OUT_OF_STEP) sim_mark(follow->sim, MARK_SOURCE_OUT_OF_STEP);
    for (uint32_t i = 0; i < body->event_count; i++) {
        bool is_read = booking_event_decode(body->events[i], &arena, &events[i]);
        ASSERT(is_read); /* booking_promise_event was there before */
    }
    bool is_followed = body->event_count > 0 && events[0].kind == BOOKING_EVENT_INDEX_FOLLOWED;
    if (is_followed) {
        const struct source_item *item = judge_place(follow, entry, &events[0].index_followed);
        if (item != NULL) judge_item(follow, entry->number, item, &events[1], body->event_count - 1);
        if (item == NULL && source_cut_at(follow->sim->source) == INT64_MAX && body->event_count > 1) {
            sim_fail(follow->sim, "followed wrongly: entry %llu only keeps a place, and says more",
                     (unsigned long long)entry->number);
        }
    }
    for (uint32_t i = 0; i < body->event_count; i++) take_in(follow, entry, &events[i]);
}

/* ---- places ---- */

static void wrong(struct follow *follow, uint64_t number, const char *what) {
    if (follow->is_judged_no_more) return;
    sim_fail(follow->sim, "followed wrongly: entry %llu %s", (unsigned long long)number, what);
}

/* Whether the source's journal has, or has again, what a place stands on. */
static bool is_there(const struct follow *follow, const struct index_followed *followed) {
    const struct fake_log *journal = source_journal(follow->sim->source);
    struct journal_place place;
    struct cursor cursor = cursor_over(slice_of(followed->place, followed->place_size));
    bool is_read = journal_place_read(&cursor, &place);
    const struct fake_record *record = is_read ? fake_log_at_or_after(journal, place.applied) : NULL;
    if (record == NULL) return false;
    const struct topic_record *shown = &record->shown;
    const struct logged logged = {shown->offset, shown->timestamp_ms, shown->is_log_append_time, shown->value};
    return journal_place_is_at(&place, fake_digest, &logged);
}

/* The item that is followed; NULL when the place only moves over what does not matter here. */
static const struct source_item *judge_place(struct follow *follow, const struct entry *entry,
                                             const struct index_followed *followed) {
    struct sim *sim = follow->sim;
    const struct follow_at before = follow->last.at;
    bool is_cut = source_cut_at(sim->source) != INT64_MAX;
    if (before.offset >= 0 && follow->epoch != entry->epoch) sim_mark(sim, MARK_SOURCE_TAKEN_OVER);
    /* Whoever had read what a cut has taken away may end with it, and may not go on with what is there instead. */
    if (is_cut && before.offset >= 0 && !is_there(follow, &follow->last) && is_there(follow, followed)) {
        wrong(follow, entry->number, "goes on over a cut of the source's journal");
    }
    follow->last = *followed;
    follow->epoch = entry->epoch;
    if (is_cut || follow->is_judged_no_more) return NULL;
    const struct source_item *next =
        follow->followed < source_item_count(sim->source) ? source_item(sim->source, follow->followed) : NULL;
    if (next != NULL && next->offset == followed->at.offset && next->done == followed->at.done) {
        if (next->number != followed->number) wrong(follow, entry->number, "says another number than its event's");
        follow->followed++;
        sim_mark(sim, next->done > 0 ? MARK_SOURCE_MANY : MARK_SOURCE_FOLLOWED);
        if (sim->beside != NULL) sim_mark(sim, MARK_BESIDE_FOLLOWED);
        return next;
    }
    bool is_between = followed->at.done == 0 && followed->at.offset > before.offset &&
                      (next == NULL || followed->at.offset < next->offset);
    if (!is_between) wrong(follow, entry->number, "passes over an event of the source, or follows one again");
    sim_mark(sim, MARK_SOURCE_KEPT);
    return NULL;
}

/* ---- links ---- */

static const struct person_link *link_of(const struct follow *follow, struct uuid person_id) {
    for (uint32_t i = 0; i < follow->link_count; i++) {
        if (uuid_equal(follow->links[i].person_id, person_id)) return &follow->links[i];
    }
    return NULL;
}

/* Who that is by now; *ret_is_over when the way leads over person_id. */
static struct uuid whose(const struct follow *follow, struct uuid id, struct uuid over, bool *ret_is_over) {
    const struct person_link *link;
    *ret_is_over = uuid_equal(id, over);
    for (uint32_t i = 0; i <= follow->link_count && (link = link_of(follow, id)) != NULL; i++) {
        id = link->parent_id;
        *ret_is_over |= uuid_equal(id, over);
    }
    return id;
}

static struct uuid root_of(const struct follow *follow, struct uuid id) {
    bool ignored;
    return whose(follow, id, (struct uuid){{0}}, &ignored);
}

/* What is older than the link there is, changes nothing. */
static bool is_news(const struct follow *follow, struct uuid person_id, struct uuid parent_id, uint64_t number) {
    const struct person_link *link = link_of(follow, person_id);
    bool is_round;
    (void)whose(follow, parent_id, person_id, &is_round);
    if (is_round) return false;
    return link == NULL || (number > link->number && !uuid_equal(link->parent_id, parent_id));
}

static void unlink(struct follow *follow, struct uuid person_id) {
    for (uint32_t i = 0; i < follow->link_count; i++) {
        if (!uuid_equal(follow->links[i].person_id, person_id)) continue;
        follow->links[i] = follow->links[--follow->link_count];
        return;
    }
}

static struct told *told_of(struct follow *follow, struct uuid record_id) {
    for (uint32_t i = 0; i < follow->told_count; i++) {
        if (uuid_equal(follow->told[i].record_id, record_id)) return &follow->told[i];
    }
    return NULL;
}

/* ---- what follows from an item ---- */

static bool is_link(const struct booking_event *event, enum booking_event_kind kind, struct person_link expected) {
    const struct person_linked *linked =
        kind == BOOKING_EVENT_PERSON_LINKED ? &event->person_linked : &event->person_unlinked;
    return event->kind == kind && uuid_equal(linked->person_id, expected.person_id) &&
           uuid_equal(linked->known_id, expected.parent_id) && uuid_equal(linked->merge_id, expected.merge_id) &&
           linked->number == expected.number;
}

/* Every booking of both that was made in that time may be for the other, and no other booking may. */
static void judge_corrected(struct follow *follow, uint64_t number, const struct source_item *item,
                            const struct booking_event *event) {
    struct uuid person_id = root_of(follow, item->parent_id);
    const struct identity_corrected *corrected = &event->identity_corrected;
    bool is_told = event->kind == BOOKING_EVENT_IDENTITY_CORRECTED;
    uint32_t count = 0;
    for (uint32_t i = 0; i < follow->booking_count; i++) {
        const struct touched *booking = &follow->bookings[i];
        bool is_touched = booking->booked_at_ms >= item->from_ms && booking->booked_at_ms <= item->until_ms &&
                          uuid_equal(root_of(follow, booking->person_id), person_id);
        if (!is_touched) continue;
        count++;
        bool is_named = false;
        for (uint32_t k = 0; is_told && k < corrected->booking_count; k++) {
            is_named |= uuid_equal(corrected->booking_ids[k], booking->booking_id);
        }
        if (!is_named && count <= CORRECTED_BOOKINGS_MAX) {
            wrong(follow, number, "does not name a booking that the merge has touched");
        }
    }
    if (is_told && corrected->booking_count > count) wrong(follow, number, "names a booking that was not touched");
    if (!is_told) return;
    bool is_right = uuid_equal(corrected->merge_id, item->merge_id) &&
                    uuid_equal(corrected->survivor_id, item->parent_id) &&
                    uuid_equal(corrected->other_id, item->child_id) && corrected->from_ms == item->from_ms &&
                    corrected->until_ms == item->until_ms;
    if (!is_right) wrong(follow, number, "corrects another merge than the source says");
    sim_mark(follow->sim, MARK_SOURCE_CORRECTED);
    if (follow->sim->beside != NULL) sim_mark(follow->sim, MARK_BESIDE_CORRECTED);
}

static void judge_unmerge(struct follow *follow, uint64_t number, const struct source_item *item,
                          const struct booking_event *events, uint32_t count) {
    const struct person_link *link = link_of(follow, item->child_id);
    const struct person_link cut = {item->child_id, item->parent_id, item->merge_id, item->number};
    bool stands = link != NULL && uuid_equal(link->merge_id, item->merge_id);
    bool is_told = count > 0 && is_link(&events[0], BOOKING_EVENT_PERSON_UNLINKED, cut);
    static const struct booking_event none = {.kind = BOOKING_EVENT_INDEX_FOLLOWED};
    if (stands != is_told)
        wrong(follow, number, "does not cut the link of the merge that was taken back, or another one");
    uint32_t more = is_told ? 1 : 0;
    judge_corrected(follow, number, item, count > more ? &events[more] : &none);
    if (count > more + 1) wrong(follow, number, "says more than follows from its event");
    if (is_told) sim_mark(follow->sim, MARK_SOURCE_UNLINKED);
}

static void judge_item(struct follow *follow, uint64_t number, const struct source_item *item,
                       const struct booking_event *events, uint32_t count) {
    if (item->kind == SOURCE_UNMERGE) {
        judge_unmerge(follow, number, item, events, count);
        return;
    }
    struct person_link expected = {item->child_id, item->parent_id, item->merge_id, item->number};
    bool is_ours = true;
    if (item->kind == SOURCE_RECORD) {
        const struct told *told = told_of(follow, item->child_id);
        is_ours = told != NULL;
        if (is_ours) expected.person_id = told->person_id;
        expected.parent_id = root_of(follow, item->parent_id);
    }
    bool is_due = is_ours && is_news(follow, expected.person_id, expected.parent_id, item->number);
    bool is_told = count == 1 && is_link(&events[0], BOOKING_EVENT_PERSON_LINKED, expected);
    if (is_due && !is_told) wrong(follow, number, "does not link whom the source has joined");
    if (!is_due && count > 0) wrong(follow, number, "links somebody whom the source has not joined");
    if (is_told) sim_mark(follow->sim, item->kind == SOURCE_RECORD ? MARK_SOURCE_RELINKED : MARK_SOURCE_LINKED);
}

static void take_in_link(struct follow *follow, const struct entry *entry, const struct person_linked *linked) {
    if (!is_news(follow, linked->person_id, linked->known_id, linked->number)) {
        wrong(follow, entry->number, "links somebody by what is older than the link there is");
        return;
    }
    bool is_ahead = uuid_is_zero(linked->merge_id) && follow->followed < source_item_count(follow->sim->source) &&
                    source_item(follow->sim->source, follow->followed)->number <= linked->number;
    if (is_ahead) sim_mark(follow->sim, MARK_SOURCE_BEHIND);
    unlink(follow, linked->person_id);
    ASSERT(follow->link_count < LINKS_MAX);
    follow->links[follow->link_count++] =
        (struct person_link){linked->person_id, linked->known_id, linked->merge_id, linked->number};
    for (uint32_t i = 0; i < follow->told_count; i++) {
        if (uuid_equal(follow->told[i].person_id, linked->person_id)) follow->told[i].is_awaited = false;
    }
}

static void take_in(struct follow *follow, const struct entry *entry, const struct booking_event *event) {
    if (event->kind == BOOKING_EVENT_SLOT_BOOKED) {
        ASSERT(follow->booking_count < BOOKINGS_MAX);
        follow->bookings[follow->booking_count++] =
            (struct touched){event->slot_booked.booking_id, event->slot_booked.person_id, entry->decided_at_ms};
        if (source_is_away(follow->sim->source)) sim_mark(follow->sim, MARK_SOURCE_NOT_NEEDED);
    } else if (event->kind == BOOKING_EVENT_PERSON_LINKED) {
        take_in_link(follow, entry, &event->person_linked);
    } else if (event->kind == BOOKING_EVENT_PERSON_UNLINKED) {
        unlink(follow, event->person_unlinked.person_id);
    } else if (event->kind == BOOKING_EVENT_PERSON_AWAITED) {
        struct told *told = told_of(follow, event->person_awaited.record_id);
        ASSERT(told != NULL || follow->told_count < BOOKINGS_MAX);
        if (told == NULL) told = &follow->told[follow->told_count++];
        *told = (struct told){event->person_awaited.record_id, event->person_awaited.person_id, true};
        sim_mark(follow->sim, MARK_SOURCE_AWAITED);
    }
}

bool follow_any_person(const struct follow *follow, uint64_t drawn, struct uuid *ret_person_id) {
    if (follow->link_count == 0) return false;
    *ret_person_id = root_of(follow, follow->links[drawn % follow->link_count].parent_id);
    return true;
}

/* ---- the end ---- */

/* While history's time is ahead of every clock, whatever is asked comes too late. */
bool follow_is_complete(const struct follow *follow) {
    const struct sim *sim = follow->sim;
    if (follow->is_judged_no_more || sim->is_source_over || source_cut_at(sim->source) != INT64_MAX) return true;
    if (oracle_state(sim->oracle)->decided_at_ms > sim->time.now_ms + AHEAD_MS_MAX) return true;
    bool is_beside_ahead =
        sim->beside != NULL && oracle_state(sim->beside->oracle)->decided_at_ms > sim->time.now_ms + AHEAD_MS_MAX;
    if (is_beside_ahead) return true;
    for (uint32_t i = 0; i < follow->told_count; i++) {
        if (follow->told[i].is_awaited) return false;
    }
    return follow->followed == source_item_count(sim->source);
}

void follow_compare(const struct follow *follow) {
    struct sim *sim = follow->sim;
    if (follow->is_judged_no_more || source_cut_at(sim->source) != INT64_MAX) return;
    const struct index_model *model = source_model(sim->source);
    if (follow->followed != source_item_count(sim->source)) return;
    for (uint32_t i = 0; i < follow->link_count; i++) {
        const struct person_link *link = &follow->links[i];
        uint32_t item = model_find(model, link->parent_id, false);
        bool is_right = item != MODEL_NONE && uuid_equal(model_label(model, item), root_of(follow, link->parent_id));
        if (is_right) continue;
        sim_fail(sim, "another person: bookings are of somebody else than the index says, and all of it is followed");
        return;
    }
}

struct follow *follow_new(struct sim *sim) {
    struct follow *follow = malloc(sizeof *follow);
    ASSERT(follow != NULL);
    follow->sim = sim;
    follow->is_judged_no_more = false;
    follow_clear(follow);
    return follow;
}

void follow_free(struct follow *follow) {
    free(follow);
}

void follow_clear(struct follow *follow) {
    follow->followed = follow->link_count = follow->booking_count = follow->told_count = 0;
    follow->last = (struct index_followed){.at = {.offset = -1}};
    follow->epoch = 0;
    if (follow->sim->source != NULL && source_cut_at(follow->sim->source) != INT64_MAX) {
        follow->is_judged_no_more = true;
    }
}
