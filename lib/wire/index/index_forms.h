/* Inside lib/wire/index only: what the index's texts must be, and the tables that others are made of. */
#ifndef BHR_WIRE_INDEX_INDEX_FORMS_H
#define BHR_WIRE_INDEX_INDEX_FORMS_H

#include <bhr/exchange/v1/ingress.pb-c.h>
#include <bhr/exchange/v1/sealed.pb-c.h>
#include <bhr/index/v1/index.pb-c.h>
#include <bhr/index/v1/index_journal.pb-c.h>
#include <bhr/index/v1/index_service.pb-c.h>

#include "lib/wire/index/index_wire.h"

extern const struct wire_form index_name_form;
extern const struct wire_form index_nhs_number_form; /* kept without grouping */
extern const struct wire_form index_birth_date_form; /* may lack day or month */
extern const struct wire_form index_postcode_form;   /* kept in upper case with its space */
extern const struct wire_form index_area_form;       /* a postcode or its district; so kept */
extern const struct wire_form index_district_form;
extern const struct wire_form index_phone_form;
extern const struct wire_form index_local_id_form;
extern const struct wire_form index_identifier_form; /* a token without colon */
extern const struct wire_form index_reason_form;     /* says why, and not who */
extern const struct wire_form index_language_form;
extern const struct wire_form index_practitioner_id_form;
extern const struct wire_form index_role_code_form;
extern const struct wire_form index_registration_form; /* kept in upper case; what its body demands the table judges */

/* Parts of several messages. */
extern const struct wire_table index_demographics_wire;
extern const struct wire_table index_record_key_wire;
extern const struct wire_table index_match_wire;
extern const struct wire_table index_pair_wire;
extern const struct wire_table index_relationship_wire;
extern const struct wire_table index_organisation_wire;
extern const struct wire_table index_service_wire;
extern const struct wire_table index_consent_wire;
extern const struct wire_table index_preferences_wire;
extern const struct wire_table index_registration_wire;
extern const struct wire_table index_practitioner_role_wire;
extern const struct wire_table index_practitioner_wire;

#define INDEX_REASON(plain)                                                                                            \
    { WIRE_AT(plain, reason), .kind = WIRE_TEXT, .form = &index_reason_form, .is_needed = true }

#endif
