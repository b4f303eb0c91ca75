/* Ends connections by their descriptors (zmq_peers.h). libzmq owns those and may close one at any moment, also to open
 * another under the same number: so a descriptor is duplicated first, and what is asked and done is asked and done with
 * the duplicate, which cannot become another connection in between. */
#include "lib/port/zmq/zmq_peers.h"

#include "lib/base/assert.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/tcp.h> /* glibc's struct tcp_info ends before what is asked for here */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_COUNT = 256 };

static struct zmq_peer *place(struct zmq_peers *peers, int fd);
static bool is_still_known(const struct zmq_peers *peers, const char *key, const char *system);
static bool cut_unless_known(struct zmq_peers *peers, int fd, uint16_t port);
static bool has_untaken(int fd, uint64_t *ret_taken);
static bool end_if_still_untaken(const struct zmq_peer *peer, int fd);
static bool address_of(int fd, bool is_peer, uint8_t ret_address[ZMQ_PEER_ADDRESS_SIZE], uint16_t *ret_port);

bool zmq_peers_may_speak(struct zmq_peers *peers, zmq_msg_t *frame, const uint8_t route[4], const char *system) {
    int fd = zmq_msg_get(frame, ZMQ_SRCFD);
    struct zmq_peer *peer = place(peers, fd);
    if (peer != NULL && peer->is_known && memcmp(peer->route, route, sizeof peer->route) == 0) return !peer->is_cut;
    const char *key = zmq_msg_gets(frame, ZMQ_ZAP_KEY_PROPERTY);
    if (key == NULL || strlen(key) != SOCKET_KEY_TEXT_SIZE) return false;
    /* It may have been let in by a policy that is not in force any more. */
    bool may_speak = is_still_known(peers, key, system);
    if (peer == NULL) return may_speak;
    *peer = (struct zmq_peer){.is_known = true, .is_cut = !may_speak};
    memcpy(peer->route, route, sizeof peer->route);
    memcpy(peer->key, key, SOCKET_KEY_TEXT_SIZE);
    memcpy(peer->system, system, strlen(system));
    uint16_t port;
    /* Where it is gone already, no connection will have this address. */
    (void)address_of(fd, true, peer->address, &port);
    return may_speak;
}

uint32_t zmq_peers_cut(struct zmq_peers *peers, uint16_t port) {
    for (uint32_t i = 0; i < peers->count; i++) {
        struct zmq_peer *peer = &peers->at[i];
        if (peer->is_known && !is_still_known(peers, peer->key, peer->system)) peer->is_cut = true;
    }
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) return 0; /* their messages are not served all the same */
    uint32_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char *end;
        long fd = strtol(entry->d_name, &end, 10);
        bool is_number = end != entry->d_name && *end == '\0';
        if (is_number && fd != dirfd(directory) && cut_unless_known(peers, (int)fd, port)) count++;
    }
    closedir(directory);
    return count;
}

/* The kernel's own limit (TCP_USER_TIMEOUT) is not enough: what the other end sends may put off the probe of its closed
 * window, and with it the limit, so whoever asks on without reading could stay for ever (docs/adr/0020). */
uint32_t zmq_peers_end_unread(struct zmq_peers *peers, int64_t now_ms) {
    ASSERT(peers != NULL);
    uint32_t count = 0;
    for (uint32_t fd = 0; fd < peers->count; fd++) {
        struct zmq_peer *peer = &peers->at[fd];
        if (!peer->is_known) continue;
        uint64_t taken = 0;
        if (!has_untaken((int)fd, &taken) || taken != peer->taken) {
            peer->taken = taken;
            peer->taken_ms = now_ms;
        } else if (now_ms - peer->taken_ms >= ZMQ_PEER_UNREAD_MS_MAX) {
            if (end_if_still_untaken(peer, (int)fd)) count++;
            peer->taken_ms = now_ms; /* libzmq closes it soon */
        }
    }
    return count;
}

void zmq_peers_fini(struct zmq_peers *peers) {
    free(peers->at);
    peers->at = NULL;
    peers->count = 0;
}

/* NULL when it cannot be remembered. */
static struct zmq_peer *place(struct zmq_peers *peers, int fd) {
    if (fd < 0 || fd >= ZMQ_PEERS_MAX) return NULL;
    if ((uint32_t)fd >= peers->count) {
        uint32_t count = peers->count == 0 ? FIRST_COUNT : peers->count;
        while (count <= (uint32_t)fd) count *= 2;
        struct zmq_peer *at = realloc(peers->at, count * sizeof *at);
        if (at == NULL) return NULL;
        memset(at + peers->count, 0, (count - peers->count) * sizeof *at);
        peers->at = at;
        peers->count = count;
    }
    return &peers->at[fd];
}

static bool is_still_known(const struct zmq_peers *peers, const char *key, const char *system) {
    char now[SOCKET_SYSTEM_MAX + 1] = "";
    return peers->lookup(peers->lookup_context, key, now) && strcmp(now, system) == 0;
}

static bool cut_unless_known(struct zmq_peers *peers, int fd, uint16_t port) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return false;
    uint8_t own[ZMQ_PEER_ADDRESS_SIZE], other[ZMQ_PEER_ADDRESS_SIZE];
    uint16_t own_port, other_port;
    /* The listening socket has our port and no other end. */
    bool is_ours =
        address_of(copy, false, own, &own_port) && own_port == port && address_of(copy, true, other, &other_port);
    const struct zmq_peer *peer = is_ours && (uint32_t)fd < peers->count ? &peers->at[fd] : NULL;
    bool is_known = peer != NULL && peer->is_known && !peer->is_cut && memcmp(peer->address, other, sizeof other) == 0;
    bool must_end = is_ours && !is_known;
    if (must_end) (void)shutdown(copy, SHUT_RDWR);
    (void)close(copy);
    return must_end;
}

/* Whether something that was handed to the kernel has not arrived. False when it is no TCP connection. */
static bool has_untaken(int fd, uint64_t *ret_taken) {
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
    *ret_taken = info.tcpi_bytes_acked;
    return info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0;
}

static bool end_if_still_untaken(const struct zmq_peer *peer, int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return false;
    uint8_t other[ZMQ_PEER_ADDRESS_SIZE];
    uint16_t port;
    uint64_t taken = 0;
    bool is_same = address_of(copy, true, other, &port) && memcmp(peer->address, other, sizeof other) == 0;
    bool must_end = is_same && has_untaken(copy, &taken) && taken == peer->taken;
    if (must_end) (void)shutdown(copy, SHUT_RDWR);
    (void)close(copy);
    return must_end;
}

/* False when it is no TCP connection, or not any more; then the address is zeros. */
static bool address_of(int fd, bool is_peer, uint8_t ret_address[ZMQ_PEER_ADDRESS_SIZE], uint16_t *ret_port) {
    static_assert(sizeof(struct sockaddr_in6) == ZMQ_PEER_ADDRESS_SIZE, "the larger of the two");
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t size = sizeof address;
    memset(ret_address, 0, ZMQ_PEER_ADDRESS_SIZE);
    int failed = is_peer ? getpeername(fd, &address.any, &size) : getsockname(fd, &address.any, &size);
    if (failed != 0 || (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)) return false;
    ASSERT(size <= sizeof address);
    memcpy(ret_address, &address, size);
    *ret_port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return true;
}
