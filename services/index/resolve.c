/* What the door makes of a description. Any number in here is a keyed hash, any text sealed, before it leaves. The
 * door's thread; nothing is kept. */
#include "services/index/resolve.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/digest/digest.h"
#include "lib/digest/pseudonym.h"
#include "lib/wire/index/index_wire.h"
#include "services/index/core/rows_index.h"
#include "services/index/derived.h"

_Static_assert(sizeof(struct index_record_key) <= PSEUDONYM_RECORD_MAX, "the key of every record fits");

struct uuid resolve_record_id(const uint8_t key[32], const struct index_record_key *record) {
    return pseudonym_of_record(key, record->organisation, record->source, record->local_id);
}

/* The first byte says what kind of identifier follows, so that none can pass for another. */

struct index_hash resolve_nhs_hash(const uint8_t key[32], const char *nhs_number) {
    struct index_hash hash = {{0}};
    if (nhs_number[0] == '\0') return hash;
    uint8_t bytes[1 + 10];
    struct buffer identifier = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&identifier, 'H');
    buffer_put(&identifier, nhs_number, strlen(nhs_number));
    ASSERT(!identifier.is_full);
    struct digest digest = digest_keyed(key, buffer_slice(&identifier));
    _Static_assert(sizeof hash.bytes == sizeof digest.bytes, "a digest is a hash");
    memcpy(hash.bytes, digest.bytes, sizeof hash.bytes);
    return hash;
}

static bool seal(const struct vault *vault, struct uuid sealed_for, const struct wire_table *table, const void *plain,
                 struct index_sealed *ret_sealed) {
    uint8_t bytes[INDEX_DETAILS_MAX], memory[8192];
    struct arena arena = arena_over(memory, sizeof memory);
    struct buffer encoded = buffer_over(bytes, sizeof bytes);
    wire_table_encode(table, plain, &arena, &encoded);
    ASSERT(!encoded.is_full);
    memset(ret_sealed, 0, sizeof *ret_sealed);
    struct buffer out = buffer_over(ret_sealed->ciphertext, sizeof ret_sealed->ciphertext);
    struct vault_box box;
    if (vault->seal(vault->context, sealed_for, buffer_slice(&encoded), &out, &box) != VAULT_DONE) return false;
    ASSERT(box.ciphertext.data == ret_sealed->ciphertext);
    ret_sealed->key_id = box.key_id;
    memcpy(ret_sealed->nonce, box.nonce, sizeof ret_sealed->nonce);
    ret_sealed->size = (uint32_t)box.ciphertext.size;
    return true;
}

static enum vault_result open_sealed(const struct vault *vault, struct uuid sealed_for,
                                     const struct index_sealed *sealed, const struct wire_table *table,
                                     void *ret_plain) {
    uint8_t bytes[INDEX_CIPHERTEXT_MAX], memory[8192];
    struct arena arena = arena_over(memory, sizeof memory);
    struct buffer opened = buffer_over(bytes, sizeof bytes);
    struct vault_box box = {.key_id = sealed->key_id, .ciphertext = slice_of(sealed->ciphertext, sealed->size)};
    memcpy(box.nonce, sealed->nonce, sizeof box.nonce);
    struct wire_fault fault;
    enum vault_result result = vault->open(vault->context, sealed_for, &box, &opened);
    if (result != VAULT_DONE) return result;
    bool is_good = wire_table_decode(table, buffer_slice(&opened), &arena, ret_plain, &fault);
    return is_good ? VAULT_DONE : VAULT_BROKEN;
}

bool resolve_seal(const struct vault *vault, struct uuid record_id, const struct index_details *details,
                  struct index_sealed *ret_sealed) {
    return seal(vault, record_id, &index_details_wire, details, ret_sealed);
}

enum vault_result resolve_open(const struct vault *vault, struct uuid record_id, const struct index_sealed *sealed,
                               struct index_details *ret_details) {
    return open_sealed(vault, record_id, sealed, &index_details_wire, ret_details);
}

bool resolve_seal_preferences(const struct vault *vault, struct uuid person_id,
                              const struct index_preferences *preferences, struct index_sealed *ret_sealed) {
    return seal(vault, person_id, &index_preferences_details_wire, preferences, ret_sealed);
}

enum vault_result resolve_open_preferences(const struct vault *vault, struct uuid person_id,
                                           const struct index_sealed *sealed,
                                           struct index_preferences *ret_preferences) {
    return open_sealed(vault, person_id, sealed, &index_preferences_details_wire, ret_preferences);
}

/* ---- look-ups ---- */

struct uuid resolve_nobody_id(const uint8_t key[32]) {
    return uuid_v8_make(digest_keyed(key, slice_text("Llook-ups of nobody")));
}

