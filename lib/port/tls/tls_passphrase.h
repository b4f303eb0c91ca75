/* What OpenSSL asks for a pass phrase: none. Without an answer of its own it asks the terminal, and a process that nobody
 * sits at would wait there for ever. A key that needs one is refused like any other that cannot be read. */
#ifndef BHR_PORT_TLS_TLS_PASSPHRASE_H
#define BHR_PORT_TLS_TLS_PASSPHRASE_H

static inline int tls_no_passphrase(char *to, int to_size, int is_for_writing, void *context) {
    (void)to, (void)to_size, (void)is_for_writing, (void)context;
    return -1;
}

#endif
