/* Reads the certificates once, at the start: a process uses what it read then until it is started anew, whatever the files
 * say later, and the metric tells of those that are in use. */
#include "lib/host/trust.h"

#include "lib/base/assert.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"

#include <stdio.h>

static enum status take(struct trust *trust, const char *role, const char *path, const char *principal, int64_t now_s,
                        struct error *reterr_error);

enum status trust_read(const struct config *config, int64_t now_s, struct trust *ret_trust,
                       struct error *reterr_error) {
    ASSERT(config->service != NULL);
    struct trust trust = {0};
    char publisher[CERTIFICATE_NAME_MAX + 1];
    (void)snprintf(publisher, sizeof publisher, "%.50s-publisher", config->service->name);
    enum status status = STATUS_OK;
    if (config->kafka_plaintext) {
        *ret_trust = trust;
        return STATUS_OK;
    }
    status = take(&trust, "service", config->kafka_certificate_file, config->service->name, now_s, reterr_error);
    if (status == STATUS_OK && config->kafka_publisher_certificate_file[0] != '\0') {
        status = take(&trust, "publisher", config->kafka_publisher_certificate_file, publisher, now_s, reterr_error);
    }
    if (status == STATUS_OK) status = take(&trust, "authority", config->kafka_ca_file, NULL, now_s, reterr_error);
    if (status == STATUS_OK) *ret_trust = trust;
    return status;
}

static enum status take(struct trust *trust, const char *role, const char *path, const char *principal, int64_t now_s,
                        struct error *reterr_error) {
    ASSERT(trust->count < TRUST_CERTIFICATES_MAX);
    struct certificate_facts facts;
    enum status status = certificate_read(path, &facts, reterr_error);
    if (status != STATUS_OK) return status;
    if (facts.is_authority != (principal == NULL)) {
        return error_set(reterr_error, STATUS_DENIED, "%s is %s authority's certificate; the %s's is expected", path,
                         facts.is_authority ? "an" : "no", role);
    }
    if (principal != NULL && strcmp(facts.name, principal) != 0) {
        return error_set(reterr_error, STATUS_DENIED, "%s is the certificate of \"%s\"; that of \"%s\" is expected",
                         path, facts.name, principal);
    }
    if (now_s < facts.begins_at_s || now_s >= facts.expires_at_s) {
        return error_set(reterr_error, STATUS_DENIED, "%s %s: bhr keys rotate makes a new one", path,
                         now_s < facts.begins_at_s ? "is not good yet" : "has expired");
    }
    trust->certificates[trust->count++] = (struct trust_certificate){.role = role, .facts = facts};
    return STATUS_OK;
}

void trust_tell(const struct trust *trust, const struct config *config) {
    if (config->kafka_plaintext) {
        log_event(LOG_WARN, "kafka_plaintext",
                  LOG_TEXT("text", "kafka_plaintext = true: no TLS; whoever reaches a broker may write the journal"));
    }
    for (size_t i = 0; i < trust->count; i++) {
        const struct trust_certificate *certificate = &trust->certificates[i];
        log_event(LOG_INFO, "certificate", LOG_TEXT("role", certificate->role),
                  LOG_TEXT("principal", certificate->facts.name),
                  LOG_NUMBER("expires_at_ms", certificate->facts.expires_at_s * 1000));
    }
}

void trust_count(const struct trust *trust, int64_t now_s) {
    for (size_t i = 0; i < trust->count; i++) {
        metrics_set(METRIC_CERTIFICATE_EXPIRES, trust->certificates[i].role, NULL,
                    (double)(trust->certificates[i].facts.expires_at_s - now_s));
    }
}

int64_t trust_expires_at_s(const struct trust *trust) {
    int64_t first_s = 0;
    for (size_t i = 0; i < trust->count; i++) {
        int64_t expires_at_s = trust->certificates[i].facts.expires_at_s;
        if (i == 0 || expires_at_s < first_s) first_s = expires_at_s;
    }
    return first_s;
}

struct kafka_options trust_service_options(const struct config *config, int32_t partition) {
    ASSERT(config->service != NULL);
    struct kafka_options options = KAFKA_OPTIONS_DEFAULT;
    options.brokers = config->brokers;
    options.service = config->service->name;
    options.partition = partition;
    options.session_timeout_ms = (int)config->session_timeout_ms;
    options.ca_file = config->kafka_ca_file;
    options.certificate_file = config->kafka_certificate_file;
    options.key_file = config->kafka_key_file;
    return options;
}

struct kafka_options trust_publisher_options(const struct config *config, int32_t partition) {
    struct kafka_options options = trust_service_options(config, partition);
    options.certificate_file = config->kafka_publisher_certificate_file;
    options.key_file = config->kafka_publisher_key_file;
    return options;
}
