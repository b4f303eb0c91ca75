/* The policy file. One that is taken answers any question without an assertion, by a named reason, and its verdict agrees
 * with the cheap question that the door asks first. */
#include "lib/policy/policy.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

static struct policy policy;
static const char *const methods[] = {"bhr.booking.v1.BookingService/PublishSession",
                                      "bhr.booking.v1.BookingService/Hold",
                                      "bhr.booking.v1.BookingService/Book",
                                      "bhr.booking.v1.BookingService/Cancel",
                                      "bhr.booking.v1.BookingService/FindSlots",
                                      "bhr.booking.v1.BookingService/GetBooking",
                                      "bhr.booking.v1.BookingService/ListPersonBookings"};
enum { METHOD_COUNT = sizeof methods / sizeof methods[0], ASKED_SYSTEMS = 8 };

static void ask(const struct policy_system *system, const char *method, uint32_t variant) {
    struct policy_ask ask = {.system = slice_text(system->id),
                             .method = slice_text(method),
                             .token = variant % 3 == 0   ? POLICY_TOKEN_NONE
                                      : variant % 3 == 1 ? POLICY_TOKEN_GOOD
                                                         : POLICY_TOKEN_EXPIRED,
                             .user = slice_text("555000000111"),
                             .user_organisation = slice_text(system->organisation),
                             .purpose = slice_text(policy.purpose_count > 0 ? policy.purposes[0] : "x"),
                             .user_role_count = policy.role_code_count > 0,
                             .has_subject = variant / 3 > 0};
    if (policy.role_code_count > 0) ask.user_roles[0] = slice_text(policy.role_codes[0]);
    ask.subject.organisation = slice_text(variant / 3 == 1 ? system->organisation : "F82009");
    ask.subject.service_id = slice_text(policy.service_count > 0 ? policy.services[0].id : "gp");
    struct policy_verdict verdict = policy_evaluate(&policy, &ask);
    ASSERT(policy_reason_name(verdict.reason)[0] != '\0' && policy_reason_sentence(verdict.reason)[0] != '\0');
    ASSERT(verdict.reason != POLICY_NEEDS_SUBJECT || !ask.has_subject);
    ASSERT(verdict.reason != POLICY_ALLOWED || policy_may_call(&policy, system, ask.method));
    ASSERT(verdict.reason != POLICY_ALLOWED || ask.token != POLICY_TOKEN_EXPIRED);
    fuzz_reach(policy_reason_name(verdict.reason));
}

/* The message's fixed part. A word or title of the file stands in quotes, and has none itself; what follows them is ours,
 * but for names of rows and kinds of blocks, which are left out, and so are numbers and what comes after a comma. */
static void reach_fault(const char *message) {
    static const char quoted[] = "\": expected ", plain[] = ": expected ";
    static const char *const composed[] = {"expected a row ", "expected } to end the ", "expected at most "};
    const char *expected = strstr(message, quoted);
    if (expected != NULL && strstr(message, ": case \"") != NULL && strstr(expected, ", and it is ") != NULL) {
        fuzz_reach("a case that went another way");
        return;
    }
    expected = expected != NULL ? expected + 3 : strstr(message, plain) != NULL ? strstr(message, plain) + 2 : NULL;
    if (expected == NULL) expected = "something else"; /* a rule that can never match */
    char kind[FUZZ_OUTCOME_MAX];
    (void)snprintf(kind, sizeof kind, "%.*s", (int)strcspn(expected, ",.;:("), expected);
    for (size_t i = 0; i < sizeof composed / sizeof composed[0]; i++) {
        if (strncmp(kind, composed[i], strlen(composed[i])) == 0) (void)snprintf(kind, sizeof kind, "%s", composed[i]);
    }
    fuzz_reach(kind);
}

