/* The token verifier's twin: a token is plain words, `user;system;role,role;organisation;session;purpose`, each of the last
 * four may be empty or left out. Good until expires_at_ms; a token that is the name of a fault ("token_expired") has that
 * fault. Nothing is signed: for tests and the simulator only. */
#ifndef BHR_PORT_FAKE_TOKEN_H
#define BHR_PORT_FAKE_TOKEN_H

#include "lib/port/token.h"

struct fake_tokens {
    int64_t expires_at_ms; /* of every token; 0: never */
    char revoked[TOKEN_TEXT_MAX + 1];
    uint32_t asked; /* how often verify was called */
};

struct token_port fake_tokens_port(struct fake_tokens *tokens);

#endif
