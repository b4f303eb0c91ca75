/* publish_port over a fake broker: transactions whose records come to the broker's logs with the commit or never, a position
 * beside them, and fencing by the newest producer. Every call can be made to fail, before or after it had its effect. */
#ifndef BHR_PORT_FAKE_PUBLISH_H
#define BHR_PORT_FAKE_PUBLISH_H

#include "lib/port/fake/broker.h"
#include "lib/port/publish.h"

enum { FAKE_PENDING_MAX = 1024, FAKE_TOUCHED_MAX = 8 };

/* What the broker keeps of one transactional id and its position. What hangs belongs to a transaction that is over for
 * everybody but the log it lies in (docs/adr/0010): the next end of a transaction of this id ends it, too. What is late is
 * still on its way from a producer that is gone, and comes to hang in its log unless a newer producer was there before. */
struct fake_transactions {
    struct fake_broker *broker;
    uint64_t epoch; /* of the newest producer */
    uint64_t settled_epoch;
    uint32_t touched_count, late_count;
    struct {
        const struct fake_log *log;
        uint64_t epoch; /* of the newest producer that wrote there */
    } touched[FAKE_TOUCHED_MAX];
    struct {
        struct fake_log *log;
        struct fake_record *record;
        uint64_t epoch;
    } late[FAKE_PENDING_MAX];
    bool is_known;
    int64_t offset;
    size_t note_size;
    uint8_t note[PUBLISH_NOTE_MAX];
    uint64_t commits, settled, ended; /* ended: settlings that ended what hung */
    uint32_t hanging_count;
    struct fake_log *hanging_logs[FAKE_PENDING_MAX];
    struct fake_record *hanging[FAKE_PENDING_MAX];
    bool does_position_hang;
    int64_t hanging_offset;
    size_t hanging_note_size;
    uint8_t hanging_note[PUBLISH_NOTE_MAX];
};
void fake_transactions_init(struct fake_transactions *transactions, struct fake_broker *broker);

struct fake_publisher_faults {
    unsigned fail_per_mille;    /* a call answers anything but PUBLISH_OK and had no effect */
    unsigned silent_per_mille;  /* a commit had its effect and answers anything but PUBLISH_OK */
    unsigned unclean_per_mille; /* a commit that is told not to be clean */
    unsigned tear_per_mille;    /* a commit of which each part lands or hangs; unclean or anything but PUBLISH_OK */
    unsigned hang_per_mille;    /* an end other than a commit after which the records hang */
    unsigned late_per_mille;    /* one after which they are still on their way */
    unsigned forget_per_mille;  /* a settling after which what hung hangs on */
};

struct fake_publisher {
    struct fake_transactions *transactions;
    const struct fake_hooks *hooks;
    struct fake_publisher_faults faults;
    /* The one call that fails, counted from 1; 0 for none. */
    uint64_t calls, fail_at;
    enum publish_result fail_with;
    bool fail_after_effect, is_torn; /* is_torn: that commit has no effect, but is told OK and not clean */

    uint64_t epoch; /* 0: no producer */
    bool is_open, is_broken;
    uint32_t pending_count;
    struct fake_log *pending_logs[FAKE_PENDING_MAX];
    struct fake_record *pending[FAKE_PENDING_MAX];
};
/* A new process: no producer yet, no fault. */
void fake_publisher_init(struct fake_publisher *publisher, struct fake_transactions *transactions,
                         const struct fake_hooks *hooks);
struct publish_port fake_publisher_port(struct fake_publisher *publisher);

#endif
