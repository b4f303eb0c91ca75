/* The index service: its table, run by the host. */
#include "lib/host/host.h"
#include "services/index/service.h"

int main(int argc, char **argv) {
    return host_run(&index_service_table, argc, argv);
}
