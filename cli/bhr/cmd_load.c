/* bhr load: the load generator's plan from the command line, and its figures. */
#include "cli/bhr/commands.h"
#include "cli/bhr/load.h"
#include "lib/base/text.h"
#include "services/booking/core/booking.h"

#include <stdio.h>

static void print_result(const struct cli *cli, const struct load_plan *plan, const struct load_result *result);
static json_t *result_json(const struct load_plan *plan, const struct load_result *result);
static int verdict(const struct cli *cli, const struct load_result *result);

static const struct command_option options[] = {
    {.name = "clients",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = LOAD_CLIENTS_MAX,
     .fallback = 1,
     .sentence = "Connections; default 1"},
    {.name = "in-flight",
     .value = "M",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = LOAD_IN_FLIGHT_MAX,
     .fallback = 1,
     .sentence = "Bookings in flight on each; default 1"},
    {.name = "seconds",
     .value = "S",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = 86400,
     .sentence = "How long; default 10 unless --count is given"},
    {.name = "count",
     .letter = 'n',
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = 40000000,
     .sentence = "How many bookings"},
    {.name = "per-second",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = 1000000,
     .sentence = "At most so many bookings a second; default: as many as are answered"},
    {.name = "warmup",
     .value = "S",
     .kind = OPTION_NUMBER,
     .max = 3600,
     .sentence = "Seconds before anything is counted; default 0"},
    {.name = "slots",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = 1000000,
     .sentence = "Fight for so many slots; default: every booking has a place of its own"},
    {.name = "capacity",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = BOOKING_CAPACITY_MAX,
     .fallback = 1,
     .sentence = "Places of a slot; default 1"},
    {.name = "organisation",
     .value = "ODS",
     .kind = OPTION_TEXT,
     .sentence = "Whose slots to publish; default BHRLOAD, which an operator may"},
    {.name = "publish-as",
     .value = "NAME",
     .kind = OPTION_TEXT,
     .sentence = "[client NAME] that publishes; default ops if there is one, else the client that books"},
};

static int run(struct cli *cli, const struct arguments *arguments) {
    struct load_plan plan = {.clients = (uint32_t)option_number(arguments, "clients"),
                             .in_flight = (uint32_t)option_number(arguments, "in-flight"),
                             .count = (uint64_t)option_number(arguments, "count"),
                             .seconds = option_number(arguments, "seconds"),
                             .warmup_seconds = option_number(arguments, "warmup"),
                             .per_second = (uint32_t)option_number(arguments, "per-second"),
                             .fixed_slots = (uint32_t)option_number(arguments, "slots"),
                             .capacity = (uint32_t)option_number(arguments, "capacity"),
                             .organisation = option_text(arguments, "organisation"),
                             .publish_as = option_text(arguments, "publish-as")};
    if (plan.organisation == NULL) plan.organisation = "BHRLOAD";
    if (!text_is_ods_code(slice_text(plan.organisation))) {
        return command_usage(cli, arguments, "--organisation: expected an ODS code, 3 to 10 of A-Z 0-9");
    }
    if (plan.count == 0 && plan.seconds == 0) plan.seconds = 10;
    int code = cli_need_suite(cli);
    if (code != CLI_OK) return code;
    if (plan.publish_as == NULL && suite_client(&cli->suite, "ops") != NULL) plan.publish_as = "ops";
    static struct load_result result;
    code = load_run(cli, &plan, &result);
    if (code != CLI_OK) return code;
    if (cli->is_json)
        cli_json(result_json(&plan, &result));
    else
        print_result(cli, &plan, &result);
    return verdict(cli, &result);
}

const struct command command_load = {
    .name = "load",
    .sentence = "Book as fast as the service answers; prints rate, latency and outcomes",
    .more =
        "Publishes the sessions it needs, a day ahead, under service ids of its own, and books for people that do not "
        "exist. Not for a live suite. Exit code 5 when more was booked than there were places.\n"
        "  bhr load --clients 32 --in-flight 16 --seconds 20 --warmup 10",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};

static double milliseconds(uint64_t us) {
    return (double)us / 1000.0;
}

static double rate_of(const struct load_result *result) {
    return result->seconds > 0 ? (double)result->answered / result->seconds : 0;
}

static void print_result(const struct cli *cli, const struct load_plan *plan, const struct load_result *result) {
    const struct histogram *latency = &result->latency_us;
    printf("%u clients x %u in flight, %.1f s\n", plan->clients, plan->in_flight, result->seconds);
    printf("%s%.0f answers/s%s  p50 %.2f ms  p90 %.2f ms  p99 %.2f ms  max %.2f ms\n", cli_paint(cli, PAINT_BOLD),
           rate_of(result), cli_unpaint(cli), milliseconds(histogram_at(latency, 500)),
           milliseconds(histogram_at(latency, 900)), milliseconds(histogram_at(latency, 990)),
           milliseconds(latency->max));
    for (uint32_t i = 0; i < result->outcome_count; i++) {
        printf("  %10llu  %s\n", (unsigned long long)result->outcomes[i].count, result->outcomes[i].name);
    }
    printf("longest time without an answer %.2f ms\n", milliseconds(result->gap_us));
    if (result->retries > 0) printf("  asked again %llu times\n", (unsigned long long)result->retries);
    printf("booked %llu of %llu places, warm-up included\n", (unsigned long long)result->booked,
           (unsigned long long)result->places);
}

static json_t *result_json(const struct load_plan *plan, const struct load_result *result) {
    const struct histogram *latency = &result->latency_us;
    json_t *outcomes = json_object();
    for (uint32_t i = 0; i < result->outcome_count; i++) {
        (void)json_object_set_new(outcomes, result->outcomes[i].name,
                                  json_integer((json_int_t)result->outcomes[i].count));
    }
    return json_pack("{si si sf sI sI sf s{sI sI sI sI} sI so sI sI sI sI}", "clients", (int)plan->clients, "in_flight",
                     (int)plan->in_flight, "seconds", result->seconds, "asked", (json_int_t)result->asked, "answered",
                     (json_int_t)result->answered, "rate_per_s", rate_of(result), "latency_us", "p50",
                     (json_int_t)histogram_at(latency, 500), "p90", (json_int_t)histogram_at(latency, 900), "p99",
                     (json_int_t)histogram_at(latency, 990), "max", (json_int_t)latency->max, "longest_gap_us",
                     (json_int_t)result->gap_us, "outcomes", outcomes, "asked_again", (json_int_t)result->retries,
                     "repeated", (json_int_t)result->repeated, "booked", (json_int_t)result->booked, "places",
                     (json_int_t)result->places);
}

static int verdict(const struct cli *cli, const struct load_result *result) {
    if (result->booked > result->places) {
        return cli_fail(cli, CLI_CHECK, "keep the journal and report this: it must never happen",
                        "%llu bookings for %llu places", (unsigned long long)result->booked,
                        (unsigned long long)result->places);
    }
    uint64_t unanswered = result->asked - result->answered;
    if (unanswered > 0) {
        return cli_fail(cli, CLI_UNKNOWN, "`bhr status`; a longer --timeout", "%llu bookings got no answer in time",
                        (unsigned long long)unanswered);
    }
    return CLI_OK;
}
