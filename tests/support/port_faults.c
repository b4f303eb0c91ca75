/* The count of calls, and what stands before each port. A call that fails has had no effect, but for what its port says of
 * a failure (a commit's transaction is gone) and for a report that says less than is true. */
#include "tests/support/port_faults.h"

#include "lib/base/assert.h"

#include <stdio.h>

enum { PORT_CALLS_MAX = 100000 }; /* more in one attempt: it does not come to an end */

static struct {
    bool is_armed;
    uint32_t to_go, way;
    enum port_fault_end end;
    char told[64];
} faults;

void port_faults_arm(uint32_t n, uint32_t way) {
    ASSERT(n > 0 && n < PORT_CALLS_MAX);
    faults.is_armed = true;
    faults.to_go = n;
    faults.way = way;
    faults.end = PORT_FAULT_CALLS_END;
    faults.told[0] = '\0';
}

enum port_fault_end port_faults_end(void) {
    faults.is_armed = false;
    return faults.end;
}

const char *port_faults_told(void) {
    return faults.told;
}

uint32_t port_faults_each(enum port_fault_end (*attempt)(void *context, uint32_t n, uint32_t way), void *context) {
    uint32_t n = 1, way = 0, came = 0;
    for (;;) {
        switch (attempt(context, n, way)) {
        case PORT_FAULT_CAME:
            came++;
            way++;
            break;
        case PORT_FAULT_WAY_ENDS:
            ASSERT(way > 0);
            n++;
            way = 0;
            break;
        case PORT_FAULT_CALLS_END:
            return came;
        }
    }
}

/* True when this call must fail now; *ret_way is below way_count. */
static bool fails(const char *call, uint32_t way_count, uint32_t *ret_way) {
    if (!faults.is_armed || faults.to_go == 0 || --faults.to_go > 0) return false;
    faults.end = faults.way < way_count ? PORT_FAULT_CAME : PORT_FAULT_WAY_ENDS;
    if (faults.end != PORT_FAULT_CAME) return false;
    (void)snprintf(faults.told, sizeof faults.told, "%s, way %u", call, faults.way);
    *ret_way = faults.way;
    return true;
}

/* STATUS_OK when the call goes on. */
static enum status status_of(const char *call, const enum status *statuses, uint32_t count,
                             struct error *reterr_error) {
    uint32_t way;
    if (!fails(call, count, &way)) return STATUS_OK;
    return error_set(reterr_error, statuses[way], "%s fails: %s", call, status_name(statuses[way]));
}
#define STATUS_FROM(call, reterr_error, ...)                                                                           \
    status_of(call, (const enum status[]){__VA_ARGS__},                                                                \
              sizeof((const enum status[]){__VA_ARGS__}) / sizeof(enum status), reterr_error)

static enum status store_begin(void *context, struct rows *ret_rows, struct error *reterr_error) {
    struct faulty_store *faulty = context;
    faulty->broken = STATUS_OK;
    enum status status = STATUS_FROM("store.begin", reterr_error, STATUS_FULL, STATUS_IO, STATUS_NO_MEMORY);
    return status == STATUS_OK ? faulty->twin.begin(faulty->twin.context, ret_rows, reterr_error) : status;
}

static enum status store_check(void *context, struct error *reterr_error) {
    struct faulty_store *faulty = context;
    if (faulty->broken == STATUS_OK) {
        faulty->broken = STATUS_FROM("store.check", reterr_error, STATUS_FULL, STATUS_IO, STATUS_CORRUPT);
    }
    if (faulty->broken != STATUS_OK) return error_set(reterr_error, faulty->broken, "the store has failed");
    return faulty->twin.check(faulty->twin.context, reterr_error);
}

static enum status store_commit(void *context, struct error *reterr_error) {
    struct faulty_store *faulty = context;
    enum status status = faulty->broken;
    if (status == STATUS_OK) status = STATUS_FROM("store.commit", reterr_error, STATUS_FULL, STATUS_IO);
    if (status == STATUS_OK) return faulty->twin.commit(faulty->twin.context, reterr_error);
    faulty->twin.abort(faulty->twin.context);
    return error_set(reterr_error, status, "the store has failed");
}

static void store_abort(void *context) {
    struct faulty_store *faulty = context;
    faulty->twin.abort(faulty->twin.context);
}

