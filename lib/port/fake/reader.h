/* topic_reader over a fake log: its own fetch position, and whatever the world lets it see late or lose. */
#ifndef BHR_PORT_FAKE_READER_H
#define BHR_PORT_FAKE_READER_H

#include "lib/port/fake/broker.h"

struct fake_reader {
    struct fake_broker *broker;
    const struct fake_hooks *hooks;
    int64_t lag_ms;                /* a record is seen this long after it landed */
    unsigned nothing_per_mille;    /* a poll that reports nothing although there is something */
    enum topic_event_kind pending; /* DISCONNECTED or FAILED, reported by the next poll; else NOTHING */
    bool is_leader_new;            /* the poll after that tells an end that the log had once */

    const struct fake_log *log; /* NULL: not assigned */
    int64_t position;
    bool is_end_told, is_dead;
    uint8_t *lent; /* freed by the next call, so that ASan sees who kept it */
};

void fake_reader_init(struct fake_reader *reader, struct fake_broker *broker, const struct fake_hooks *hooks);
void fake_reader_fini(struct fake_reader *reader);
struct topic_reader fake_reader_port(struct fake_reader *reader);
/* When there will be something to poll, as far as is known now; INT64_MAX for never. */
int64_t fake_reader_next_ms(const struct fake_reader *reader);

#endif
