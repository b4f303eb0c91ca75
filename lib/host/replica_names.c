/* Names: of states, stops and topics. */
#include "lib/host/replica.h"

#include <stdio.h>

const char *replica_state_name(enum replica_state state) {
    switch (state) {
#define X(value, name)                                                                                                 \
    case value:                                                                                                        \
        return name;
        REPLICA_STATES(X)
#undef X
    }
    return "?";
}

const char *replica_stop_name(enum replica_stop reason) {
    switch (reason) {
#define X(value, name, sentence)                                                                                       \
    case value:                                                                                                        \
        return name;
        REPLICA_STOPS(X)
#undef X
    }
    return "?";
}

const char *replica_stop_sentence(enum replica_stop reason) {
    switch (reason) {
#define X(value, name, sentence)                                                                                       \
    case value:                                                                                                        \
        return sentence;
        REPLICA_STOPS(X)
#undef X
    }
    return "?";
}

void replica_journal_topic(const char *service, char ret_topic[REPLICA_TOPIC_MAX]) {
    (void)snprintf(ret_topic, REPLICA_TOPIC_MAX, "bhr.%s.journal.v1", service);
}

void replica_command_topic(const char *service, uint32_t generation, char ret_topic[REPLICA_TOPIC_MAX]) {
    if (generation == 0) {
        (void)snprintf(ret_topic, REPLICA_TOPIC_MAX, "bhr.%s.command.v1", service);
    } else {
        (void)snprintf(ret_topic, REPLICA_TOPIC_MAX, "bhr.%s.command.v1.g%u", service, generation);
    }
}
