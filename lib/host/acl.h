/* Who may touch what on the brokers: access rules made from the topic table (lib/host/topics.def) and the names of services
 * and outside systems, and the comparison with what a cluster has. Nothing is allowed but what a rule allows. Pure; the
 * rules are the caller's memory.
 *
 * A principal is the common name of a certificate: "booking" is the service, "booking-publisher" its publisher, "gp-demo"
 * an outside system. No rule is made for brokers and operators: they are super users of the cluster. */
#ifndef BHR_HOST_ACL_H
#define BHR_HOST_ACL_H

#include "lib/host/topics.h"
#include "lib/port/kafka/kafka_acl.h"

struct acl_names {
    const char *const *services;
    size_t service_count;
    const struct topics_systems *systems;
};

struct acl_rules {
    size_t count;
    struct kafka_acl rules[KAFKA_ACLS_MAX];
};

/* Every rule once, in the table's order. STATUS_FULL above KAFKA_ACLS_MAX; STATUS_INVALID for a system whose name belongs
 * to the suite. */
enum status acl_make(const struct acl_names *names, struct acl_rules *ret_rules, struct error *reterr_error);
bool acl_has(const struct acl_rules *rules, const struct kafka_acl *rule);

/* What the certificate is for decides which name it may have: nobody outside may be given a name of the suite. */
#define ACL_KINDS(X)                                                                                                   \
    X(ACL_SERVICE, "service", "the name of a service of the suite")                                                    \
    X(ACL_PUBLISHER, "publisher", "a service's name and \"-publisher\"")                                               \
    X(ACL_SYSTEM, "system", "1 to 40 of A-Z a-z 0-9 _ -, and no name of the suite")                                    \
    X(ACL_OPERATOR, "operator", "\"ops\", or \"ops-\" and more")                                                       \
    X(ACL_BROKER, "broker", "\"broker\", or \"broker-\" and more")

enum acl_kind {
#define X(kind, name, expected) kind,
    ACL_KINDS(X)
#undef X
};
const char *acl_kind_expected(enum acl_kind kind);
bool acl_may_be_named(const struct acl_names *names, enum acl_kind kind, const char *name);

#endif
