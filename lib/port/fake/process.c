/* Clock, note and membership of one process. One thread; nothing waits. */
#include "lib/port/fake/process.h"

#include "lib/base/assert.h"

static int64_t wall(void *context) {
    const struct fake_clock *clock = context;
    return clock->time->now_ms + clock->wall_skew_ms;
}

static int64_t monotonic(void *context) {
    const struct fake_clock *clock = context;
    return clock->time->now_ms - clock->monotonic_start_ms;
}

/* splitmix64: one word of state, so that a clone is a copy. */
static void random_bytes(void *context, void *ret_bytes, size_t size) {
    struct fake_clock *clock = context;
    uint8_t *to = ret_bytes;
    for (size_t done = 0; done < size; done += 8) {
        clock->chance += UINT64_C(0x9E3779B97F4A7C15);
        uint64_t mixed = clock->chance;
        mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
        mixed ^= mixed >> 31;
        memcpy(to + done, &mixed, size - done < 8 ? size - done : 8);
    }
}

void fake_clock_init(struct fake_clock *clock, const struct fake_time *time, uint64_t seed) {
    *clock = (struct fake_clock){.time = time, .monotonic_start_ms = time->now_ms, .chance = seed};
}

struct clock_port fake_clock_port(struct fake_clock *clock) {
    return (struct clock_port){.context = clock, .wall_ms = wall, .monotonic_ms = monotonic, .random = random_bytes};
}

static void note_set(void *context, struct slice bytes) {
    struct fake_note *note = context;
    ASSERT(bytes.size <= NOTE_SIZE_MAX);
    fake_at_call(note->hooks, "note.set");
    if (bytes.size > 0) memcpy(note->file, bytes.data, bytes.size);
    note->file_size = bytes.size;
    fake_done(note->hooks, "note.set done");
}

static struct slice note_left_behind(void *context) {
    const struct fake_note *note = context;
    return slice_of(note->left, note->left_size);
}

/* A newer note in the file stays. */
static void note_forget(void *context) {
    struct fake_note *note = context;
    fake_at_call(note->hooks, "note.forget");
    if (slice_equal(slice_of(note->file, note->file_size), slice_of(note->left, note->left_size))) note->file_size = 0;
    note->left_size = 0;
    fake_done(note->hooks, "note.forget done");
}

void fake_note_open(struct fake_note *note, const struct fake_hooks *hooks) {
    note->hooks = hooks;
    memcpy(note->left, note->file, note->file_size);
    note->left_size = note->file_size;
}

struct note fake_note_port(struct fake_note *note) {
    return (struct note){.context = note, .set = note_set, .left_behind = note_left_behind, .forget = note_forget};
}

void fake_group_init(struct fake_group *group, const struct fake_time *time) {
    *group = (struct fake_group){.time = time, .settle_ms = 50, .session_ms = 6000, .settled_at_ms = INT64_MAX};
}

void fake_group_rebalance(struct fake_group *group) {
    if (group->settled_at_ms == INT64_MAX) group->settled_at_ms = group->time->now_ms + group->settle_ms;
}

static void seat_free(struct fake_group *group, struct fake_seat *seat) {
    if (group->assigned == seat->joined_as) group->assigned = 0;
    seat->joined_as = 0;
    fake_group_rebalance(group);
}

void fake_group_tick(struct fake_group *group) {
    for (int i = 0; i < FAKE_SEATS_MAX; i++) {
        struct fake_seat *seat = &group->seats[i];
        bool is_silent = seat->polled_at_ms + group->session_ms < group->time->now_ms;
        if (seat->joined_as != 0 && is_silent) seat_free(group, seat);
    }
    if (group->settled_at_ms > group->time->now_ms) return;
    group->settled_at_ms = INT64_MAX;
    group->rebalances++;
    group->assigned = 0;
    for (int i = 0; i < FAKE_SEATS_MAX; i++) {
        uint64_t joined_as = group->seats[i].joined_as;
        if (joined_as == 0) continue;
        if (group->assigned == 0 || joined_as < group->assigned) group->assigned = joined_as;
    }
}

static struct fake_seat *seat_of(const struct fake_member *member) {
    for (int i = 0; i < FAKE_SEATS_MAX; i++) {
        struct fake_seat *seat = &member->group->seats[i];
        if (member->joined_as != 0 && seat->joined_as == member->joined_as) return seat;
    }
    return NULL;
}

/* When every seat is taken, the longest silent one is thrown out. */
static void take_seat(struct fake_member *member) {
    struct fake_group *group = member->group;
    struct fake_seat *seat = &group->seats[0];
    for (int i = 1; i < FAKE_SEATS_MAX && seat->joined_as != 0; i++) {
        struct fake_seat *other = &group->seats[i];
        if (other->joined_as == 0 || other->polled_at_ms < seat->polled_at_ms) seat = other;
    }
    if (seat->joined_as != 0) seat_free(group, seat);
    member->joined_as = ++group->joins;
    *seat = (struct fake_seat){.joined_as = member->joined_as, .polled_at_ms = group->time->now_ms};
    fake_group_rebalance(group);
}

static void join(void *context) {
    struct fake_member *member = context;
    fake_at_call(member->hooks, "membership.join");
    if (!member->view.is_member) {
        member->view = (struct membership_view){.is_member = true};
        member->heard = member->group->rebalances;
        take_seat(member);
    }
    fake_done(member->hooks, "membership.join done");
}

static void leave(void *context) {
    struct fake_member *member = context;
    fake_at_call(member->hooks, "membership.leave");
    struct fake_seat *seat = seat_of(member);
    if (seat != NULL) seat_free(member->group, seat);
    member->joined_as = 0;
    member->view = (struct membership_view){0};
    fake_done(member->hooks, "membership.leave done");
}

/* A member that was thrown out joins again by itself, and believes its last level until it hears of a new one. */
static struct membership_view member_poll(void *context) {
    struct fake_member *member = context;
    struct fake_group *group = member->group;
    fake_at_call(member->hooks, "membership.poll");
    fake_group_tick(group);
    if (!member->view.is_member) return member->view;
    struct fake_seat *seat = seat_of(member);
    if (seat == NULL) {
        take_seat(member);
    } else {
        seat->polled_at_ms = group->time->now_ms;
    }
    member->view.is_settled = group->settled_at_ms == INT64_MAX;
    if (member->heard < group->rebalances) {
        member->heard = group->rebalances;
        member->view.is_assigned = group->assigned == member->joined_as;
        fake_done(member->hooks, "membership.poll done");
    }
    return member->view;
}

static void show(void *context, const char *topic, int64_t offset) {
    struct fake_member *member = context;
    (void)topic;
    fake_at_call(member->hooks, "membership.show");
    ASSERT(member->view.is_member);
    member->shown = offset;
}

void fake_member_init(struct fake_member *member, struct fake_group *group, const struct fake_hooks *hooks) {
    *member = (struct fake_member){.group = group, .hooks = hooks, .shown = -1};
}

struct membership fake_member_port(struct fake_member *member) {
    return (struct membership){.context = member, .join = join, .leave = leave, .poll = member_poll, .show = show};
}
