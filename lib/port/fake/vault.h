/* struct vault without a topic: every key follows from its person, so that one world gives the same bytes every time. With
 * all fields zero keys are always there; a test or the simulator lets them be awaited, be lost, be away or be destroyed. */
#ifndef BHR_PORT_FAKE_VAULT_H
#define BHR_PORT_FAKE_VAULT_H

#include "lib/port/vault.h"

enum { FAKE_VAULT_ERASED_MAX = 16 };

struct fake_vault {
    bool is_away;         /* seal and open answer VAULT_UNAVAILABLE */
    uint32_t await_every; /* every so many-th seal has to wait for its key; 0: none */
    uint32_t lose_every;  /* every so many-th key that is waited for is lost; 0: none */
    uint64_t sealed, made, settled, awaited;
    uint32_t erased_count;
    struct uuid erased[FAKE_VAULT_ERASED_MAX];
};

struct vault fake_vault_port(struct fake_vault *vault);
/* Every key waited for is now kept or lost. False when there is none. */
bool fake_vault_settle(struct fake_vault *vault);
/* All that was sealed for that person cannot be opened any more. */
void fake_vault_erase(struct fake_vault *vault, struct uuid person_id);

#endif
