/* Doors ask the index: questions on their way, answers on their way back. Some are slow, some are lost after what they asked
 * for was done, and while the index is away nobody says anything. */
#include "tests/sim/source.h"

#include "lib/base/assert.h"

#include <stdlib.h>

enum { QUESTIONS_MAX = 64, QUESTION_SIZE = 4096 };

struct question {
    const char *method;
    uint64_t token;
    int64_t due_ms; /* when its answer is there, or its time is up */
    bool is_lost;
    size_t size;
    uint8_t body[QUESTION_SIZE];
};

struct source_asker {
    struct source *source;
    struct sim *sim;
    uint32_t count;
    struct question questions[QUESTIONS_MAX];
};

static enum status ask(void *context, const struct ask_question *asked) {
    struct source_asker *asker = context;
    struct sim *sim = asker->sim;
    bool is_away = source_is_away(asker->source);
    if (asker->count == QUESTIONS_MAX || (is_away && sim_chance(sim, 50))) return STATUS_UNAVAILABLE;
    ASSERT(asked->body.size <= QUESTION_SIZE && asked->limit_ms > 0);
    struct question *question = &asker->questions[asker->count++];
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
        static struct question question;
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
    return asker;
}

void source_asker_free(struct source_asker *asker) {
    free(asker);
}

struct ask_port source_asker_port(struct source_asker *asker) {
    return (struct ask_port){.context = asker, .ask = ask, .next = next};
}

int64_t source_asker_due_ms(const struct source_asker *asker) {
    int64_t due_ms = INT64_MAX;
    for (uint32_t i = 0; asker != NULL && i < asker->count; i++) {
        if (asker->questions[i].due_ms < due_ms) due_ms = asker->questions[i].due_ms;
    }
    return due_ms;
}
