/* Any plain struct of a wire table (lib/wire/exchange/wire_table.h) as JSON or as lines for people: the table says what each
 * member is called, the contract what its numbers mean. So an answer of a service needs no code here. */
#ifndef BHR_CLI_WIRE_JSON_H
#define BHR_CLI_WIRE_JSON_H

#include "cli/bhr/cli.h"
#include "lib/wire/exchange/wire_table.h"

/* An object with a member for each field. "found_at_ms" becomes "found_at" with a UTC time, REGISTERED_LINKED "linked", an
 * id of zeros or an unsaid word null. The caller's. */
json_t *wire_json(const struct wire_table *table, const void *plain);
/* The same on lines, without what is empty, with UK times; parts that are themselves lists of parts are indented. */
void wire_json_say(const struct wire_table *table, const void *plain);

#endif
