/* The services of the exchange as `bhr` must know them: by which name somebody means one, what its outcomes and events are
 * called, and what lies in which of its rows. Constant data; any thread. */
#ifndef BHR_CLI_SERVICES_H
#define BHR_CLI_SERVICES_H

#include "cli/bhr/command.h"
#include "lib/host/service.h"

enum { SERVICES_COUNT = 2, SERVICES_TABLE_TEXT_MAX = 32 };

/* In the order of SERVICES_WORDS, and of everything that is listed by service. */
extern const struct service *const services[SERVICES_COUNT];
#define SERVICES_WORDS "booking|index"

/* Which of them a command is about; the first one when nothing is said. */
#define SERVICE_OPTION                                                                                                 \
    {                                                                                                                  \
        .name = "service", .value = SERVICES_WORDS, .kind = OPTION_CHOICE, .choices = SERVICES_WORDS, .fallback = 1,   \
        .sentence = "Which service's; default booking"                                                                 \
    }
const struct service *services_chosen(const struct arguments *arguments);

/* Where the suite's file says that its processes are; NULL when it has no section about it. */
const struct suite_service *services_in(const struct suite *suite, const struct service *service);

/* "sessions", "answers", …; "table 0x42" for one that this version does not know. */
const char *services_table_name(const struct service *service, uint8_t table, char ret_text[SERVICES_TABLE_TEXT_MAX]);

#endif
