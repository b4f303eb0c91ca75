/* Runs a service: everything that is not its rules. A service's main is host_run(&booking_service, argc, argv). */
#ifndef BHR_HOST_HOST_H
#define BHR_HOST_HOST_H

#include "lib/host/service.h"

/* Exit codes of a service process. */
enum host_exit {
    HOST_EXIT_OK = 0,       /* stopped in order */
    HOST_EXIT_USAGE = 2,    /* configuration, policy or keys are wrong: the message says which and what was expected */
    HOST_EXIT_CONFLICT = 3, /* another process uses this store directory */
    HOST_EXIT_REFUSED =
        4, /* the door would let an unknown key in, the topics are not as declared, or the master key is another */
    HOST_EXIT_STORE = 5, /* the store could not be written; starting again is safe */
};

/* Reads the configuration, opens the store, starts the replica's thread and the door's loop, and returns the exit code
 * after an ordered stop (SIGTERM or SIGINT). */
int host_run(const struct service *service, int argc, char **argv);

#endif
