/* Deletes from request topics what the group has committed: outsiders write in clear, and nobody reads it again. Now and
 * then a short-lived thread asks the broker what is committed of the partitions that are ours (its word counts, not what
 * we have sent: a process that died may have left some), and to delete everything below.
 *
 * The thread touches its own task and the client's handle, nothing else; the client ends only after it. It asks with
 * rd_kafka_committed: the admin call for the same, ListConsumerGroupOffsets, ends the whole process when the connection to
 * the coordinator breaks while it waits (librdkafka #5397, all versions; seen with 2.0.2). */
#include "lib/port/kafka/intake_internal.h"

#include "lib/base/assert.h"

#include <stdio.h>
#include <stdlib.h>

enum { ASK_TIMEOUT_MS = 3000, DELETE_TIMEOUT_MS = 5000, LOOK_MS = 200 };

/* What the thread is given; it is the thread's until is_over. */
struct deletion_task {
    const struct kafka_client *client;
    rd_kafka_topic_partition_list_t *places;
    atomic_bool is_over;
    bool has_trouble;
    char trouble[INTAKE_REASON_MAX];
};

static void *ask_and_delete(void *argument);
static void delete_below(struct deletion_task *task);

void kafka_intake_delete_step(struct kafka_intake *intake) {
    struct intake_deletion *deletion = &intake->deletion;
    struct kafka_client *client = intake->client;
    if (client == NULL) return;
    if (client->has_helper) {
        struct deletion_task *task = client->helper_task;
        if (!atomic_load(&task->is_over)) return;
        (void)pthread_join(client->helper, NULL);
        client->has_helper = false;
        client->helper_task = NULL;
        if (task->has_trouble) kafka_intake_trouble(intake, "deleting requests", task->trouble);
        free(task);
    }
    int64_t now_ms = kafka_intake_now_ms();
    if (now_ms < deletion->due_ms) return;
    deletion->due_ms = now_ms + deletion->every_ms;

    struct deletion_task *task = calloc(1, sizeof *task);
    if (task == NULL) return; /* the next time, then */
    task->client = client;
    task->places = rd_kafka_topic_partition_list_new(4);
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        const struct intake_lane *lane = &intake->lanes[i];
        if (!lane->is_ours) continue;
        (void)rd_kafka_topic_partition_list_add(task->places, intake->topics[lane->topic], lane->partition);
    }
    client->helper_task = task;
    bool is_started = task->places->cnt > 0 && pthread_create(&client->helper, NULL, ask_and_delete, task) == 0;
    if (is_started) {
        client->has_helper = true;
        return;
    }
    client->helper_task = NULL;
    rd_kafka_topic_partition_list_destroy(task->places);
    free(task);
}

static void tell(struct deletion_task *task, const char *reason) {
    task->has_trouble = true;
    (void)snprintf(task->trouble, sizeof task->trouble, "%s", reason);
}

static void *ask_and_delete(void *argument) {
    struct deletion_task *task = argument;
    rd_kafka_resp_err_t code = rd_kafka_committed(task->client->handle, task->places, ASK_TIMEOUT_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        delete_below(task);
    } else {
        tell(task, rd_kafka_err2str(code));
    }
    rd_kafka_topic_partition_list_destroy(task->places);
    atomic_store(&task->is_over, true);
    return NULL;
}

static void delete_below(struct deletion_task *task) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (int i = 0; i < task->places->cnt; i++) {
        const rd_kafka_topic_partition_t *place = &task->places->elems[i];
        if (place->err != RD_KAFKA_RESP_ERR_NO_ERROR || place->offset <= 0) continue;
        rd_kafka_topic_partition_list_add(list, place->topic, place->partition)->offset = place->offset;
    }
    if (list->cnt > 0) {
        char reason[KAFKA_REASON_MAX];
        rd_kafka_t *handle = task->client->handle;
        rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
        rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_DELETERECORDS);
        (void)rd_kafka_AdminOptions_set_request_timeout(options, DELETE_TIMEOUT_MS, reason, sizeof reason);
        rd_kafka_DeleteRecords_t *deletion = rd_kafka_DeleteRecords_new(list);
        rd_kafka_DeleteRecords(handle, &deletion, 1, options, queue);
        rd_kafka_event_t *event = NULL;
        for (int waited_ms = 0; event == NULL && waited_ms < 2 * DELETE_TIMEOUT_MS; waited_ms += LOOK_MS) {
            if (atomic_load(&task->client->is_ending)) break;
            event = rd_kafka_queue_poll(queue, LOOK_MS);
        }
        if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            tell(task, event == NULL ? "no answer" : rd_kafka_event_error_string(event));
        } else {
            const rd_kafka_topic_partition_list_t *answers =
                rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
            for (int i = 0; i < answers->cnt; i++) {
                if (answers->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
                    tell(task, rd_kafka_err2str(answers->elems[i].err));
                }
            }
        }
        if (event != NULL) rd_kafka_event_destroy(event);
        rd_kafka_DeleteRecords_destroy(deletion);
        rd_kafka_AdminOptions_destroy(options);
        rd_kafka_queue_destroy(queue);
    }
    rd_kafka_topic_partition_list_destroy(list);
}
