/* Every text of a field once. People share most of theirs, so a row holds numbers; how many share one is its rarity, for
 * nothing: James as a family name is another word than as a given name. A word is a run of 16-byte units: a count, a size,
 * its bytes. Owned by the search; the writer's thread changes it. */
#include "lib/search/search_internal.h"

#include <stddef.h>
#include <stdlib.h>

enum {
    UNIT = 16,
    UNITS_PER_PERSON = 4, /* reserved; about one is used, since few people have a text of their own */
    UNITS_EXTRA = 65536,
    SLOTS_PER_PERSON = 2,
    FIELD_BITS = 4,
    PEOPLE_BITS = 28,
};

struct word {
    uint32_t field : FIELD_BITS;
    uint32_t people : PEOPLE_BITS; /* or, of one that was given back, the next of its list */
    struct match_text text;
};
static_assert((uint64_t)SEARCH_PEOPLE_MAX * UNITS_PER_PERSON + UNITS_EXTRA < UINT64_C(1) << PEOPLE_BITS,
              "a list's next fits");
static_assert(ROW_WORDS <= 1 << FIELD_BITS, "a field fits");
static_assert(offsetof(struct word, text) == 4, "a word's text lies behind its count");

static struct word *at(const struct words *words, uint32_t word) {
    ASSERT(word < words->unit_count);
    return (struct word *)(void *)(words->units + (size_t)word * UNIT);
}

bool words_init(struct words *words, uint32_t people_max) {
    uint64_t units = (uint64_t)people_max * UNITS_PER_PERSON + UNITS_EXTRA;
    *words = (struct words){.unit_max = (uint32_t)units, .unit_count = 1};
    words->slot_count = people_max * SLOTS_PER_PERSON + UNITS_EXTRA;
    /* A word's struct is longer than its units; the last one still lies inside. */
    words->units = calloc(1, units * UNIT + sizeof(struct word));
    words->slots = calloc(words->slot_count, sizeof *words->slots);
    bool has_family = grams_init(&words->family, people_max), has_given = grams_init(&words->given, people_max);
    return words->units != NULL && words->slots != NULL && has_family && has_given;
}

void words_fini(struct words *words) {
    free(words->units);
    free(words->slots);
    grams_fini(&words->family);
    grams_fini(&words->given);
}

uint64_t words_bytes(const struct words *words) {
    return (uint64_t)words->unit_count * UNIT + (uint64_t)words->slot_count * sizeof *words->slots +
           grams_bytes(&words->family) + grams_bytes(&words->given);
}

static uint32_t units_of(uint8_t size) {
    return (uint32_t)(offsetof(struct word, text) + 1U + size + UNIT - 1) / UNIT;
}

static uint32_t home_of(const struct words *words, enum row_word field, const struct match_text *text) {
    uint64_t hash = (uint64_t)field << 8 | text->size;
    for (uint8_t i = 0; i < text->size; i++) hash = (hash ^ (uint8_t)text->bytes[i]) * UINT64_C(0x100000001B3);
    return (uint32_t)((keys_mix(hash) >> 32) * words->slot_count >> 32);
}

static uint32_t after(const struct words *words, uint32_t slot) {
    return slot + 1 == words->slot_count ? 0 : slot + 1;
}

/* From this slot on: the one that has it, or the free one where it would be. */
static uint32_t slot_from(const struct words *words, uint32_t slot, enum row_word field,
                          const struct match_text *text) {
    for (; words->slots[slot] != WORD_NONE; slot = after(words, slot)) {
        const struct word *found = at(words, words->slots[slot]);
        bool may_be = found->field == (uint32_t)field && found->text.size == text->size;
        if (may_be && memcmp(found->text.bytes, text->bytes, text->size) == 0) break;
    }
    return slot;
}

static uint32_t slot_of(const struct words *words, enum row_word field, const struct match_text *text) {
    return slot_from(words, home_of(words, field, text), field, text);
}

void words_find(const struct words *words, const struct match_text *const texts[ROW_WORDS],
                uint32_t ret_words[ROW_WORDS]) {
    for (enum row_word field = 0; field < ROW_WORDS; field++) {
        ret_words[field] = home_of(words, field, texts[field]);
        __builtin_prefetch(&words->slots[ret_words[field]]);
    }
    for (enum row_word field = 0; field < ROW_WORDS; field++) {
        __builtin_prefetch(words->units + (size_t)words->slots[ret_words[field]] * UNIT);
    }
    for (enum row_word field = 0; field < ROW_WORDS; field++) {
        const struct match_text *text = texts[field];
        ret_words[field] = text->size == 0 ? WORD_NONE : words->slots[slot_from(words, ret_words[field], field, text)];
    }
}

static struct grams *grams_of(struct words *words, uint32_t field) {
    return field == ROW_FAMILY ? &words->family : field == ROW_GIVEN ? &words->given : NULL;
}

bool words_take(struct words *words, enum row_word field, const struct match_text *text, uint32_t *ret_word) {
    ASSERT(text->size <= MATCH_TEXT_MAX);
    *ret_word = WORD_NONE;
    if (text->size == 0) return true;
    uint32_t slot = slot_of(words, field, text), units = units_of(text->size), word = words->slots[slot];
    if (word == WORD_NONE) {
        word = words->free_of[units];
        if (word != WORD_NONE) {
            words->free_of[units] = at(words, word)->people;
        } else {
            bool is_full =
                words->unit_max - words->unit_count < units || words->word_count >= words->slot_count / 4 * 3;
            if (is_full) return false;
            word = words->unit_count;
            words->unit_count += units;
        }
        struct word *made = at(words, word);
        made->people = 0;
        made->field = (uint32_t)field & ((1U << FIELD_BITS) - 1);
        made->text.size = text->size;
        memcpy(made->text.bytes, text->bytes, text->size);
        words->slots[slot] = word;
        words->word_count++;
        struct grams *grams = grams_of(words, made->field);
        if (grams != NULL) grams_add(grams, word, text);
    }
    at(words, word)->people++;
    *ret_word = word;
    return true;
}

/* Moves back what was pushed past this slot, so that probing never meets a hole. Knuth 6.4, algorithm R. */
static void free_slot(struct words *words, uint32_t slot) {
    uint32_t hole = slot;
    for (uint32_t next = after(words, hole); words->slots[next] != WORD_NONE; next = after(words, next)) {
        const struct word *moved = at(words, words->slots[next]);
        uint32_t home = home_of(words, (enum row_word)moved->field, &moved->text);
        bool is_between = hole <= next ? hole < home && home <= next : hole < home || home <= next;
        if (is_between) continue;
        words->slots[hole] = words->slots[next];
        hole = next;
    }
    words->slots[hole] = WORD_NONE;
}

void words_give_back(struct words *words, uint32_t word) {
    if (word == WORD_NONE) return;
    struct word *given = at(words, word);
    ASSERT(given->people > 0);
    if (--given->people > 0) return;
    struct grams *grams = grams_of(words, given->field);
    if (grams != NULL) grams_remove(grams, word, &given->text);
    uint32_t units = units_of(given->text.size);
    free_slot(words, slot_of(words, (enum row_word)given->field, &given->text));
    words->word_count--;
    given->people = words->free_of[units] & ((1U << PEOPLE_BITS) - 1);
    words->free_of[units] = word;
}

const struct match_text *words_text(const struct words *words, uint32_t word) {
    return &at(words, word)->text;
}

uint32_t words_people(const struct words *words, uint32_t word) {
    return at(words, word)->people;
}
