/* The index beside booking, in worlds where booking follows it (docs/adr/0021): its journal, and whoever answers what doors
 * ask it. It is the index's own service. In most of these worlds it is decided by the world itself, whose journal has what
 * journals have: claims, the entries of former owners, records that were appended twice, a cut; and now and then it is away.
 * In the others it is a world beside this one, with replicas, doors, clients and faults of its own. */
#ifndef BHR_TESTS_SIM_SOURCE_H
#define BHR_TESTS_SIM_SOURCE_H

#include "lib/host/reactor.h"
#include "lib/port/ask.h"
#include "tests/sim/index_model.h"

#define SOURCE_ORGANISATION "X26" /* under which the index knows booking */

/* What of it concerns bookings, in order: the documents say which events do. */
enum source_kind { SOURCE_RECORD, SOURCE_MERGE, SOURCE_UNMERGE };
struct source_item {
    int64_t offset;
    uint32_t done; /* in a place after it: its record has more that counts from this event on; 0: it has not */
    uint64_t number;
    enum source_kind kind;
    struct uuid child_id, parent_id, merge_id;
    int64_t from_ms, until_ms;
};

struct source;
/* When there is a world beside this one, that is it. */
struct source *source_new(struct sim *sim);
void source_free(struct source *source);
int64_t source_due_ms(const struct source *source);
/* Something happens in the index, or to it. */
void source_step(struct source *source);
/* It is there again, and what it does from now on is only what it is asked. */
void source_heal(struct source *source);

const struct fake_log *source_journal(const struct source *source);
struct fake_broker *source_broker(const struct source *source);
const struct journal_identity *source_identity(const struct source *source);
const struct index_model *source_model(const struct source *source);
bool source_is_away(const struct source *source);
/* From this offset on its journal was lost once; INT64_MAX: never. */
int64_t source_cut_at(const struct source *source);
uint32_t source_item_count(const struct source *source);
const struct source_item *source_item(const struct source *source, uint32_t index);

/* source_journal.c, of a world beside: an entry was accepted there, or its journal was cut. */
void source_note(struct source *source, const struct entry *entry, int64_t offset);
void source_forget(struct source *source, int64_t new_end);

/* source_beside.c: a door of the world beside replies to what was asked under this number. */
void source_replied(struct source *source, uint32_t number, struct slice header_frame, struct slice body);

/* source_ask.c: what a door asks it. It belongs to a process, and dies with it. */
struct source_asker;
struct source_asker *source_asker_new(struct sim *sim);
void source_asker_free(struct source_asker *asker);
struct ask_port source_asker_port(struct source_asker *asker);
/* When the next answer is there; INT64_MAX: nothing was asked. */
int64_t source_asker_due_ms(const struct source_asker *asker);

/* source.c, for the askers: does what booking asks, and returns the outcome. The answer is lent until the next call. */
uint32_t source_answer(struct source *source, const char *method, struct slice body, struct slice *ret_answer,
                       uint64_t *ret_number);

#endif
