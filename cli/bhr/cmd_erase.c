/* bhr person erase: destroys every key of one person, so that nobody can read that person's details any more, in no topic,
 * store, copy or backup; bookings and counts stay (design section 6, docs/adr/0017). Writes records without a value to the
 * topic of keys and reads them back. May be run any number of times. Main thread. */
#include "cli/bhr/cluster.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/person_id.h"
#include "lib/host/person_keys.h"
#include "lib/wire/exchange/person_key.h"

#include <stdio.h>
#include <unistd.h>

enum { KEYS_MAX = 256, ROUNDS_MAX = 3 };

struct key_of_person {
    struct uuid key_id;
    int64_t created_at_ms;
    bool is_told; /* its end was written, and Kafka has it */
};

struct erasure {
    struct cli *cli;
    struct uuid person_id;
    struct cluster cluster;
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    struct topic_reader reader_port;
    struct topic_writer writer_port;
    uint32_t live_count, destroyed_count;
    struct key_of_person live[KEYS_MAX], destroyed[KEYS_MAX];
};

static int open_topic(struct erasure *erasure);
static void close_topic(struct erasure *erasure);
static int read_to_end(struct erasure *erasure);
static int destroy_all(struct erasure *erasure);
static bool is_confirmed(const struct cli *cli, const struct erasure *erasure);
static int report(struct erasure *erasure);

static const struct command_option options[] = {
    PERSON_ID_OPTION_ROWS,
    {.name = "yes", .kind = OPTION_FLAG, .sentence = "Do not ask whether it is meant"},
};

static int run(struct cli *cli, const struct arguments *arguments) {
    static struct erasure erasure; /* large */
    erasure = (struct erasure){.cli = cli};
    int code = person_id_read(cli, arguments, &erasure.person_id);
    if (code != CLI_OK) return code;
    bool may_ask = isatty(STDIN_FILENO) && !cli->is_json;
    if (!option_is_given(arguments, "yes") && !may_ask) {
        return command_usage(cli, arguments, "--yes is expected where nobody can be asked");
    }
    code = cluster_open(cli, services[0], &erasure.cluster);
    if (code != CLI_OK) return code;
    code = open_topic(&erasure);
    if (code == CLI_OK) code = read_to_end(&erasure);
    bool is_meant = erasure.live_count == 0 || option_is_given(arguments, "yes");
    if (code == CLI_OK && !is_meant && !is_confirmed(cli, &erasure)) {
        code = cli_fail(cli, CLI_REFUSED, NULL, "nothing was erased");
    }
    /* A door may have made one more key meanwhile. */
    for (int round = 0; code == CLI_OK && erasure.live_count > 0; round++) {
        if (round == ROUNDS_MAX) {
            code = cli_fail(cli, CLI_CHECK, "run it again", "the person is being booked right now: keys keep coming");
            break;
        }
        code = destroy_all(&erasure);
        if (code == CLI_OK) code = read_to_end(&erasure);
    }
    if (code == CLI_OK) code = report(&erasure);
    close_topic(&erasure);
    cluster_close(&erasure.cluster);
    return code;
}

