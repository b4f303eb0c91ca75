/* Makes and reads certificates. Owns nothing between calls; a key is in memory only while it is made or used. */
#include "lib/port/tls/certificate.h"

#include "lib/base/assert.h"
#include "lib/base/slice.h"
#include "lib/port/tls/tls_error.h"
#include "lib/port/tls/tls_passphrase.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_ROOM = 512,
    SERIAL_BITS = 127,
    DAY_S = 86400,
    CLOCKS_DIFFER_S = 300,
    EXTENSION_ROOM = 2 * CERTIFICATE_HOSTS_MAX
};

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

static X509 *make(const struct certificate_order *order, EVP_PKEY *key, const struct authority *authority);
static bool add_extensions(X509 *certificate, const struct certificate_order *order, X509 *issuer);
static enum status save(const struct certificate_order *order, X509 *certificate, EVP_PKEY *key,
                        struct error *reterr_error);
static enum status write_pem(const char *path, int mode, bool may_replace, X509 *certificate, EVP_PKEY *key,
                             struct error *reterr_error);
static enum status load(const char *certificate_file, const char *key_file, struct authority *ret_authority,
                        struct error *reterr_error);
static void unload(struct authority *authority);

enum status certificate_make_authority(const struct certificate_order *order, struct error *reterr_error) {
    ASSERT(order->hosts == NULL);
    ASSERT(order->days > 0 && order->days <= CERTIFICATE_DAYS_MAX);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key != NULL ? make(order, key, NULL) : NULL;
    enum status status = certificate == NULL ? tls_error(reterr_error, STATUS_IO, "cannot make an authority")
                                             : save(order, certificate, key, reterr_error);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status;
}

enum status certificate_issue(const char *authority_file, const char *authority_key_file,
                              const struct certificate_order *order, struct error *reterr_error) {
    ASSERT(order->days > 0 && order->days <= CERTIFICATE_DAYS_MAX);
    ASSERT(order->hosts == NULL || strlen(order->hosts) < CERTIFICATE_HOSTS_MAX);
    struct authority authority = {0};
    enum status status = load(authority_file, authority_key_file, &authority, reterr_error);
    if (status != STATUS_OK) return status;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key != NULL ? make(order, key, &authority) : NULL;
    status = certificate == NULL ? tls_error(reterr_error, STATUS_IO, "cannot make a certificate")
                                 : save(order, certificate, key, reterr_error);
    X509_free(certificate);
    EVP_PKEY_free(key);
    unload(&authority);
    return status;
}

/* authority is NULL for one that signs itself. Clocks differ: it counts from a little before it was made. */
static X509 *make(const struct certificate_order *order, EVP_PKEY *key, const struct authority *authority) {
    X509 *certificate = X509_new();
    BIGNUM *serial = BN_new();
    X509_NAME *name = certificate != NULL ? X509_get_subject_name(certificate) : NULL;
    time_t begins_at = order->begins_at_s - CLOCKS_DIFFER_S;
    time_t expires_at = order->begins_at_s + (int64_t)order->days * DAY_S;
    X509 *issuer = authority != NULL ? authority->certificate : certificate;
    bool is_made =
        name != NULL && serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
        BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL &&
        X509_set_version(certificate, 2) == 1 &&
        X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, (const unsigned char *)order->name, -1, -1, 0) ==
            1 &&
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), begins_at) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), expires_at) != NULL && X509_set_pubkey(certificate, key) == 1;
    if (is_made && authority != NULL && X509_cmp_time(X509_get0_notAfter(issuer), &expires_at) < 0) {
        is_made = X509_set1_notAfter(certificate, X509_get0_notAfter(issuer)) == 1;
    }
    is_made = is_made && add_extensions(certificate, order, issuer) &&
              X509_sign(certificate, authority != NULL ? authority->key : key, EVP_sha256()) > 0;
    BN_free(serial);
    if (is_made) return certificate;
    X509_free(certificate);
    return NULL;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

/* "127.0.0.1,localhost" -> "IP:127.0.0.1,DNS:localhost" */
static bool write_hosts(const char *hosts, char ret_text[EXTENSION_ROOM]) {
    size_t size = 0;
    while (*hosts != '\0') {
        size_t host_size = strcspn(hosts, ",");
        bool is_address = host_size > 0 && strspn(hosts, "0123456789.:") >= host_size;
        int put = snprintf(ret_text + size, EXTENSION_ROOM - size, "%s%s:%.*s", size > 0 ? "," : "",
                           is_address ? "IP" : "DNS", (int)host_size, hosts);
        if (host_size == 0 || put < 0 || (size_t)put >= EXTENSION_ROOM - size) return false;
        size += (size_t)put;
        hosts += host_size + (hosts[host_size] == ',');
    }
    return size > 0;
}

