/* A record of a request topic as a request: one line for each way in which headers can be right or wrong, and what makes
 * two records the same request (lib/host/intake_request.h). */
#include "tests/support/cmocka.h"

#include "lib/base/assert.h"
#include "lib/base/nhs_number.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/host/intake_request.h"
#include "services/booking/service.h"
#include "tests/support/prng.h"

#include <stdio.h>

#define V7    "0193e5b0-7c00-7a11-8b22-123456789abc"
#define V4    "3f1d7b5e-1c7e-4c1b-9b0a-0d7f5b6f2c11"
#define BOOK  "bhr.booking.v1.BookRequest"
#define NHS   "9434765919"
#define SIXTY "123456789.123456789.123456789.123456789.123456789.123456789."
#define STAMP INT64_C(1764000000000)
#define TIME  "2026-11-22T18:40:00Z"

static const struct intake_source source = {
    .service = &booking_service, .system = "111-nel", .request_bytes_max = 1000, .hash = digest_of};

/* NULL: there is no such header. */
struct sample {
    const char *type, *id, *time, *correlation, *content, *trace;
};

static struct intake_record record_of(const struct sample *sample, const char *value) {
    const char *const texts[INTAKE_HEADER_COUNT] = {
        [INTAKE_HEADER_TYPE] = sample->type,
        [INTAKE_HEADER_ID] = sample->id,
        [INTAKE_HEADER_TIME] = sample->time,
        [INTAKE_HEADER_CORRELATION] = sample->correlation,
        [INTAKE_HEADER_CONTENT_TYPE] = sample->content,
        [INTAKE_HEADER_TRACEPARENT] = sample->trace,
    };
    struct intake_record record = {.offset = 17, .timestamp_ms = STAMP, .value = slice_text(value)};
    for (int i = 0; i < INTAKE_HEADER_COUNT; i++) {
        record.has_header[i] = texts[i] != NULL;
        if (texts[i] != NULL) record.headers[i] = slice_text(texts[i]);
    }
    return record;
}

static struct intake_request read_sample(const struct sample *sample) {
    struct intake_record record = record_of(sample, "value");
    struct intake_request request;
    intake_request_read(&source, &record, &request);
    return request;
}

