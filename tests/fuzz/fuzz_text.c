/* Small texts from outside: identifiers, numbers, instants, dates, NHS numbers, UK times, slot ids, topic and system names.
 * The first byte says which. What is read shows as a text that reads the same. */
#include "lib/base/civil_time.h"
#include "lib/base/nhs_number.h"
#include "lib/base/text.h"
#include "lib/client/uk_time.h"
#include "lib/host/topics.h"
#include "lib/wire/booking/booking_client.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define NOW_MS INT64_C(1795456800000)

static void run_instant(struct slice input) {
    int64_t ms, again;
    if (!civil_parse_instant(input, &ms)) {
        fuzz_reach("no instant");
        return;
    }
    char text[CIVIL_INSTANT_SIZE];
    civil_format_instant(ms, text);
    bool is_same = civil_parse_instant(slice_of(text, sizeof text), &again) && again == ms;
    ASSERT(is_same);
    fuzz_reach("an instant");
}

static void run_date(struct slice input) {
    bool is_date = civil_is_date(input);
    fuzz_reach(is_date ? "a date" : "no date");
    if (!is_date) return;
    int year, month, day, again_year, again_month, again_day;
    char text[11] = "";
    memcpy(text, input.data, 10);
    ASSERT(input.size == 10 && sscanf(text, "%d-%d-%d", &year, &month, &day) == 3);
    civil_date_of_days(civil_days(year, month, day), &again_year, &again_month, &again_day);
    ASSERT(year == again_year && month == again_month && day == again_day);
}

static void run_nhs_number(struct slice input) {
    char digits[10];
    enum nhs_number_fault fault = nhs_number_parse(input, digits), again;
    static const char *const names[] = {"an NHS number", "not ten digits", "a wrong check digit",
                                        "one digit ten times"};
    fuzz_reach(names[fault]);
    fuzz_reach_if(nhs_number_is_in(input) && fault != NHS_NUMBER_GOOD, "a text with an NHS number in it");
    if (fault != NHS_NUMBER_GOOD) return;
    again = nhs_number_parse(slice_of(digits, sizeof digits), digits);
    ASSERT(again == NHS_NUMBER_GOOD && nhs_number_is_in(input));
}

static void run_id(struct slice input) {
    struct uuid id, again;
    char text[UUID_TEXT_SIZE];
    bool is_id = uuid_parse(input, &id);
    fuzz_reach(is_id ? "an id" : "no id");
    if (!is_id) return;
    uuid_format(id, text);
    bool is_same = uuid_parse(slice_of(text, sizeof text), &again) && uuid_equal(id, again);
    ASSERT(is_same && (!uuid_is_v7(id) || uuid_v7_time_ms(id) >= 0));
}

static void run_slot_id(struct slice input) {
    struct booking_slot_id id, again;
    char *text = fuzz_text(input), shown[BOOKING_SLOT_TEXT_ROOM];
    bool is_id = booking_slot_id_parse(text, &id);
    fuzz_reach(is_id ? "a slot" : "no slot");
    bool is_same = !is_id || (booking_slot_id_parse(booking_slot_id_format(id, shown), &again) &&
                              booking_slot_id_equal(id, again));
    ASSERT(is_same);
    free(text);
}

static void run_uk_time(struct slice input) {
    static bool is_ready;
    struct error error = {0};
    if (!is_ready) is_ready = uk_time_init(&error) == STATUS_OK;
    ASSERT(is_ready);
    char *text = fuzz_text(input), shown[UK_TIME_TEXT_MAX], *fraction;
    int64_t ms, again;
    if (uk_time_parse(text, NOW_MS, &ms, &error) == STATUS_OK) {
        uk_time_format(ms, shown);
        fuzz_reach(strstr(shown, "BST") != NULL ? "a summer time" : "a winter time");
        uk_time_format_exact(ms, shown);
        fraction = strchr(shown, '.');
        ASSERT(fraction != NULL && fraction - shown == 19);
        /* To the minute, and with its zone, it reads the same. */
        memmove(shown + 16, shown + 23, strlen(shown + 23) + 1);
        bool is_same =
            ms < 0 || (uk_time_parse(shown, NOW_MS, &again, &error) == STATUS_OK && again == ms / 60000 * 60000);
        ASSERT(is_same);
    } else {
        ASSERT(error.code == STATUS_INVALID && error.message[0] != '\0');
        fuzz_reach("no time");
    }
    free(text);
}

