/* A service with nothing audited, booking or (BENCH_INDEX) the index: the other side of a comparison, and nothing to run
 * otherwise. An audited query cannot be asked for without its record; that it could is what this program is for. */
#include "lib/base/assert.h"
#include "lib/host/host.h"
#ifdef BENCH_INDEX
#include "services/index/service.h"
#define AUDITED index_service_table
#else
#include "services/booking/service.h"
#define AUDITED booking_service
#endif

enum { METHODS_MAX = 32 };

int main(int argc, char **argv) {
    static struct service_method methods[METHODS_MAX];
    struct service service = AUDITED;
    ASSERT(service.method_count <= METHODS_MAX);
    for (uint32_t i = 0; i < service.method_count; i++) {
        methods[i] = service.methods[i];
        methods[i].audit = AUDIT_NONE;
    }
    service.methods = methods;
    return host_run(&service, argc, argv);
}