static enum status store_read_begin(void *context, struct rows *ret_rows, struct error *reterr_error) {
    struct faulty_store *faulty = context;
    enum status status = STATUS_FROM("store.read_begin", reterr_error, STATUS_FULL, STATUS_IO, STATUS_NO_MEMORY);
    return status == STATUS_OK ? faulty->twin.read_begin(faulty->twin.context, ret_rows, reterr_error) : status;
}

static void store_read_end(void *context, struct rows *rows) {
    struct faulty_store *faulty = context;
    faulty->twin.read_end(faulty->twin.context, rows);
}

static struct store_space store_space(void *context) {
    struct faulty_store *faulty = context;
    return faulty->twin.space(faulty->twin.context);
}

static void store_housekeeping(void *context) {
    struct faulty_store *faulty = context;
    faulty->twin.housekeeping(faulty->twin.context);
}

struct store faulty_store_port(struct faulty_store *faulty, struct store twin) {
    *faulty = (struct faulty_store){.twin = twin};
    return (struct store){.context = faulty,
                          .begin = store_begin,
                          .commit = store_commit,
                          .check = store_check,
                          .abort = store_abort,
                          .read_begin = store_read_begin,
                          .read_end = store_read_end,
                          .space = store_space,
                          .housekeeping = store_housekeeping};
}

static enum status reader_assign(void *context, const char *topic, int64_t offset, struct error *reterr_error) {
    struct faulty_reader *faulty = context;
    enum status status =
        STATUS_FROM("reader.assign", reterr_error, STATUS_UNAVAILABLE, STATUS_NO_MEMORY, STATUS_NOT_FOUND);
    return status == STATUS_OK ? faulty->twin.assign(faulty->twin.context, topic, offset, reterr_error) : status;
}

static void reader_unassign(void *context) {
    struct faulty_reader *faulty = context;
    faulty->twin.unassign(faulty->twin.context);
}

static void reader_poll(void *context, struct topic_event *ret_event) {
    static const enum topic_event_kind kinds[] = {TOPIC_DISCONNECTED, TOPIC_FAILED, TOPIC_OUT_OF_RANGE};
    struct faulty_reader *faulty = context;
    uint32_t way;
    if (!fails("reader.poll", sizeof kinds / sizeof kinds[0], &way)) {
        faulty->twin.poll(faulty->twin.context, ret_event);
        return;
    }
    *ret_event = (struct topic_event){.kind = kinds[way], .reason = "fails"};
    if (kinds[way] != TOPIC_DISCONNECTED) faulty->twin.unassign(faulty->twin.context);
}

static uint32_t reader_waiting(void *context) {
    struct faulty_reader *faulty = context;
    return faulty->twin.waiting(faulty->twin.context);
}

struct topic_reader faulty_reader_port(struct faulty_reader *faulty, struct topic_reader twin) {
    *faulty = (struct faulty_reader){.twin = twin};
    return (struct topic_reader){.context = faulty,
                                 .assign = reader_assign,
                                 .unassign = reader_unassign,
                                 .poll = reader_poll,
                                 .waiting = reader_waiting};
}

/* The last way: it is taken and lost, and nobody ever hears of it. */
static enum status writer_append(void *context, const struct topic_append *append) {
    static const enum status ways[] = {STATUS_FULL, STATUS_UNAVAILABLE, STATUS_INVALID, STATUS_NOT_FOUND, STATUS_OK};
    struct faulty_writer *faulty = context;
    uint32_t way;
    if (fails("writer.append", sizeof ways / sizeof ways[0], &way)) return ways[way];
    return faulty->twin.append(faulty->twin.context, append);
}

/* The record is in the log, and its writer is told otherwise. That it is certainly not there (TOPIC_REFUSED) is not said of
 * one that is. */
static bool writer_report(void *context, struct topic_report *ret_report) {
    struct faulty_writer *faulty = context;
    uint32_t way;
    if (!faulty->twin.report(faulty->twin.context, ret_report)) return false;
    if (fails("writer.report", 1, &way)) {
        ret_report->result = TOPIC_UNCERTAIN;
        ret_report->offset = -1;
        ret_report->reason = "fails";
    }
    return true;
}

static void writer_drop(void *context) {
    struct faulty_writer *faulty = context;
    faulty->twin.drop(faulty->twin.context);
}

struct topic_writer faulty_writer_port(struct faulty_writer *faulty, struct topic_writer twin) {
    *faulty = (struct faulty_writer){.twin = twin};
    return (struct topic_writer){
        .context = faulty, .append = writer_append, .report = writer_report, .drop = writer_drop};
}

