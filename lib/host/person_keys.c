/* Follows the topic of keys, from its beginning, and puts new keys into it. Owns the table and the ring of own keys. Loop's
 * thread; never waits. Applying a record twice changes nothing, so after any interruption reading simply begins again. */
#include "lib/host/person_keys_internal.h"

#include "lib/base/assert.h"
#include "lib/wire/exchange/person_key.h"

#include <stdlib.h>

static bool read_on(struct person_keys *keys);
static void on_record(struct person_keys *keys, const struct topic_record *record);
static void add_key(struct person_keys *keys, const struct person_key_record *record);
static void destroy_key(struct person_keys *keys, struct uuid key_id);
static bool begin_reading(struct person_keys *keys, struct error *reterr_error);
static void take_reports(struct person_keys *keys);
static void settle(struct person_keys *keys, uint64_t number, enum vault_key_state state);

bool person_keys_step(struct person_keys *keys, bool *ret_has_settled) {
    take_reports(keys);
    bool has_more = read_on(keys);
    *ret_has_settled = keys->has_settled;
    keys->has_settled = false;
    return has_more;
}

static bool read_on(struct person_keys *keys) {
    const struct clock_port *clock = &keys->ports.clock;
    if (keys->retry_at_ms != 0) {
        if (clock->monotonic_ms(clock->context) < keys->retry_at_ms) return false;
        if (!begin_reading(keys, NULL)) return false;
    }
    for (int i = 0; i < PERSON_KEYS_EVENTS_PER_STEP; i++) {
        struct topic_event event;
        keys->ports.reader.poll(keys->ports.reader.context, &event);
        switch (event.kind) {
        case TOPIC_NOTHING:
            return false;
        case TOPIC_RECORD:
            on_record(keys, &event.record);
            keys->next_offset = event.record.offset + 1;
            break;
        case TOPIC_END:
            keys->is_ready = keys->is_current = true;
            break;
        case TOPIC_OUT_OF_RANGE:
            keys->next_offset = 0;
            keys->is_current = false;
            keys->retry_at_ms = clock->monotonic_ms(clock->context) + PERSON_KEYS_RETRY_MS;
            person_keys_alarm(keys, "person_keys",
                              "the topic of keys is shorter than it was: it is read from its start");
            return false;
        case TOPIC_DISCONNECTED:
        case TOPIC_FAILED:
            keys->is_current = false;
            keys->retry_at_ms = clock->monotonic_ms(clock->context) + PERSON_KEYS_RETRY_MS;
            return false;
        }
    }
    return true;
}

static void on_record(struct person_keys *keys, const struct topic_record *topic_record) {
    struct person_key_record record;
    if (!person_key_decode(topic_record->key, topic_record->value, &record)) {
        person_keys_alarm(keys, "person_keys", "the topic of keys holds a record that is no key; it is passed over");
    } else if (record.is_destroyed) {
        destroy_key(keys, record.key_id);
    } else {
        add_key(keys, &record);
    }
}

static void add_key(struct person_keys *keys, const struct person_key_record *record) {
    struct person_key *known = person_key_find(&keys->table, record->key_id);
    if (known != NULL) {
        if (known->awaited != 0) settle(keys, known->awaited, VAULT_KEY_KEPT); /* our own, and in the log for sure */
        return;
    }
    const struct master_key *master = keys->ports.master;
    uint8_t bound[PERSON_KEY_BOUND_SIZE], secret[SEAL_KEY_SIZE];
    bool is_ours = memcmp(record->master_key_id, master->id, sizeof master->id) == 0 &&
                   master->unwrap(master->context, record->wrapped,
                                  person_key_bound_to(record->person_id, record->key_id, bound), secret);
    if (!is_ours) {
        if (!keys->is_wrong_master) {
            person_keys_alarm(keys, "wrong_master_key",
                              "the topic of keys holds one that this master key does not open: restore the master key "
                              "that made it (docs/runbooks/master-key.md)");
        }
        keys->is_wrong_master = true;
        return;
    }
    struct person_key *key = person_key_put(&keys->table, record->key_id, record->person_id);
    if (key != NULL) {
        memcpy(key->secret, secret, sizeof key->secret);
    } else if (!keys->is_full) {
        keys->is_full = true;
        person_keys_alarm(keys, "person_keys_full", "there are more keys than person_keys_max: raise it");
    }
    seal_wipe(secret, sizeof secret);
}

static void destroy_key(struct person_keys *keys, struct uuid key_id) {
    (void)person_key_remove(&keys->table, key_id);
    keys->destroyed[keys->destroyed_count % PERSON_KEYS_DESTROYED_MAX] = key_id;
    keys->destroyed_count++;
}

static bool begin_reading(struct person_keys *keys, struct error *reterr_error) {
    const struct topic_reader *reader = &keys->ports.reader;
    const struct clock_port *clock = &keys->ports.clock;
    bool is_begun = reader->assign(reader->context, PERSON_KEYS_TOPIC, keys->next_offset, reterr_error) == STATUS_OK;
    keys->retry_at_ms = is_begun ? 0 : clock->monotonic_ms(clock->context) + PERSON_KEYS_RETRY_MS;
    return is_begun;
}

