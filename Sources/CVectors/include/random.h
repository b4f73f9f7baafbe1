// Random words.
#pragma once
#include "vectors.h"

// Eight words, at any address, and what pairs of them multiply to.
typedef uint32_t vectors_words __attribute__((vector_size(32), aligned(4)));
typedef uint64_t vectors_products __attribute__((vector_size(32)));

// The high and the low words of eight products.
VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_multiply_words(
    vectors_words words, uint64_t factor, vectors_words *high, vectors_words *low) {
    const uint64_t mask = 0xFFFFFFFF;
    const vectors_products even = ((vectors_products)words & mask) * factor;
    const vectors_products odd = ((vectors_products)words >> 32) * factor;
    *high = (vectors_words)(even >> 32 | (odd & ~mask));
    *low = (vectors_words)((even & mask) | odd << 32);
}

// words[4 b + k] = word k of Philox 4x32-10 of the counter plus b, for b below blocks, a multiple of 8. Nothing is carried
// from the counter's first word to the next.
VECTORS_TARGET static inline void vectors_philox(
    const uint32_t counter[4], const uint32_t key[2], size_t blocks, uint32_t *words) {
    for (size_t block = 0; block < blocks; block += 8) {
        vectors_words x = (vectors_words){0, 1, 2, 3, 4, 5, 6, 7} + (counter[0] + (uint32_t)block);
        vectors_words y = (vectors_words){0} + counter[1];
        vectors_words z = (vectors_words){0} + counter[2];
        vectors_words w = (vectors_words){0} + counter[3];
        uint32_t first = key[0], second = key[1];
        for (int round = 0; round < 10; ++round) {
            vectors_words left_high, left_low, right_high, right_low;
            vectors_multiply_words(x, 0xD2511F53, &left_high, &left_low);
            vectors_multiply_words(z, 0xCD9E8D57, &right_high, &right_low);
            x = right_high ^ y ^ first;
            y = right_low;
            z = left_high ^ w ^ second;
            w = left_low;
            first += 0x9E3779B9;
            second += 0xBB67AE85;
        }
        // Each block's four words together.
        const vectors_words xy = __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13);
        const vectors_words xy2 = __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15);
        const vectors_words zw = __builtin_shufflevector(z, w, 0, 8, 1, 9, 4, 12, 5, 13);
        const vectors_words zw2 = __builtin_shufflevector(z, w, 2, 10, 3, 11, 6, 14, 7, 15);
        vectors_words *out = (vectors_words *)(words + 4 * block);
        out[0] = __builtin_shufflevector(xy, zw, 0, 1, 8, 9, 2, 3, 10, 11);
        out[1] = __builtin_shufflevector(xy2, zw2, 0, 1, 8, 9, 2, 3, 10, 11);
        out[2] = __builtin_shufflevector(xy, zw, 4, 5, 12, 13, 6, 7, 14, 15);
        out[3] = __builtin_shufflevector(xy2, zw2, 4, 5, 12, 13, 6, 7, 14, 15);
    }
}
