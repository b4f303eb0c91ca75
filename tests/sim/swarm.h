/* What a seed is like: which faults exist at all, and which service runs (swarm.c). */
#ifndef BHR_TESTS_SIM_SWARM_H
#define BHR_TESTS_SIM_SWARM_H

#include "lib/base/assert.h"
#include "lib/port/fake/publish.h"
#include "lib/port/fake/writer.h"

/* Faults that strike from outside; each seed gives each of them a weight, often none. X(KIND, weight, its switch). */
#define SIM_CHAOS(X)                                                                                                   \
    X(CHAOS_CRASH, 4, "crash")                                                                                         \
    X(CHAOS_FUSE, 8, "fuse")                                                                                           \
    X(CHAOS_PAUSE, 6, "pause")                                                                                         \
    X(CHAOS_ORDERLY_STOP, 2, "orderly-stop")                                                                           \
    X(CHAOS_CLOCK, 3, "clock")                                                                                         \
    X(CHAOS_BROKER_CLOCK, 1, "broker-clock")                                                                           \
    X(CHAOS_DISCONNECT, 4, "disconnect")                                                                               \
    X(CHAOS_REBALANCE, 3, "rebalance")                                                                                 \
    X(CHAOS_CONFUSE, 6, "confuse")                                                                                     \
    X(CHAOS_SNAPSHOT, 4, "snapshot")                                                                                   \
    X(CHAOS_RESTORE, 2, "restore")                                                                                     \
    X(CHAOS_CLONE, 2, "clone")                                                                                         \
    X(CHAOS_STORE_FULL, 1, "store-full")                                                                               \
    X(CHAOS_CUT, 2, "cut")                                                                                             \
    X(CHAOS_LAG, 4, "lag")                                                                                             \
    X(CHAOS_GARBAGE, 3, "garbage")                                                                                     \
    X(CHAOS_REPLAY, 4, "replay")                                                                                       \
    X(CHAOS_RETENTION, 1, "retention")                                                                                 \
    X(CHAOS_GENERATION, 1, "generation")                                                                               \
    X(CHAOS_REDIS, 2, "redis")                                                                                         \
    X(CHAOS_STALL, 6, "stall")                                                                                         \
    X(CHAOS_COMMANDS_CUT, 1, "commands-cut")                                                                           \
    X(CHAOS_POWER, 2, "power")                                                                                         \
    X(CHAOS_LEADER, 3, "leader")

enum sim_chaos {
#define X(kind, weight, name) kind,
    SIM_CHAOS(X)
#undef X
        SIM_CHAOS_KINDS,
};

