/* Who is this? What the door settles about a record before a command is accepted: its id, its hashes, its seal, and
 * who is like it. */
#ifndef BHR_INDEX_RESOLVE_H
#define BHR_INDEX_RESOLVE_H

#include "lib/host/service.h"
#include "services/index/core/index_answer.h"

/* Keyed: without the key nobody can compute them, with it every door gives the same. */
struct uuid resolve_record_id(const uint8_t key[32], const struct index_record_key *record);
struct index_hash resolve_nhs_hash(const uint8_t key[32], const char *nhs_number); /* zero for "" */

/* From here on what identifies the person exists only sealed. False when no key can be had now. */
bool resolve_seal(const struct vault *vault, struct uuid record_id, const struct index_details *details,
                  struct index_sealed *ret_sealed);
/* VAULT_BROKEN also for bytes that are no details. */
enum vault_result resolve_open(const struct vault *vault, struct uuid record_id, const struct index_sealed *sealed,
                               struct index_details *ret_details);

/* The same of how to reach a person. */
bool resolve_seal_preferences(const struct vault *vault, struct uuid person_id,
                              const struct index_preferences *preferences, struct index_sealed *ret_sealed);
enum vault_result resolve_open_preferences(const struct vault *vault, struct uuid person_id,
                                           const struct index_sealed *sealed,
                                           struct index_preferences *ret_preferences);
/* The same of a look-up that is kept, with the pseudonym of nobody when no record is like it. */
struct uuid resolve_nobody_id(const uint8_t key[32]);
bool resolve_seal_look_up(const struct vault *vault, struct uuid sealed_for, const struct index_trace_request *asked,
                          struct index_sealed *ret_sealed);
enum vault_result resolve_open_look_up(const struct vault *vault, const struct index_kept *kept,
                                       struct index_trace_request *ret_asked);

/* Which fields are there, as in RegisterCommand. */
uint32_t resolve_fields(const struct index_demographics *demographics);
/* A birth date that has not come yet; received_at_ms says which day it is in the UK. */
bool resolve_is_future(const char *birth_date, int64_t received_at_ms);

/* Who is like the record, best first: those with its verified number, then those who are alike. */
void resolve_proposals(const struct service_context *context, const struct index_demographics *demographics,
                       struct index_register_order *order);

#endif
