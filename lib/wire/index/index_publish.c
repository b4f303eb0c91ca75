/* The public half of the index's events and answers. Owns nothing; any thread. */
#include "lib/wire/index/index_publish.h"

#include "lib/base/assert.h"
#include "lib/wire/index/index_forms.h"

static struct slice subject_of(const struct index_event *event, struct arena *arena);

enum { IS_PUBLIC = true, IS_PRIVATE = false };
static const struct wire_public_row rows[] = {
#define FIELD(message, field, visibility) {&bhr__index__v1__##message##__descriptor, #field, IS_##visibility},
#define METHOD(method, message)
#include "lib/wire/index/index_publish.def"
#undef FIELD
#undef METHOD
};
const struct wire_public_table index_public_table = {.count = sizeof rows / sizeof rows[0], .rows = rows};

static const struct wire_public_method methods[] = {
#define FIELD(message, field, visibility)
#define METHOD(method, message)                                                                                        \
    {#method, &bhr__index__v1__##message##_request__descriptor, &bhr__index__v1__##message##_response__descriptor},
#include "lib/wire/index/index_publish.def"
#undef FIELD
#undef METHOD
};
enum { METHOD_COUNT = sizeof methods / sizeof methods[0] };

bool index_event_public(struct slice event, struct arena *arena, struct slice *ret_type, struct slice *ret_key,
                        struct slice *ret_bytes) {
    struct index_event decoded;
    struct wire_fault fault;
    const ProtobufCMessageDescriptor *message;
    struct slice inner, bytes;
    if (!wire_table_decode(&index_event_wire, event, arena, &decoded, &fault)) return false;
    if (!wire_public_inner(index_public_events(), event, &message, &inner)) return false;
    if (!wire_public(&index_public_table, message, inner, arena, &bytes)) return false;
    struct slice key = subject_of(&decoded, arena);
    if (key.data == NULL) return false;
    *ret_type = slice_text(message->name);
    *ret_key = key;
    *ret_bytes = bytes;
    return true;
}

bool index_answer_public(struct slice method, struct slice answer, struct arena *arena, struct slice *ret_type,
                         struct slice *ret_bytes) {
    for (uint32_t i = 0; i < METHOD_COUNT; i++) {
        if (!slice_equal(method, slice_text(methods[i].name))) continue;
        if (!wire_public(&index_public_table, methods[i].response, answer, arena, ret_bytes)) return false;
        *ret_type = slice_text(methods[i].response->name);
        return true;
    }
    return false;
}

const struct wire_public_method *index_public_method(uint32_t index) {
    return index < METHOD_COUNT ? &methods[index] : NULL;
}

const ProtobufCMessageDescriptor *index_public_events(void) {
    return &bhr__index__v1__index_event__descriptor;
}

static struct slice uuid_subject(struct uuid id, struct arena *arena) {
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    return arena_copy(arena, slice_of(text, sizeof text));
}

static struct slice subject_of(const struct index_event *event, struct arena *arena) {
    switch (event->kind) {
    case INDEX_EVENT_RECORD_REGISTERED:
        return uuid_subject(event->record_registered.person_id, arena);
    case INDEX_EVENT_RECORD_MOVED:
        return uuid_subject(event->record_moved.to_person_id, arena);
    case INDEX_EVENT_PERSONS_MERGED:
        return uuid_subject(event->persons_merged.survivor_id, arena);
    case INDEX_EVENT_MERGE_AWAITS_APPROVAL:
        return uuid_subject(event->merge_awaits_approval.merge_id, arena);
    case INDEX_EVENT_PERSONS_UNMERGED:
        return uuid_subject(event->persons_unmerged.survivor_id, arena);
    case INDEX_EVENT_PAIR_FOUND:
        return uuid_subject(event->pair_found.pair_id, arena);
    case INDEX_EVENT_PAIR_CLAIMED:
        return uuid_subject(event->pair_claimed.pair_id, arena);
    case INDEX_EVENT_PAIR_DECIDED:
        return uuid_subject(event->pair_decided.pair_id, arena);
    case INDEX_EVENT_PERSON_FLAGGED:
        return uuid_subject(event->person_flagged.person_id, arena);
    case INDEX_EVENT_RELATIONSHIP_SET:
        return uuid_subject(event->relationship_set.person_id, arena);
    case INDEX_EVENT_ORGANISATION_REGISTERED:
        return arena_copy(arena, slice_text(event->organisation_registered.organisation.code));
    case INDEX_EVENT_SERVICE_REGISTERED:
        return arena_copy(arena, slice_text(event->service_registered.service.service_id));
    case INDEX_EVENT_CONSENT_SET:
        return uuid_subject(event->consent_set.person_id, arena);
    case INDEX_EVENT_PREFERENCES_SET:
        return uuid_subject(event->preferences_set.person_id, arena);
    case INDEX_EVENT_PRACTITIONER_REGISTERED:
        return arena_copy(arena, slice_text(event->practitioner_registered.practitioner.practitioner_id));
    }
    bhr_assert_failed("kind is one of enum index_event_kind", __FILE__, __LINE__);
}
