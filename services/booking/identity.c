/* The door's part of who bookings are for. A booking is never refused because the index is away or does not know the
 * person: it is made under booking's own pseudonym and linked later, by an event of the index's journal or when the index
 * is asked again (design section 6 "Person"). The door's thread; nothing is kept. */
#include "services/booking/identity.h"

#include "lib/base/assert.h"
#include "lib/digest/pseudonym.h"
#include "lib/wire/booking/booking_details.h"
#include "lib/wire/booking/booking_journal.h"
#include "lib/wire/booking/booking_person.h"
#include "lib/wire/booking/booking_request.h"
#include "lib/wire/index/index_wire.h"
#include "services/booking/core/outcome.h"
#include "services/booking/core/rows_person.h"
#include "services/booking/glue.h"

_Static_assert((int)BOOKING_NAME_MAX == (int)INDEX_NAME_MAX, "a caller's name is a name in the index");
_Static_assert((int)BOOKING_PHONE_MAX == (int)INDEX_PHONE_MAX, "and so is a telephone number");

static bool question_who(const struct booking_person *person, struct arena *arena,
                         struct service_question *ret_question);
static bool question_record(const struct booking_person *person, const struct booking_contact *contact,
                            struct arena *arena, struct service_question *ret_question);
static bool known_by(const struct booking_person *person, const struct service_answer *answer, struct arena *arena,
                     struct uuid *ret_known_id);
static bool awaited_person(const struct service_context *context, struct slice request, struct arena *arena,
                           struct relink_order *order, struct booking_person *person, struct booking_contact *contact);

bool ask_book(const struct service_context *context, const struct ingress *ingress, struct slice request,
              const struct service_answer *last, struct arena *arena, struct service_question *ret_question) {
    (void)context, (void)ingress;
    struct book_request book;
    struct wire_fault fault;
    bool is_first = last == NULL && book_request_decode(request, arena, &book, &fault);
    return is_first && question_who(&book.person, arena, ret_question);
}

/* Who is it? And, when the index cannot say, here is all that we know. */
bool ask_relink(const struct service_context *context, const struct ingress *ingress, struct slice request,
                const struct service_answer *last, struct arena *arena, struct service_question *ret_question) {
    (void)ingress;
    struct relink_order order;
    struct booking_person person;
    struct booking_contact contact;
    if (!awaited_person(context, request, arena, &order, &person, &contact)) return false;
    if (last == NULL) return question_who(&person, arena, ret_question);
    bool is_first = last->step == 0 && last->is_answered;
    if (!is_first || known_by(&person, last, arena, &order.known_id)) return false;
    return question_record(&person, &contact, arena, ret_question);
}

