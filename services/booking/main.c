/* The booking service: its table, run by the host. */
#include "lib/host/host.h"
#include "services/booking/service.h"

int main(int argc, char **argv) {
    return host_run(&booking_service, argc, argv);
}
