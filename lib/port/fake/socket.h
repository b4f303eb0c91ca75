/* door_socket in memory: requests are put into its inbox, replies leave through a function of the world. */
#ifndef BHR_PORT_FAKE_SOCKET_H
#define BHR_PORT_FAKE_SOCKET_H

#include "lib/port/fake/fake.h"
#include "lib/port/socket.h"

enum { FAKE_INBOX_MAX = 64 };

struct fake_message {
    struct socket_route route;
    char system[SOCKET_SYSTEM_MAX + 1];
    uint8_t *bytes; /* header, then body */
    size_t header_size, body_size;
};

struct fake_socket {
    const struct fake_hooks *hooks;
    size_t first, count;
    struct fake_message inbox[FAKE_INBOX_MAX]; /* a ring */
    uint8_t *lent;                             /* freed by the next receive, so that ASan sees who kept it */
    void *context;
    enum status (*reply)(void *context, const struct socket_route *route, struct slice header, struct slice body);
};

void fake_socket_init(struct fake_socket *socket, const struct fake_hooks *hooks);
void fake_socket_fini(struct fake_socket *socket);
struct door_socket fake_socket_port(struct fake_socket *socket);
/* A request arrives; false when the inbox is full and it is lost. */
bool fake_socket_put(struct fake_socket *socket, const struct socket_route *route, const char *system,
                     struct slice header, struct slice body);

#endif
