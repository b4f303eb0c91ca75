/* What sealing costs the thread that does it: the details of one of bench_load.c's callers sealed and opened, and the
 * key of somebody new wrapped. Prints one JSON object.
 *
 * usage: bhr-bench-seal SECONDS */
#include "lib/digest/digest.h"
#include "lib/digest/seal.h"
#include "lib/wire/booking/booking_details.h"
#include "tests/bench/bench_person.h"
#include "tests/bench/samples.h"

#include <stdio.h>
#include <stdlib.h>

enum { AT_ONCE = 64, CALLER = 12345, BOUND_TO_SIZE = 32 };

static struct {
    uint8_t key[SEAL_KEY_SIZE], nonce[SEAL_NONCE_SIZE], bound_to[BOUND_TO_SIZE];
    uint8_t plain[BOOKING_DETAILS_MAX], sealed[BOOKING_DETAILS_MAX + SEAL_TAG_SIZE];
    size_t size;
} box;

static void stop(const char *text) {
    (void)fprintf(stderr, "bhr-bench-seal: %s\n", text);
    exit(1);
}

/* A nonce of its own each time, as the door draws it. */
static void seal_one(void) {
    digest_random(box.nonce, sizeof box.nonce);
    seal_close(box.key, box.nonce, slice_of(box.bound_to, sizeof box.bound_to), slice_of(box.plain, box.size),
               box.sealed);
}

static void open_one(void) {
    if (!seal_open(box.key, box.nonce, slice_of(box.bound_to, sizeof box.bound_to),
                   slice_of(box.sealed, box.size + SEAL_TAG_SIZE), box.plain)) {
        stop("what was sealed does not open");
    }
}

/* Nanoseconds of one, over so many seconds. */
static double measure(void (*one)(void), double seconds) {
    int64_t begin_us = samples_now_us(), until_us = begin_us + (int64_t)(seconds * 1e6), took_us;
    uint64_t count = 0;
    do {
        for (int i = 0; i < AT_ONCE; i++, count++) one();
        took_us = samples_now_us() - begin_us;
    } while (begin_us + took_us < until_us);
    return (double)took_us * 1000 / (double)count;
}

int main(int argc, char **argv) {
    if (argc != 2) stop("usage: see the beginning of tests/bench/bench_seal.c");
    double seconds = strtod(argv[1], NULL) / 3;
    if (!digest_init()) stop("libsodium does not start");
    digest_random(box.key, sizeof box.key);
    struct booking_person person;
    struct booking_contact contact;
    bench_person(CALLER, &person, &contact);
    struct buffer plain = buffer_over(box.plain, sizeof box.plain);
    booking_details_encode(&person, &contact, &plain);
    size_t details_size = box.size = plain.size;
    double seal_ns = measure(seal_one, seconds), open_ns = measure(open_one, seconds);
    box.size = SEAL_KEY_SIZE;
    double wrap_ns = measure(seal_one, seconds);
    (void)printf("{\"details_bytes\": %zu, \"seal_ns\": %.0f, \"open_ns\": %.0f, \"wrap_ns\": %.0f}\n", details_size,
                 seal_ns, open_ns, wrap_ns);
    return 0;
}
