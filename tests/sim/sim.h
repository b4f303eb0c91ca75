/* The simulator: one seed is one world in one thread and virtual time. The replicas and doors are the product's; every
 * port is a twin from lib/port/fake. A seed draws which faults exist at all (swarm), then when they strike; afterwards
 * everything heals and every promise must be kept. The oracle judges all along (oracle.c).
 *
 *   main.c     command line                        chaos*.c   the faults that strike from outside
 *   crew.c     many seeds, several at a time       load*.c    clients, their commands and the replies
 *   shrink.c   a failing seed becomes a short one  oracle*.c  the promises
 *   sim.c      one seed: safety, then liveness     booking.c  what booking's clients ask, and its promise
 *   world.c    how it begins and ends              index*.c   what the index's clients ask, and its promises
 *   swarm.c    what a seed is like                 search.c   the search behind the index
 *   service.c  a service that poison can kill      source*.c  the index that booking follows
 *   process.c  one process: start, step, die       follow.c   whose the bookings must be
 *   door.c, public.c  its door, its publisher      story.c    what happened, in words */
#ifndef BHR_TESTS_SIM_SIM_H
#define BHR_TESTS_SIM_SIM_H

#include "lib/base/assert.h"
#include "lib/base/boot_mark.h"
#include "lib/host/replica.h"
#include "lib/port/fake/broker.h"
#include "lib/port/fake/cache.h"
#include "lib/port/fake/hash.h"
#include "lib/port/fake/process.h"
#include "lib/port/fake/publish.h"
#include "lib/port/fake/reader.h"
#include "lib/port/fake/store.h"
#include "lib/port/fake/writer.h"
#include "services/index/core/index.h"
#include "tests/sim/swarm.h"
#include "tests/support/prng.h"

#include <setjmp.h>
#include <stddef.h>

enum {
    SIM_PROCESSES_MAX = 4,
    SIM_COMMANDS_MAX = 96,
    SIM_SNAPSHOTS_MAX = 3,
    SIM_POISON_MAX = 8,
    SIM_STORY_MAX = 60,
    SIM_DAY_MS = 24 * 3600 * 1000,
};
#define SIM_START_MS INT64_C(1800000000000) /* January 2027: every id is made after it */

enum sim_mark {
#define X(name, sentence) MARK_##name,
#include "tests/sim/marks.def"
#undef X
    SIM_MARKS,
};

enum process_state { PROCESS_ABSENT, PROCESS_DOWN, PROCESS_UP };

struct sim;
struct sim_door;
struct sim_public;

struct process {
    struct sim *sim;
    int index;
    enum process_state state;
    bool is_rebuild_due;
    bool is_stopping;
    int64_t start_at_ms; /* of a process that is down */
    int64_t wake_at_ms, paused_until_ms;

    struct fake_hooks hooks;
    struct fake_clock clock;
    struct fake_note note;
    struct fake_store store;
    struct fake_reader journal, commands;
    struct fake_member member;
    struct replica *replica;
    struct replica_view view;      /* after its last step */
    struct sim_door *door;         /* NULL without doors */
    struct sim_public *public;     /* NULL without a publisher */
    uint32_t boot;                 /* of its machine */
    bool was_power_cut, is_closed; /* its store, in order */
    char boot_mark[BOOT_MARK_MAX]; /* of its store */

    /* Dying in the middle of a step. */
    bool is_in_step;
    uint32_t fuse;       /* port calls left to live; 0: no fuse */
    uint32_t stall_fuse; /* port calls until it stalls in the middle of one while the world goes on; 0: never */
    jmp_buf death;
    const char *last_call;
    uint64_t appended_at_commit; /* appends made when it last committed */
    uint32_t turn_entries_seen;  /* accepted entries of the open turn */

    uint32_t snapshot_count;
    struct fake_store snapshots[SIM_SNAPSHOTS_MAX];
    struct fake_writer writer; /* the last: large, and initialised by itself */
};

/* A client's command as it lies, or will lie, in the command log. */
struct sim_command {
    struct uuid id;
    uint8_t source; /* index into sim_systems */
    const char *method;
    struct slice request; /* as asked */
    struct slice value;   /* as accepted; without doors only */
    struct digest digest; /* over method and request */
    int64_t decide_by_ms, next_send_ms;
    uint32_t sent;
    bool has_bad_headers, is_poison;
    bool is_final;    /* it was answered */
    uint32_t outcome; /* with what, if that stands in the journal */
};

