/* Deletes from request topics what the group has committed: outsiders write in clear, and nobody reads it again. Now and
 * then the broker is asked what is committed of the partitions that are ours (its word counts, not what we have sent), and
 * then to delete everything below. Both answers are awaited without waiting. The thread that polls the intake. */
#include "lib/port/kafka/intake_internal.h"

#include "lib/base/assert.h"

enum { DELETE_TIMEOUT_MS = 10000 };

static void ask_committed(struct kafka_intake *intake);
static void delete_below(struct kafka_intake *intake, const rd_kafka_event_t *answer);
static void note_deleted(struct kafka_intake *intake, const rd_kafka_event_t *answer);

void kafka_intake_delete_step(struct kafka_intake *intake) {
    struct intake_deletion *deletion = &intake->deletion;
    if (intake->client == NULL) return;
    if (deletion->queue == NULL) deletion->queue = rd_kafka_queue_new(intake->client->handle);
    if (deletion->state == DELETION_IDLE) {
        int64_t now_ms = kafka_intake_now_ms();
        if (now_ms < deletion->due_ms) return;
        deletion->due_ms = now_ms + deletion->every_ms;
        ask_committed(intake);
        return;
    }
    rd_kafka_event_t *answer = rd_kafka_queue_poll(deletion->queue, 0);
    if (answer == NULL) return;
    enum deletion_state state = deletion->state;
    deletion->state = DELETION_IDLE;
    if (rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_intake_trouble(intake, "deleting requests", rd_kafka_event_error_string(answer));
    } else if (state == DELETION_ASKS) {
        delete_below(intake, answer);
    } else {
        note_deleted(intake, answer);
    }
    rd_kafka_event_destroy(answer);
}

void kafka_intake_delete_end(struct kafka_intake *intake) {
    if (intake->deletion.queue != NULL) rd_kafka_queue_destroy(intake->deletion.queue);
    intake->deletion.queue = NULL;
    intake->deletion.state = DELETION_IDLE;
}

static rd_kafka_AdminOptions_t *options_of(struct kafka_intake *intake, rd_kafka_admin_op_t operation) {
    char reason[KAFKA_REASON_MAX];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(intake->client->handle, operation);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, DELETE_TIMEOUT_MS, reason, sizeof reason);
    return options;
}

static void ask_committed(struct kafka_intake *intake) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        const struct intake_lane *lane = &intake->lanes[i];
        if (!lane->is_ours) continue;
        (void)rd_kafka_topic_partition_list_add(list, intake->topics[lane->topic], lane->partition);
    }
    if (list->cnt > 0) {
        rd_kafka_AdminOptions_t *options = options_of(intake, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
        rd_kafka_ListConsumerGroupOffsets_t *question = rd_kafka_ListConsumerGroupOffsets_new(intake->group, list);
        rd_kafka_ListConsumerGroupOffsets(intake->client->handle, &question, 1, options, intake->deletion.queue);
        rd_kafka_ListConsumerGroupOffsets_destroy(question);
        rd_kafka_AdminOptions_destroy(options);
        intake->deletion.state = DELETION_ASKS;
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void delete_below(struct kafka_intake *intake, const rd_kafka_event_t *answer) {
    size_t count = 0;
    const rd_kafka_ListConsumerGroupOffsets_result_t *result =
        rd_kafka_event_ListConsumerGroupOffsets_result((rd_kafka_event_t *)(uintptr_t)answer);
    const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
    if (count != 1 || rd_kafka_group_result_error(groups[0]) != NULL) return;
    const rd_kafka_topic_partition_list_t *committed = rd_kafka_group_result_partitions(groups[0]);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (int i = 0; committed != NULL && i < committed->cnt; i++) {
        const rd_kafka_topic_partition_t *place = &committed->elems[i];
        const struct intake_lane *lane = kafka_intake_lane(intake, place->topic, place->partition);
        if (lane == NULL || place->err != RD_KAFKA_RESP_ERR_NO_ERROR || place->offset <= lane->deleted) continue;
        rd_kafka_topic_partition_list_add(list, place->topic, place->partition)->offset = place->offset;
    }
    if (list->cnt > 0) {
        rd_kafka_AdminOptions_t *options = options_of(intake, RD_KAFKA_ADMIN_OP_DELETERECORDS);
        rd_kafka_DeleteRecords_t *deletion = rd_kafka_DeleteRecords_new(list);
        rd_kafka_DeleteRecords(intake->client->handle, &deletion, 1, options, intake->deletion.queue);
        rd_kafka_DeleteRecords_destroy(deletion);
        rd_kafka_AdminOptions_destroy(options);
        intake->deletion.state = DELETION_DELETES;
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void note_deleted(struct kafka_intake *intake, const rd_kafka_event_t *answer) {
    const rd_kafka_DeleteRecords_result_t *result =
        rd_kafka_event_DeleteRecords_result((rd_kafka_event_t *)(uintptr_t)answer);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_DeleteRecords_result_offsets(result);
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *place = &list->elems[i];
        struct intake_lane *lane = kafka_intake_lane(intake, place->topic, place->partition);
        if (place->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            kafka_intake_trouble(intake, place->topic, rd_kafka_err2str(place->err));
        } else if (lane != NULL) {
            lane->deleted = place->offset;
        }
    }
}