static void a_users_token_is_taken_along(void **state) {
    (void)state;
    const struct sample sample = {BOOK, V7, NULL, NULL, NULL, NULL};
    static const struct {
        const char *token;
        bool is_good;
    } rows[] = {{"a.b.c", true}, {"", false}, {"a b", false}, {"a.b.\n", false}, {"\xff", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct intake_record record = record_of(&sample, "value");
        record.has_header[INTAKE_HEADER_USER_TOKEN] = true;
        record.headers[INTAKE_HEADER_USER_TOKEN] = slice_text(rows[i].token);
        struct intake_request request;
        intake_request_read(&source, &record, &request);
        assert_int_equal(request.refusal, rows[i].is_good ? OUTCOME_OK : OUTCOME_INVALID);
        assert_true(slice_equal(request.user_token, slice_text(rows[i].is_good ? rows[i].token : "")));
        if (!rows[i].is_good) assert_int_equal(strncmp(request.detail, "bhr_usertoken:", 14), 0);
    }
    assert_int_equal(read_sample(&sample).user_token.size, 0);
}

static void every_header_is_judged(void **state) {
    (void)state;
    /* correlation: what the outcome is addressed by; field: what the detail begins with. */
    static const struct {
        struct sample sample;
        uint32_t refusal;
        const char *correlation, *field;
    } rows[] = {
        {{BOOK, V7, NULL, NULL, NULL, NULL}, OUTCOME_OK, V7, ""},
        {{"bhr.booking.v1.HoldRequest", V7, NULL, NULL, NULL, NULL}, OUTCOME_OK, V7, ""},
        {{"bhr.booking.v1.BookingService/Book", V7, NULL, NULL, NULL, NULL}, OUTCOME_OK, V7, ""},
        {{BOOK, V7, NULL, "journey-7", NULL, NULL}, OUTCOME_OK, "journey-7", ""},
        {{BOOK, "order 7/2026", NULL, NULL, NULL, NULL}, OUTCOME_OK, "", ""},
        {{BOOK, "order-7", TIME, NULL, NULL, NULL}, OUTCOME_OK, "order-7", ""},
        {{BOOK, V4, TIME, NULL, NULL, NULL}, OUTCOME_OK, V4, ""},
        {{BOOK, SIXTY "1234", NULL, NULL, NULL, NULL}, OUTCOME_OK, SIXTY "1234", ""},
        {{BOOK, SIXTY "12345", NULL, NULL, NULL, NULL}, OUTCOME_OK, "", ""},
        {{BOOK, SIXTY SIXTY "12345678", NULL, NULL, NULL, NULL}, OUTCOME_OK, "", ""},
        {{BOOK, NHS, TIME, NULL, NULL, NULL}, OUTCOME_OK, "", ""},       /* an id it may be; an address never */
        {{BOOK, V7, "yesterday", NULL, NULL, NULL}, OUTCOME_OK, V7, ""}, /* nobody asks for it */
        {{BOOK, V7, NULL, NULL, "application/protobuf", NULL}, OUTCOME_OK, V7, ""},
        {{BOOK, V7, NULL, NULL, "application/x-protobuf; a=b", NULL}, OUTCOME_OK, V7, ""},
        {{BOOK, V7, NULL, NULL, NULL, "00-aa-bb-01"}, OUTCOME_OK, V7, ""},
        {{BOOK, V7, NULL, NULL, NULL, "a b"}, OUTCOME_OK, V7, ""},
        {{BOOK, NULL, TIME, NULL, NULL, NULL}, OUTCOME_INVALID, "", "ce_id:"},
        {{BOOK, "", TIME, NULL, NULL, NULL}, OUTCOME_INVALID, "", "ce_id:"},
        {{BOOK, NULL, NULL, "journey-7", NULL, NULL}, OUTCOME_INVALID, "journey-7", "ce_id:"},
        {{BOOK, "\xff\xfe", TIME, NULL, NULL, NULL}, OUTCOME_INVALID, "", "ce_id:"},
        {{BOOK, SIXTY SIXTY "123456789", TIME, NULL, NULL, NULL}, OUTCOME_INVALID, "", "ce_id:"},
        {{BOOK, "order-7", "yesterday", NULL, NULL, NULL}, OUTCOME_INVALID, "order-7", "ce_time:"},
        {{BOOK, "order-7", "", NULL, NULL, NULL}, OUTCOME_INVALID, "order-7", "ce_time:"},
        {{BOOK, "order-7", "1969-12-31T23:59:59Z", NULL, NULL, NULL}, OUTCOME_INVALID, "order-7", "ce_time:"},
        {{BOOK, V7, NULL, "a b", NULL, NULL}, OUTCOME_INVALID, V7, "ce_correlationid:"},
        {{BOOK, V7, NULL, "", NULL, NULL}, OUTCOME_INVALID, V7, "ce_correlationid:"},
        {{BOOK, V7, NULL, NHS, NULL, NULL}, OUTCOME_INVALID, V7, "ce_correlationid:"},
        {{BOOK, V7, NULL, NULL, "application/json", NULL}, OUTCOME_INVALID, V7, "content-type:"},
        {{NULL, V7, NULL, NULL, NULL, NULL}, OUTCOME_INVALID, V7, "ce_type:"},
        {{"", V7, NULL, NULL, NULL, NULL}, OUTCOME_UNKNOWN_METHOD, V7, "ce_type:"},
        {{"bhr.booking.v1.SellRequest", V7, NULL, NULL, NULL, NULL}, OUTCOME_UNKNOWN_METHOD, V7, "ce_type:"},
        {{"bhr.booking.v1.FindSlotsRequest", V7, NULL, NULL, NULL, NULL}, OUTCOME_INVALID, V7, "ce_type:"},
        /* Of several reasons the first is told. */
        {{"bhr.booking.v1.SellRequest", NULL, NULL, "a b", NULL, NULL}, OUTCOME_INVALID, "", "ce_correlationid:"},
        {{NULL, NULL, NULL, NULL, NULL, NULL}, OUTCOME_INVALID, "", "ce_id:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct intake_request request = read_sample(&rows[i].sample);
        print_message("%2zu %-40s %s\n", i, rows[i].field, request.detail);
        assert_int_equal(request.refusal, rows[i].refusal);
        assert_true(slice_equal(request.correlation_id, slice_text(rows[i].correlation)));
        assert_int_equal(strncmp(request.detail, rows[i].field, strlen(rows[i].field)), 0);
        assert_int_equal(request.detail[0] == '\0', request.refusal == OUTCOME_OK);
        assert_true(uuid_is_v7(request.id));
        if (request.refusal == OUTCOME_OK) assert_non_null(request.method);
    }
}

static void a_value_that_is_too_long_is_refused(void **state) {
    (void)state;
    char value[1002];
    memset(value, 'v', sizeof value);
    for (size_t size = 1000; size <= 1001; size++) {
        value[size] = '\0';
        struct intake_record record = record_of(&(struct sample){.type = BOOK, .id = V7}, "");
        record.value = slice_of(value, size);
        struct intake_request request;
        intake_request_read(&source, &record, &request);
        assert_int_equal(request.refusal, size > 1000 ? OUTCOME_REQUEST_TOO_LARGE : OUTCOME_OK);
    }
}

static void an_id_of_version_7_stays_and_the_digest_is_the_doors(void **state) {
    (void)state;
    struct uuid wanted;
    assert_true(uuid_parse(slice_text(V7), &wanted));
    struct intake_request request = read_sample(&(struct sample){.type = BOOK, .id = V7});
    assert_true(uuid_equal(request.id, wanted));
    assert_string_equal(request.method->name, "bhr.booking.v1.BookingService/Book");
    struct digest digest = digest_of(slice_text(request.method->name), slice_text("value"));
    assert_true(digest_equal(request.digest, digest));
}

/* One change each to a record; whether it still is the same request. */
static void the_id_is_made_of_system_id_and_time(void **state) {
    (void)state;
    const struct sample named = {.type = BOOK, .id = "order-7", .time = TIME};
    struct intake_request first = read_sample(&named);
    assert_int_equal(uuid_v7_time_ms(first.id), INT64_C(1795372800000));
    struct intake_record again = record_of(&named, "value");
    again.offset = 99;
    again.timestamp_ms += 5;
    struct intake_request request;
    intake_request_read(&source, &again, &request);
    assert_true(uuid_equal(request.id, first.id)); /* sent again: the same request */

    static const struct sample same[] = {{.type = BOOK, .id = "order-7", .time = "2026-11-22T18:40:00.000Z"},
                                         {.type = BOOK, .id = "order-7", .time = "2026-11-22T19:40:00+01:00"}};
    static const struct sample others[] = {{.type = BOOK, .id = "order-8", .time = TIME},
                                           {.type = BOOK, .id = "order-7", .time = "2026-11-22T18:40:01Z"},
                                           {.type = BOOK, .id = "order-7"}};
    for (size_t i = 0; i < 2; i++) assert_true(uuid_equal(read_sample(&same[i]).id, first.id));
    for (size_t i = 0; i < 3; i++) assert_false(uuid_equal(read_sample(&others[i]).id, first.id));
    struct intake_source other = source;
    other.system = "gp-demo";
    intake_request_read(&other, &again, &request);
    assert_false(uuid_equal(request.id, first.id));
}

static void without_a_time_a_record_is_its_own_request(void **state) {
    (void)state;
    const struct sample unnamed = {.type = BOOK, .id = "order-7"};
    struct intake_record record = record_of(&unnamed, "value");
    struct intake_request first, again;
    intake_request_read(&source, &record, &first);
    assert_int_equal(uuid_v7_time_ms(first.id), STAMP);
    intake_request_read(&source, &record, &again); /* read again: the same */
    assert_true(uuid_equal(first.id, again.id));
    for (int change = 0; change < 3; change++) {
        struct intake_record other = record;
        if (change == 0) other.offset++;
        if (change == 1) other.timestamp_ms++;
        if (change == 2) other.partition++;
        intake_request_read(&source, &other, &again);
        assert_false(uuid_equal(first.id, again.id));
    }
}

/* Nothing that comes from outside may end the process, and what is addressed may always stand in a header. */
static void anything_may_come(void **state) {
    (void)state;
    struct prng prng = prng_seed(7);
    uint32_t refused = 0;
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[INTAKE_HEADER_COUNT][160];
        struct intake_record record = record_of(&(struct sample){.type = BOOK, .id = V7, .time = TIME}, "value");
        record.timestamp_ms = (int64_t)prng_u64(&prng);
        record.offset = (int64_t)(prng_u64(&prng) >> 1);
        for (int h = 0; h < INTAKE_HEADER_COUNT; h++) {
            if (!prng_chance(&prng, 40)) continue;
            for (size_t b = 0; b < sizeof bytes[h]; b++) bytes[h][b] = (uint8_t)prng_below(&prng, 256);
            record.has_header[h] = prng_chance(&prng, 80);
            record.headers[h] = slice_of(bytes[h], prng_below(&prng, sizeof bytes[h]));
        }
        struct intake_request request;
        intake_request_read(&source, &record, &request);
        assert_true(uuid_is_v7(request.id));
        assert_true(request.correlation_id.size == 0 || text_is_token(request.correlation_id, 64));
        assert_true(request.traceparent.size == 0 || text_is_token(request.traceparent, 128));
        assert_false(nhs_number_is_in(request.correlation_id));
        refused += request.refusal != OUTCOME_OK;
    }
    assert_true(refused > 1000 && refused < 19000);
}

/* A ce_type that no message has would leave a method that nobody can call. */
static void every_method_has_its_request_type(void **state) {
    (void)state;
    for (uint32_t i = 0; i < booking_service.method_count; i++) {
        const struct service_method *method = &booking_service.methods[i];
        char expected[96];
        int package = (int)(strrchr(method->name, '.') - method->name);
        snprintf(expected, sizeof expected, "%.*s.%sRequest", package, method->name, strrchr(method->name, '/') + 1);
        assert_string_equal(method->request_type, expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_header_is_judged),
        cmocka_unit_test(a_users_token_is_taken_along),
        cmocka_unit_test(a_value_that_is_too_long_is_refused),
        cmocka_unit_test(an_id_of_version_7_stays_and_the_digest_is_the_doors),
        cmocka_unit_test(the_id_is_made_of_system_id_and_time),
        cmocka_unit_test(without_a_time_a_record_is_its_own_request),
        cmocka_unit_test(anything_may_come),
        cmocka_unit_test(every_method_has_its_request_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
