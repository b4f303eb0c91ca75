/* One record of bhr.keys.v1 (proto bhr.exchange.v1.PersonKey): the key's id as the record's key, the wrapped key of one
 * person as its value, or no value when the key was destroyed. Any thread; nothing is kept. */
#ifndef BHR_WIRE_EXCHANGE_PERSON_KEY_H
#define BHR_WIRE_EXCHANGE_PERSON_KEY_H

#include "lib/base/buffer.h"
#include "lib/base/id.h"
#include "lib/port/master_key.h"

enum { PERSON_KEY_VALUE_MAX = 192 };

struct person_key_record {
    struct uuid key_id, person_id;
    uint8_t wrapped[MASTER_KEY_WRAPPED_SIZE];
    uint8_t master_key_id[MASTER_KEY_ID_SIZE];
    int64_t created_at_ms;
    bool is_destroyed; /* then only key_id counts */
};

/* False for what is no such record: the topic may hold anything. */
bool person_key_decode(struct slice key, struct slice value, struct person_key_record *ret_record);
/* The value of a key that is not destroyed. */
void person_key_encode(const struct person_key_record *record, struct buffer *out);

/* What a wrapped key and everything sealed with it is bound to: person and key. */
enum { PERSON_KEY_BOUND_SIZE = 32 };
struct slice person_key_bound_to(struct uuid person_id, struct uuid key_id, uint8_t ret_bytes[PERSON_KEY_BOUND_SIZE]);

#endif
