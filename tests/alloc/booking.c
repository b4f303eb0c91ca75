/* bhr-booking whose n-th request for memory fails, n being the first word; for tests/e2e/test_no_memory.py. What follows
 * are the words of bhr-booking. Its last line says whether there were so many. */
#include "lib/host/host.h"
#include "services/booking/service.h"
#include "tests/support/alloc.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    if (n < 1) return HOST_EXIT_USAGE;
    argv[1] = argv[0];
    alloc_fail((uint32_t)n);
    int exit_code = host_run(&booking_service, argc - 1, argv + 1);
    (void)fprintf(stderr, "fault: %s\n", alloc_end() ? "a request" : "there were fewer");
    return exit_code;
}
