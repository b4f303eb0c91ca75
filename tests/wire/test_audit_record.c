/* The records of the audit trail: both ways against the generated code, every bad field named, every cut and every flipped
 * byte survived, texts that are too long or unclean never in the way of a record. */
#include "lib/wire/audit/audit_record.h"

#include <bhr/audit/v1/audit.pb-c.h>
#include <stdlib.h>

#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

static const char ID[] = "01890a5d-ac96-774b-bcce-b302099a8057";
static const char PERSON[] = "5a5a5a5a-5a5a-8a5a-9a5a-5a5a5a5a5a5a";

static struct audit_record good_record(void) {
    struct audit_record record = {
        .at_ms = 1795456800000,
        .kind = AUDIT_READ,
        .service = slice_text("booking"),
        .process = slice_text("booking-1"),
        .system = slice_text("111-nel"),
        .organisation = slice_text("Y90111"),
        .system_role = slice_text("111"),
        .user = slice_text("555254240100"),
        .user_role = slice_text("S8000:G8000:R8001"),
        .method = slice_text("bhr.booking.v1.BookingService/GetBooking"),
        .subject_organisation = slice_text("Y90001"),
        .subject_service_id = slice_text("clinic"),
        .purpose = slice_text("directcare"),
        .correlation_id = slice_text("c-1"),
        .outcome = slice_text("ok"),
        .position = 42,
        .refusals_suppressed = 3,
    };
    assert_true(uuid_parse(slice_text(ID), &record.audit_id));
    assert_true(uuid_parse(slice_text(ID), &record.request_id));
    assert_true(uuid_parse(slice_text(PERSON), &record.person_id));
    return record;
}

static struct slice encode(const struct audit_record *record, uint8_t bytes[AUDIT_RECORD_MAX]) {
    struct buffer out = buffer_over(bytes, AUDIT_RECORD_MAX);
    audit_record_encode(record, &out);
    assert_false(out.is_full);
    return buffer_slice(&out);
}

static void what_we_write_the_generated_code_reads(void **state) {
    (void)state;
    struct audit_record record = good_record();
    uint8_t bytes[AUDIT_RECORD_MAX];
    struct slice encoded = encode(&record, bytes);
    Bhr__Audit__V1__AuditRecord *message = bhr__audit__v1__audit_record__unpack(NULL, encoded.size, encoded.data);
    assert_non_null(message);
    assert_string_equal(message->audit_id, ID);
    assert_int_equal(message->at_ms, record.at_ms);
    assert_int_equal(message->kind, BHR__AUDIT__V1__AUDIT_KIND__AUDIT_KIND_READ);
    assert_string_equal(message->service, "booking");
    assert_string_equal(message->process, "booking-1");
    assert_string_equal(message->system, "111-nel");
    assert_string_equal(message->organisation, "Y90111");
    assert_string_equal(message->system_role, "111");
    assert_string_equal(message->user, "555254240100");
    assert_string_equal(message->user_role, "S8000:G8000:R8001");
    assert_string_equal(message->method, "bhr.booking.v1.BookingService/GetBooking");
    assert_string_equal(message->person_id, PERSON);
    assert_string_equal(message->subject_organisation, "Y90001");
    assert_string_equal(message->subject_service_id, "clinic");
    assert_string_equal(message->purpose, "directcare");
    assert_string_equal(message->correlation_id, "c-1");
    assert_string_equal(message->request_id, ID);
    assert_string_equal(message->outcome, "ok");
    assert_int_equal(message->position, 42);
    assert_int_equal(message->refusals_suppressed, 3);
    assert_int_equal(message->base.n_unknown_fields, 0);
    bhr__audit__v1__audit_record__free_unpacked(message, NULL);
}

static void what_the_generated_code_writes_we_read(void **state) {
    (void)state;
    struct audit_record record = good_record(), read;
    uint8_t bytes[AUDIT_RECORD_MAX], again[AUDIT_RECORD_MAX], ours[AUDIT_RECORD_MAX];
    struct slice encoded = encode(&record, bytes);
    Bhr__Audit__V1__AuditRecord *message = bhr__audit__v1__audit_record__unpack(NULL, encoded.size, encoded.data);
    size_t size = bhr__audit__v1__audit_record__pack(message, again);
    bhr__audit__v1__audit_record__free_unpacked(message, NULL);
    const char *fault = "";
    assert_true(audit_record_decode(slice_of(again, size), &read, &fault));
    assert_true(slice_equal(encode(&read, ours), encoded));
}

