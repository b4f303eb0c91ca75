/* A blocking connection over OpenSSL. Owns a socket and what OpenSSL needs for it. */
#include "lib/port/tls/tls_stream.h"

#include "lib/base/assert.h"
#include "lib/port/tls/tls_error.h"
#include "lib/port/tls/tls_passphrase.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HOST_ROOM = 256 };

struct tls_stream {
    int socket_fd;
    SSL_CTX *context; /* NULL in plain text */
    SSL *ssl;
    char address[HOST_ROOM];
};

static enum status connect_to(struct tls_stream *stream, const char *host, const char *port, int timeout_ms,
                              struct error *reterr_error);
static enum status shake_hands(struct tls_stream *stream, const struct tls_stream_options *options, const char *host,
                               struct error *reterr_error);

enum status tls_stream_open(const struct tls_stream_options *options, struct tls_stream **ret_stream,
                            struct error *reterr_error) {
    ASSERT(options->timeout_ms > 0);
    char host[HOST_ROOM];
    const char *colon = strrchr(options->address, ':');
    int size =
        colon != NULL ? snprintf(host, sizeof host, "%.*s", (int)(colon - options->address), options->address) : -1;
    if (size <= 0 || size >= HOST_ROOM) {
        return error_set(reterr_error, STATUS_INVALID, "\"%.80s\": expected host:port", options->address);
    }
    struct sigaction broken_pipe;
    if (sigaction(SIGPIPE, NULL, &broken_pipe) == 0 && broken_pipe.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
    struct tls_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a connection");
    stream->socket_fd = -1;
    (void)snprintf(stream->address, sizeof stream->address, "%.200s", options->address);
    enum status status = connect_to(stream, host, colon + 1, options->timeout_ms, reterr_error);
    if (status == STATUS_OK && options->certificate_file[0] != '\0') {
        status = shake_hands(stream, options, host, reterr_error);
    }
    if (status != STATUS_OK) {
        tls_stream_close(&stream);
        return status;
    }
    *ret_stream = stream;
    return STATUS_OK;
}

void tls_stream_close(struct tls_stream **stream_p) {
    struct tls_stream *stream = *stream_p;
    *stream_p = NULL;
    if (stream == NULL) return;
    if (stream->ssl != NULL) (void)SSL_shutdown(stream->ssl);
    SSL_free(stream->ssl);
    SSL_CTX_free(stream->context);
    if (stream->socket_fd >= 0) (void)close(stream->socket_fd);
    ERR_clear_error();
    free(stream);
}

static enum status connect_to(struct tls_stream *stream, const char *host, const char *port, int timeout_ms,
                              struct error *reterr_error) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    const struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = (timeout_ms % 1000) * 1000};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed != 0) {
        return error_set(reterr_error, STATUS_UNAVAILABLE, "%s: %s", stream->address, gai_strerror(failed));
    }
    int reason = 0;
    for (const struct addrinfo *at = found; at != NULL && stream->socket_fd < 0; at = at->ai_next) {
        int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
            connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
            stream->socket_fd = fd;
        } else {
            reason = errno;
            if (fd >= 0) (void)close(fd);
        }
    }
    freeaddrinfo(found);
    if (stream->socket_fd >= 0) return STATUS_OK;
    return error_set(reterr_error, STATUS_UNAVAILABLE, "%s: cannot be reached: %s", stream->address, strerror(reason));
}

static enum status shake_hands(struct tls_stream *stream, const struct tls_stream_options *options, const char *host,
                               struct error *reterr_error) {
    stream->context = SSL_CTX_new(TLS_client_method());
    if (stream->context == NULL) return tls_error(reterr_error, STATUS_NO_MEMORY, "no TLS");
    SSL_CTX_set_verify(stream->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_default_passwd_cb(stream->context, tls_no_passphrase);
    if (SSL_CTX_set_min_proto_version(stream->context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_load_verify_locations(stream->context, options->ca_file, NULL) != 1 ||
        SSL_CTX_use_certificate_chain_file(stream->context, options->certificate_file) != 1 ||
        SSL_CTX_use_PrivateKey_file(stream->context, options->key_file, SSL_FILETYPE_PEM) != 1) {
        return tls_error(reterr_error, STATUS_INVALID, "certificate, key or authority cannot be used");
    }
    stream->ssl = SSL_new(stream->context);
    if (stream->ssl == NULL || SSL_set1_host(stream->ssl, host) != 1 ||
        SSL_set_fd(stream->ssl, stream->socket_fd) != 1) {
        return tls_error(reterr_error, STATUS_NO_MEMORY, "no TLS");
    }
    if (SSL_connect(stream->ssl) == 1) return STATUS_OK;
    return tls_error(reterr_error, STATUS_DENIED, "TLS is refused");
}

enum status tls_stream_send(struct tls_stream *stream, struct slice bytes, struct error *reterr_error) {
    while (bytes.size > 0) {
        ssize_t sent = stream->ssl != NULL ? SSL_write(stream->ssl, bytes.data, (int)bytes.size)
                                           : send(stream->socket_fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent <= 0) return tls_error(reterr_error, STATUS_UNAVAILABLE, "the connection was refused or lost");
        bytes = slice_of(bytes.data + sent, bytes.size - (size_t)sent);
    }
    return STATUS_OK;
}

enum status tls_stream_receive(struct tls_stream *stream, void *ret_bytes, size_t size, struct error *reterr_error) {
    uint8_t *at = ret_bytes;
    while (size > 0) {
        ssize_t got = stream->ssl != NULL ? SSL_read(stream->ssl, at, size > INT32_MAX ? INT32_MAX : (int)size)
                                          : recv(stream->socket_fd, at, size, 0);
        if (got <= 0)
            return tls_error(reterr_error, STATUS_UNAVAILABLE, "no answer: the connection was refused or lost");
        at += got;
        size -= (size_t)got;
    }
    return STATUS_OK;
}
