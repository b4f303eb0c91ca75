/* The index as the host runs it. */
#ifndef BHR_INDEX_SERVICE_H
#define BHR_INDEX_SERVICE_H

#include "lib/host/service.h"

extern const struct service index_service_table;

#endif
