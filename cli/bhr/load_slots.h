/* The slots that the load generator books into: sessions that it publishes itself, ahead of need. For load.c. */
#ifndef BHR_CLI_LOAD_SLOTS_H
#define BHR_CLI_LOAD_SLOTS_H

#include "cli/bhr/load.h"
#include "cli/bhr/show.h"

struct load_slots {
    struct cli *cli;
    const struct load_plan *plan;
    struct asker publisher;
    char run_id[9];            /* makes the service ids of this run its own */
    uint32_t asked, published; /* sessions */
    uint32_t session_room;
    struct uuid *sessions;
    uint64_t next; /* the place that is handed out next */
    int code;      /* not CLI_OK: publishing has failed and was reported */
};

/* Publishes what is needed before the first booking. Returns an exit code. */
int load_slots_open(struct cli *cli, const struct load_plan *plan, struct load_slots *slots);
void load_slots_close(struct load_slots *slots);
/* Publishes ahead; never waits. Returns whether anything happened. */
bool load_slots_step(struct load_slots *slots);
/* A slot to book; false when none is published yet. */
bool load_slots_take(struct load_slots *slots, struct booking_slot_id *ret_slot_id);
/* Places that were published in all. */
uint64_t load_slots_places(const struct load_slots *slots);

#endif
