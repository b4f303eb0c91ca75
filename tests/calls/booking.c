/* bhr-booking whose n-th call of a library or of the system fails, n being the first word; for
 * tests/e2e/test_start_calls.py. What follows are the words of bhr-booking. It says which call it was, or in its last line
 * that there were fewer. */
#include "lib/host/host.h"
#include "services/booking/service.h"
#include "tests/calls/library_calls.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    if (n < 1) return HOST_EXIT_USAGE;
    argv[1] = argv[0];
    library_calls_fail((uint32_t)n);
    int exit_code = host_run(&booking_service, argc - 1, argv + 1);
    if (!library_calls_end()) (void)fprintf(stderr, "fault: there were fewer\n");
    return exit_code;
}
