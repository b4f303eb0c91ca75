/* One line for a slot, a few for a booking; the same as JSON. Prints; owns nothing. */
#include "cli/bhr/show.h"

#include "lib/base/assert.h"
#include "lib/client/uk_time.h"

#include <stdio.h>

const char *show_word(const char *words, int64_t number, char ret_word[32]) {
    for (int64_t at = 1; *words != '\0'; at++) {
        size_t size = strcspn(words, "|");
        if (at == number) {
            (void)snprintf(ret_word, 32, "%.*s", (int)size, words);
            return ret_word;
        }
        words += size + (words[size] == '|');
    }
    return "?";
}

void show_slot(const struct cli *cli, const struct booking_slot *slot) {
    char id[BOOKING_SLOT_TEXT_ROOM], start[UK_TIME_TEXT_MAX], kind[32], audience[32];
    uk_time_format(slot->starts_at_ms, start);
    printf("%-40s  %s%s%s  %3lld min  %-10s %-14s %-9s %-8s %s%u of %u free%s\n",
           booking_slot_id_format(slot->slot_id, id), cli_paint(cli, PAINT_BOLD), start, cli_unpaint(cli),
           (long long)((slot->ends_at_ms - slot->starts_at_ms) / BOOKING_MINUTE_MS), slot->organisation,
           slot->service_id, show_word(SHOW_KINDS, slot->kind, kind),
           show_word(SHOW_AUDIENCES, slot->audience, audience),
           cli_paint(cli, slot->free > 0 ? PAINT_GOOD : PAINT_WARN), slot->free, slot->capacity, cli_unpaint(cli));
}

void show_alternatives(const struct cli *cli, const struct booking_alternatives *alternatives) {
    if (cli->is_json || alternatives->count == 0) return;
    printf("Free nearest in time:\n");
    for (uint32_t i = 0; i < alternatives->count; i++) show_slot(cli, &alternatives->slots[i]);
}

static void show_person(const struct booking_view *view) {
    const struct booking_person *person = &view->person;
    printf("  person     ");
    bool is_named = person->nhs_number[0] != '\0' || person->family_name[0] != '\0' || person->local_id[0] != '\0';
    if (!is_named) {
        char id[CLI_UUID_ROOM];
        printf("%s (%s)\n", view->is_erased ? "erased" : "details cannot be read",
               cli_uuid_text(person->person_id.bytes, id));
        return;
    }
    if (person->nhs_number[0] != '\0') {
        printf("%.3s %.3s %.4s  ", person->nhs_number, person->nhs_number + 3, person->nhs_number + 6);
    }
    printf("%s%s%s", person->given_name, person->given_name[0] != '\0' ? " " : "", person->family_name);
    if (person->birth_date[0] != '\0') printf("  born %s", person->birth_date);
    if (person->local_id[0] != '\0') printf("  local id %s", person->local_id);
    putchar('\n');
}

void show_booking(const struct cli *cli, const struct booking_view *view, bool with_history) {
    char id[CLI_UUID_ROOM], slot[BOOKING_SLOT_TEXT_ROOM], text[UK_TIME_TEXT_MAX], word[32];
    bool is_cancelled = view->status == BOOKING_CANCELLED;
    uk_time_format(view->slot.starts_at_ms, text);
    printf("%s  %s%s%s  %s%s%s\n", cli_uuid_text(view->booking_id.bytes, id), cli_paint(cli, PAINT_BOLD), text,
           cli_unpaint(cli), cli_paint(cli, is_cancelled ? PAINT_WARN : PAINT_GOOD),
           is_cancelled ? "cancelled" : "booked", cli_unpaint(cli));
    printf("  where      %s %s, %s, %lld min\n", view->slot.organisation, view->slot.service_id,
           show_word(SHOW_KINDS, view->slot.kind, word),
           (long long)((view->slot.ends_at_ms - view->slot.starts_at_ms) / BOOKING_MINUTE_MS));
    printf("  slot       %s\n", booking_slot_id_format(view->slot.slot_id, slot));
    show_person(view);
    if (view->contact.phone[0] != '\0') printf("  phone      %s\n", view->contact.phone);
    if (view->contact.note[0] != '\0') printf("  note       %s\n", view->contact.note);
    if (is_cancelled) {
        uk_time_format(view->cancelled_at_ms, text);
        printf("  cancelled  %s by %s (%s)\n", text, view->cancelled_by,
               show_word(SHOW_REASONS, view->cancel_reason, word));
    }
    static const char *const changes[] = {"?", "held", "booked", "cancelled"};
    for (uint32_t i = 0; with_history && i < view->history_count; i++) {
        const struct booking_change *change = &view->history[i];
        uk_time_format_exact(change->at_ms, text);
        printf("  %s%s  entry %llu  %s by %s%s\n", cli_paint(cli, PAINT_DIM), text,
               (unsigned long long)change->entry_number, changes[change->what <= 3 ? change->what : 0], change->by,
               cli_unpaint(cli));
    }
}