static enum status admin_range(void *context, const char *topic, int timeout_ms, struct topic_range *ret_range,
                               struct error *reterr_error) {
    struct faulty_admin *faulty = context;
    enum status status = STATUS_FROM("admin.range", reterr_error, STATUS_TIMEOUT, STATUS_UNAVAILABLE, STATUS_NOT_FOUND);
    if (status != STATUS_OK) return status;
    return faulty->twin.range(faulty->twin.context, topic, timeout_ms, ret_range, reterr_error);
}

struct topic_admin faulty_admin_port(struct faulty_admin *faulty, struct topic_admin twin) {
    *faulty = (struct faulty_admin){.twin = twin};
    return (struct topic_admin){.context = faulty, .range = admin_range};
}

static void membership_join(void *context) {
    struct faulty_membership *faulty = context;
    faulty->twin.join(faulty->twin.context);
}

static void membership_leave(void *context) {
    struct faulty_membership *faulty = context;
    faulty->twin.leave(faulty->twin.context);
}

/* Not ours for one look: in the middle of a rebalance, or after one. */
static struct membership_view membership_poll(void *context) {
    struct faulty_membership *faulty = context;
    struct membership_view view = faulty->twin.poll(faulty->twin.context);
    uint32_t way;
    if (fails("membership.poll", 2, &way)) {
        view.is_assigned = false;
        view.is_settled = way == 1;
    }
    return view;
}

/* It may come to nothing at any time. */
static void membership_show(void *context, const char *topic, int64_t offset) {
    struct faulty_membership *faulty = context;
    uint32_t way;
    if (!fails("membership.show", 1, &way)) faulty->twin.show(faulty->twin.context, topic, offset);
}

struct membership faulty_membership_port(struct faulty_membership *faulty, struct membership twin) {
    *faulty = (struct faulty_membership){.twin = twin};
    return (struct membership){.context = faulty,
                               .join = membership_join,
                               .leave = membership_leave,
                               .poll = membership_poll,
                               .show = membership_show};
}

static bool socket_receive(void *context, struct socket_request *ret_request) {
    struct faulty_door_socket *faulty = context;
    return faulty->twin.receive(faulty->twin.context, ret_request);
}

static enum status socket_send(void *context, const struct socket_route *route, struct slice header,
                               struct slice body) {
    static const enum status ways[] = {STATUS_NOT_FOUND, STATUS_FULL};
    struct faulty_door_socket *faulty = context;
    uint32_t way;
    if (fails("socket.send", sizeof ways / sizeof ways[0], &way)) return ways[way];
    return faulty->twin.send(faulty->twin.context, route, header, body);
}

struct door_socket faulty_door_socket_port(struct faulty_door_socket *faulty, struct door_socket twin) {
    *faulty = (struct faulty_door_socket){.twin = twin};
    return (struct door_socket){.context = faulty, .receive = socket_receive, .send = socket_send};
}

static bool audit_has_room(void *context) {
    struct faulty_audit *faulty = context;
    uint32_t way;
    return !fails("audit.has_room", 1, &way) && faulty->twin.has_room(faulty->twin.context);
}

/* There was room when it was asked for: only somebody else could have taken it since. */
static enum status audit_put(void *context, struct slice record, uint64_t token) {
    struct faulty_audit *faulty = context;
    uint32_t way;
    if (fails("audit.put", 1, &way)) return STATUS_FULL;
    return faulty->twin.put(faulty->twin.context, record, token);
}

struct audit_port faulty_audit_port(struct faulty_audit *faulty, struct audit_port twin) {
    *faulty = (struct faulty_audit){.twin = twin};
    return (struct audit_port){.context = faulty, .has_room = audit_has_room, .put = audit_put};
}

/* As when the issuer's files cannot be read, or its key is a new one. */
static enum token_fault tokens_verify(void *context, struct slice token, int64_t now_ms, struct token_user *ret_user) {
    static const enum token_fault ways[] = {TOKEN_UNKNOWN_KEY, TOKEN_BAD_SIGNATURE};
    struct faulty_tokens *faulty = context;
    uint32_t way;
    if (fails("tokens.verify", sizeof ways / sizeof ways[0], &way)) return ways[way];
    return faulty->twin.verify(faulty->twin.context, token, now_ms, ret_user);
}

struct token_port faulty_tokens_port(struct faulty_tokens *faulty, struct token_port twin) {
    *faulty = (struct faulty_tokens){.twin = twin};
    return (struct token_port){.context = faulty, .verify = tokens_verify};
}