/* Own keys that are in the table and in no log yet. */
void person_keys_send(struct person_keys *keys) {
    ASSERT(keys->sent <= keys->made);
    const struct master_key *master = keys->ports.master;
    while (keys->sent < keys->made) {
        uint64_t number = ++keys->sent;
        const struct person_key *key = person_key_find(&keys->table, person_keys_new_key(keys, number)->key_id);
        if (key == NULL) {
            settle(keys, number, VAULT_KEY_LOST);
            continue;
        }
        struct person_key_record record = {
            .key_id = key->key_id, .person_id = key->person_id, .created_at_ms = uuid_v7_time_ms(key->key_id)};
        memcpy(record.master_key_id, master->id, sizeof record.master_key_id);
        uint8_t bound[PERSON_KEY_BOUND_SIZE], bytes[PERSON_KEY_VALUE_MAX];
        struct buffer value = buffer_over(bytes, sizeof bytes);
        bool is_wrapped = master->wrap(master->context, key->secret,
                                       person_key_bound_to(key->person_id, key->key_id, bound), record.wrapped);
        if (is_wrapped) person_key_encode(&record, &value);
        ASSERT(!value.is_full);
        char id[UUID_TEXT_SIZE];
        uuid_format(key->key_id, id);
        const struct topic_header headers[] = {
            {slice_text("ce_type"), slice_text("bhr.exchange.v1.PersonKey")},
            {slice_text("content-type"), slice_text("application/protobuf")},
        };
        const struct topic_append append = {.topic = PERSON_KEYS_TOPIC,
                                            .key = slice_of(id, sizeof id),
                                            .value = buffer_slice(&value),
                                            .header_count = sizeof headers / sizeof headers[0],
                                            .headers = headers,
                                            .token = number};
        const struct topic_writer *writer = &keys->ports.writer;
        if (!is_wrapped || writer->append(writer->context, &append) != STATUS_OK) settle(keys, number, VAULT_KEY_LOST);
    }
}

static void take_reports(struct person_keys *keys) {
    for (int i = 0; i < PERSON_KEYS_EVENTS_PER_STEP; i++) {
        struct topic_report report;
        if (!keys->ports.writer.report(keys->ports.writer.context, &report)) return;
        if (report.token == 0 || report.token > keys->made) continue;
        if (person_keys_new_key(keys, report.token)->state != VAULT_KEY_AWAITED) continue;
        settle(keys, report.token, report.result == TOPIC_DELIVERED ? VAULT_KEY_KEPT : VAULT_KEY_LOST);
    }
}

/* A lost key may still land in the log. It then comes back to us as a record like any other, and counts. */
static void settle(struct person_keys *keys, uint64_t number, enum vault_key_state state) {
    ASSERT(state != VAULT_KEY_AWAITED);
    struct new_key *new_key = person_keys_new_key(keys, number);
    ASSERT(new_key->state == VAULT_KEY_AWAITED);
    new_key->state = state;
    keys->has_settled = true;
    struct person_key *key = person_key_find(&keys->table, new_key->key_id);
    if (key != NULL && key->awaited == number && state == VAULT_KEY_KEPT) key->awaited = 0;
    if (key != NULL && key->awaited == number) (void)person_key_remove(&keys->table, new_key->key_id);
}

struct person_keys_view person_keys_view(const struct person_keys *keys) {
    return (struct person_keys_view){.is_ready = keys->is_ready && !keys->is_wrong_master,
                                     .is_wrong_master = keys->is_wrong_master,
                                     .count = keys->table.count,
                                     .count_max = keys->table.count_max,
                                     .made = keys->made,
                                     .destroyed = keys->destroyed_count};
}

void person_keys_alarm(const struct person_keys *keys, const char *name, const char *text) {
    if (keys->listener.alarm != NULL) keys->listener.alarm(keys->listener.context, name, text);
}

enum status person_keys_open(const struct person_keys_ports *ports, const struct person_keys_listener *listener,
                             uint32_t count_max, struct person_keys **ret_keys, struct error *reterr_error) {
    struct person_keys *keys = calloc(1, sizeof *keys);
    if (keys == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the keys of persons");
    keys->ports = *ports;
    if (listener != NULL) keys->listener = *listener;
    keys->new_keys = calloc(PERSON_KEYS_NEW_MAX, sizeof keys->new_keys[0]);
    keys->destroyed = calloc(PERSON_KEYS_DESTROYED_MAX, sizeof keys->destroyed[0]);
    enum status status = STATUS_NO_MEMORY;
    if (keys->new_keys == NULL || keys->destroyed == NULL) {
        (void)error_set(reterr_error, status, "no memory for the keys of persons");
    } else {
        status = person_key_table_init(&keys->table, count_max, reterr_error);
    }
    if (status == STATUS_OK && !begin_reading(keys, reterr_error)) status = STATUS_UNAVAILABLE;
    if (status == STATUS_OK) {
        *ret_keys = keys;
    } else {
        person_keys_close(&keys);
    }
    return status;
}

void person_keys_close(struct person_keys **keys_p) {
    struct person_keys *keys = *keys_p;
    *keys_p = NULL;
    if (keys == NULL) return;
    keys->ports.reader.unassign(keys->ports.reader.context);
    person_key_table_fini(&keys->table);
    free(keys->new_keys);
    free(keys->destroyed);
    free(keys);
}