static bool add_extensions(X509 *certificate, const struct certificate_order *order, X509 *issuer) {
    bool is_authority = certificate == issuer;
    char hosts[EXTENSION_ROOM];
    return add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") &&
           add_extension(certificate, issuer, NID_basic_constraints,
                         is_authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
           add_extension(certificate, issuer, NID_key_usage,
                         is_authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
           (is_authority || add_extension(certificate, issuer, NID_ext_key_usage,
                                          order->hosts != NULL ? "serverAuth,clientAuth" : "clientAuth")) &&
           (order->hosts == NULL ||
            (write_hosts(order->hosts, hosts) && add_extension(certificate, issuer, NID_subject_alt_name, hosts)));
}

/* The key first: a reader of both files in this moment finds a pair that does not match and says so, never a certificate
 * whose key is nowhere. */
static enum status save(const struct certificate_order *order, X509 *certificate, EVP_PKEY *key,
                        struct error *reterr_error) {
    if (!order->may_replace && access(order->certificate_file, F_OK) == 0) {
        return error_set(reterr_error, STATUS_CONFLICT, "there is a certificate already: %s", order->certificate_file);
    }
    enum status status = write_pem(order->key_file, 0600, order->may_replace, NULL, key, reterr_error);
    if (status == STATUS_OK) {
        status = write_pem(order->certificate_file, 0644, order->may_replace, certificate, NULL, reterr_error);
    }
    if (status == STATUS_OK && order->both_file != NULL) {
        status = write_pem(order->both_file, 0600, order->may_replace, certificate, key, reterr_error);
    }
    return status;
}

/* Whole or not at all: beside its place first, then into it. */
static enum status write_pem(const char *path, int mode, bool may_replace, X509 *certificate, EVP_PKEY *key,
                             struct error *reterr_error) {
    ASSERT(certificate != NULL || key != NULL);
    char beside[PATH_ROOM];
    int size = snprintf(beside, sizeof beside, "%s.new", path);
    if (size < 0 || size >= PATH_ROOM) return error_set(reterr_error, STATUS_INVALID, "too long a path: %.80s", path);
    if (!may_replace && access(path, F_OK) == 0) {
        return error_set(reterr_error, STATUS_CONFLICT, "there is a file already: %s", path);
    }
    (void)unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        int failed = errno;
        if (fd >= 0) (void)close(fd);
        return error_set(reterr_error, STATUS_IO, "cannot make %s: %s", beside, strerror(failed));
    }
    bool is_written = (key == NULL || PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1) &&
                      (certificate == NULL || PEM_write_X509(file, certificate) == 1) && fflush(file) == 0 &&
                      fsync(fd) == 0;
    if (fclose(file) != 0) is_written = false;
    if (is_written && rename(beside, path) == 0) return STATUS_OK;
    (void)unlink(beside);
    return error_set(reterr_error, STATUS_IO, "cannot write %s", path);
}

static FILE *open_file(const char *path, enum status *ret_status, struct error *reterr_error) {
    FILE *file = fopen(path, "re");
    *ret_status = file != NULL ? STATUS_OK
                               : error_set(reterr_error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
                                           "cannot open %s: %s", path, strerror(errno));
    return file;
}

static enum status read_one(const char *path, X509 **ret_certificate, struct error *reterr_error) {
    enum status status;
    FILE *file = open_file(path, &status, reterr_error);
    if (file == NULL) return status;
    *ret_certificate = PEM_read_X509(file, NULL, tls_no_passphrase, NULL);
    (void)fclose(file);
    return *ret_certificate != NULL ? STATUS_OK
                                    : error_set(reterr_error, STATUS_INVALID, "%s holds no certificate", path);
}

static enum status load(const char *certificate_file, const char *key_file, struct authority *ret_authority,
                        struct error *reterr_error) {
    struct authority authority = {0};
    enum status status = read_one(certificate_file, &authority.certificate, reterr_error);
    if (status != STATUS_OK) return status;
    FILE *file = open_file(key_file, &status, reterr_error);
    if (file != NULL) {
        authority.key = PEM_read_PrivateKey(file, NULL, tls_no_passphrase, NULL);
        (void)fclose(file);
    }
    if (status == STATUS_OK &&
        (authority.key == NULL || X509_check_private_key(authority.certificate, authority.key) != 1)) {
        status = tls_error(reterr_error, STATUS_INVALID, "the authority's certificate and key do not belong together");
    }
    if (status == STATUS_OK) {
        *ret_authority = authority;
    } else {
        unload(&authority);
    }
    return status;
}

static void unload(struct authority *authority) {
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    *authority = (struct authority){0};
}

static int64_t seconds_of(const ASN1_TIME *time) {
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

/* The inverse of write_hosts; a name of any other kind is left out. */
static void read_hosts(X509 *certificate, char ret_hosts[CERTIFICATE_HOSTS_MAX]) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t size = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char text[CERTIFICATE_HOSTS_MAX] = "";
        if (name->type == GEN_DNS) {
            (void)snprintf(text, sizeof text, "%.*s", ASN1_STRING_length(name->d.dNSName),
                           (const char *)ASN1_STRING_get0_data(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            int length = ASN1_STRING_length(name->d.iPAddress);
            if (length != 4 && length != 16) continue;
            (void)inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress), text,
                            sizeof text);
        }
        if (text[0] == '\0' || size + strlen(text) + 2 > CERTIFICATE_HOSTS_MAX) continue;
        size += (size_t)snprintf(ret_hosts + size, CERTIFICATE_HOSTS_MAX - size, "%s%s", size > 0 ? "," : "", text);
    }
    GENERAL_NAMES_free(names);
}

enum status certificate_read(const char *path, struct certificate_facts *ret_facts, struct error *reterr_error) {
    X509 *certificate = NULL;
    enum status status = read_one(path, &certificate, reterr_error);
    if (status != STATUS_OK) return status;
    struct certificate_facts facts = {.is_authority = X509_check_ca(certificate) == 1,
                                      .begins_at_s = seconds_of(X509_get0_notBefore(certificate)),
                                      .expires_at_s = seconds_of(X509_get0_notAfter(certificate))};
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, facts.name, sizeof facts.name);
    (void)X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, facts.issuer,
                                    sizeof facts.issuer);
    read_hosts(certificate, facts.hosts);
    X509_free(certificate);
    *ret_facts = facts;
    return STATUS_OK;
}
