/* Whose bookings are, as the oracle sees it in a world where booking follows the index (docs/adr/0021): folded from accepted
 * entries and from the source's own history, without booking's rules. */
#ifndef BHR_TESTS_SIM_FOLLOW_H
#define BHR_TESTS_SIM_FOLLOW_H

#include "services/booking/core/booking.h"
#include "tests/sim/source.h"

struct follow;
struct follow *follow_new(struct sim *sim);
void follow_free(struct follow *follow);
/* Back to before the first entry. */
void follow_clear(struct follow *follow);
/* Judges what an accepted entry says of the source and of persons, and takes it in. */
void follow_entry(struct follow *follow, const struct entry *entry, const struct entry_body *body);
/* Somebody whom bookings are of, as the index calls them; false when nobody is known. */
bool follow_any_person(const struct follow *follow, uint64_t drawn, struct uuid *ret_person_id);
/* Everything that the source says is taken in, and nobody is awaited any more. */
bool follow_is_complete(const struct follow *follow);
/* Then bookings are whose the index says; fails the world if not. */
void follow_compare(const struct follow *follow);

#endif
