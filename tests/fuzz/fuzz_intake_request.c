/* A record of a request topic: an outside system writes whatever it likes into headers and value. A byte says which headers
 * there are; each is a part, then the value. Reading is a function of the record; what is taken could stand in a header
 * for the door. */
#include "lib/digest/digest.h"
#include "lib/host/intake_request.h"
#include "lib/wire/exchange/exchange.h"
#include "services/booking/service.h"
#include "tests/fuzz/fuzz.h"

static const struct intake_source source = {
    .service = &booking_service, .system = "111-nel", .request_bytes_max = 1000, .hash = digest_of};

static void run(struct slice input) {
    static bool is_ready;
    if (!is_ready) is_ready = digest_init();
    uint8_t which = fuzz_byte(&input);
    struct intake_record record = {.offset = 17, .timestamp_ms = (which & 128) != 0 ? 0 : 1764000000000};
    for (int i = 0; i < INTAKE_HEADER_COUNT; i++) {
        record.has_header[i] = (which & 1 << i) != 0;
        if (record.has_header[i]) record.headers[i] = fuzz_part(&input);
    }
    record.value = input;
    struct intake_request request = {.refusal = 0}, again = {.refusal = 0};
    intake_request_read(&source, &record, &request);
    intake_request_read(&source, &record, &again);
    ASSERT(uuid_equal(request.id, again.id) && digest_equal(request.digest, again.digest));
    ASSERT(uuid_is_v7(request.id));
    const struct outcome_row *row = service_outcome(&booking_service, request.refusal);
    ASSERT(row != NULL);
    if (request.refusal != OUTCOME_OK) {
        ASSERT(request.detail != NULL);
        fuzz_reach_field(request.detail[0] == '\0' ? row->name : request.detail);
        return;
    }
    struct request_header header = {.method = slice_text(request.method->name),
                                    .request_id = request.id,
                                    .correlation_id = request.correlation_id,
                                    .traceparent = request.traceparent,
                                    .user_token = request.user_token};
    uint8_t bytes[EXCHANGE_REQUEST_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    request_header_encode(&header, &out);
    const char *fault;
    struct request_header read;
    bool is_good = !out.is_full && request_header_decode(buffer_slice(&out), &read, &fault);
    ASSERT(is_good);
    fuzz_reach("taken");
    fuzz_reach_if(request.correlation_id.size > 0, "taken with a correlation id");
    fuzz_reach_if(request.user_token.size > 0, "taken with a token");
    fuzz_reach_if(request.traceparent.size > 0, "taken with a trace");
    fuzz_reach(request.method->kind == METHOD_COMMAND ? "a command" : "a query");
}

static void seed_of(uint8_t which, const char *type, const char *id, const char *more) {
    static uint8_t memory[4096];
    struct buffer out = buffer_over(memory, sizeof memory);
    const char *const texts[INTAKE_HEADER_COUNT] = {type,
                                                    id,
                                                    "2026-11-22T18:40:00Z",
                                                    more,
                                                    "application/protobuf",
                                                    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                                    "e30.e30.AA"};
    buffer_put_u8(&out, which);
    for (int i = 0; i < INTAKE_HEADER_COUNT; i++) {
        if ((which & 1 << i) != 0) fuzz_put_part(&out, slice_text(texts[i]));
    }
    buffer_put(&out, "value", 5);
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    static const char v7[] = "0193e5b0-7c00-7a11-8b22-123456789abc";
    seed_of(127, "bhr.booking.v1.BookRequest", v7, "call-17");
    seed_of(3, "bhr.booking.v1.BookingService/Book", v7, "");
    seed_of(127, "bhr.booking.v1.FindSlotsRequest", "order 4711", "9434765919");
    seed_of(131, "bhr.booking.v1.BookRequest", "order-4711", "");
    seed_of(1, "bhr.booking.v1.BookRequest", v7, "");
    seed_of(2, "", v7, "");
    seed_of(127, "bhr.booking.v1.NoRequest", v7, "");
    seed_of(3, "bhr.booking.v1.BookRequest", "9434765919", "");
    seed_of(3, "bhr.booking.v1.BookRequest", "", "");
    static uint8_t large[2000] = {3, 0, 26};
    memcpy(large + 3, "bhr.booking.v1.BookRequest", 26);
    large[30] = 1;
    large[31] = 'x';
    fuzz_seed(slice_of(large, sizeof large));
}

static const char *const outcomes[] = {"a command",
                                       "bhr_usertoken",
                                       "ce_correlationid",
                                       "ce_id",
                                       "ce_time",
                                       "ce_type",
                                       "content-type",
                                       "taken",
                                       "taken with a correlation id",
                                       "taken with a token",
                                       "taken with a trace",
                                       "value",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
