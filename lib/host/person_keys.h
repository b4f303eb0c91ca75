/* The keys of persons, as this process knows them: follows the topic bhr.keys.v1 from its beginning, makes a key for who has
 * none, and seals and opens with them (lib/port/vault.h). One random key per person and door at most, wrapped by the master
 * key in the topic, unwrapped in memory only (person_key_table.h).
 *
 * A new key is written to the topic first; what was sealed with it waits in its door until Kafka has acknowledged the key
 * (door_keys.c), so that nothing is ever promised that cannot be opened. A record without a value destroys its key: it is
 * overwritten here within milliseconds, and compaction removes the wrapped copy from the log.
 *
 * Two doors may make two keys for one person at the same moment: both count, and erasing the person destroys both.
 * Loop's thread; never waits. */
#ifndef BHR_HOST_PERSON_KEYS_H
#define BHR_HOST_PERSON_KEYS_H

#include "lib/port/clock.h"
#include "lib/port/master_key.h"
#include "lib/port/topic.h"
#include "lib/port/vault.h"

#define PERSON_KEYS_TOPIC "bhr.keys.v1"

struct person_keys_ports {
    struct topic_reader reader;
    struct topic_writer writer;
    struct clock_port clock;
    const struct master_key *master; /* borrowed */
};

struct person_keys_listener {
    void *context;
    void (*alarm)(void *context, const char *name, const char *text);
};

struct person_keys_view {
    bool is_ready;        /* the topic's end was reached: sealing and opening work */
    bool is_wrong_master; /* the topic holds a key that this master key does not open: it must not serve */
    uint32_t count, count_max;
    uint64_t made, destroyed; /* since the start of this process */
};

struct person_keys;
/* Begins to follow the topic. */
enum status person_keys_open(const struct person_keys_ports *ports, const struct person_keys_listener *listener,
                             uint32_t count_max, struct person_keys **ret_keys, struct error *reterr_error);
void person_keys_close(struct person_keys **keys_p);

/* Reads on and takes the reports about own keys, a bounded piece at a time. True when there may be more at once.
 * *ret_has_settled: a key that something may wait for was kept or lost. */
bool person_keys_step(struct person_keys *keys, bool *ret_has_settled);
/* Hands the keys made since the last call to Kafka, together. */
void person_keys_send(struct person_keys *keys);
struct person_keys_view person_keys_view(const struct person_keys *keys);

/* Borrows keys. */
struct vault person_keys_vault(struct person_keys *keys);

#endif
