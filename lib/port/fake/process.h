/* The small twins that belong to one process: its clock and chance, its crash note, its place in the group. */
#ifndef BHR_PORT_FAKE_PROCESS_H
#define BHR_PORT_FAKE_PROCESS_H

#include "lib/port/clock.h"
#include "lib/port/fake/fake.h"
#include "lib/port/note.h"
#include "lib/port/topic.h"

/* A process's clocks: the true time, and how wrong this process is about it. */
struct fake_clock {
    const struct fake_time *time;
    int64_t wall_skew_ms, monotonic_start_ms;
    uint64_t chance; /* state of the random bytes; a cloned machine has a copy of it */
};
void fake_clock_init(struct fake_clock *clock, const struct fake_time *time, uint64_t seed);
struct clock_port fake_clock_port(struct fake_clock *clock);

/* The mapped file survives the process; what it held is read once when the next process opens it. */
struct fake_note {
    const struct fake_hooks *hooks;
    uint8_t file[NOTE_SIZE_MAX], left[NOTE_SIZE_MAX];
    size_t file_size, left_size;
};
void fake_note_open(struct fake_note *note, const struct fake_hooks *hooks);
struct note fake_note_port(struct fake_note *note);

/* The group on the command topic: settles some time after every change and then gives the partition to its oldest
 * seat. A member hears of it when it next polls. A process that died keeps its seat until its silence is noticed. */
enum { FAKE_SEATS_MAX = 16 };
struct fake_seat {
    uint64_t joined_as; /* older seats have lower numbers; 0: free */
    int64_t polled_at_ms;
};
struct fake_group {
    const struct fake_time *time;
    int64_t settle_ms, session_ms;
    uint64_t joins, rebalances;
    int64_t settled_at_ms; /* end of the rebalance under way; INT64_MAX when none is */
    uint64_t assigned;     /* joined_as of whom the last finished rebalance named; 0: nobody */
    struct fake_seat seats[FAKE_SEATS_MAX];
};
void fake_group_init(struct fake_group *group, const struct fake_time *time);
/* Finishes a rebalance that is due and frees the seats that were silent for session_ms. */
void fake_group_tick(struct fake_group *group);
/* Starts a rebalance for no reason. */
void fake_group_rebalance(struct fake_group *group);

struct fake_member {
    struct fake_group *group;
    const struct fake_hooks *hooks;
    struct membership_view view;
    uint64_t joined_as; /* its seat; 0: not a member */
    uint64_t heard;     /* last finished rebalance it has heard of */
    int64_t shown;      /* the last offset it left with the group */
};
/* A new process: it has no seat yet, whatever the one before it had. */
void fake_member_init(struct fake_member *member, struct fake_group *group, const struct fake_hooks *hooks);
struct membership fake_member_port(struct fake_member *member);

#endif
