/* What the replica's thread tells the door's: answers and commits, in their order. One writer, one reader, one lock held
 * for a copy. When nobody has a request in flight, answers are not even copied; when the queue is full they are dropped,
 * because the door finds them in the store as soon as it hears of the commit. */
#ifndef BHR_HOST_NEWS_H
#define BHR_HOST_NEWS_H

#include "lib/host/replica.h"

struct news;
struct news *news_new(void);
void news_free(struct news *news);

/* Replica's thread. The answers of a commit come before it. */
void news_put_answer(struct news *news, const struct replica_answer *answer);
void news_put_commit(struct news *news, uint64_t number, struct position resume_at);

/* Loop's thread: hands over everything that is queued. */
struct news_reader {
    void *context;
    void (*answered)(void *context, const struct replica_answer *answer);
    void (*committed)(void *context, uint64_t number, struct position resume_at);
};
void news_take(struct news *news, const struct news_reader *reader);
/* Loop's thread: whether anybody waits for answers. */
void news_want_answers(struct news *news, bool is_wanted);

#endif
