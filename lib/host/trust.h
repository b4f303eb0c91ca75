/* Who this process is to the brokers: certificates, what Kafka's options follow from them, until when they are good. In one
 * place, so that no part of the host can forget the certificate. Owns nothing but numbers and names; any thread. */
#ifndef BHR_HOST_TRUST_H
#define BHR_HOST_TRUST_H

#include "lib/host/config.h"
#include "lib/port/kafka/kafka.h"
#include "lib/port/tls/certificate.h"

enum { TRUST_CERTIFICATES_MAX = 3 };

struct trust {
    size_t count; /* 0 in plain text */
    struct trust_certificate {
        const char *role; /* "service", "publisher", "authority" */
        struct certificate_facts facts;
    } certificates[TRUST_CERTIFICATES_MAX];
};

/* Reads every certificate that the configuration names. STATUS_DENIED for one that is for another principal than its role
 * has, or is not good at now_s: the brokers would say the same, less clearly. */
enum status trust_read(const struct config *config, int64_t now_s, struct trust *ret_trust, struct error *reterr_error);
/* A log line for each certificate; in plain text the warning that must stand at every start. */
void trust_tell(const struct trust *trust, const struct config *config);
/* The metric of each certificate: how long it is still good. */
void trust_count(const struct trust *trust, int64_t now_s);
/* When the first of them expires, in seconds since 1970; 0 in plain text. */
int64_t trust_expires_at_s(const struct trust *trust);

/* Kafka's options for this configuration; text is borrowed from it. The caller sets what else it wants. */
struct kafka_options trust_service_options(const struct config *config, int32_t partition);
/* The publisher: a principal of its own, the only one with transactions, which can write neither journal nor commands. */
struct kafka_options trust_publisher_options(const struct config *config, int32_t partition);

#endif
