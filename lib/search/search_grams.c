/* Names by the pairs of letters they have, so that a name with an error leads to the names that may have been meant
 * (search_internal.h). Blocks of one cache line hang in a chain for each pair. Owned by the words; the writer's thread
 * changes it. */
#include "lib/search/search_internal.h"

#include <stdlib.h>

enum {
    SYMBOLS = 28, /* the letters, a digit, and the end of a name */
    DIGIT = 26,
    NAME_END = 27,
    PAIRS_MAX = MATCH_TEXT_MAX + 1,
    BLOCKS_PART = 2, /* a block for so many people; few have a name of their own */
    BLOCKS_EXTRA = 4096,
    /* An error changes three pairs at most, when two letters are exchanged; so one of any four is left. */
    PAIRS_ASKED = 4,
    LETTERS_CHANGED_MAX = 2, /* by one error: one letter went, another came */
    SIZE_SHIFT = 27,
};
static_assert(SYMBOLS * SYMBOLS == GRAM_PAIRS, "a pair has a chain");

static uint32_t symbol_of(char letter) {
    return letter >= 'a' && letter <= 'z' ? (uint32_t)(letter - 'a') : DIGIT;
}

/* Each pair once. */
static uint32_t pairs_of(const struct match_text *name, uint32_t ret_pairs[PAIRS_MAX]) {
    uint32_t count = 0, before = NAME_END;
    for (uint8_t i = 0; i <= name->size; i++) {
        uint32_t symbol = i < name->size ? symbol_of(name->bytes[i]) : NAME_END, pair = before * SYMBOLS + symbol,
                 k = 0;
        while (k < count && ret_pairs[k] != pair) k++;
        if (k == count) ret_pairs[count++] = pair;
        before = symbol;
    }
    return count;
}

/* Which letters it has, and its size. */
static uint32_t letters_of(const struct match_text *name) {
    uint32_t letters = (uint32_t)name->size << SIZE_SHIFT;
    for (uint8_t i = 0; i < name->size; i++) letters |= UINT32_C(1) << symbol_of(name->bytes[i]);
    return letters;
}

bool grams_init(struct grams *grams, uint32_t people_max) {
    *grams = (struct grams){.block_max = people_max / BLOCKS_PART + BLOCKS_EXTRA, .block_count = 1};
    grams->blocks = aligned_alloc(sizeof *grams->blocks, (size_t)grams->block_max * sizeof *grams->blocks);
    return grams->blocks != NULL;
}

void grams_fini(struct grams *grams) {
    free(grams->blocks);
}

uint64_t grams_bytes(const struct grams *grams) {
    return (uint64_t)grams->block_count * sizeof *grams->blocks;
}

/* At the head of the chain, which alone has room. */
static bool add_to(struct grams *grams, uint32_t pair, struct gram_name name) {
    uint32_t head = grams->heads[pair];
    if (head == 0 || grams->blocks[head].count == GRAM_NAMES) {
        uint32_t block = grams->free_block;
        if (block != 0) {
            grams->free_block = grams->blocks[block].next;
        } else if (grams->block_count < grams->block_max) {
            block = grams->block_count++;
        } else {
            return false;
        }
        grams->blocks[block] = (struct gram_block){.next = head};
        grams->heads[pair] = head = block;
    }
    grams->blocks[head].names[grams->blocks[head].count++] = name;
    grams->counts[pair]++;
    return true;
}

void grams_add(struct grams *grams, uint32_t word, const struct match_text *name) {
    uint32_t pairs[PAIRS_MAX], count = pairs_of(name, pairs);
    struct gram_name made = {.word = word, .letters = letters_of(name)};
    for (uint32_t i = 0; i < count; i++) {
        if (!add_to(grams, pairs[i], made)) grams->is_incomplete = true;
    }
}

/* The last one of the head takes its place. */
static void remove_from(struct grams *grams, uint32_t pair, uint32_t word) {
    uint32_t head = grams->heads[pair];
    for (uint32_t block = head; block != 0; block = grams->blocks[block].next) {
        for (uint32_t i = 0; i < grams->blocks[block].count; i++) {
            if (grams->blocks[block].names[i].word != word) continue;
            struct gram_block *first = &grams->blocks[head];
            grams->blocks[block].names[i] = first->names[--first->count];
            grams->counts[pair]--;
            if (first->count > 0) return;
            grams->heads[pair] = first->next;
            first->next = grams->free_block;
            grams->free_block = head;
            return;
        }
    }
}

void grams_remove(struct grams *grams, uint32_t word, const struct match_text *name) {
    uint32_t pairs[PAIRS_MAX], count = pairs_of(name, pairs);
    for (uint32_t i = 0; i < count; i++) remove_from(grams, pairs[i], word);
}

/* The rarest come first. */
static uint32_t rarest_pairs(const struct grams *grams, const struct match_text *name, uint32_t ret_pairs[PAIRS_MAX]) {
    uint32_t count = pairs_of(name, ret_pairs), kept = count < PAIRS_ASKED ? count : PAIRS_ASKED;
    for (uint32_t i = 0; i < kept; i++) {
        for (uint32_t k = i + 1; k < count; k++) {
            uint32_t pair = ret_pairs[i];
            if (grams->counts[ret_pairs[k]] >= grams->counts[pair]) continue;
            ret_pairs[i] = ret_pairs[k];
            ret_pairs[k] = pair;
        }
    }
    return kept;
}

/* Cheap, and passes over nearly all who are further away than one error. */
static bool may_be_meant(uint32_t a, uint32_t b) {
    uint32_t all = (UINT32_C(1) << SIZE_SHIFT) - 1, size_a = a >> SIZE_SHIFT, size_b = b >> SIZE_SHIFT;
    if (size_a > size_b + 1 || size_b > size_a + 1) return false;
    return __builtin_popcount((a ^ b) & all) <= LETTERS_CHANGED_MAX;
}

uint32_t grams_alike(const struct grams *grams, const struct words *words, const struct match_text *name,
                     uint32_t words_max, uint32_t *ret_words) {
    uint32_t pairs[PAIRS_MAX], count = 0, letters = letters_of(name);
    if (name->size == 0) return 0;
    uint32_t pair_count = rarest_pairs(grams, name, pairs);
    for (uint32_t i = 0; i < pair_count; i++) {
        for (uint32_t block = grams->heads[pairs[i]]; block != 0; block = grams->blocks[block].next) {
            const struct gram_block *at = &grams->blocks[block];
            for (uint32_t n = 0; n < at->count; n++) {
                uint32_t word = at->names[n].word, k = 0;
                if (!may_be_meant(letters, at->names[n].letters)) continue;
                while (k < count && ret_words[k] != word) k++;
                bool is_new = k == count &&
                              match_distance(match_text_slice(name), match_text_slice(words_text(words, word))) == 1;
                if (is_new && count < words_max) ret_words[count++] = word;
            }
        }
    }
    return count;
}
