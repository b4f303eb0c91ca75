/* How the replica's thread sleeps: until a port has something, somebody wakes it, or the time is up. */
#ifndef BHR_PORT_WAITER_H
#define BHR_PORT_WAITER_H

struct waiter {
    void *context;
    void (*wait)(void *context, int timeout_ms);
    void (*wake)(void *context); /* any thread, any number of times */
};

#endif