json_t *show_slot_json(const struct booking_slot *slot) {
    char id[BOOKING_SLOT_TEXT_ROOM], kind[32], audience[32];
    return json_pack(
        "{ss ss ss ss ss so so si si}", "slot_id", booking_slot_id_format(slot->slot_id, id), "organisation",
        slot->organisation, "service_id", slot->service_id, "kind", show_word(SHOW_KINDS, slot->kind, kind), "audience",
        show_word(SHOW_AUDIENCES, slot->audience, audience), "starts_at", cli_json_time(slot->starts_at_ms), "ends_at",
        cli_json_time(slot->ends_at_ms), "capacity", (int)slot->capacity, "free", (int)slot->free);
}

json_t *show_alternatives_json(const struct booking_alternatives *alternatives) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < alternatives->count; i++) {
        (void)json_array_append_new(list, show_slot_json(&alternatives->slots[i]));
    }
    return list;
}

json_t *show_booking_json(const struct booking_view *view) {
    char word[32];
    static const char *const changes[] = {"?", "held", "booked", "cancelled"};
    json_t *history = json_array();
    for (uint32_t i = 0; i < view->history_count; i++) {
        const struct booking_change *change = &view->history[i];
        (void)json_array_append_new(history, json_pack("{so ss ss sI}", "at", cli_json_time(change->at_ms), "what",
                                                       changes[change->what <= 3 ? change->what : 0], "by", change->by,
                                                       "entry_number", (json_int_t)change->entry_number));
    }
    json_t *person =
        json_pack("{ss ss ss ss ss so}", "nhs_number", view->person.nhs_number, "family_name", view->person.family_name,
                  "given_name", view->person.given_name, "birth_date", view->person.birth_date, "local_id",
                  view->person.local_id, "person_id", cli_json_uuid(view->person.person_id.bytes));
    bool is_cancelled = view->status == BOOKING_CANCELLED;
    return json_pack("{so ss so so sb s{ss ss} so ss so ss ss so}", "booking_id", cli_json_uuid(view->booking_id.bytes),
                     "status", is_cancelled ? "cancelled" : "booked", "slot", show_slot_json(&view->slot), "person",
                     person, "erased", (int)view->is_erased, "contact", "phone", view->contact.phone, "note",
                     view->contact.note, "booked_at", cli_json_time(view->booked_at_ms), "booked_by", view->booked_by,
                     "cancelled_at", cli_json_time(view->cancelled_at_ms), "cancel_reason",
                     is_cancelled ? show_word(SHOW_REASONS, view->cancel_reason, word) : "", "cancelled_by",
                     view->cancelled_by, "history", history);
}

bool show_take(char *to, size_t to_size, const char *text) {
    ASSERT(to_size > 1);
    if (text == NULL) return true;
    size_t size = strlen(text);
    if (size >= to_size) return false;
    memcpy(to, text, size + 1);
    return true;
}
