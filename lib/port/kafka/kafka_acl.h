/* The broker's access rules: read, made, removed. librdkafka 2.0.2 knows no rules for transactional ids
 * (docs/adr/0008), so these three requests are spoken here, over a connection of their own. Each call waits at most
 * timeout_ms for each step; one thread; whoever asks must be a super user of the cluster. */
#ifndef BHR_PORT_KAFKA_KAFKA_ACL_H
#define BHR_PORT_KAFKA_KAFKA_ACL_H

#include "lib/port/kafka/kafka.h"

enum { KAFKA_ACL_NAME_MAX = 255, KAFKA_ACL_PRINCIPAL_MAX = 127, KAFKA_ACL_HOST_MAX = 63, KAFKA_ACLS_MAX = 4096 };

/* The protocol's own numbers; a broker may tell of others. */
enum kafka_acl_resource { KAFKA_ACL_TOPIC = 2, KAFKA_ACL_GROUP = 3, KAFKA_ACL_CLUSTER = 4, KAFKA_ACL_TRANSACTION = 5 };
enum kafka_acl_pattern { KAFKA_ACL_LITERAL = 3, KAFKA_ACL_PREFIXED = 4 };
enum kafka_acl_operation {
    KAFKA_ACL_READ = 3,
    KAFKA_ACL_WRITE = 4,
    KAFKA_ACL_DELETE = 6,
    KAFKA_ACL_DESCRIBE = 8,
    KAFKA_ACL_DESCRIBE_CONFIGS = 10,
};
enum kafka_acl_permission { KAFKA_ACL_DENY = 2, KAFKA_ACL_ALLOW = 3 };

struct kafka_acl {
    uint8_t resource, pattern, operation, permission;
    char name[KAFKA_ACL_NAME_MAX + 1];
    char principal[KAFKA_ACL_PRINCIPAL_MAX + 1]; /* "User:CN=booking" */
    char host[KAFKA_ACL_HOST_MAX + 1];           /* "*" for any */
};
/* Bytes without meaning in a struct do not count. */
bool kafka_acl_equal(const struct kafka_acl *a, const struct kafka_acl *b);
/* "write", "topic"; "?" for a number that has no name here. */
const char *kafka_acl_operation_name(uint8_t operation);
const char *kafka_acl_resource_name(uint8_t resource);

/* STATUS_DENIED when we may not ask, STATUS_NOT_FOUND when the cluster has no authorizer: then everybody may do
 * everything. STATUS_FULL when there are more than room. */
enum status kafka_acls_read(const struct kafka_options *options, int timeout_ms, struct kafka_acl *ret_acls,
                            size_t room, size_t *ret_count, struct error *reterr_error);
/* One that exists is made again, one that is not there is removed again: neither is an error. */
enum status kafka_acls_create(const struct kafka_options *options, int timeout_ms, const struct kafka_acl *acls,
                              size_t count, struct error *reterr_error);
enum status kafka_acls_delete(const struct kafka_options *options, int timeout_ms, const struct kafka_acl *acls,
                              size_t count, struct error *reterr_error);

#endif
