/* A user's token as anybody may send it. The first byte says what the rest is: a token as it stands; claims that the issuer
 * signs here, so that fuzzing gets past the signature; or claims that are read without one. A token is good only if the
 * issuer signed just these bytes. */
#include "lib/digest/digest.h"
#include "lib/port/jose/jose_internal.h"
#include "lib/port/jose/jose_issuer.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW_S INT64_C(1764000000)
enum { TOKEN_ROOM = 2 * TOKEN_SIZE_MAX };

static const struct jose_rules rules = {
    .issuer = "bhr-test", .audience = "bhr-exchange", .skew_ms = 30000, .age_ms_max = 43200000};
static struct jose_verifier *verifier;
static struct token_port port;
static char folder[] = "/tmp/bhr-fuzz-XXXXXX", key_path[64], set_path[64];

static void remove_folder(void) {
    (void)unlink(key_path);
    (void)unlink(set_path);
    (void)rmdir(folder);
}

/* One key for every run, so that a token kept as a file stays good. It signs nothing anywhere else. */
#define PUBLIC                                                                                                         \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k1\",\"x\":\"K-olgGQovT7BoPS7sqArJgcnoCYDVsZgQg7L_prOcNM\","           \
    "\"y\":\"9bP3-LD2X-59jJPSCjjLPuUDdmFoNlj7mb9muWhL6UM\""

static void write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    ASSERT(is_written);
    (void)close(fd);
}

