/* The machine's clocks and its source of chance. Any thread; there is nothing to open or close. */
#ifndef BHR_PORT_UV_SYSTEM_CLOCK_H
#define BHR_PORT_UV_SYSTEM_CLOCK_H

#include "lib/port/clock.h"

struct clock_port system_clock_port(void);

#endif