bool accept_relink(const struct service_context *context, const struct ingress *ingress, struct slice request,
                   struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    struct booking_command command;
    memset(&command, 0, sizeof command);
    command.kind = BOOKING_COMMAND_RELINK;
    struct relink_order *order = &command.relink.order;
    struct booking_person person;
    struct booking_contact contact;
    struct wire_fault fault;
    if (!wire_table_decode(&booking_relink_request_wire, request, arena, order, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    const struct service_answer *answer = context->answer;
    ret_refusal->outcome = REFUSED_PERSON_LINKED;
    if (answer == NULL) return false;
    ret_refusal->outcome = answer->is_answered ? (uint32_t)REFUSED_PERSON_AWAITED : (uint32_t)OUTCOME_UNAVAILABLE;
    if (answer->step != 0) return false;
    if (!awaited_person(context, request, arena, order, &person, &contact)) return false;
    if (!known_by(&person, answer, arena, &order->known_id)) return false;
    order->known_number = answer->position;
    booking_ingress_copy(ingress, &command.relink.ingress);
    booking_command_encode(&command, out);
    return true;
}

bool accept_follow(const struct service_context *context, const struct ingress *ingress, struct slice request,
                   struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    (void)context;
    struct booking_command command;
    struct wire_fault fault;
    memset(&command, 0, sizeof command);
    command.kind = BOOKING_COMMAND_FOLLOW;
    if (!wire_table_decode(&booking_follow_request_wire, request, arena, &command.follow.request, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    booking_ingress_copy(ingress, &command.follow.ingress);
    booking_command_encode(&command, out);
    return true;
}

void identity_fill(const struct service_context *context, const struct booking_person *person, struct arena *arena,
                   struct book_order *order) {
    const struct service_answer *answer = context->answer;
    if (answer == NULL) return;
    if (known_by(person, answer, arena, &order->known_id)) {
        order->known_number = answer->position;
        return;
    }
    char organisation[INDEX_ORGANISATION_MAX + 1] = {0}, local_id[UUID_TEXT_SIZE + 1] = {0};
    /* The host starts only with an ODS code when the index is to be asked. */
    ASSERT(context->own_organisation.size > 0 && context->own_organisation.size < sizeof organisation);
    memcpy(organisation, context->own_organisation.data, context->own_organisation.size);
    uuid_format(order->person_id, local_id);
    order->record_id = pseudonym_of_record(context->pseudonym_key, organisation, BOOKING_RECORD_SOURCE, local_id);
}

enum vault_result identity_open(const struct service_context *context, const struct booking_sealed *sealed,
                                struct arena *arena, struct booking_person *person, struct booking_contact *contact) {
    uint8_t bytes[BOOKING_CIPHERTEXT_MAX];
    struct buffer plain = buffer_over(bytes, sizeof bytes);
    enum vault_result result = VAULT_DONE;
    if (uuid_is_zero(sealed->key_id)) {
        buffer_put(&plain, sealed->ciphertext, sealed->size); /* apply version 1 did not seal */
    } else {
        struct vault_box box = {.key_id = sealed->key_id, .ciphertext = slice_of(sealed->ciphertext, sealed->size)};
        memcpy(box.nonce, sealed->nonce, sizeof box.nonce);
        const struct vault *vault = context->vault;
        result = vault->open(vault->context, person->person_id, &box, &plain);
    }
    struct arena scratch = *arena; /* given back: a list opens many */
    if (result == VAULT_DONE) (void)booking_details_decode(buffer_slice(&plain), &scratch, person, contact);
    return result;
}

/* False when nothing identifies the person beyond the caller's own system. */
static bool question_who(const struct booking_person *person, struct arena *arena,
                         struct service_question *ret_question) {
    ret_question->is_query = true;
    if (person->nhs_number[0] != '\0') {
        struct index_find_request find;
        memset(&find, 0, sizeof find);
        find.by = INDEX_FIND_BY_NHS_NUMBER;
        memcpy(find.nhs_number, person->nhs_number, sizeof find.nhs_number);
        memcpy(find.birth_date, person->birth_date, sizeof find.birth_date);
        ret_question->method = INDEX_METHOD("FindPerson");
        ret_question->body = wire_table_encode_to_arena(&index_find_request_wire, &find, arena);
        return ret_question->body.data != NULL;
    }
    bool is_described = person->family_name[0] != '\0' && person->birth_date[0] != '\0';
    if (!is_described) return false;
    struct index_trace_request trace;
    memset(&trace, 0, sizeof trace); /* limit 0: only a sure answer */
    memcpy(trace.demographics.family_name, person->family_name, sizeof trace.demographics.family_name);
    memcpy(trace.demographics.given_name, person->given_name, sizeof trace.demographics.given_name);
    memcpy(trace.demographics.birth_date, person->birth_date, sizeof trace.demographics.birth_date);
    ret_question->method = INDEX_METHOD("TracePerson");
    ret_question->body = wire_table_encode_to_arena(&index_trace_request_wire, &trace, arena);
    return ret_question->body.data != NULL;
}

/* What the index makes of it, it says in its journal. */
static bool question_record(const struct booking_person *person, const struct booking_contact *contact,
                            struct arena *arena, struct service_question *ret_question) {
    struct index_register_request record;
    memset(&record, 0, sizeof record);
    memcpy(record.key.source, BOOKING_RECORD_SOURCE, sizeof BOOKING_RECORD_SOURCE);
    uuid_format(person->person_id, record.key.local_id);
    struct index_demographics *demographics = &record.demographics;
    memcpy(demographics->nhs_number, person->nhs_number, sizeof demographics->nhs_number);
    memcpy(demographics->family_name, person->family_name, sizeof demographics->family_name);
    memcpy(demographics->given_name, person->given_name, sizeof demographics->given_name);
    memcpy(demographics->birth_date, person->birth_date, sizeof demographics->birth_date);
    memcpy(demographics->phone, contact->phone, sizeof demographics->phone);
    ret_question->is_query = false;
    ret_question->method = INDEX_METHOD("RegisterRecord");
    ret_question->body = wire_table_encode_to_arena(&index_register_request_wire, &record, arena);
    return ret_question->body.data != NULL;
}

/* Whom question_who was answered with. By a number it is the person whom the number was first of, whoever that was merged
 * into since: booking follows merges itself, and then also when they are taken back. */
static bool known_by(const struct booking_person *person, const struct service_answer *answer, struct arena *arena,
                     struct uuid *ret_known_id) {
    struct wire_fault fault;
    if (!answer->is_answered || !answer->is_ok || answer->step != 0) return false;
    if (person->nhs_number[0] != '\0') {
        struct index_find_answer found;
        if (!wire_table_decode(&index_find_response_wire, answer->body, arena, &found, &fault)) return false;
        *ret_known_id = found.superseded_count > 0 ? found.superseded_ids[0] : found.person_id;
        return true;
    }
    struct index_trace_answer *traced = arena_alloc(arena, sizeof *traced);
    bool is_match = traced != NULL &&
                    wire_table_decode(&index_trace_response_wire, answer->body, arena, traced, &fault) &&
                    traced->result == INDEX_TRACE_MATCH && traced->candidate_count == 1;
    if (is_match) *ret_known_id = traced->candidates[0].person_id;
    return is_match;
}

/* Who is awaited, with the details of a booking; false when nobody of that id is, or the details cannot be had. */
static bool awaited_person(const struct service_context *context, struct slice request, struct arena *arena,
                           struct relink_order *order, struct booking_person *person, struct booking_contact *contact) {
    struct wire_fault fault;
    struct awaited_row awaited;
    struct booking_row booking;
    ASSERT(context->rows != NULL);
    if (!wire_table_decode(&booking_relink_request_wire, request, arena, order, &fault)) return false;
    if (!awaited_row_get(context->rows, order->person_id, &awaited)) return false;
    if (!booking_row_get(context->rows, awaited.booking_id, &booking)) return false;
    memset(person, 0, sizeof *person);
    memset(contact, 0, sizeof *contact);
    person->person_id = order->person_id;
    return identity_open(context, &booking.sealed, arena, person, contact) == VAULT_DONE;
}
