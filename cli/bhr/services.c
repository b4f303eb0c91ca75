/* The services of the exchange. Pure data. */
#include "cli/bhr/services.h"

#include "lib/base/assert.h"
#include "services/booking/core/rows_booking.h"
#include "services/booking/service.h"
#include "services/index/core/rows_index.h"
#include "services/index/service.h"

#include <stdio.h>

enum { TABLES_MAX = 256 };

const struct service *const services[SERVICES_COUNT] = {&booking_service, &index_service_table};

static const char *const host_tables[] = {
    [ROWS_TABLE_ANSWER] = "answers", [ROWS_TABLE_TIMER] = "timers", [ROWS_TABLE_PARKED] = "parked timers"};

static const char *const service_tables[SERVICES_COUNT][TABLES_MAX] = {
    {
        [BOOKING_TABLE_SESSION] = "sessions",
        [BOOKING_TABLE_BY_SERVICE] = "sessions by service",
        [BOOKING_TABLE_BY_ORGANISATION] = "sessions by organisation",
        [BOOKING_TABLE_SLOT] = "slots",
        [BOOKING_TABLE_HOLD] = "holds",
        [BOOKING_TABLE_BOOKING] = "bookings",
        [BOOKING_TABLE_PERSON] = "bookings of a person",
    },
    {
        [INDEX_TABLE_RECORD] = "records",
        [INDEX_TABLE_GROUP] = "persons",
        [INDEX_TABLE_BY_NHS] = "records by NHS number",
        [INDEX_TABLE_MERGE] = "merges",
        [INDEX_TABLE_PAIR] = "pairs",
        [INDEX_TABLE_OPEN_PAIR] = "open pairs",
        [INDEX_TABLE_CHANGED] = "changed records",
        [INDEX_TABLE_BOARD] = "board",
        [INDEX_TABLE_ORGANISATION] = "organisations",
        [INDEX_TABLE_SERVICE] = "services",
        [INDEX_TABLE_PRACTITIONER] = "professionals",
        [INDEX_TABLE_REGISTERED] = "registrations of professionals",
    },
};

const struct service *services_chosen(const struct arguments *arguments) {
    int64_t number = option_number(arguments, "service");
    ASSERT(number >= 1 && number <= SERVICES_COUNT);
    return services[number - 1];
}

const struct suite_service *services_in(const struct suite *suite, const struct service *service) {
    return suite_service(suite, service->name);
}

const char *services_table_name(const struct service *service, uint8_t table, char ret_text[SERVICES_TABLE_TEXT_MAX]) {
    const char *name = table < sizeof host_tables / sizeof host_tables[0] ? host_tables[table] : NULL;
    for (size_t i = 0; name == NULL && i < SERVICES_COUNT; i++) {
        if (services[i] == service) name = service_tables[i][table];
    }
    if (name != NULL) return name;
    (void)snprintf(ret_text, SERVICES_TABLE_TEXT_MAX, "table 0x%02x", table);
    return ret_text;
}
