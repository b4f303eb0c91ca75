/* Doors ask the index: questions on their way, answers on their way back. Some are slow, some are lost after what they asked
 * for was done, and while the index is away nobody says anything. */
#include "tests/sim/source_internal.h"

#include "lib/base/assert.h"

#include <stdlib.h>

static enum status ask(void *context, const struct ask_question *asked) {
    struct source_asker *asker = context;
    struct sim *sim = asker->sim;
    bool is_away = source_is_away(asker->source);
    if (asker->count == QUESTIONS_MAX || (is_away && sim_chance(sim, 50))) return STATUS_UNAVAILABLE;
    ASSERT(asked->body.size <= QUESTION_SIZE && asked->limit_ms > 0);
    struct source_question *question = &asker->questions[asker->count++];
    int64_t takes_ms = (int64_t)sim_below(sim, sim_chance(sim, 80) || sim->is_healing ? 20 : 600);
    question->is_lost = is_away || takes_ms >= asked->limit_ms;
    question->method = asked->method;
    question->token = asked->token;
    question->due_ms = sim->time.now_ms + (question->is_lost ? asked->limit_ms : takes_ms);
    question->size = asked->body.size;
    memcpy(question->body, asked->body.data, asked->body.size);
    sim_event(sim, -1);
    return STATUS_OK;
}

static bool next(void *context, struct ask_answer *ret_answer) {
    struct source_asker *asker = context;
    struct sim *sim = asker->sim;
    for (uint32_t i = 0; i < asker->count; i++) {
        static struct source_question question;
        if (asker->questions[i].due_ms > sim->time.now_ms) continue;
        question = asker->questions[i];
        asker->questions[i] = asker->questions[--asker->count];
        *ret_answer = (struct ask_answer){.token = question.token};
        sim_event(sim, -1);
        if (question.is_lost && sim_chance(sim, 50)) return true;
        uint64_t number;
        struct slice body;
        uint32_t outcome =
            source_answer(asker->source, question.method, slice_of(question.body, question.size), &body, &number);
        if (question.is_lost) return true;
        sim_mark(sim, MARK_SOURCE_ASKED);
        ret_answer->is_answered = true;
        ret_answer->is_ok = outcome == OUTCOME_OK;
        ret_answer->body = ret_answer->is_ok ? body : (struct slice){0};
        ret_answer->position = number;
        return true;
    }
    return false;
}

struct source_asker *source_asker_new(struct sim *sim) {
    struct source_asker *asker = malloc(sizeof *asker);
    ASSERT(asker != NULL);
    asker->source = sim->source;
    asker->sim = sim;
    asker->count = 0;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (asker->source->askers[i] != NULL) continue;
        asker->source->askers[i] = asker;
        return asker;
    }
    bhr_assert_failed("each process asks once", __FILE__, __LINE__);
}

void source_asker_free(struct source_asker *asker) {
    for (int i = 0; asker != NULL && i < SIM_PROCESSES_MAX; i++) {
        if (asker->source->askers[i] == asker) asker->source->askers[i] = NULL;
    }
    free(asker);
}

struct ask_port source_asker_port(struct source_asker *asker) {
    if (asker->sim->beside != NULL) return source_beside_port(asker);
    return (struct ask_port){.context = asker, .ask = ask, .next = next};
}

int64_t source_asker_due_ms(const struct source_asker *asker) {
    int64_t due_ms = INT64_MAX;
    for (uint32_t i = 0; asker != NULL && i < asker->count; i++) {
        const struct source_question *question = &asker->questions[i];
        if (question->due_ms < due_ms) due_ms = question->due_ms;
        if (asker->sim->beside != NULL && question->again_ms < due_ms) due_ms = question->again_ms;
    }
    return due_ms;
}
