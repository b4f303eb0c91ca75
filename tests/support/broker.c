/* Starts and ends a broker through deploy/local/kafka/kafka.sh. A guardian process waits on a pipe for the test to end,
 * in whatever way, and then kills the broker and removes its folder, so that an aborted test leaves nothing behind. */
#include "tests/support/broker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PORT_FIRST = 20000, PORT_RUN = 12, PORT_RUNS = 832, PORT_TRIES = 200 };

static int reserved_fd; /* of the ports drawn last; like those before, until this process ends */

static void guard(struct broker *broker);
static int free_ports(void);

static _Noreturn void skip(const char *why) {
    printf("skipped: %s\n", why);
    exit(77);
}

void broker_any(struct broker *ret_broker) {
    const char *address = getenv("BHR_TEST_BROKERS");
    if (address == NULL || address[0] == '\0') {
        broker_own(ret_broker);
        return;
    }
    *ret_broker = (struct broker){.guardian_fd = -1};
    (void)snprintf(ret_broker->address, sizeof ret_broker->address, "%s", address);
}

void broker_own(struct broker *ret_broker) {
    broker_own_tls(ret_broker, "");
}

void broker_own_tls(struct broker *ret_broker, const char *tls) {
    *ret_broker = (struct broker){.folder = "/tmp/bhr-broker-XXXXXX", .guardian_fd = -1};
    (void)snprintf(ret_broker->tls, sizeof ret_broker->tls, "%s", tls);
    if (system("command -v java >/dev/null && command -v mvn >/dev/null") != 0) skip("no Java or Maven for a broker");
    if (mkdtemp(ret_broker->folder) == NULL) skip("no folder for a broker");
    guard(ret_broker);
    for (int i = 0; i < 3; i++) {
        ret_broker->port = free_ports();
        (void)snprintf(ret_broker->address, sizeof ret_broker->address, "127.0.0.1:%d", ret_broker->port);
        if (broker_do(ret_broker, "start")) return;
    }
    skip("the broker did not start");
}

bool broker_do(const struct broker *broker, const char *verb) {
    char port[16];
    (void)snprintf(port, sizeof port, "%d", broker->port);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) {
        (void)setenv("BHR_KAFKA_DIR", broker->folder, 1);
        (void)setenv("BHR_KAFKA_PORT", port, 1);
        (void)setenv("BHR_KAFKA_JAVA", "-XX:TieredStopAtLevel=1", 1); /* it lives for a minute */
        if (broker->tls[0] != '\0') {
            (void)setenv("BHR_KAFKA_TLS", broker->tls, 1);
        } else {
            (void)setenv("BHR_KAFKA_PLAINTEXT", "1", 1);
        }
        (void)execl(BHR_SOURCE_DIR "/deploy/local/kafka/kafka.sh", "kafka.sh", verb, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void broker_end(struct broker *broker) {
    if (broker->guardian_fd < 0) return;
    (void)close(broker->guardian_fd);
    broker->guardian_fd = -1;
    int status = 0;
    (void)waitpid(broker->guardian_pid, &status, 0);
}

static void guard(struct broker *broker) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) skip("no pipe for a broker's guardian");
    (void)fflush(NULL);
    pid_t child = fork();
    if (child < 0) skip("no process for a broker's guardian");
    if (child > 0) {
        (void)close(ends[0]);
        broker->guardian_fd = ends[1];
        broker->guardian_pid = child;
        return;
    }
    /* An interrupt at the terminal is for the test; the guardian still has its work to do. */
    (void)setsid();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)close(ends[1]);
    char byte;
    while (read(ends[0], &byte, 1) > 0) continue;
    (void)broker_do(broker, "kill");
    (void)execlp("rm", "rm", "-rf", broker->folder, (char *)NULL);
    _exit(1);
}

static bool is_free(int port) {
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool is_bound = socket_fd >= 0 && bind(socket_fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (socket_fd >= 0) (void)close(socket_fd);
    return is_bound;
}

/* A name that is ours until the descriptor is closed; -1 when somebody else has it. tests/e2e/suite.py asks for the same. */
static int reserve(int port) {
    int name_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "bhr-test-ports-%d", port);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (name_fd < 0 || bind(name_fd, (struct sockaddr *)&name, size) == 0) return name_fd;
    (void)close(name_fd);
    return -1;
}

/* Two in a row, ours alone until the test ends, and below the range from which outgoing connections take theirs: a
 * broker that is started again must find its own still free. */
static int free_ports(void) {
    unsigned int seed = (unsigned int)getpid() ^ (unsigned int)time(NULL);
    for (int i = 0; i < PORT_TRIES; i++) {
        int port = PORT_FIRST + (int)((unsigned int)rand_r(&seed) % PORT_RUNS) * PORT_RUN;
        reserved_fd = reserve(port);
        if (reserved_fd < 0) continue;
        if (is_free(port) && is_free(port + 1)) return port;
        (void)close(reserved_fd);
    }
    skip("no free ports for a broker");
}

void broker_topic(const char *stem, char ret_topic[120]) {
    static int count;
    (void)snprintf(ret_topic, 120, "test.%s.%d.%lld.%d", stem, (int)getpid(), (long long)time(NULL), count++);
}
