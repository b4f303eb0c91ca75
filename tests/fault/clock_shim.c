/* A wrong wall clock for one process, by LD_PRELOAD: what the process is told of CLOCK_REALTIME is off by as many
 * milliseconds as the file CLOCK_OFFSET_FILE says, and follows when the file changes. Its monotonic clock stays right, as
 * on a machine whose time somebody sets. For tests only: nothing links it.
 *
 * Waits that end at a wall time are brought back to the kernel's clock. A time limit on the monotonic clock has the same
 * type and is told apart by its size: nothing here has been up since 1985. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { WALL_SECONDS_MIN = 500000000 };

static int64_t nothing;
static volatile const int64_t *offset_ms = &nothing;

static int64_t signed_floor(int64_t ms, int64_t *ret_rest_ms);
static void add(struct timespec *time, int64_t ms);
static struct timespec brought_back(const struct timespec *until);
static void *next(const char *name, const char *version);

__attribute__((constructor)) static void map_offset(void) {
    const char *path = getenv("CLOCK_OFFSET_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof *offset_ms, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED) offset_ms = mapped;
    close(fd);
}

int clock_gettime(clockid_t id, struct timespec *ret_time) {
    int failed = (int)syscall(SYS_clock_gettime, id, ret_time);
    if (failed == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) add(ret_time, *offset_ms);
    return failed;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    *ret_time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return failed;
}

time_t time(time_t *ret_time) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time != NULL) *ret_time = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *ret_time, int base) {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, ret_time) == 0 ? base : 0;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (real == NULL) *(void **)&real = next("pthread_cond_timedwait", "GLIBC_2.3.2");
    struct timespec back = brought_back(until);
    return real(condition, mutex, &back);
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until) {
    static int (*real)(cnd_t *, mtx_t *, const struct timespec *);
    if (real == NULL) *(void **)&real = next("cnd_timedwait", NULL);
    struct timespec back = brought_back(until);
    return real(condition, mutex, &back);
}

static struct timespec brought_back(const struct timespec *until) {
    struct timespec back = *until;
    if (back.tv_sec >= WALL_SECONDS_MIN) add(&back, -*offset_ms);
    return back;
}

static void add(struct timespec *time, int64_t ms) {
    int64_t rest_ms;
    time->tv_sec += signed_floor(ms, &rest_ms);
    time->tv_nsec += rest_ms * 1000000;
    if (time->tv_nsec < 1000000000) return;
    time->tv_nsec -= 1000000000;
    time->tv_sec++;
}

/* Whole seconds, and a rest that is never negative. */
static int64_t signed_floor(int64_t ms, int64_t *ret_rest_ms) {
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    *ret_rest_ms = ms - seconds * 1000;
    return seconds;
}

/* Of functions with several versions the oldest would be found by the name alone. */
static void *next(const char *name, const char *version) {
    void *found = version == NULL ? NULL : dlvsym(RTLD_NEXT, name, version);
    return found != NULL ? found : dlsym(RTLD_NEXT, name);
}
