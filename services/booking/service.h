/* Direct booking as the host runs it. */
#ifndef BHR_BOOKING_SERVICE_H
#define BHR_BOOKING_SERVICE_H

#include "lib/host/service.h"

extern const struct service booking_service;

#endif
