/* Where the suite is: the file that `make up` writes, run/bhr.ini unless --config or BHR_CLI_CONFIG name another.
 *
 *   [suite]
 *   environment  = local
 *   locality     = nel-bhr
 *   brokers      = 127.0.0.1:19092
 *   kafka_ca_file          = run/tls/ca.crt     ; who bhr is to Kafka, or
 *   kafka_certificate_file = run/tls/ops.crt    ; kafka_plaintext = true
 *   kafka_key_file         = run/tls/ops.key
 *   request_systems = gp-demo, hub-demo   ; outside systems with topics of their own
 *   redis_socket = run/redis.sock
 *   server_key   = <40 characters Z85>
 *   token_issuer   = bhr-local              ; for `bhr token new`
 *   token_audience = bhr-exchange
 *   token_key_file = run/keys/token-issuer.key
 *   pseudonym_key_file = run/keys/pseudonym.key   ; only for --nhs-number of `person erase`, `audit person`
 *   local_scripts = deploy/local                  ; only of the suite that `make up` starts: for `bhr drill`
 *   [service booking]                             ; where the processes of each service are
 *   data_dirs    = run/data/booking-1, run/data/booking-2
 *   endpoints    = tcp://127.0.0.1:17001, tcp://127.0.0.1:17002
 *   [client]
 *   system       = 111-nel
 *   key_file     = run/keys/111-nel.key
 *   [client ops]             ; chosen with --as ops
 *   key_file     = run/keys/ops.key
 *   token_file   = run/me.token  ; sent with every request
 *
 * An unknown section or key is an error that names file and line. */
#ifndef BHR_CLI_SUITE_H
#define BHR_CLI_SUITE_H

#include "lib/base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { SUITE_TEXT_MAX = 256, SUITE_LIST_MAX = 16, SUITE_CLIENTS_MAX = 32, SUITE_SERVICES_MAX = 4 };

struct suite_list {
    size_t count;
    char items[SUITE_LIST_MAX][SUITE_TEXT_MAX];
};

struct suite_service {
    char name[64];
    struct suite_list data_dirs, endpoints;
};

struct suite_client {
    char name[64]; /* "" for [client] */
    char system[SUITE_TEXT_MAX];
    char key_file[SUITE_TEXT_MAX];
    char token_file[SUITE_TEXT_MAX];
};

struct suite {
    char path[SUITE_TEXT_MAX]; /* the file it was read from */
    char environment[64], locality[64];
    char brokers[SUITE_TEXT_MAX];
    char kafka_ca_file[SUITE_TEXT_MAX], kafka_certificate_file[SUITE_TEXT_MAX], kafka_key_file[SUITE_TEXT_MAX];
    bool kafka_plaintext;
    char redis_socket[SUITE_TEXT_MAX];
    char server_key[64];
    char token_issuer[SUITE_TEXT_MAX], token_audience[SUITE_TEXT_MAX];
    char token_key_file[SUITE_TEXT_MAX];
    char pseudonym_key_file[SUITE_TEXT_MAX];
    char local_scripts[SUITE_TEXT_MAX];
    struct suite_list request_systems;
    size_t service_count;
    struct suite_service services[SUITE_SERVICES_MAX];
    size_t client_count;
    struct suite_client clients[SUITE_CLIENTS_MAX];
};

#define SUITE_PATH_DEFAULT "run/bhr.ini"
#define SUITE_PATH_NAME    "BHR_CLI_CONFIG"

/* STATUS_NOT_FOUND when there is no such file, STATUS_INVALID with file, line and what was expected. */
MUST_CHECK enum status suite_read(struct suite *ret_suite, const char *path, struct error *reterr_error);
/* The service of that name; NULL when there is no section about it. */
const struct suite_service *suite_service(const struct suite *suite, const char *name);
/* The client of that name; NULL or "" is [client]. NULL when there is none. */
const struct suite_client *suite_client(const struct suite *suite, const char *name);

#endif
