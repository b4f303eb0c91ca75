/* A process's publisher on twins: the product's own, with a reader of its own and a producer whose transactions fail, tear
 * and hang as the seed draws. It dies with its process. What comes of it is judged where it lands (oracle_public.c). */
#include "tests/sim/public.h"

#include "lib/host/publisher.h"

#include <stdlib.h>

struct sim_public {
    struct process *process;
    struct fake_clock clock;
    struct fake_reader journal;
    struct fake_publisher producer;
    struct public_context who;
    struct publisher *publisher;
    int64_t wake_at_ms;
    bool is_owner;
};

struct public_context sim_public_context(const struct sim *sim) {
    return (struct public_context){.service = &sim->service,
                                   .environment = journal_name_slice(&sim->identity.environment),
                                   .locality = journal_name_slice(&sim->identity.locality),
                                   .hash = fake_digest};
}

static uint32_t records_of(const void *context, struct id128 journal_id, const struct entry *entry, struct arena *arena,
                           struct public_record ret_records[PUBLIC_RECORDS_MAX]) {
    struct public_context who = *(const struct public_context *)context;
    who.journal_id = journal_id;
    return public_records_of_entry(&who, entry, arena, ret_records);
}

static void on_moved(void *context, enum publisher_state from, enum publisher_state to, const char *why) {
    struct sim_public *public = context;
    struct sim *sim = public->process->sim;
    sim_tell(sim, public->process, "publisher", publisher_state_name(to), from, INT64_MIN);
    if (to != PUBLISHER_STOPPED) return;
    sim_tell(sim, public->process, "publisher stopped", why, INT64_MIN, INT64_MIN);
    bool is_cut = strcmp(why, publisher_stop_sentence(PUBLISHER_STOP_CUT)) == 0;
    if (!is_cut || !sim->was_cut) sim_fail(sim, "false stop: p%d's publisher: %s", public->process->index, why);
    sim_mark(sim, MARK_PUBLISHER_CUT);
    sim->is_public_over = true;
}

static void on_alarm(void *context, const char *name, const char *text) {
    struct sim_public *public = context;
    struct sim *sim = public->process->sim;
    (void)text; /* not always a literal */
    sim_tell(sim, public->process, "publisher's alarm", name, INT64_MIN, INT64_MIN);
    if (strcmp(name, "publisher_torn") == 0) sim_mark(sim, MARK_PUBLISHER_TORN);
    if (strcmp(name, "publisher_hanging") == 0) sim_mark(sim, MARK_PUBLISHER_UNSETTLED);
}

static void on_committed(void *context, uint32_t entry_count, uint32_t record_count, const int64_t *logged_ms) {
    struct sim_public *public = context;
    (void)logged_ms;
    sim_mark(public->process->sim, MARK_PUBLISHED);
    sim_tell(public->process->sim, public->process, "published", "", entry_count, record_count);
}

static void on_gave_up(void *context, enum publish_result result, const char *why) {
    struct sim_public *public = context;
    (void)why;
    if (result == PUBLISH_FENCED) sim_mark(public->process->sim, MARK_PUBLISHER_FENCED);
    if (result == PUBLISH_OK) sim_mark(public->process->sim, MARK_PUBLISHER_RECYCLED);
}

struct sim_public *sim_public_new(struct process *process) {
    struct sim *sim = process->sim;
    struct sim_public *public = malloc(sizeof *public);
    ASSERT(public != NULL);
    public->process = process;
    public->is_owner = false;
    public->who = sim_public_context(sim);
    fake_clock_init(&public->clock, &sim->time, 0);
    fake_reader_init(&public->journal, &sim->broker, &process->hooks);
    fake_publisher_init(&public->producer, &sim->transactions, &process->hooks);
    public->producer.faults = sim->swarm.publish_faults;
    if (sim->is_healing) sim_public_heal(public);
    const struct publisher_options options = {.identity = sim->identity,
                                              .journal_topic = sim->journal->topic,
                                              .event_topic = SIM_EVENT_TOPIC,
                                              .dead_topic = SIM_DEAD_TOPIC,
                                              .batch_max = 1 + (uint32_t)sim_below(sim, 12),
                                              .interval_ms = PUBLISHER_INTERVAL_MS,
                                              .keep_ms = PUBLISHER_KEEP_MS};
    const struct publisher_ports ports = {
        .journal = fake_reader_port(&public->journal),
        .admin = fake_broker_admin(&sim->broker),
        .producer = fake_publisher_port(&public->producer),
        .clock = fake_clock_port(&public->clock),
        .hash = fake_digest,
        .records = records_of,
        .records_context = &public->who,
        .listener = {
            .context = public, .moved = on_moved, .alarm = on_alarm, .committed = on_committed, .gave_up = on_gave_up}};
    public->publisher = publisher_new(&options, &ports);
    ASSERT(public->publisher != NULL);
    public->wake_at_ms = sim->time.now_ms;
    return public;
}

void sim_public_free(struct sim_public *public) {
    if (public == NULL) return;
    publisher_free(public->publisher);
    struct publish_port producer = fake_publisher_port(&public->producer);
    producer.drop(producer.context);
    fake_reader_fini(&public->journal);
    free(public);
}

int64_t sim_public_due_ms(const struct sim_public *public) {
    return public == NULL ? INT64_MAX : public->wake_at_ms;
}

void sim_public_wake(struct sim_public *public) {
    if (public == NULL || !public->is_owner) return;
    int64_t now_ms = public->process->sim->time.now_ms;
    if (public->wake_at_ms > now_ms) public->wake_at_ms = now_ms;
}

void sim_public_disconnect(struct sim_public *public, bool is_leader_new) {
    if (public == NULL) return;
    public->journal.pending = TOPIC_DISCONNECTED;
    public->journal.is_leader_new = is_leader_new;
    sim_public_wake(public);
}

void sim_public_step(struct sim_public *public) {
    if (public == NULL) return;
    const struct process *process = public->process;
    const struct sim *sim = process->sim;
    bool is_owner = process->view.state == REPLICA_OWNING;
    if (is_owner == public->is_owner && public->wake_at_ms > sim->time.now_ms) return;
    public->is_owner = is_owner;
    publisher_own(public->publisher, is_owner);
    int wait_ms = publisher_step(public->publisher);
    ASSERT(wait_ms >= 0);
    public->wake_at_ms = sim->time.now_ms + wait_ms;
}

void sim_public_heal(struct sim_public *public) {
    if (public != NULL) public->producer.faults = (struct fake_publisher_faults){0};
}