/* A question that must be answered by any door from a store that has read far enough. */
struct sim_query {
    const char *method;
    struct slice request;
    uint8_t source;
    int64_t min_position;
    /* What it is about, in the index. */
    struct uuid id;
    struct index_record_key record;
    int64_t as_of_ms; /* 0: now */
    const char *day;  /* on which what was said must be in force */
};
/* A query's index at the doors begins there, and that of what a follower's door asks. */
enum { SIM_QUERIES_MAX = 48, SIM_QUERY_INDEX = 1 << 20, SIM_ASKED_INDEX = 1 << 21 };

/* Who asks. */
struct sim_system {
    const char *id, *organisation, *role;
};
enum { SIM_SYSTEMS = 3 };
extern const struct sim_system sim_systems[SIM_SYSTEMS];

struct story_line {
    int64_t now_ms;
    int process; /* -1: the world */
    bool is_beside;
    const char *what, *text;
    int64_t a, b;
};

struct oracle;
struct index_model;
struct source;

struct sim {
    uint64_t seed;
    struct prng prng;
    struct sim_swarm swarm;
    struct fake_time time;
    struct fake_hooks world_hooks;
    struct fake_broker broker;
    struct fake_log *journal, *events, *dead; /* the last two: what is public */
    uint32_t generation;                      /* the highest of the command topic */
    struct fake_group group;
    struct fake_redis redis;
    struct service service; /* the service under test, with poison */
    const struct service *pure_service;
    struct journal_identity identity;
    struct process *running; /* whose step is on the stack */

    uint32_t command_count;
    int64_t load_at_ms, chaos_at_ms;
    uint32_t query_count;
    uint32_t poison_count;
    uint64_t poison[SIM_POISON_MAX]; /* hashes of commands that kill */

    struct oracle *oracle;
    struct source *source; /* NULL in a world without */
    /* The index that booking follows, when it is run by replicas of its own: a world of its own under one clock, in which
     * the other is the follower. What it tells, counts and breaks is the follower's. */
    struct sim *beside, *follower;
    bool is_healing;     /* the liveness phase: no more faults */
    bool is_source_over; /* what an event of the source means was set aside: following stops there */
    bool is_public_over; /* a publisher found its position cut away: what was lost stays public, and nothing is added */
    bool is_inside_stall;
    bool was_cut, has_twins;
    bool were_commands_cut;
    uint32_t cut_generation; /* of the command topic that lost its tail: what lay there cannot be looked up any more */
    uint32_t cuts;
    struct sim_limits limits;
    uint64_t strikes; /* of chaos, so far */
    uint64_t ticks;   /* times that the world moved on, idle or not */
    uint64_t steps;   /* events: README.md says what is one */
    uint64_t safe_ticks;
    int64_t converged_ms; /* how long everything took to be right again */
    uint64_t hash;        /* rolling, over everything that happened: the same seed gives the same */
    bool has_failed;
    char failure[512];
    bool tells_all;
    uint64_t story_count;
    uint32_t marks[SIM_MARKS];

    /* What is large is initialised by itself when it comes into use, and not cleared for every seed. */
    struct process processes[SIM_PROCESSES_MAX];
    struct sim_command commands[SIM_COMMANDS_MAX];
    struct sim_query queries[SIM_QUERIES_MAX];
    struct story_line story[SIM_STORY_MAX];
    struct fake_transactions transactions;
    struct fake_writer command_writer;
};

