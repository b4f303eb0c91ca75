/* One connection by TCP, with mutual TLS or, when no files are named, in plain text. Blocking: each call waits at most the
 * time that was given when it was opened. One thread at a time. Opening one makes the process ignore SIGPIPE, because
 * OpenSSL writes without guarding against it. */
#ifndef BHR_PORT_TLS_TLS_STREAM_H
#define BHR_PORT_TLS_TLS_STREAM_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

struct tls_stream_options {
    const char *address;                               /* "127.0.0.1:19092"; the server's certificate must be for it */
    const char *ca_file, *certificate_file, *key_file; /* all empty for plain text */
    int timeout_ms;
};

struct tls_stream;
enum status tls_stream_open(const struct tls_stream_options *options, struct tls_stream **ret_stream,
                            struct error *reterr_error);
void tls_stream_close(struct tls_stream **stream_p);
/* All of it, or an error. A server that refuses our certificate may say so only now. */
enum status tls_stream_send(struct tls_stream *stream, struct slice bytes, struct error *reterr_error);
enum status tls_stream_receive(struct tls_stream *stream, void *ret_bytes, size_t size, struct error *reterr_error);

#endif
