/* Answers the three questions of health.h. It keeps no state: every answer is asked for anew. The loop's thread. */
#include "lib/host/health.h"

#include "lib/base/assert.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/http_server.h"

#include <stdlib.h>

struct health {
    struct health_options options;
    struct http_server *server;
};

static void answer(void *context, const char *path, struct http_reply *reply);
static void put_text(struct http_reply *reply, const char *text);

enum status health_open(struct health **ret_health, const struct health_options *options, struct error *reterr_error) {
    ASSERT(options->is_ready != NULL);
    struct health *health = calloc(1, sizeof *health);
    if (health == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for health");
    health->options = *options;
    enum status status = http_server_open(&health->server,
                                          &(struct http_server_options){.uv_loop = options->uv_loop,
                                                                        .port = options->port,
                                                                        .body_size_max = METRICS_TEXT_MAX,
                                                                        .context = health,
                                                                        .get = answer},
                                          reterr_error);
    if (status != STATUS_OK) {
        free(health);
        return status;
    }
    *ret_health = health;
    return STATUS_OK;
}

static void answer(void *context, const char *path, struct http_reply *reply) {
    struct health *health = context;
    if (strcmp(path, "/healthz") == 0) {
        put_text(reply, "ok");
    } else if (strcmp(path, "/readyz") == 0) {
        char reason[HEALTH_REASON_MAX] = "not ready";
        bool is_ready = health->options.is_ready(health->options.context, reason);
        ASSERT(memchr(reason, '\0', sizeof reason) != NULL);
        if (!is_ready) reply->status = 503;
        put_text(reply, is_ready ? "ready" : reason);
    } else if (strcmp(path, "/metrics") == 0) {
        reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
        (void)metrics_print(&reply->body); /* one that does not fit becomes a 500 */
    } else {
        reply->status = 404;
        put_text(reply, "there are /healthz, /readyz and /metrics");
    }
}

uint16_t health_port(const struct health *health) {
    return http_server_port(health->server);
}

void health_close(struct health *health) {
    if (health == NULL) return;
    http_server_close(health->server);
    free(health);
}

static void put_text(struct http_reply *reply, const char *text) {
    buffer_put(&reply->body, text, strlen(text));
    buffer_put_u8(&reply->body, '\n');
}