/* sim.c */
void sim_run(struct sim *sim, uint64_t seed, const struct sim_limits *limits, bool tells_all);
/* The world goes on for a while although a process is in the middle of a port call. */
void sim_go_on_without(struct sim *sim, struct process *process);
static inline uint64_t sim_below(struct sim *sim, uint64_t n) {
    return prng_below(&sim->prng, n);
}
static inline bool sim_chance(struct sim *sim, unsigned percent) {
    return percent > 0 && prng_chance(&sim->prng, percent);
}
static inline void sim_mix(struct sim *sim, uint64_t value) {
    sim->hash = (sim->hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    sim->hash ^= sim->hash >> 29;
}
static inline void sim_mark(struct sim *sim, enum sim_mark mark) {
    sim->marks[mark]++;
}

/* An event: something was changed or brought. */
static inline void sim_event(struct sim *sim, int who) {
    sim->steps++;
    sim_mix(sim, (uint64_t)who);
}

/* world.c: until the first step, and after the last. follower: whose index it is; NULL: it stands by itself. */
void world_begin(struct sim *sim, struct sim *follower, uint64_t seed, const struct sim_limits *limits, bool tells_all);
void world_end(struct sim *sim);

/* swarm.c */
void sim_draw_swarm(struct sim *sim);
const char *sim_switch_name(int number);
/* -1 when there is none of that name. */
int sim_switch_named(const char *name, size_t size);

/* story.c. what and text are literals: they are printed later. */
void sim_tell(struct sim *sim, const struct process *process, const char *what, const char *text, int64_t a, int64_t b);
void sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_print_story(const struct sim *sim);
/* When an assertion of the product fails: then this process ends. */
void sim_print_story_on_abort(const struct sim *sim);
const char *sim_mark_sentence(enum sim_mark mark);

/* process.c */
void process_init(struct sim *sim, int index);
void process_fini(struct process *process);
void process_start(struct process *process);
/* The process is gone from one instruction to the next. */
void process_die(struct process *process, const char *why);
void process_step(struct process *process);
void process_heal(struct process *process);
/* Writes down that this boot has the store open, or that it was closed in order. */
void process_mark_boot(struct process *process, bool is_closed);

/* chaos.c */
void chaos_strike(struct sim *sim);
void chaos_draw_faults(struct sim *sim, struct process *process);
/* chaos_broker.c: the next generation of the command topic is made. */
void chaos_new_generation(struct sim *sim);

/* load.c */
/* The service that this seed runs. */
const struct service *load_service(struct sim *sim);
void load_step(struct sim *sim);
/* One more command, sane, of each system. */
void load_ask_once_more(struct sim *sim);
/* True when every command that was sent has its answer. */
bool load_is_done(const struct sim *sim);
/* A replica answers (without doors); a door replies (load_reply.c). */
void load_answered(struct sim *sim, const struct replica_answer *answer);
void load_replied(struct sim *sim, struct process *process, uint32_t index, struct slice header_frame,
                  struct slice body);
bool load_is_poison(struct slice work);

/* service.c: a tiny service whose answers depend on the whole history, and the wrapper that lets poison kill. */
extern const struct service counter_service;
void service_with_poison(struct sim *sim, const struct service *pure);
/* The sim whose process is deciding; poison asks it. */
void service_set_sim(struct sim *sim);
uint64_t service_hash(struct slice bytes);
struct slice counter_command(struct sim *sim);

/* oracle.c */
struct oracle *oracle_new(struct sim *sim);
void oracle_free(struct oracle *oracle);
void oracle_appended(struct oracle *oracle, const struct fake_record *record);
void oracle_cut(struct oracle *oracle, int64_t new_end);
void oracle_judged(struct oracle *oracle, struct process *process, int64_t offset, enum journal_verdict verdict);
void oracle_committed(struct oracle *oracle, struct process *process, const struct journal_state *state);
void oracle_answered(struct oracle *oracle, struct process *process, const struct replica_answer *answer);
/* A record came to a public topic. */
void oracle_published(struct oracle *oracle, const struct fake_log *log, const struct fake_record *record);
/* Whatever the source says was taken in, and bookings are whose it says they are. True in a world without. */
bool oracle_is_followed(const struct oracle *oracle);
/* Somebody whom bookings are of, as the index calls them; false when nobody is known. */
bool oracle_any_person(const struct oracle *oracle, uint64_t drawn, struct uuid *ret_person_id);
/* Everything that happened is public. */
bool oracle_is_public_complete(const struct oracle *oracle);
/* After healing: every live store is the fold of the whole journal. False while something is still missing. */
bool oracle_is_converged(struct oracle *oracle);
const struct journal_state *oracle_state(const struct oracle *oracle);
/* The rows of the accepted history. */
struct rows oracle_rows(struct oracle *oracle);
/* Who is whom in it, of an index. */
const struct index_model *oracle_index(const struct oracle *oracle);
/* True when such an answer stands, or stood before a cut, in the accepted history. */
bool oracle_knows(const struct oracle *oracle, struct slice source, struct uuid id, struct digest digest,
                  uint32_t outcome, uint64_t number, struct slice answer);

#endif
