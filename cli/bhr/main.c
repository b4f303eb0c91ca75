/* The command line of the exchange. Everything is in command.c. */
#include "cli/bhr/command.h"
#include "lib/digest/digest.h"

#include <stdio.h>

int main(int argc, char **argv) {
    if (!digest_init()) {
        fprintf(stderr, "bhr: libsodium cannot start\n");
        return CLI_UNREACHED;
    }
    return command_main(argc, argv);
}
