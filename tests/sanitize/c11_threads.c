/* C11 threads by way of pthread_*, to be preloaded under ThreadSanitizer. librdkafka makes its threads and locks with
 * thrd_create and mtx_lock, which glibc does inside itself, past the sanitizer of gcc 12: that ends with a crash in the
 * first such thread, because nobody has told the sanitizer of it. glibc's mtx_t and cnd_t are a pthread_mutex_t and a
 * pthread_cond_t. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

#define SHOWN __attribute__((visibility("default")))

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "glibc's are the same");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "glibc's are the same");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "glibc's are the same");

struct start {
    thrd_start_t function;
    void *argument;
};

static int result_of(int failed) {
    return failed == 0           ? thrd_success
           : failed == ENOMEM    ? thrd_nomem
           : failed == ETIMEDOUT ? thrd_timedout
           : failed == EBUSY     ? thrd_busy
                                 : thrd_error;
}

static void *run(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    return (void *)(intptr_t)start.function(start.argument);
}

SHOWN int thrd_create(thrd_t *ret_thread, thrd_start_t function, void *argument) {
    struct start *start = malloc(sizeof *start);
    if (start == NULL) return thrd_nomem;
    *start = (struct start){function, argument};
    int failed = pthread_create(ret_thread, NULL, run, start);
    if (failed != 0) free(start);
    return result_of(failed);
}

SHOWN int thrd_join(thrd_t thread, int *ret_result) {
    void *result = NULL;
    int failed = pthread_join(thread, &result);
    if (failed == 0 && ret_result != NULL) *ret_result = (int)(intptr_t)result;
    return result_of(failed);
}

SHOWN int mtx_init(mtx_t *mutex, int type) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    int failed = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return result_of(failed);
}

SHOWN int mtx_lock(mtx_t *mutex) {
    return result_of(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

SHOWN int mtx_unlock(mtx_t *mutex) {
    return result_of(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

SHOWN void mtx_destroy(mtx_t *mutex) {
    pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

SHOWN int cnd_init(cnd_t *condition) {
    return result_of(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

SHOWN int cnd_signal(cnd_t *condition) {
    return result_of(pthread_cond_signal((pthread_cond_t *)condition));
}

SHOWN int cnd_broadcast(cnd_t *condition) {
    return result_of(pthread_cond_broadcast((pthread_cond_t *)condition));
}

SHOWN int cnd_wait(cnd_t *condition, mtx_t *mutex) {
    return result_of(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

SHOWN int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until) {
    return result_of(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}

SHOWN void cnd_destroy(cnd_t *condition) {
    pthread_cond_destroy((pthread_cond_t *)condition);
}

SHOWN void call_once(once_flag *flag, void (*function)(void)) {
    _Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "glibc's are the same");
    pthread_once((pthread_once_t *)flag, function);
}