/* A key that is new is not awaited: when it is lost, so is what was kept with it, and nobody was promised that. */
bool resolve_seal_look_up(const struct vault *vault, struct uuid sealed_for, const struct index_trace_request *asked,
                          struct index_sealed *ret_sealed) {
    bool is_sealed = seal(vault, sealed_for, &index_trace_request_wire, asked, ret_sealed);
    if (vault->take_awaited != NULL) (void)vault->take_awaited(vault->context);
    return is_sealed;
}

enum vault_result resolve_open_look_up(const struct vault *vault, const struct index_kept *kept,
                                       struct index_trace_request *ret_asked) {
    return open_sealed(vault, kept->sealed_for, &kept->sealed, &index_trace_request_wire, ret_asked);
}

uint32_t resolve_fields(const struct index_demographics *demographics) {
    uint32_t fields = 0;
    if (demographics->family_name[0] != '\0') fields |= INDEX_HAS_FAMILY_NAME;
    if (demographics->given_name[0] != '\0') fields |= INDEX_HAS_GIVEN_NAME;
    if (demographics->birth_date[0] != '\0') fields |= INDEX_HAS_BIRTH_DATE;
    if (demographics->sex != INDEX_SEX_UNKNOWN) fields |= INDEX_HAS_SEX;
    if (demographics->address_line_count > 0 || demographics->house[0] != '\0') fields |= INDEX_HAS_ADDRESS;
    if (demographics->postcode[0] != '\0') fields |= INDEX_HAS_POSTCODE;
    if (demographics->phone[0] != '\0') fields |= INDEX_HAS_PHONE;
    return fields;
}

/* Dates sort like days, and a cut one like the first of what it leaves open. */
bool resolve_is_future(const char *birth_date, int64_t received_at_ms) {
    char today[CIVIL_INSTANT_SIZE];
    civil_format_instant(received_at_ms + civil_uk_offset_minutes(received_at_ms) * INT64_C(60000), today);
    size_t size = strlen(birth_date);
    return size > 0 && memcmp(birth_date, today, size) > 0;
}

static void add_word(char *ret_text, const char *word) {
    memcpy(ret_text, word, strlen(word));
}

/* Those with the same number, verified on both sides, whose birth dates agree: no likeness is needed, and none is
 * said. */
static void propose_by_number(const struct service_context *context, const struct index_demographics *demographics,
                              struct index_register_order *order) {
    bool is_verified = order->nhs_number_status == INDEX_NHS_VERIFIED && !index_hash_is_zero(order->nhs_hash);
    if (!is_verified || demographics->birth_date[0] == '\0') return;
    struct uuid record_id = {{0}};
    while (order->proposal_count < INDEX_PROPOSALS_MAX &&
           record_by_nhs_next(context->rows, order->nhs_hash, &record_id)) {
        struct record_row row;
        struct index_details details;
        bool is_candidate = !uuid_equal(record_id, order->record_id) &&
                            record_row_get(context->rows, record_id, INDEX_NOW, &row) && record_is_verified(&row) &&
                            index_hash_equal(row.nhs_hash, order->nhs_hash) &&
                            resolve_open(context->vault, record_id, &row.sealed, &details) == VAULT_DONE &&
                            index_text_equal(details.demographics.birth_date, demographics->birth_date);
        if (!is_candidate) continue;
        struct index_proposal *proposal = &order->proposals[order->proposal_count++];
        proposal->record_id = record_id;
        proposal->is_cross_checked = true;
        proposal->match.reason_count = 2;
        add_word(proposal->match.reasons[0].field, "nhs_number");
        add_word(proposal->match.reasons[0].level, "same");
        add_word(proposal->match.reasons[1].field, "birth_date");
        add_word(proposal->match.reasons[1].level, "same");
    }
}

void resolve_proposals(const struct service_context *context, const struct index_demographics *demographics,
                       struct index_register_order *order) {
    ASSERT(context->derived != NULL && context->rows != NULL);
    propose_by_number(context, demographics, order);
    /* One more than there is room for: a known record finds itself. */
    struct derived_found found[INDEX_PROPOSALS_MAX + 1];
    uint32_t count =
        derived_find(context->derived, NULL, demographics, order->review_ppm, INDEX_PROPOSALS_MAX + 1, found);
    for (uint32_t i = 0; i < count && order->proposal_count < INDEX_PROPOSALS_MAX; i++) {
        bool is_there = uuid_equal(found[i].record_id, order->record_id);
        for (uint32_t k = 0; k < order->proposal_count; k++) {
            is_there |= uuid_equal(found[i].record_id, order->proposals[k].record_id);
        }
        if (is_there) continue;
        struct index_proposal *proposal = &order->proposals[order->proposal_count++];
        proposal->record_id = found[i].record_id;
        proposal->match = found[i].match;
    }
}
