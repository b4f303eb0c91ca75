/* Made-up people of three boroughs as records of several systems, from a seed: the same seed writes the same file on every
 * machine. Households of one to six, twins, sons named after their fathers; of a part of the people a second record, with
 * what goes wrong between two offices. Column person_id says who it really is, column kind what was done; base is the
 * first record.
 *
 * usage: bhr-make-people SEED PEOPLE [SECOND_RECORDS_PERCENT] > people.csv */
#include "tests/support/prng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 40, HOME_SIZE = 48, SECOND_PERCENT = 30, HOUSEHOLD_MAX = 6, HOMES_PER_POSTCODE = 15 };

#define KINDS(X)                                                                                                       \
    X(SAME, "same")                                                                                                    \
    X(NAME_TYPO, "name_typo")                                                                                          \
    X(DATE_TYPO, "date_typo")                                                                                          \
    X(DAY_MONTH, "day_month")                                                                                          \
    X(SWAPPED_NAMES, "swapped_names")                                                                                  \
    X(MOVED, "moved")                                                                                                  \
    X(NEW_NAME, "new_name")                                                                                            \
    X(SHORT_FORM, "short_form")                                                                                        \
    X(SPELLING, "spelling")                                                                                            \
    X(INITIAL, "initial")                                                                                              \
    X(NO_DATE, "no_date")                                                                                              \
    X(NO_ADDRESS, "no_address")                                                                                        \
    X(SEVERAL, "several")

enum kind {
#define X(kind, name) KIND_##kind,
    KINDS(X)
#undef X
        KIND_COUNT,
};
static const char *const kind_names[] = {
#define X(kind, name) name,
    KINDS(X)
#undef X
};

