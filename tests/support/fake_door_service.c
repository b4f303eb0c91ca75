/* The service behind a fake door. Its command writes down everything that the door stamped, so that a test can read
 * it in the log. */
#include "tests/support/cmocka.h"
#include "tests/support/fake_door.h"

#include <stdio.h>

struct buffer fake_door_row_key(struct slice name, uint8_t key[static ROWS_KEY_MAX]) {
    struct buffer buffer = buffer_over(key, ROWS_KEY_MAX);
    buffer_put_u8(&buffer, ROWS_TABLE_SERVICE);
    buffer_put(&buffer, name.data, name.size);
    return buffer;
}

/* "row colour" is what stands in that row; only a service that derives may ask. */
static bool accept_row(const struct service_context *context, struct slice request, struct buffer *out) {
    assert_non_null(context->rows);
    assert_null(context->rows->put);
    uint8_t bytes[ROWS_KEY_MAX];
    struct buffer key = fake_door_row_key(slice_of(request.data + 4, request.size - 4), bytes);
    struct slice value;
    assert_true(rows_get(context->rows, buffer_slice(&key), &value));
    buffer_put(out, value.data, value.size);
    return true;
}

static bool accept_do(const struct service_context *context, const struct ingress *ingress, struct slice request,
                      struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    if (slice_starts_with(request, slice_text("row "))) return accept_row(context, request, out);
    assert_null(context->rows);
    if (slice_starts_with(request, slice_text("bad"))) {
        ret_refusal->outcome = OUTCOME_INVALID;
        strcpy(ret_refusal->detail, "colour: expected a colour");
        return false;
    }
    assert_non_null(arena_alloc(arena, 1024));
    while (slice_starts_with(request, slice_text("huge")) && !out->is_full) buffer_put(out, "x", 1);
    char text[FAKE_BODY_MAX], entity[UUID_TEXT_SIZE];
    uuid_format(ingress->entity_id, entity);
    int size =
        snprintf(text, sizeof text, "%.*s|%.*s|%.*s|%.*s|%lld|%.36s|%.*s", (int)ingress->system.size,
                 (const char *)ingress->system.data, (int)ingress->organisation.size,
                 (const char *)ingress->organisation.data, (int)ingress->role.size, (const char *)ingress->role.data,
                 (int)ingress->correlation_id.size, (const char *)ingress->correlation_id.data,
                 (long long)ingress->received_at_ms, entity, (int)request.size, (const char *)request.data);
    buffer_put(out, text, (size_t)size);
    return true;
}

static uint32_t query_ask(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                          int64_t now_ms, struct slice request, struct arena *arena, struct buffer *out,
                          struct service_refusal *ret_refusal) {
    (void)context;
    (void)arena;
    assert_true(ingress->system.size > 0 && ingress->organisation.size > 0);
    assert_true(now_ms == ingress->received_at_ms);
    assert_null(rows->put);
    uint8_t bytes[ROWS_KEY_MAX];
    struct buffer key = fake_door_row_key(request, bytes);
    struct slice value;
    buffer_put(out, "=", 1);
    if (slice_equal(request, slice_text("hidden"))) { /* found, and told to nobody */
        ret_refusal->subject.has_person = true;
        memset(ret_refusal->subject.person_id.bytes, 0x33, sizeof ret_refusal->subject.person_id.bytes);
        return OUTCOME_NOT_FOUND;
    }
    if (slice_equal(request, slice_text("huge"))) {
        while (!out->is_full) buffer_put(out, "x", 1);
    } else if (!rows_get(rows, buffer_slice(&key), &value)) {
        strcpy(ret_refusal->detail, "name: expected the name of a row");
        return OUTCOME_NOT_FOUND;
    } else {
        buffer_put(out, value.data, value.size);
    }
    return OUTCOME_OK;
}

static bool about_file(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                       struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context;
    assert_true(ingress->system.size > 0);
    uint8_t bytes[ROWS_KEY_MAX];
    struct buffer key = fake_door_row_key(request, bytes);
    struct slice value;
    if (!rows_get(rows, buffer_slice(&key), &value)) return false;
    ret_subject->organisation = arena_copy(arena, request);
    ret_subject->has_person = true;
    memset(ret_subject->person_id.bytes, 0x5A, sizeof ret_subject->person_id.bytes);
    return true;
}

/* "of F82001" is about that organisation; of anything else nothing is known. */
static bool about(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                  struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context;
    assert_true(ingress->system.size > 0);
    assert_null(rows->put);
    if (!slice_starts_with(request, slice_text("of "))) return false;
    ret_subject->organisation = arena_copy(arena, slice_of(request.data + 3, request.size - 3));
    return true;
}

static const struct service_method methods[] = {
    {.name = FAKE_DO, .kind = METHOD_COMMAND, .accept = accept_do, .about = about},
    {.name = FAKE_ASK, .kind = METHOD_QUERY, .query = query_ask, .about = about},
    {.name = FAKE_FILE, .kind = METHOD_QUERY, .audit = AUDIT_SPOOLED, .query = query_ask, .about = about_file},
    {.name = FAKE_SECRET, .kind = METHOD_QUERY, .query = query_ask},
};
static const struct outcome_row outcomes[] = {
    {FAKE_OUTCOME_TAKEN, "slot_taken", REPLY_REFUSED, "409 REC_CONFLICT conflict", "somebody else has it"},
};
const struct service fake_door_service = {
    .name = "test",
    .command_type = "bhr.test.v1.TestCommand",
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
    .outcomes = outcomes,
    .outcome_count = 1,
};

void fake_door_policy(struct policy *ret_policy, const char *text) {
    char full[4096];
    size_t size = (size_t)snprintf(full, sizeof full, "api t bhr.test.v1.TestService\n");
    unsigned keys = 0;
    for (; *text != '\0'; text++) {
        size_t room = sizeof full - size;
        size += *text == '@' ? (size_t)snprintf(full + size, room, "%04u@w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", keys++)
                             : (size_t)snprintf(full + size, room, "%c", *text);
        assert_true(size < sizeof full);
    }
    const char *names[8];
    for (uint32_t i = 0; i < fake_door_service.method_count; i++) names[i] = fake_door_service.methods[i].name;
    struct error error = {0};
    if (policy_parse(ret_policy, slice_of(full, size), names, fake_door_service.method_count, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
}
