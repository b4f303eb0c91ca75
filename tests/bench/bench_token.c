/* What a user's token costs the door's thread: its signature verified each time, and remembered from the time before.
 * Prints one JSON object. The clock that the verifier is shown jumps to and fro, so that nothing is ever remembered, or
 * stands still.
 *
 * usage: bhr-bench-token KEY_SET ISSUER AUDIENCE TOKEN_FILE SECONDS */
#include "lib/digest/digest.h"
#include "lib/port/jose/jose_verifier.h"
#include "lib/port/uv/system_clock.h"
#include "tests/bench/samples.h"

#include <stdio.h>
#include <stdlib.h>

enum { AT_ONCE = 64 };

static char token[TOKEN_SIZE_MAX + 1];

static void stop(const char *text) {
    (void)fprintf(stderr, "bhr-bench-token: %s\n", text);
    exit(1);
}

/* Nanoseconds of one judgement, over so many seconds. */
static double measure(const struct token_port *port, struct slice text, int64_t now_ms, int64_t jump_ms,
                      double seconds) {
    int64_t begin_us = samples_now_us(), until_us = begin_us + (int64_t)(seconds * 1e6), took_us;
    uint64_t count = 0;
    do {
        for (int i = 0; i < AT_ONCE; i++, count++) {
            struct token_user user;
            int64_t shown_ms = now_ms + (count % 2 == 0 ? 0 : jump_ms);
            if (port->verify(port->context, text, shown_ms, &user) != TOKEN_GOOD) stop("the token is not good");
        }
        took_us = samples_now_us() - begin_us;
    } while (begin_us + took_us < until_us);
    return (double)took_us * 1000 / (double)count;
}

int main(int argc, char **argv) {
    if (argc != 6) stop("usage: see the beginning of tests/bench/bench_token.c");
    FILE *file = fopen(argv[4], "re");
    size_t size = file != NULL ? fread(token, 1, TOKEN_SIZE_MAX, file) : 0;
    if (file != NULL) (void)fclose(file);
    const struct jose_options options = {.issuer = argv[2],
                                         .audience = argv[3],
                                         .key_set_file = argv[1],
                                         .revoked_file = "",
                                         .skew_ms = 30000,
                                         .age_ms_max = 86400000};
    struct jose_verifier *verifier;
    struct error error = {0};
    if (!digest_init()) stop("libsodium does not start");
    if (jose_verifier_open(&options, &verifier, &error) != STATUS_OK) stop(error.message);
    struct token_port port = jose_verifier_port(verifier);
    struct clock_port clock = system_clock_port();
    int64_t now_ms = clock.wall_ms(clock.context);
    struct slice text = slice_of(token, size);
    double seconds = strtod(argv[5], NULL) / 2;
    double verified_ns = measure(&port, text, now_ms, JOSE_CACHE_MS_MAX, seconds);
    double remembered_ns = measure(&port, text, now_ms, 0, seconds);
    (void)printf("{\"verified_ns\": %.0f, \"remembered_ns\": %.0f}\n", verified_ns, remembered_ns);
    jose_verifier_close(verifier);
    return 0;
}
