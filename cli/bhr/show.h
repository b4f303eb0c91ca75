/* Slots and bookings as people and programs read them. */
#ifndef BHR_CLI_SHOW_H
#define BHR_CLI_SHOW_H

#include "cli/bhr/cli.h"
#include "lib/wire/booking/booking_client.h"

/* The words of --kind, --audience and --reason, in the order of their numbers from 1. */
#define SHOW_KINDS     "in-person|telephone|video"
#define SHOW_AUDIENCES "practice|hub|111"
#define SHOW_REASONS   "person|organisation|entered-in-error"

/* The word of that number; "?" for another. */
const char *show_word(const char *words, int64_t number, char ret_word[32]);

void show_slot(const struct cli *cli, const struct booking_slot *slot);
void show_booking(const struct cli *cli, const struct booking_view *view, bool with_history);
void show_alternatives(const struct cli *cli, const struct booking_alternatives *alternatives);

json_t *show_slot_json(const struct booking_slot *slot);
json_t *show_booking_json(const struct booking_view *view);
json_t *show_alternatives_json(const struct booking_alternatives *alternatives);

/* Copies text into a fixed field; false when it does not fit. NULL leaves the field empty. */
bool show_take(char *to, size_t to_size, const char *text);

#endif