static void begin(void) {
    if (verifier != NULL) return;
    struct error error = {0};
    ASSERT(digest_init() && mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
    (void)snprintf(key_path, sizeof key_path, "%s/key", folder);
    (void)snprintf(set_path, sizeof set_path, "%s/set", folder);
    write_file(key_path, "{" PUBLIC ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X3fCE9-E9LI\"}");
    write_file(set_path, "{\"keys\":[{" PUBLIC "}]}");
    const struct jose_options options = {.issuer = rules.issuer,
                                         .audience = rules.audience,
                                         .key_set_file = set_path,
                                         .revoked_file = "",
                                         .skew_ms = rules.skew_ms,
                                         .age_ms_max = rules.age_ms_max};
    bool is_open = jose_verifier_open(&options, &verifier, &error) == STATUS_OK;
    ASSERT(is_open);
    port = jose_verifier_port(verifier);
}

static void check_user(const struct token_user *user) {
    ASSERT(user->subject[0] != '\0' && user->system[0] != '\0' && user->role_count <= TOKEN_ROLES_MAX);
    ASSERT(user->issued_at_ms < user->expires_at_ms && user->assurance <= 3);
    fuzz_reach_if(user->role_count > 0, "a user with a role");
    fuzz_reach_if(user->role_count == 0, "a user without a role");
    fuzz_reach_if(user->assurance > 0, "a user with an assurance level");
}

static enum token_fault verify(struct slice token) {
    struct token_user user;
    enum token_fault fault = port.verify(port.context, token, NOW_S * 1000, &user);
    if (fault == TOKEN_GOOD) check_user(&user);
    return fault;
}

static void run_as_it_stands(struct slice token) {
    char reached[FUZZ_OUTCOME_MAX];
    uint8_t header[TOKEN_ROOM], claims[TOKEN_ROOM];
    struct buffer out_header = buffer_over(header, sizeof header), out_claims = buffer_over(claims, sizeof claims);
    fuzz_reach_if(jose_peek(token, &out_header, &out_claims), "shown without belief");
    enum token_fault fault = verify(token);
    (void)snprintf(reached, sizeof reached, "as it stands: %s", token_fault_name(fault));
    fuzz_reach(reached);
}

static void run_signed(struct slice claims) {
    static uint8_t memory[4 * TOKEN_ROOM];
    char reached[FUZZ_OUTCOME_MAX];
    struct buffer token = buffer_over(memory, sizeof memory);
    struct error error = {0};
    if (claims.size == 0 || claims.size > TOKEN_SIZE_MAX) return;
    if (jose_issuer_sign(key_path, claims, &token, &error) != STATUS_OK) {
        fuzz_reach("not signed");
        return;
    }
    struct token_user user;
    enum token_fault fault = verify(buffer_slice(&token)), read = jose_claims_read(claims, &rules, &user);
    ASSERT(fault != TOKEN_BAD_SIGNATURE && fault != TOKEN_UNKNOWN_KEY);
    ASSERT(fault != TOKEN_GOOD || read == TOKEN_GOOD);
    (void)snprintf(reached, sizeof reached, "signed: %s", token_fault_name(fault));
    fuzz_reach(reached);
    if (fault != TOKEN_GOOD) return;
    /* One bit of the signed part, and the belief is gone. */
    memory[token.size / 2] ^= 1;
    ASSERT(verify(buffer_slice(&token)) != TOKEN_GOOD);
}

static void run_claims(struct slice claims) {
    struct token_user user;
    char reached[FUZZ_OUTCOME_MAX];
    enum token_fault fault = jose_claims_read(claims, &rules, &user);
    if (fault == TOKEN_GOOD) check_user(&user);
    if (fault == TOKEN_GOOD) fault = jose_claims_at(&user, &rules, NOW_S * 1000);
    (void)snprintf(reached, sizeof reached, "claims: %s", token_fault_name(fault));
    fuzz_reach(reached);
}

static void run(struct slice input) {
    begin();
    uint8_t which = fuzz_byte(&input) % 8;
    if (which == 0)
        run_signed(input);
    else if (which < 4)
        run_as_it_stands(input);
    else
        run_claims(input);
}

static void seed_claims(const char *claims) {
    static uint8_t memory[TOKEN_ROOM];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct error error;
    for (uint8_t which = 0; which < 8; which = (uint8_t)(which + 4)) {
        buffer_put_u8(&out, which);
        buffer_put(&out, claims, strlen(claims));
        fuzz_seed_buffer(&out);
    }
    buffer_put_u8(&out, 1);
    bool is_signed = jose_issuer_sign(key_path, slice_text(claims), &out, &error) == STATUS_OK;
    ASSERT(is_signed);
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    begin();
#define WHO  "\"iss\":\"bhr-test\",\"aud\":\"bhr-exchange\",\"sub\":\"555000000111\",\"azp\":\"111-nel\""
#define WHEN ",\"iat\":1763999940,\"exp\":1764000600"
    seed_claims("{" WHO WHEN "}");
    seed_claims("{" WHO WHEN
                ",\"sid\":\"s-1\",\"bhr_purpose\":\"direct_care\",\"authentication_assurance_level\":\"AAL2\","
                "\"selected_roleid\":\"p1\",\"nhsid_nrbac_roles\":[{\"role_code\":\"S8000:G8000:R8000\","
                "\"org_code\":\"Y90111\",\"person_roleid\":\"p1\"}]}");
    seed_claims("{" WHO ",\"iat\":1763900000,\"exp\":1763900600,\"bhr_system\":\"gp\"}");
    seed_claims("{" WHO ",\"iat\":1764009000,\"exp\":1764009600,\"nbf\":1764009001}");
    seed_claims("{\"iss\":\"another\",\"aud\":\"bhr-exchange\"}");
    seed_claims("{\"iss\":\"bhr-test\",\"aud\":[\"another\"]}");
    fuzz_seed_text("\001eyJhbGciOiJub25lIn0.e30.");
    fuzz_seed_text("\001eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.e30."
                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    fuzz_seed_text("\001..");
    fuzz_seed_text("\001no token");
}

static const char *const outcomes[] = {"a user with a role",
                                       "a user with an assurance level",
                                       "a user without a role",
                                       "as it stands: good",
                                       "as it stands: token_bad_signature",
                                       "as it stands: token_expired",
                                       "as it stands: token_malformed",
                                       "as it stands: token_not_yet",
                                       "as it stands: token_unknown_key",
                                       "as it stands: token_wrong_algorithm",
                                       "as it stands: token_wrong_audience",
                                       "as it stands: token_wrong_issuer",
                                       "claims: good",
                                       "claims: token_expired",
                                       "claims: token_malformed",
                                       "claims: token_not_yet",
                                       "claims: token_wrong_audience",
                                       "claims: token_wrong_issuer",
                                       "shown without belief",
                                       "signed: good",
                                       "signed: token_expired",
                                       "signed: token_malformed",
                                       "signed: token_not_yet",
                                       "signed: token_wrong_audience",
                                       "signed: token_wrong_issuer",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 1000};
