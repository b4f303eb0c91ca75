/* A real Kafka broker for a test. Ownership: broker_own gives a broker in a folder of its own under /tmp, on free ports;
 * it ends and its folder goes when the test program ends, however it ends. broker_any uses the one that
 * BHR_TEST_BROKERS (host:port) names, shared with other tests: never kill that one. */
#ifndef BHR_TESTS_SUPPORT_BROKER_H
#define BHR_TESTS_SUPPORT_BROKER_H

#include <stdbool.h>

struct broker {
    char address[64]; /* "127.0.0.1:23456" */
    char folder[64];  /* empty for a shared one; its logs are in folder/data */
    char tls[64];     /* folder of its certificates; empty for plain text */
    int port;
    int guardian_fd; /* closing it ends the broker */
    int guardian_pid;
};

/* Exits the program with 77 after "skipped: <why>" when there can be no broker. */
void broker_any(struct broker *ret_broker);
void broker_own(struct broker *ret_broker);
/* One that speaks TLS and enforces access rules: tls has ca.crt and broker.pem. */
void broker_own_tls(struct broker *ret_broker, const char *tls);
/* kafka.sh with that verb ("kill", "start", "stop"); false when it failed. Own brokers only. */
bool broker_do(const struct broker *broker, const char *verb);
/* Ends an own broker and removes its folder; harmless for a shared one. */
void broker_end(struct broker *broker);

/* A topic name that no other test run has used. */
void broker_topic(const char *stem, char ret_topic[120]);

#endif
