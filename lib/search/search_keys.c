/* What leads to a person (search.h names the keys). A key is a hash of its kind and what it is made of; what is missing
 * makes no key. Owns nothing; any thread. */
#include "lib/search/search_internal.h"

enum kind {
    PHONE,
    BIRTH_SOUND,
    BIRTH_BEGINNING,
    POSTCODE_LETTER,
    SOUNDS_YEAR,
    BIRTH,
    POSTCODE,
    HOME,
    NAMES,
    DATE_PARTS,
    STREET
};

enum { BEGINNING = 3 /* letters */ };

struct keys {
    uint64_t *of;
    uint32_t count;
};

uint64_t keys_mix(uint64_t value) {
    value ^= value >> 32;
    value *= UINT64_C(0xD6E8FEB86659FD93);
    value ^= value >> 32;
    value *= UINT64_C(0xD6E8FEB86659FD93);
    return value ^ value >> 32;
}

static void put(struct keys *keys, enum kind kind, uint64_t a, uint64_t b) {
    keys->of[keys->count++] = keys_mix(keys_mix(a + ((uint64_t)kind << 58)) + b);
}

static uint64_t hash_text(const struct match_text *text) {
    uint64_t hash = text->size;
    for (uint8_t i = 0; i < text->size; i++) hash = (hash ^ (uint8_t)text->bytes[i]) * UINT64_C(0x100000001B3);
    return hash;
}

/* Soundex (Russell 1918): the first letter and three classes of consonants. 0: there is no name. */
static uint32_t sound_of(const struct match_text *name) {
    static const char classes[] = "01230120022455012623010202"; /* of a to z; h and w do not part two of a class */
    if (name->size == 0) return 0;
    char first = name->bytes[0], last = first >= 'a' && first <= 'z' ? classes[first - 'a'] : '0';
    uint32_t sound = (uint8_t)first;
    int found = 0;
    for (uint8_t i = 1; i < name->size && found < 3; i++) {
        char letter = name->bytes[i];
        if (letter < 'a' || letter > 'z' || letter == 'h' || letter == 'w') continue;
        char class = classes[letter - 'a'];
        if (class != '0' && class != last) {
            sound = sound << 8 | (uint8_t) class;
            found++;
        }
        last = class;
    }
    return sound;
}

static uint32_t beginning_of(const struct match_text *name) {
    uint32_t letters = 0;
    for (uint8_t i = 0; i < name->size && i < BEGINNING; i++) letters = letters << 8 | (uint8_t)name->bytes[i];
    return letters;
}

static uint64_t date_of(struct match_date date) {
    return date.day == 0 ? 0 : date.year * UINT64_C(10000) + date.month * 100U + date.day;
}

static void put_narrow(struct keys *keys, const struct match_view *view, bool is_crosswise) {
    uint64_t birth = date_of(view->birth);
    uint32_t family = sound_of(view->family), given = sound_of(view->given);
    if (birth != 0 && family != 0) put(keys, BIRTH_SOUND, birth, family);
    if (birth != 0 && given != 0) put(keys, BIRTH_BEGINNING, birth, beginning_of(view->given));
    if (is_crosswise && birth != 0 && given != 0) put(keys, BIRTH_SOUND, birth, given);
    if (is_crosswise && birth != 0 && family != 0) put(keys, BIRTH_BEGINNING, birth, beginning_of(view->family));
    if (view->postcode->size > 0) {
        uint64_t postcode = hash_text(view->postcode);
        char of_family = view->family->bytes[0], of_given = view->given->bytes[0];
        if (family != 0) put(keys, POSTCODE_LETTER, postcode, (uint8_t)of_family);
        if (given != 0 && (family == 0 || of_given != of_family))
            put(keys, POSTCODE_LETTER, postcode, (uint8_t)of_given);
    }
    /* A sum, which does not know which name was first. */
    if (view->birth.year != 0 && family != 0 && given != 0) {
        put(keys, SOUNDS_YEAR, view->birth.year, (uint64_t)family + given);
    }
    if (view->phone != 0) put(keys, PHONE, view->phone, 0);
}

uint32_t keys_narrow(const struct match_view *view, uint64_t ret_keys[KEYS_NARROW_MAX]) {
    struct keys keys = {.of = ret_keys};
    put_narrow(&keys, view, false);
    ASSERT(keys.count <= KEYS_NARROW_MAX);
    return keys.count;
}

uint32_t keys_asked(const struct match_view *view, uint64_t ret_keys[KEYS_ASKED_MAX]) {
    struct keys keys = {.of = ret_keys};
    put_narrow(&keys, view, true);
    ASSERT(keys.count <= KEYS_ASKED_MAX);
    return keys.count;
}

/* Two of year, month and day. */
static void put_date_parts(struct keys *keys, struct match_date birth, uint32_t sound) {
    put(keys, DATE_PARTS, (birth.year * UINT64_C(100) + birth.month) * 100, sound);
    if (birth.day == 0) return;
    put(keys, DATE_PARTS, birth.year * UINT64_C(10000) + birth.day, sound);
    put(keys, DATE_PARTS, birth.month * 100U + birth.day, sound);
}

uint32_t keys_wide(const struct match_view *view, uint64_t ret_keys[KEYS_WIDE_MAX]) {
    struct keys keys = {.of = ret_keys};
    struct match_date birth = view->birth;
    uint32_t sounds[2] = {sound_of(view->family), sound_of(view->given)};
    if (birth.day != 0) put(&keys, BIRTH, date_of(birth), 0);
    if (view->postcode->size > 0) put(&keys, POSTCODE, hash_text(view->postcode), 0);
    if (view->house->size > 0 && view->lines[0]->size > 0) {
        put(&keys, HOME, hash_text(view->lines[0]), hash_text(view->house));
    }
    for (int i = 0; i < MATCH_LINES - 1; i++) { /* one kind, since lines are written in either order */
        uint32_t street = sound_of(view->lines[i]), town = beginning_of(view->lines[MATCH_LINES - 1]);
        if (street != 0 && town != 0) put(&keys, STREET, street, town);
    }
    if (sounds[0] != 0 && sounds[1] != 0) put(&keys, NAMES, 0, (uint64_t)sounds[0] + sounds[1]);
    for (int i = 0; i < 2; i++) {
        if (sounds[i] == 0 || birth.month == 0 || (i == 1 && sounds[1] == sounds[0])) continue;
        put_date_parts(&keys, birth, sounds[i]);
    }
    ASSERT(keys.count <= KEYS_WIDE_MAX);
    return keys.count;
}

uint32_t keys_meant(const struct match_view *view, const struct match_text *meant, bool is_given,
                    uint64_t ret_keys[KEYS_MEANT_MAX]) {
    struct keys keys = {.of = ret_keys};
    struct match_date birth = view->birth;
    uint32_t sound = sound_of(meant), typed = sound_of(is_given ? view->given : view->family);
    uint32_t other = sound_of(is_given ? view->family : view->given);
    if (sound == typed) return 0;
    if (other != 0) put(&keys, NAMES, 0, (uint64_t)sound + other);
    if (other != 0 && birth.year != 0) put(&keys, SOUNDS_YEAR, birth.year, (uint64_t)sound + other);
    if (birth.month != 0) put_date_parts(&keys, birth, sound);
    if (birth.day != 0 && !is_given) put(&keys, BIRTH_SOUND, date_of(birth), sound);
    ASSERT(keys.count <= KEYS_MEANT_MAX);
    return keys.count;
}