static void run_token(struct slice input) {
    uint64_t number;
    uint8_t bytes[16];
    char hex[32];
    bool is_token = text_is_token(input, 64), is_number = text_u64(input, &number);
    fuzz_reach(text_is_clean(input) ? "clean" : "not clean");
    ASSERT(!is_token || text_is_clean(input));
    ASSERT(!text_is_ods_code(input) || is_token);
    fuzz_reach_if(text_is_ods_code(input), "an ODS code");
    fuzz_reach_if(is_number, "a number");
    ASSERT(!is_number || input.size > 0);
    if (!text_unhex(input, bytes, sizeof bytes)) return;
    fuzz_reach("hexadecimal");
    text_hex(bytes, sizeof bytes, hex);
    for (size_t i = 0; i < sizeof hex; i++) ASSERT(hex[i] == (input.data[i] | 0x20));
}

static void run_topic(struct slice input) {
    static struct topics_systems systems;
    struct error error = {0};
    char *list = fuzz_text(input), topic[TOPIC_NAME_MAX];
    if (topics_systems_read(list, &systems, &error) == STATUS_OK) {
        fuzz_reach(systems.count == 0 ? "no systems" : "systems");
        for (size_t i = 0; i < systems.count; i++) {
            ASSERT(topics_system_is_good(systems.names[i]));
            for (int id = 0; id < TOPIC_ID_COUNT; id++) {
                bool is_named = topics_name((enum topic_id)id, "booking", systems.names[i], topic);
                ASSERT(is_named && strlen(topic) < TOPIC_NAME_MAX && strchr(topic, '<') == NULL);
            }
        }
    } else {
        fuzz_reach("a bad list of systems");
    }
    fuzz_reach_if(topics_fill("bhr.<service>.<system>", list, list, topic), "a topic's name");
    free(list);
}

static void (*const readers[])(struct slice input) = {run_instant, run_date,    run_nhs_number, run_id,
                                                      run_slot_id, run_uk_time, run_token,      run_topic};

static void run(struct slice input) {
    if (input.size > 0) readers[fuzz_byte(&input) % (sizeof readers / sizeof readers[0])](input);
}

static void seed(void) {
    static const char *const seeds[] = {
        "\0102026-11-22T18:40:00.123Z",
        "\0102026-11-22T18:40+01:00",
        "\010no",
        "\0011984-02-29",
        "\0011983-02-29",
        "\002943 476 5919",
        "\0029434765918",
        "\002no",
        "\0021111111111",
        "\002ask 943-476-5919 now",
        "\0030198c1d2-7e00-7abc-8def-0123456789ab",
        "\003no",
        "\0040198c1d2-7e00-7abc-8def-0123456789ab:3",
        "\004no",
        "\0052026-11-23 08:30",
        "\005tomorrow 08:30",
        "\0052026-07-01T08:30 BST",
        "\0052026-10-25 01:30 GMT",
        "\005now",
        "\0052026-03-29 01:30",
        "\005today 25:00",
        "\006Zo\xC3\xAB",
        "\006\xC0\x80",
        "\006F82001",
        "\00618446744073709551615",
        "\00600112233445566778899AAbbccddeeff",
        "\007gp-demo, hub-demo",
        "\007",
        "\007a b,c",
    };
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) fuzz_seed_text(seeds[i]);
}

static const char *const outcomes[] = {"a bad list of systems",
                                       "a date",
                                       "a number",
                                       "a slot",
                                       "a summer time",
                                       "a text with an NHS number in it",
                                       "a topic's name",
                                       "a winter time",
                                       "a wrong check digit",
                                       "an NHS number",
                                       "an ODS code",
                                       "an id",
                                       "an instant",
                                       "clean",
                                       "hexadecimal",
                                       "no date",
                                       "no id",
                                       "no instant",
                                       "no slot",
                                       "no systems",
                                       "no time",
                                       "not clean",
                                       "not ten digits",
                                       "one digit ten times",
                                       "systems",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
