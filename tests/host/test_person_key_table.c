/* The table of keys against a plain list: whatever comes and goes, both find the same. */
#include "lib/host/person_key_table.h"
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

static struct uuid person(uint8_t number) {
    struct uuid id = {{0}};
    id.bytes[15] = number;
    id.bytes[8] = 0x80;
    return id;
}

/* Keys come and go, many of the same few persons. */
static void the_table_finds_what_a_list_finds(void **state) {
    (void)state;
    enum { ROOM = 60, STEPS = 20000 };
    struct person_key_table table;
    struct error error;
    assert_int_equal(person_key_table_init(&table, ROOM, &error), STATUS_OK);
    struct prng prng = prng_seed(7);
    struct uuid keys[ROOM], persons[ROOM];
    uint32_t count = 0;
    for (int i = 0; i < STEPS; i++) {
        bool is_put = count == 0 || (count < ROOM && prng_below(&prng, 100) < 55);
        if (is_put) {
            struct uuid id = {{1}};
            uint64_t word = prng_u64(&prng) % 4096; /* few, so that their homes collide */
            memcpy(id.bytes + 8, &word, sizeof word);
            bool is_there = false;
            for (uint32_t k = 0; k < count; k++) is_there |= uuid_equal(keys[k], id);
            if (is_there) continue;
            struct uuid of = person((uint8_t)prng_below(&prng, 9));
            assert_non_null(person_key_put(&table, id, of));
            keys[count] = id;
            persons[count++] = of;
        } else {
            uint32_t gone = (uint32_t)prng_below(&prng, count);
            assert_true(person_key_remove(&table, keys[gone]));
            assert_false(person_key_remove(&table, keys[gone]));
            count--;
            keys[gone] = keys[count];
            persons[gone] = persons[count];
        }
        assert_int_equal(table.count, count);
        for (uint32_t k = 0; k < count; k++) {
            const struct person_key *found = person_key_find(&table, keys[k]);
            assert_non_null(found);
            assert_true(uuid_equal(found->person_id, persons[k]));
            found = person_key_of_person(&table, persons[k]);
            assert_non_null(found);
            assert_true(uuid_equal(found->person_id, persons[k]));
        }
        for (uint8_t n = 0; n < 9; n++) {
            bool is_there = false;
            for (uint32_t k = 0; k < count; k++) is_there |= uuid_equal(persons[k], person(n));
            assert_int_equal(person_key_of_person(&table, person(n)) != NULL, is_there);
        }
    }
    person_key_table_fini(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_finds_what_a_list_finds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
