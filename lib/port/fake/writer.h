/* topic_writer over a fake broker: appends fly for a while, get lost, land late or twice, and reports may say nothing
 * true. Within one producer the order is kept, as an idempotent producer keeps it, but for what the faults below say. */
#ifndef BHR_PORT_FAKE_WRITER_H
#define BHR_PORT_FAKE_WRITER_H

#include "lib/port/fake/broker.h"

struct fake_writer_faults {
    int64_t delay_ms_max;         /* time on the way of a healthy append */
    int64_t late_ms_max;          /* and of a late one */
    unsigned lost_per_mille;      /* never lands; reported uncertain, now and then refused */
    unsigned late_per_mille;      /* lands out of order, after it was reported uncertain */
    unsigned twice_per_mille;     /* lands a second time, later */
    unsigned uncertain_per_mille; /* lands in order, reported uncertain */
    unsigned silent_per_mille;    /* lands, never reported */
    unsigned refuse_per_mille;    /* append answers FULL or UNAVAILABLE */
};

enum { FAKE_REPORTS_MAX = 1024, FAKE_REPORT_MS_MAX = 5000 };

struct fake_writer {
    struct fake_broker *broker;
    const struct fake_hooks *hooks;
    struct fake_writer_faults faults;
    uint32_t producer;       /* counted up by drop */
    int64_t last_land_at_ms; /* of this producer, so that it keeps its order */
    uint64_t append_count;
    size_t report_first, report_count;
    struct topic_report reports[FAKE_REPORTS_MAX]; /* a ring; beyond it reports are forgotten: they are hints */
    int64_t ready_at_ms[FAKE_REPORTS_MAX];
};

void fake_writer_init(struct fake_writer *writer, struct fake_broker *broker, const struct fake_hooks *hooks);
/* The process died: its flights land or are lost as they would have, nobody is told. */
void fake_writer_fini(struct fake_writer *writer);
struct topic_writer fake_writer_port(struct fake_writer *writer);
void fake_writer_landed(struct fake_writer *writer, const struct fake_flight *flight);
/* When the next report is ready; INT64_MAX for none. */
int64_t fake_writer_next_ms(const struct fake_writer *writer);

#endif
