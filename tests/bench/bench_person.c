/* A made-up caller for each number: the same one every time, and nobody real. Pure. */
#include "tests/bench/bench_person.h"

#include <stdio.h>

void bench_person(uint64_t number, struct booking_person *ret_person, struct booking_contact *ret_contact) {
    struct booking_person person = {0};
    struct booking_contact contact = {0};
    (void)snprintf(person.local_id, sizeof person.local_id, "bench-%08llu", (unsigned long long)number);
    (void)snprintf(person.family_name, sizeof person.family_name, "Specimen-%llu", (unsigned long long)number % 9973);
    (void)snprintf(person.given_name, sizeof person.given_name, "Given-%llu", (unsigned long long)number % 997);
    (void)snprintf(person.birth_date, sizeof person.birth_date, "19%02u-%02u-%02u", (unsigned)(number % 90 + 10),
                   (unsigned)(number % 12 + 1), (unsigned)(number % 28 + 1));
    (void)snprintf(contact.phone, sizeof contact.phone, "0207946%04u", (unsigned)(number % 10000));
    *ret_person = person;
    *ret_contact = contact;
}
