/* Lets a call of a port fail: the n-th one of those counted, in each way in which that call can. Each faulty_* stands
 * before a twin of lib/port/fake and hands on what does not fail. One world, one thread. */
#ifndef BHR_TESTS_SUPPORT_PORT_FAULTS_H
#define BHR_TESTS_SUPPORT_PORT_FAULTS_H

#include "lib/port/audit.h"
#include "lib/port/socket.h"
#include "lib/port/store.h"
#include "lib/port/token.h"
#include "lib/port/topic.h"

enum port_fault_end {
    PORT_FAULT_CAME,      /* the call failed in that way */
    PORT_FAULT_WAY_ENDS,  /* that call has no further way to fail */
    PORT_FAULT_CALLS_END, /* there were fewer calls */
};

/* From here on the n-th call fails once, in the way numbered way. */
void port_faults_arm(uint32_t n, uint32_t way);
/* Ends that; harmless at any time. */
enum port_fault_end port_faults_end(void);
/* What failed: "store.commit: full"; empty when nothing has. */
const char *port_faults_told(void);
/* attempt for each call and each way: it arms, acts, and returns what port_faults_end said. How many faults came. */
uint32_t port_faults_each(enum port_fault_end (*attempt)(void *context, uint32_t n, uint32_t way), void *context);

struct faulty_store {
    struct store twin;
    enum status broken; /* check has said so: commit says it too */
};
struct store faulty_store_port(struct faulty_store *faulty, struct store twin);

struct faulty_reader {
    struct topic_reader twin;
};
struct topic_reader faulty_reader_port(struct faulty_reader *faulty, struct topic_reader twin);

struct faulty_writer {
    struct topic_writer twin;
};
struct topic_writer faulty_writer_port(struct faulty_writer *faulty, struct topic_writer twin);

struct faulty_admin {
    struct topic_admin twin;
};
struct topic_admin faulty_admin_port(struct faulty_admin *faulty, struct topic_admin twin);

struct faulty_membership {
    struct membership twin;
};
struct membership faulty_membership_port(struct faulty_membership *faulty, struct membership twin);

struct faulty_door_socket {
    struct door_socket twin;
};
struct door_socket faulty_door_socket_port(struct faulty_door_socket *faulty, struct door_socket twin);

struct faulty_audit {
    struct audit_port twin;
};
struct audit_port faulty_audit_port(struct faulty_audit *faulty, struct audit_port twin);

struct faulty_tokens {
    struct token_port twin;
};
struct token_port faulty_tokens_port(struct faulty_tokens *faulty, struct token_port twin);

#endif
