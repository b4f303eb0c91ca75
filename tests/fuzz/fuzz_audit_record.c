/* A record of the audit trail, as it comes back from the spool file and from Kafka. */
#include "lib/wire/audit/audit_record.h"
#include "tests/fuzz/fuzz.h"

static void run(struct slice input) {
    struct audit_record record, again;
    const char *fault = NULL;
    if (!audit_record_decode(input, &record, &fault)) {
        ASSERT(fault != NULL);
        fuzz_reach_field(fault);
        return;
    }
    ASSERT(record.at_ms >= 0 && record.position >= 0 && audit_kind_name(record.kind)[0] != '\0');
    uint8_t bytes[AUDIT_RECORD_MAX], bytes_again[AUDIT_RECORD_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes), out_again = buffer_over(bytes_again, sizeof bytes_again);
    audit_record_encode(&record, &out);
    ASSERT(!out.is_full);
    bool is_good = audit_record_decode(buffer_slice(&out), &again, &fault);
    ASSERT(is_good);
    audit_record_encode(&again, &out_again);
    ASSERT(slice_equal(buffer_slice(&out), buffer_slice(&out_again)));
    fuzz_reach(audit_kind_name(record.kind));
    fuzz_reach(uuid_is_zero(record.person_id) ? "about nobody" : "about a person");
}

static void seed(void) {
    static uint8_t memory[2 * AUDIT_RECORD_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct uuid id = uuid_v7_make(1795456800000, (const uint8_t *)"0123456789");
    struct audit_record good = {.audit_id = id,
                                .at_ms = 1795456800000,
                                .kind = AUDIT_READ,
                                .service = slice_text("booking"),
                                .process = slice_text("booking-1"),
                                .system = slice_text("111-nel"),
                                .organisation = slice_text("RYX"),
                                .system_role = slice_text("111"),
                                .user = slice_text("555000000111"),
                                .user_role = slice_text("S8000:G8000:R8000"),
                                .method = slice_text("bhr.booking.v1.BookingService/GetBooking"),
                                .person_id = id,
                                .subject_organisation = slice_text("F82001"),
                                .subject_service_id = slice_text("gp-routine"),
                                .purpose = slice_text("direct_care"),
                                .correlation_id = slice_text("call-17"),
                                .request_id = id,
                                .outcome = slice_text("ok"),
                                .position = 17};
    audit_record_encode(&good, &out);
    fuzz_seed_buffer(&out);
    struct audit_record least = {.audit_id = id, .kind = AUDIT_REFUSAL, .outcome = slice_text("denied")};
    least.refusals_suppressed = 3;
    audit_record_encode(&least, &out);
    fuzz_seed_buffer(&out);
}

static const char *const outcomes[] = {"about a person",
                                       "about nobody",
                                       "audit_id",
                                       "correlation_id",
                                       "kind",
                                       "method",
                                       "organisation",
                                       "outcome",
                                       "person_id",
                                       "process",
                                       "purpose",
                                       "read",
                                       "record",
                                       "refusal",
                                       "request_id",
                                       "service",
                                       "subject_organisation",
                                       "subject_service_id",
                                       "system",
                                       "system_role",
                                       "user",
                                       "user_role",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