static const char *const females[] = {
#define FEMALE(name) name,
#include "tools/people_names.def"
#undef FEMALE
};
static const char *const males[] = {
#define MALE(name) name,
#include "tools/people_names.def"
#undef MALE
};
static const char *const families[] = {
#define FAMILY(name) name,
#include "tools/people_names.def"
#undef FAMILY
};
static const char *const heads[] = {
#define HEAD(name) name,
#include "tools/people_names.def"
#undef HEAD
};
static const char *const tails[] = {
#define TAIL(name) name,
#include "tools/people_names.def"
#undef TAIL
};
static const char *const street_kinds[] = {
#define KIND(name) name,
#include "tools/people_names.def"
#undef KIND
};
static const char *const towns[] = {
#define TOWN(name) name,
#include "tools/people_names.def"
#undef TOWN
};
static const char *const written[][2] = {
#define WRITTEN(a, b) {a, b},
#include "tools/people_names.def"
#undef WRITTEN
};
static const char *const called[][2] = {
#define CALLED(a, b) {a, b},
#include "tools/people_names.def"
#undef CALLED
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct home {
    char line[HOME_SIZE], postcode[12];
    const char *town;
};
struct person {
    uint64_t id;
    char given[NAME_SIZE], family[NAME_SIZE];
    unsigned year, month, day;
    bool is_female;
    struct home home;
    uint64_t phone; /* 0: none */
};

static struct prng prng;
static uint64_t home_count;

static uint64_t below(uint64_t n) {
    return prng_below(&prng, n);
}

/* The first of a list are drawn most often, as names are: the lesser of two numbers of it, mostly. */
static size_t common_of(size_t count) {
    uint64_t a = below(count), b = below(count), c = below(count);
    uint64_t least = a < b ? a : b;
    return c < least ? c : least;
}

static void draw_family(char ret_name[NAME_SIZE]) {
    if (prng_chance(&prng, 55)) {
        (void)snprintf(ret_name, NAME_SIZE, "%s", families[common_of(COUNT(families))]);
    } else {
        (void)snprintf(ret_name, NAME_SIZE, "%s%s", heads[below(COUNT(heads))], tails[common_of(COUNT(tails))]);
    }
}

static void draw_given(struct person *person) {
    bool is_female = person->is_female;
    const char *name = is_female ? females[common_of(COUNT(females))] : males[common_of(COUNT(males))];
    (void)snprintf(person->given, NAME_SIZE, "%s", name);
}

/* A home follows from its number: fifteen have a postcode, and a postcode has one street. */
static struct home home_of(uint64_t number) {
    static const char letters[] = "ABDEFGHJLNPQRSTUWXYZ";
    struct prng draw = prng_seed(number / HOMES_PER_POSTCODE);
    struct home home = {.town = towns[prng_below(&draw, COUNT(towns))]};
    const char *head = heads[prng_below(&draw, COUNT(heads))], *tail = tails[prng_below(&draw, COUNT(tails))];
    const char *kind = street_kinds[prng_below(&draw, COUNT(street_kinds))];
    const char *area = prng_chance(&draw, 60) ? "RM" : "IG";
    unsigned district = 1 + (unsigned)prng_below(&draw, 12), sector = (unsigned)prng_below(&draw, 10);
    char one = letters[prng_below(&draw, sizeof letters - 1)], two = letters[prng_below(&draw, sizeof letters - 1)];
    unsigned first = 1 + 2 * (unsigned)prng_below(&draw, 60);
    (void)snprintf(home.postcode, sizeof home.postcode, "%s%u %u%c%c", area, district, sector, one, two);
    (void)snprintf(home.line, sizeof home.line, "%u %s%s %s", first + 2 * (unsigned)(number % HOMES_PER_POSTCODE), head,
                   tail, kind);
    return home;
}

static uint64_t draw_phone(void) {
    return UINT64_C(7000000000) + below(100000000);
}

/* ---- what goes wrong ---- */

static void type_wrongly(char *name) {
    size_t size = strlen(name), at = below(size);
    if (size < 3) return;
    switch (below(4)) {
    case 0:
        name[at] = (char)('a' + below(26));
        break;
    case 1: /* left out */
        memmove(name + at, name + at + 1, size - at);
        break;
    case 2: /* twice */
        if (size + 1 < NAME_SIZE) memmove(name + at + 1, name + at, size - at + 1);
        break;
    default: /* exchanged with the one behind */
        if (at + 1 < size) {
            char letter = name[at];
            name[at] = name[at + 1];
            name[at + 1] = letter;
        }
    }
}

static void mistype_date(struct person *person) {
    switch (below(3)) {
    case 0:
        person->day = 1 + (unsigned)below(28);
        break;
    case 1:
        person->month = 1 + (unsigned)below(12);
        break;
    default:
        person->year -= prng_chance(&prng, 50) ? 1 : 10;
    }
}

/* False when nobody writes that name otherwise. */
static bool replace(char name[NAME_SIZE], const char *const (*table)[2], size_t count) {
    size_t from = below(count);
    for (size_t i = 0; i < count; i++) {
        const char *const *row = table[(from + i) % count];
        if (strcmp(row[0], name) != 0) continue;
        (void)snprintf(name, NAME_SIZE, "%s", row[1]);
        return true;
    }
    return false;
}

static void move(struct person *person) {
    person->home = home_of(below(home_count));
    if (prng_chance(&prng, 40)) person->phone = draw_phone();
}

static void exchange_names(struct person *person) {
    char kept[NAME_SIZE];
    memcpy(kept, person->given, NAME_SIZE);
    memcpy(person->given, person->family, NAME_SIZE);
    memcpy(person->family, kept, NAME_SIZE);
}

/* What could not be done leaves the record the same, and is called so. */
static enum kind spoil(struct person *person, enum kind kind) {
    unsigned month = person->month;
    switch (kind) {
    case KIND_NAME_TYPO:
        type_wrongly(prng_chance(&prng, 50) ? person->given : person->family);
        return kind;
    case KIND_DATE_TYPO:
        mistype_date(person);
        return kind;
    case KIND_DAY_MONTH:
        if (person->day > 12) return KIND_SAME;
        person->month = person->day;
        person->day = month;
        return kind;
    case KIND_SWAPPED_NAMES:
        exchange_names(person);
        return kind;
    case KIND_MOVED:
        move(person);
        return kind;
    case KIND_NEW_NAME:
        draw_family(person->family);
        if (prng_chance(&prng, 50)) move(person);
        return kind;
    case KIND_SHORT_FORM:
        return replace(person->given, called, COUNT(called)) ? kind : KIND_SAME;
    case KIND_SPELLING:
        return replace(person->given, written, COUNT(written)) || replace(person->family, written, COUNT(written))
                   ? kind
                   : KIND_SAME;
    case KIND_INITIAL:
        person->given[1] = '\0';
        return kind;
    case KIND_NO_DATE:
        person->day = 0;
        if (prng_chance(&prng, 70)) person->month = 0;
        return kind;
    case KIND_NO_ADDRESS:
        person->home = (struct home){.town = ""};
        person->phone = 0;
        return kind;
    case KIND_SEVERAL:
        type_wrongly(person->family);
        mistype_date(person);
        if (prng_chance(&prng, 50)) move(person);
        return kind;
    case KIND_SAME:
    case KIND_COUNT:
        break;
    }
    return KIND_SAME;
}

/* ---- people ---- */

static void write_record(const struct person *person, const char *kind) {
    char date[40], phone[24] = "";
    if (person->month == 0) {
        (void)snprintf(date, sizeof date, "%04u", person->year);
    } else if (person->day == 0) {
        (void)snprintf(date, sizeof date, "%04u-%02u", person->year, person->month);
    } else {
        (void)snprintf(date, sizeof date, "%04u-%02u-%02u", person->year, person->month, person->day);
    }
    if (person->phone != 0) (void)snprintf(phone, sizeof phone, "0%llu", (unsigned long long)person->phone);
    (void)printf("%llu,%s,%s,%s,%s,%s,%s,,%s,%s,%s\n", (unsigned long long)person->id, kind, person->given,
                 person->family, date, person->is_female ? "female" : "male", person->home.line, person->home.town,
                 person->home.postcode, phone);
}

static void write_person(const struct person *person, unsigned second_percent) {
    write_record(person, "base");
    if (!prng_chance(&prng, second_percent)) return;
    struct person second = *person;
    enum kind kind = spoil(&second, (enum kind)below(KIND_COUNT));
    if (prng_chance(&prng, 25)) second.phone = 0;
    write_record(&second, kind_names[kind]);
}

static void draw_birth(struct person *person, unsigned from, unsigned years) {
    person->year = from + (unsigned)below(years);
    person->month = 1 + (unsigned)below(12);
    person->day = 1 + (unsigned)below(28);
}

/* Two grown-ups, or one, and children; a twin has the birth date of the child before. */
static unsigned draw_household(uint64_t number, uint64_t first_id, struct person ret_people[HOUSEHOLD_MAX]) {
    unsigned size = 1 + (unsigned)below(3) + (unsigned)below(3) + (prng_chance(&prng, 10) ? 1 : 0);
    char family[NAME_SIZE];
    struct home home = home_of(number);
    uint64_t phone = draw_phone();
    draw_family(family);
    unsigned born = 1935 + (unsigned)below(54); /* so that the last child is born in 2025 */
    for (unsigned i = 0; i < size; i++) {
        struct person *person = &ret_people[i];
        *person = (struct person){.id = first_id + i, .is_female = prng_chance(&prng, 51), .home = home};
        memcpy(person->family, family, NAME_SIZE);
        if (i == 1 && prng_chance(&prng, 30)) draw_family(person->family);
        draw_birth(person, i < 2 ? born : born + 22, i < 2 ? 6 : 16);
        draw_given(person);
        bool is_child = i >= 2;
        if (i >= 3 && prng_chance(&prng, 6)) {
            person->year = person[-1].year;
            person->month = person[-1].month;
            person->day = person[-1].day;
            if (prng_chance(&prng, 60)) person->is_female = person[-1].is_female;
            do draw_given(person);
            while (strcmp(person->given, person[-1].given) == 0);
        } else if (is_child && person->is_female == ret_people[0].is_female && prng_chance(&prng, 5)) {
            memcpy(person->given, ret_people[0].given, NAME_SIZE);
        }
        if (prng_chance(&prng, 75)) person->phone = prng_chance(&prng, 50) ? phone : draw_phone();
    }
    return size;
}

int main(int argc, char **argv) {
    if (argc != 3 && argc != 4) {
        (void)fprintf(stderr, "usage: bhr-make-people SEED PEOPLE [SECOND_RECORDS_PERCENT]\n");
        return 1;
    }
    uint64_t people = strtoull(argv[2], NULL, 10), made = 0;
    unsigned second_percent = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : SECOND_PERCENT;
    prng = prng_seed(strtoull(argv[1], NULL, 10));
    home_count = people / 3 + 1;
    (void)printf("person_id,kind,given_name,family_name,birth_date,sex,address_1,address_2,town,postcode,phone\n");
    for (uint64_t number = 0; made < people; number++) {
        struct person household[HOUSEHOLD_MAX];
        unsigned size = draw_household(number, made + 1, household);
        for (unsigned i = 0; i < size && made < people; i++, made++) write_person(&household[i], second_percent);
    }
    return ferror(stdout) != 0 || fflush(stdout) != 0;
}