static void run(struct slice input) {
    struct error error = {0};
    enum status status = policy_parse(&policy, input, methods, METHOD_COUNT, &error);
    if (status != STATUS_OK) {
        ASSERT(error.code == status && error.message[0] != '\0');
        reach_fault(error.message);
        return;
    }
    fuzz_reach("taken");
    fuzz_reach_if(policy.passed_over > 0, "taken with rules passed over");
    fuzz_reach_if(policy.case_count > 0, "taken with cases");
    for (uint32_t i = 0; i < policy.system_count && i < ASKED_SYSTEMS; i++) {
        const struct policy_system *system = &policy.systems[i];
        ASSERT(policy_by_id(&policy, system->id) == system);
        for (uint32_t m = 0; m < METHOD_COUNT; m++) {
            for (uint32_t variant = 0; variant < 9; variant++) ask(system, methods[m], variant);
        }
        for (uint32_t k = 0; k < system->key_count; k++) {
            const struct policy_system *found = policy_by_key(&policy, slice_text(system->keys[k]));
            ASSERT(system->is_revoked ? found == NULL : found == system);
        }
    }
}

/* What the borough does not come to by a mistake or two. */
static void seed_refused(struct slice borough) {
    static const char *const ends[] = {
        "\nsystem last { key x }\n",
        "\nallow \"t\" { methods booking/Book\n token needless\n}\n",
        "\ndeny \"t\" { methods booking/Book\n token required\n}\n",
        "\nallow \"t\" { methods booking/Book:*\n}\n",
        "\ncase \"t\" { system gp-elm\n method booking/*\n expect allowed\n}\n",
        "\ncase \"t\" { system gp-elm\n method Book\n expect allowed\n}\n",
        "\ncase \"t\" { system gp-elm\n roles 1 2 3 4 5 6 7 8 9\n}\n",
        "\ncase \"t\" { system gp-elm\n method booking/Book\n expect denied nothing\n}\n",
        "\npurposes a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G\n",
    };
    static uint8_t bytes[64 * 1024];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        buffer_put(&out, borough.data, borough.size);
        buffer_put(&out, ends[i], strlen(ends[i]));
        fuzz_seed_buffer(&out);
    }
    for (int i = 0; i < 257; i++) {
        char row[64];
        int size = snprintf(row, sizeof row, "service s%d {\nkind k\n}\n", i);
        buffer_put(&out, row, (size_t)size);
    }
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    static char text[64 * 1024];
    FILE *file = fopen(BHR_SOURCE_DIR "/tests/policy/borough.policy", "rbe");
    ASSERT(file != NULL);
    size_t size = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    fuzz_seed(slice_of(text, size));
    for (size_t part = 1; part < 8; part++) fuzz_seed(slice_of(text, size * part / 8));
    seed_refused(slice_of(text, size));
}

static const char *const outcomes[] = {"a case that went another way",
                                       "allowed",
                                       "denied_condition",
                                       "denied_method",
                                       "denied_revoked",
                                       "expected 40 characters Z85",
                                       "expected a key that stands nowhere else",
                                       "expected a kind",
                                       "expected a method that the service has",
                                       "expected a number from 1 to 10000",
                                       "expected a number from 1 to 1000000",
                                       "expected a purpose",
                                       "expected a reason",
                                       "expected a role",
                                       "expected a role code",
                                       "expected a role of this file",
                                       "expected a role's name",
                                       "expected a row ",
                                       "expected a service's id",
                                       "expected a short name",
                                       "expected a system of this file",
                                       "expected a system's id",
                                       "expected a title in quotes",
                                       "expected a user's id",
                                       "expected allowed",
                                       "expected an ODS code",
                                       "expected an id that no other system has",
                                       "expected an organisation",
                                       "expected at least one code",
                                       "expected at least one condition",
                                       "expected at least one method",
                                       "expected at least one organisation",
                                       "expected at least one purpose",
                                       "expected at least one role",
                                       "expected at least one system",
                                       "expected at most ",
                                       "expected codes or }",
                                       "expected each only once",
                                       "expected each role only once",
                                       "expected fewer",
                                       "expected good",
                                       "expected key",
                                       "expected kind or }",
                                       "expected no row token in a deny",
                                       "expected one method",
                                       "expected one of this file's purposes",
                                       "expected own_organisation",
                                       "expected package",
                                       "expected required or optional",
                                       "expected system",
                                       "expected systems",
                                       "expected the end of the line",
                                       "expected the service that it stands for",
                                       "expected the system's id",
                                       "expected this row only once in its block",
                                       "expected {",
                                       "expected { after the system's id",
                                       "expected } to end the ",
                                       "needs_subject",
                                       "something else",
                                       "taken",
                                       "taken with cases",
                                       "taken with rules passed over",
                                       "user_token_expired",
                                       "user_token_required",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 1000};
