/* The index's messages as tables (lib/wire/exchange/wire_table.h): which field is which member and what it must be.
 * Constant data; any thread. */
#ifndef BHR_WIRE_INDEX_INDEX_WIRE_H
#define BHR_WIRE_INDEX_INDEX_WIRE_H

#include "lib/wire/exchange/wire_table.h"
#include "services/index/core/index_answer.h"
#include "services/index/core/index_event.h"

#define INDEX_METHOD(rpc) "bhr.index.v1.IndexService/" rpc

/* ---- what comes in at the door ---- */
extern const struct wire_table index_register_request_wire;
extern const struct wire_table index_link_request_wire;
extern const struct wire_table index_unlink_request_wire;
extern const struct wire_table index_merge_request_wire;
extern const struct wire_table index_unmerge_request_wire;
extern const struct wire_table index_claim_request_wire;
extern const struct wire_table index_decide_request_wire;
extern const struct wire_table index_flag_request_wire;
extern const struct wire_table index_relation_request_wire;
extern const struct wire_table index_organisation_request_wire;
extern const struct wire_table index_service_request_wire;
extern const struct wire_table index_consent_request_wire;
extern const struct wire_table index_preferences_request_wire;
extern const struct wire_table index_practitioner_request_wire;
extern const struct wire_table index_find_request_wire;
extern const struct wire_table index_trace_request_wire;
extern const struct wire_table index_try_request_wire;
extern const struct wire_table index_get_request_wire;
extern const struct wire_table index_list_pairs_request_wire;
extern const struct wire_table index_get_organisation_request_wire;
extern const struct wire_table index_find_services_request_wire;
extern const struct wire_table index_get_consent_request_wire;
extern const struct wire_table index_get_practitioner_request_wire;

/* ---- what goes out: of a command by its kind, of a query ---- */
const struct wire_table *index_answer_wire(enum index_command_kind kind);
extern const struct wire_table index_find_response_wire;
extern const struct wire_table index_trace_response_wire;
extern const struct wire_table index_try_response_wire;
extern const struct wire_table index_tried_wire; /* one of its changes */
extern const struct wire_table index_get_response_wire;
extern const struct wire_table index_pairs_response_wire;
extern const struct wire_table index_board_response_wire;
extern const struct wire_table index_organisation_response_wire;
extern const struct wire_table index_services_response_wire;
extern const struct wire_table index_consents_response_wire;
extern const struct wire_table index_practitioner_response_wire;

/* ---- command log and journal ---- */
extern const struct wire_table index_command_wire;
extern const struct wire_table index_event_wire;
extern const struct wire_table index_details_wire;             /* what is sealed of a record */
extern const struct wire_table index_preferences_details_wire; /* and of how to reach a person */

/* ---- beside the store ---- */
extern const struct wire_table index_kept_wire;

/* Memory in which any command, event or answer of a command is packed or read. */
enum { INDEX_WIRE_ARENA_SIZE = 64 * 1024 };

#endif