/* Faults that are there all the time, in as many seeds. X(KIND, its switch, where the swarm has it: 0 is none of it). */
#define SIM_FAULTS(X)                                                                                                  \
    X(FAULT_JOURNAL_DELAY, "journal-delay", journal_faults.delay_ms_max)                                               \
    X(FAULT_JOURNAL_LOST, "journal-lost", journal_faults.lost_per_mille)                                               \
    X(FAULT_JOURNAL_LATE, "journal-late", journal_faults.late_per_mille)                                               \
    X(FAULT_JOURNAL_TWICE, "journal-twice", journal_faults.twice_per_mille)                                            \
    X(FAULT_JOURNAL_UNCERTAIN, "journal-uncertain", journal_faults.uncertain_per_mille)                                \
    X(FAULT_JOURNAL_SILENT, "journal-silent", journal_faults.silent_per_mille)                                         \
    X(FAULT_JOURNAL_REFUSE, "journal-refuse", journal_faults.refuse_per_mille)                                         \
    X(FAULT_COMMAND_DELAY, "command-delay", command_faults.delay_ms_max)                                               \
    X(FAULT_COMMAND_LOST, "command-lost", command_faults.lost_per_mille)                                               \
    X(FAULT_COMMAND_LATE, "command-late", command_faults.late_per_mille)                                               \
    X(FAULT_COMMAND_TWICE, "command-twice", command_faults.twice_per_mille)                                            \
    X(FAULT_COMMAND_UNCERTAIN, "command-uncertain", command_faults.uncertain_per_mille)                                \
    X(FAULT_COMMAND_SILENT, "command-silent", command_faults.silent_per_mille)                                         \
    X(FAULT_COMMAND_REFUSE, "command-refuse", command_faults.refuse_per_mille)                                         \
    X(FAULT_POISON, "poison", poison_percent)                                                                          \
    X(FAULT_POISON_TIMER, "poison-timer", do_timers_kill)                                                              \
    X(FAULT_COPY, "copy", copy_percent)                                                                                \
    X(FAULT_REUSE, "reuse", reuse_percent)                                                                             \
    X(FAULT_STRANGE, "strange", strange_percent)                                                                       \
    X(FAULT_EXPIRED, "expired", expired_percent)                                                                       \
    X(FAULT_HUGE, "huge", huge_percent)                                                                                \
    X(FAULT_DEADLY, "deadly-call", deadly_percent)                                                                     \
    X(FAULT_NOTHING, "nothing", nothing_per_mille)                                                                     \
    X(FAULT_READ_LAG, "read-lag", lag_ms_max)                                                                          \
    X(FAULT_SKEW, "skew", skew_ms_max)                                                                                 \
    X(FAULT_REPLY_LOST, "reply-lost", reply_lost_percent)                                                              \
    X(FAULT_PUBLISH_FAIL, "publish-fail", publish_faults.fail_per_mille)                                               \
    X(FAULT_PUBLISH_SILENT, "publish-silent", publish_faults.silent_per_mille)                                         \
    X(FAULT_PUBLISH_UNCLEAN, "publish-unclean", publish_faults.unclean_per_mille)                                      \
    X(FAULT_PUBLISH_TEAR, "publish-tear", publish_faults.tear_per_mille)                                               \
    X(FAULT_PUBLISH_HANG, "publish-hang", publish_faults.hang_per_mille)                                               \
    X(FAULT_PUBLISH_LATE, "publish-late", publish_faults.late_per_mille)                                               \
    X(FAULT_PUBLISH_FORGET, "publish-forget", publish_faults.forget_per_mille)                                         \
    X(FAULT_SOURCE_AWAY, "source-away", source_away_percent)                                                           \
    X(FAULT_SOURCE_NOISE, "source-noise", source_noise_percent)                                                        \
    X(FAULT_SOURCE_CUT, "source-cut", source_cut_percent)

enum sim_fault {
    SIM_FAULT_FIRST = SIM_CHAOS_KINDS - 1,
#define X(kind, name, place) kind,
    SIM_FAULTS(X)
#undef X
        SIM_SWITCHES, /* of both kinds, counted together */
};
static_assert((int)SIM_SWITCHES <= 64, "a bit for every switch");

/* What a seed is held to beside what it draws: how a failing one is made short (shrink.c). All zeros: nothing. */
enum { SIM_STRIKES_MAX = 1024 };
struct sim_limits {
    uint64_t ticks_max; /* of the safety phase */
    uint32_t commands_max, processes_max;
    uint64_t switches_off;
    bool are_strikes_named; /* only those of the list happen */
    uint64_t strikes[SIM_STRIKES_MAX / 64];
};

/* Which service the world runs. */
enum sim_kind { SIM_COUNTER, SIM_BOOKING, SIM_INDEX };

enum sim_scenario { SCENARIO_NORMAL, SCENARIO_HEADLESS, SCENARIO_WRONG_LOCALITY, SCENARIO_WRONG_CLUSTER };

/* What this seed is like. */
struct sim_swarm {
    enum sim_scenario scenario;
    enum sim_kind kind;
    bool has_doors, has_publisher;
    bool has_source; /* booking follows an index */
    bool is_source_replicated;
    unsigned source_away_percent, source_noise_percent, source_cut_percent;
    uint32_t process_count;
    uint32_t command_count;
    int64_t backlog_max; /* commands that wait before a door is too busy */
    uint32_t ticks;      /* of the safety phase */
    int64_t load_gap_ms_max, chaos_gap_ms_max;
    unsigned weights[SIM_CHAOS_KINDS];
    unsigned weight_sum;
    struct fake_writer_faults journal_faults, command_faults;
    struct fake_publisher_faults publish_faults;
    unsigned poison_percent, copy_percent, reuse_percent, strange_percent, expired_percent, huge_percent;
    unsigned reply_lost_percent;
    unsigned nothing_per_mille;
    const char *deadly_call; /* a port call at which processes die again and again; NULL in most seeds */
    unsigned deadly_percent;
    bool do_timers_kill;
    int64_t lag_ms_max;
    int64_t skew_ms_max;
};

#endif