static void every_bad_field_is_named(void **state) {
    (void)state;
    struct {
        Bhr__Audit__V1__AuditRecord message;
        const char *expected;
    } cases[] = {
        {BHR__AUDIT__V1__AUDIT_RECORD__INIT, "audit_id: "},     {BHR__AUDIT__V1__AUDIT_RECORD__INIT, "kind: "},
        {BHR__AUDIT__V1__AUDIT_RECORD__INIT, "at_ms, "},        {BHR__AUDIT__V1__AUDIT_RECORD__INIT, "person_id: "},
        {BHR__AUDIT__V1__AUDIT_RECORD__INIT, "request_id: "},   {BHR__AUDIT__V1__AUDIT_RECORD__INIT, "outcome: "},
        {BHR__AUDIT__V1__AUDIT_RECORD__INIT, "user: expected"}, {BHR__AUDIT__V1__AUDIT_RECORD__INIT, "purpose: "},
    };
    char id[] = "01890a5d-ac96-774b-bcce-b302099a8057", ok[] = "ok", bad[] = "\xff", four[] = "4";
    enum { CASE_COUNT = sizeof cases / sizeof cases[0] };
    for (size_t i = 0; i < CASE_COUNT; i++) {
        cases[i].message.audit_id = id;
        cases[i].message.kind = BHR__AUDIT__V1__AUDIT_KIND__AUDIT_KIND_REFUSAL;
        cases[i].message.outcome = ok;
    }
    cases[0].message.audit_id = four;
    cases[1].message.kind = BHR__AUDIT__V1__AUDIT_KIND__AUDIT_KIND_UNSPECIFIED;
    cases[2].message.at_ms = -1;
    cases[3].message.person_id = four;
    cases[4].message.request_id = four;
    cases[5].message.outcome = (char *)protobuf_c_empty_string;
    cases[6].message.user = bad;
    cases[7].message.purpose = bad;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        uint8_t bytes[AUDIT_RECORD_MAX];
        size_t size = bhr__audit__v1__audit_record__pack(&cases[i].message, bytes);
        struct audit_record record;
        const char *fault = "";
        assert_false(audit_record_decode(slice_of(bytes, size), &record, &fault));
        if (strncmp(fault, cases[i].expected, strlen(cases[i].expected)) != 0) {
            fail_msg("expected \"%s...\", found \"%s\"", cases[i].expected, fault);
        }
    }
}

static void a_text_is_never_in_the_way_of_a_record(void **state) {
    (void)state;
    struct audit_record record = good_record(), read;
    char longer[AUDIT_TEXT_MAX + 2];
    memset(longer, 'x', sizeof longer);
    memcpy(longer + AUDIT_TEXT_MAX - 1, "\xC3\xA9", 2); /* a character over the cut */
    record.user = slice_of(longer, sizeof longer);
    record.purpose = slice_text("\x01");
    uint8_t bytes[AUDIT_RECORD_MAX];
    const char *fault = "";
    assert_true(audit_record_decode(encode(&record, bytes), &read, &fault));
    assert_int_equal(read.user.size, AUDIT_TEXT_MAX - 1);
    assert_int_equal(read.purpose.size, 0);
    struct slice *texts[] = {&record.service,  &record.process,        &record.system,  &record.organisation,
                             &record.method,   &record.system_role,    &record.user,    &record.subject_organisation,
                             &record.outcome,  &record.correlation_id, &record.purpose, &record.subject_service_id,
                             &record.user_role};
    memset(longer, 'x', sizeof longer);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) *texts[i] = slice_of(longer, sizeof longer);
    record.at_ms = record.position = record.refusals_suppressed = INT64_MAX;
    assert_true(audit_record_decode(encode(&record, bytes), &read, &fault));
    assert_int_equal(read.outcome.size, AUDIT_TEXT_MAX);
}

static void cut_and_flipped_bytes_are_survived(void **state) {
    (void)state;
    struct audit_record record = good_record();
    uint8_t bytes[AUDIT_RECORD_MAX];
    struct slice encoded = encode(&record, bytes);
    struct prng prng = prng_seed(16);
    for (unsigned i = 0; i < 20000; i++) {
        /* On memory of its own size, so that ASan sees every byte too far. */
        size_t size = prng_below(&prng, encoded.size + 1);
        uint8_t *copy = malloc(size + (size == 0));
        assert_non_null(copy);
        memcpy(copy, encoded.data, size);
        if (size > 0) copy[prng_below(&prng, size)] ^= (uint8_t)(1 + prng_below(&prng, 255));
        struct audit_record read;
        const char *fault = NULL;
        bool is_good = audit_record_decode(slice_of(copy, size), &read, &fault);
        assert_true(is_good == (fault == NULL));
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_write_the_generated_code_reads),
        cmocka_unit_test(what_the_generated_code_writes_we_read),
        cmocka_unit_test(every_bad_field_is_named),
        cmocka_unit_test(a_text_is_never_in_the_way_of_a_record),
        cmocka_unit_test(cut_and_flipped_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