const struct command command_person_erase = {
    .name = "person erase",
    .sentence = "Destroy every key of a person: nobody can read their details any more",
    .more =
        "Cannot be undone. Bookings, counts and the journal stay; a person who comes again gets a new key. A person "
        "booked by NHS number, by name and birth date, and by a local id has an id for each: erase each of them.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};

static int open_topic(struct erasure *erasure) {
    struct cluster *cluster = &erasure->cluster;
    struct error error = {0};
    cluster->options.partition = 0; /* the topic of keys has one */
    static const char *const topics[] = {PERSON_KEYS_TOPIC};
    struct topic_range range;
    enum status status =
        cluster->admin_port.range(cluster->admin_port.context, PERSON_KEYS_TOPIC, CLUSTER_TIMEOUT_MS, &range, &error);
    if (status == STATUS_NOT_FOUND)
        return cli_fail(erasure->cli, CLI_CHECK, "`bhr topics apply` makes it", "%s", error.message);
    if (status == STATUS_OK) {
        status =
            kafka_reader_open(&cluster->options, cluster->wake_fd, &erasure->reader, &erasure->reader_port, &error);
    }
    if (status == STATUS_OK) {
        status = kafka_writer_open(&cluster->options, cluster->wake_fd, topics, 1, &erasure->writer,
                                   &erasure->writer_port, &error);
    }
    if (status == STATUS_OK) {
        status = erasure->reader_port.assign(erasure->reader_port.context, PERSON_KEYS_TOPIC, range.start, &error);
    }
    return status == STATUS_OK ? CLI_OK : cli_fail_error(erasure->cli, &error, CLUSTER_NEXT);
}

static void close_topic(struct erasure *erasure) {
    kafka_writer_close(&erasure->writer);
    kafka_reader_close(&erasure->reader);
}

static bool wait_a_little(const struct erasure *erasure, int64_t until_ms) {
    const struct clock_port *clock = &erasure->cli->clock;
    if (clock->monotonic_ms(clock->context) >= until_ms) return false;
    const struct waiter *waiter = &erasure->cluster.waiter;
    waiter->wait(waiter->context, 50);
    return true;
}

static void drop_live(struct erasure *erasure, struct uuid key_id) {
    for (uint32_t i = 0; i < erasure->live_count; i++) {
        struct key_of_person *key = &erasure->live[i];
        if (!uuid_equal(key->key_id, key_id)) continue;
        if (key->is_told && erasure->destroyed_count < KEYS_MAX) erasure->destroyed[erasure->destroyed_count++] = *key;
        *key = erasure->live[--erasure->live_count];
        return;
    }
}

static int on_record(struct erasure *erasure, const struct topic_record *topic_record) {
    struct person_key_record record;
    if (!person_key_decode(topic_record->key, topic_record->value, &record)) return CLI_OK;
    drop_live(erasure, record.key_id);
    if (record.is_destroyed || !uuid_equal(record.person_id, erasure->person_id)) return CLI_OK;
    if (erasure->live_count == KEYS_MAX) {
        return cli_fail(erasure->cli, CLI_CHECK, NULL, "the person has more than %d keys", (int)KEYS_MAX);
    }
    erasure->live[erasure->live_count++] =
        (struct key_of_person){.key_id = record.key_id, .created_at_ms = record.created_at_ms};
    return CLI_OK;
}

/* Up to the topic's end as it is now. */
static int read_to_end(struct erasure *erasure) {
    struct cli *cli = erasure->cli;
    struct topic_range range;
    struct error error = {0};
    const struct topic_admin *admin = &erasure->cluster.admin_port;
    if (admin->range(admin->context, PERSON_KEYS_TOPIC, CLUSTER_TIMEOUT_MS, &range, &error) != STATUS_OK) {
        return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
    }
    int64_t until_ms = cli->clock.monotonic_ms(cli->clock.context) + cli->limit_ms;
    int64_t next_offset = range.start;
    while (next_offset < range.end) {
        struct topic_event event;
        erasure->reader_port.poll(erasure->reader_port.context, &event);
        switch (event.kind) {
        case TOPIC_RECORD: {
            int code = on_record(erasure, &event.record);
            if (code != CLI_OK) return code;
            next_offset = event.record.offset + 1;
            break;
        }
        case TOPIC_END:
            next_offset = event.offset;
            break;
        case TOPIC_NOTHING:
        case TOPIC_DISCONNECTED:
            if (wait_a_little(erasure, until_ms)) break;
            return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "the topic of keys was not read to its end in time");
        case TOPIC_OUT_OF_RANGE:
        case TOPIC_FAILED:
            return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "the topic of keys cannot be read: %s",
                            event.reason != NULL ? event.reason : "no reason given");
        }
    }
    return CLI_OK;
}

static int destroy_all(struct erasure *erasure) {
    struct cli *cli = erasure->cli;
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < erasure->live_count; i++) {
        char id[UUID_TEXT_SIZE];
        uuid_format(erasure->live[i].key_id, id);
        const struct topic_append append = {.topic = PERSON_KEYS_TOPIC, .key = slice_of(id, sizeof id), .token = i + 1};
        if (erasure->writer_port.append(erasure->writer_port.context, &append) != STATUS_OK) {
            return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "the end of a key could not be written");
        }
        waiting++;
    }
    int64_t until_ms = cli->clock.monotonic_ms(cli->clock.context) + cli->limit_ms;
    while (waiting > 0) {
        struct topic_report told;
        if (erasure->writer_port.report(erasure->writer_port.context, &told)) {
            if (told.result != TOPIC_DELIVERED || told.token == 0 || told.token > erasure->live_count) {
                return cli_fail(cli, CLI_UNKNOWN, "run it again: it may be run any number of times",
                                "the end of a key may not have reached Kafka: %s", told.reason);
            }
            erasure->live[told.token - 1].is_told = true;
            waiting--;
        } else if (!wait_a_little(erasure, until_ms)) {
            return cli_fail(cli, CLI_UNKNOWN, "run it again: it may be run any number of times",
                            "Kafka has not acknowledged the end of %u keys", waiting);
        }
    }
    return CLI_OK;
}

static bool is_confirmed(const struct cli *cli, const struct erasure *erasure) {
    (void)cli;
    char id[CLI_UUID_ROOM], answer[16] = "";
    fprintf(stderr, "Erase person %s for ever: %u key%s? Type yes: ", cli_uuid_text(erasure->person_id.bytes, id),
            erasure->live_count, erasure->live_count == 1 ? "" : "s");
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

static int report(struct erasure *erasure) {
    const struct cli *cli = erasure->cli;
    char id[CLI_UUID_ROOM];
    json_t *list = json_array();
    for (uint32_t i = 0; i < erasure->destroyed_count; i++) {
        const struct key_of_person *key = &erasure->destroyed[i];
        (void)json_array_append_new(list, json_pack("{so so}", "key_id", cli_json_uuid(key->key_id.bytes), "created_at",
                                                    cli_json_time(key->created_at_ms)));
        cli_say(cli, "destroyed  key %s", cli_uuid_text(key->key_id.bytes, id));
    }
    if (erasure->destroyed_count == 0)
        cli_say(cli, "there is no key of this person: nothing can be read, nothing was done");
    if (erasure->destroyed_count > 0) {
        cli_say(cli, "erased     person %s; the topic forgets the wrapped key%s within seven days",
                cli_uuid_text(erasure->person_id.bytes, id), erasure->destroyed_count == 1 ? "" : "s");
    }
    if (cli->is_json) {
        cli_json(json_pack("{so so}", "person_id", cli_json_uuid(erasure->person_id.bytes), "destroyed", list));
    } else {
        json_decref(list);
    }
    return CLI_OK;
}
