/* Doors ask the index of the world beside, as the client does for the host (lib/host/host_ask.c): at any of its doors, and
 * with the same id at any of them again while nobody says anything final, until the time is up. */
#include "tests/sim/source_internal.h"

#include "lib/base/assert.h"
#include "tests/sim/door.h"

enum { AGAIN_MS = 40 };

/* False when there is nobody to ask. */
static bool send(const struct source_asker *asker, struct source_question *question) {
    struct sim *sim = asker->sim, *beside = sim->beside;
    const struct request_header header = {
        .method = slice_text(question->method), .request_id = question->id, .deadline_ms = question->due_ms};
    question->again_ms = sim->time.now_ms + AGAIN_MS + (int64_t)sim_below(sim, AGAIN_MS);
    int at = (int)sim_below(sim, SIM_PROCESSES_MAX);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        const struct process *process = &beside->processes[(at + i) % SIM_PROCESSES_MAX];
        if (process->state != PROCESS_UP || process->door == NULL) continue;
        sim_event(sim, -1);
        sim_door_ask(process->door, SIM_ASKED_INDEX + question->number, "booking", &header,
                     slice_of(question->body, question->size));
        return true;
    }
    sim_mark(sim, MARK_SOURCE_AWAY);
    return false;
}

static enum status ask(void *context, const struct ask_question *asked) {
    struct source_asker *asker = context;
    struct sim *sim = asker->sim;
    if (asker->count == QUESTIONS_MAX) return STATUS_UNAVAILABLE;
    ASSERT(asked->body.size <= QUESTION_SIZE && asked->limit_ms > 0);
    struct source_question *question = &asker->questions[asker->count];
    uint8_t tail[10];
    for (int i = 0; i < 10; i++) tail[i] = (uint8_t)sim_below(sim, 256);
    question->method = asked->method;
    question->token = asked->token;
    question->number = asker->source->asked++;
    question->id = uuid_v7_make(sim->time.now_ms, tail);
    question->due_ms = sim->time.now_ms + asked->limit_ms;
    question->answer = (struct ask_answer){.token = asked->token};
    question->size = asked->body.size;
    memcpy(question->body, asked->body.data, asked->body.size);
    if (!send(asker, question)) return STATUS_UNAVAILABLE;
    asker->count++;
    return STATUS_OK;
}

static bool next(void *context, struct ask_answer *ret_answer) {
    struct source_asker *asker = context;
    struct sim *sim = asker->sim;
    for (uint32_t i = 0; i < asker->count; i++) {
        static struct source_question question; /* what is lent lies there until the next call */
        bool is_over = asker->questions[i].answer.is_answered || asker->questions[i].due_ms <= sim->time.now_ms;
        if (!is_over && asker->questions[i].again_ms <= sim->time.now_ms && send(asker, &asker->questions[i])) {
            sim_mark(sim, MARK_BESIDE_ASKED_AGAIN);
        }
        if (!is_over) continue;
        question = asker->questions[i];
        asker->questions[i] = asker->questions[--asker->count];
        *ret_answer = question.answer;
        ret_answer->body = slice_of(question.answered, question.answer.body.size);
        sim_event(sim, -1);
        sim_mark(sim, question.answer.is_answered ? MARK_SOURCE_ASKED : MARK_BESIDE_UNANSWERED);
        return true;
    }
    return false;
}

struct ask_port source_beside_port(struct source_asker *asker) {
    return (struct ask_port){.context = asker, .ask = ask, .next = next};
}

/* NULL: whoever asked is gone, or has its answer. */
static struct source_question *question_of(const struct source *source, uint32_t number) {
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct source_asker *asker = source->askers[i];
        for (uint32_t k = 0; asker != NULL && k < asker->count; k++) {
            if (asker->questions[k].number == number) return &asker->questions[k];
        }
    }
    return NULL;
}

void source_replied(struct source *source, uint32_t number, struct slice header_frame, struct slice body) {
    struct sim *sim = source->sim;
    struct source_question *question = question_of(source, number);
    struct reply_header header;
    const char *fault;
    if (question == NULL || question->answer.is_answered) return;
    bool is_read = reply_header_decode(header_frame, &header, &fault);
    if (!is_read || !uuid_equal(header.request_id, question->id)) {
        sim_fail(sim, "unreadable: a reply of the index's door, or a reply to nobody");
        return;
    }
    bool is_final = header.status == REPLY_OK || header.status == REPLY_REFUSED || header.status == REPLY_NOT_FOUND ||
                    header.status == REPLY_INVALID;
    if (!is_final) return; /* it is asked again */
    if (header.repeated_answer) sim_mark(sim, MARK_BESIDE_REPEATED);
    ASSERT(body.size <= QUESTION_SIZE);
    question->answer.is_answered = true;
    question->answer.is_ok = header.status == REPLY_OK;
    question->answer.position = header.position > 0 ? (uint64_t)header.position : 0;
    question->answer.body.size = body.size;
    if (body.size > 0) memcpy(question->answered, body.data, body.size);
    question->again_ms = sim->time.now_ms;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        if (process->state == PROCESS_UP && process->wake_at_ms > sim->time.now_ms) {
            process->wake_at_ms = sim->time.now_ms;
        }
    }
}
