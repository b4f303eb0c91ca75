/* Look-ups are kept for a while, sealed, so that new matching rules can be tried on them before anybody is answered by
 * them (docs/adr/0022). A try answers the look-ups again by both rules, among the people of now, so that whatever differs
 * differs because of the rules. Door's thread, over a read transaction; a few at a time, so that nobody waits long.
 *
 * Whoever tries rules sees what they may see: who is sensitive is not there for them, in either answer. */
#include "lib/base/assert.h"
#include "services/index/core/mask.h"
#include "services/index/core/query.h"
#include "services/index/derived.h"
#include "services/index/glue.h"
#include "services/index/resolve.h"

_Static_assert((int)SERVICE_ANSWER_MAX > (int)INDEX_TRIED_MAX * 3 * 1024, "as many changes as are tried fit an answer");

void index_keep(const struct service_context *context, struct arena *arena, const struct index_trace_request *asked,
                struct uuid like) {
    const struct kept_port *port = context->kept;
    if (port == NULL) return;
    struct index_kept kept = {.sealed_for = like};
    /* Whoever is erased takes with them what was asked about them; what fits nobody has a key of its own. */
    if (uuid_is_zero(like)) kept.sealed_for = resolve_nobody_id(context->pseudonym_key);
    bool is_sealed = resolve_seal_look_up(context->vault, kept.sealed_for, asked, &kept.sealed);
    struct slice bytes = {0};
    if (is_sealed) bytes = wire_table_encode_to_arena(&index_kept_wire, &kept, arena);
    if (bytes.size > 0 && bytes.size <= KEPT_BYTES_MAX) {
        port->put(port->context, bytes);
    } else {
        port->drop(port->context);
    }
}

/* ---- trying rules on them ---- */

struct trial {
    const struct service_context *context;
    const struct ingress *ingress;
    const struct rows *rows;
    struct match_rules rules;
    struct index_trace_answer before, after;
};

static void summarise(const struct index_trace_answer *answer, struct index_tried_answer *ret_answer) {
    *ret_answer = (struct index_tried_answer){.result = answer->result, .candidates = answer->candidate_count};
    if (answer->candidate_count == 0) return;
    ret_answer->person_id = answer->candidates[0].person_id;
    ret_answer->match = answer->candidates[0].match;
}

/* What a caller is told: how it ended and of whom, in which order. How likely each is may differ. */
static bool is_same_answer(const struct index_trace_answer *a, const struct index_trace_answer *b) {
    if (a->result != b->result || a->candidate_count != b->candidate_count) return false;
    for (uint32_t i = 0; i < a->candidate_count; i++) {
        if (!uuid_equal(a->candidates[i].person_id, b->candidates[i].person_id)) return false;
    }
    return true;
}

static void try_on(struct trial *trial, const struct index_trace_request *asked, int64_t at_ms,
                   struct index_try_answer *answer) {
    struct uuid like;
    index_trace(trial->context, trial->ingress, trial->rows, NULL, asked, &trial->before, &like);
    index_trace(trial->context, trial->ingress, trial->rows, &trial->rules, asked, &trial->after, &like);
    if (answer->tried == 0) answer->oldest_ms = at_ms;
    answer->tried++;
    if (is_same_answer(&trial->before, &trial->after)) return;
    struct index_tried *tried = &answer->changes[answer->change_count++];
    tried->at_ms = at_ms;
    tried->described = asked->demographics;
    index_mask(&tried->described);
    summarise(&trial->before, &tried->before);
    summarise(&trial->after, &tried->after);
}

static bool open_kept(const struct service_context *context, struct slice bytes, struct arena *arena,
                      struct index_trace_request *ret_asked) {
    struct index_kept kept;
    struct wire_fault fault;
    return wire_table_decode(&index_kept_wire, bytes, arena, &kept, &fault) &&
           resolve_open_look_up(context->vault, &kept, ret_asked) == VAULT_DONE;
}

static void try_next(struct trial *trial, const struct index_try_request *asked, struct arena *arena,
                     struct index_try_answer *answer) {
    const struct kept_port *port = trial->context->kept;
    uint32_t left = asked->limit == 0 ? INDEX_TRIED_MAX : asked->limit;
    while (left > 0 && answer->next < answer->end) {
        struct index_trace_request look_up;
        int64_t at_ms;
        struct slice bytes = port->at(port->context, answer->next++, &at_ms);
        if (at_ms < asked->since_ms) continue;
        left--;
        if (open_kept(trial->context, bytes, arena, &look_up)) {
            try_on(trial, &look_up, at_ms, answer);
        } else {
            answer->unreadable++;
        }
    }
}

INDEX_QUERY(answer_try_rules) {
    (void)now_ms;
    struct index_try_request *asked = arena_alloc(arena, sizeof *asked);
    struct trial *trial = arena_zalloc(arena, sizeof *trial);
    struct index_try_answer *answer = arena_zalloc(arena, sizeof *answer);
    struct wire_fault fault;
    struct error error;
    if (asked == NULL || trial == NULL || answer == NULL) return ret_refusal->outcome = OUTCOME_TOO_LARGE;
    if (!wire_table_decode(&index_try_request_wire, request, arena, asked, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    if (match_rules_parse(slice_of(asked->rules, asked->rules_size), &trial->rules, &error) != STATUS_OK) {
        wire_fault_set(&fault, "", "rules", error.message);
        index_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    if (context->kept == NULL) return ret_refusal->outcome = REFUSED_NOTHING_KEPT;
    struct kept_view view;
    context->kept->look(context->kept->context, &view);
    if (asked->series != 0 && asked->series != view.series) return ret_refusal->outcome = REFUSED_SERIES_ENDED;
    trial->context = context;
    trial->ingress = ingress;
    trial->rows = rows;
    *answer = (struct index_try_answer){.rules_version = derived_rules_version(context->derived),
                                        .new_rules_version = trial->rules.version,
                                        .series = view.series,
                                        .next = asked->from > view.first ? asked->from : view.first,
                                        .end = view.end,
                                        .dropped = view.dropped};
    if (answer->next > view.end) answer->next = view.end;
    try_next(trial, asked, arena, answer);
    wire_table_encode(&index_try_response_wire, answer, arena, out);
    return ret_refusal->outcome = OUTCOME_OK;
}
