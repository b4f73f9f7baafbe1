// Masks of vectors: sums of whole numbers modulo 2 to the power of a word's bits.
#pragma once
#include "sums.h"

// words[i] += or -= the sum of masks[k * length + i] over k below `masks_count`.
// Four vectors at once hide the time that an addition takes.
#define VECTORS_MASKS(name, word, vector, lanes)                                                                   \
    VECTORS_TARGET static inline void name(                                                                        \
        const word *masks, size_t masks_count, size_t length, size_t count, bool subtracts, word *words) {         \
        size_t i = 0;                                                                                              \
        for (; i + 4 * lanes <= count; i += 4 * lanes) {                                                           \
            vector sum[4] = {{0}, {0}, {0}, {0}};                                                                  \
            for (const word *mask = masks + i; mask < masks + i + masks_count * length; mask += length) {          \
                VECTORS_UNROLL                                                                                     \
                for (size_t k = 0; k < 4; ++k) sum[k] += *(const vector *)(mask + lanes * k);                      \
            }                                                                                                      \
            VECTORS_UNROLL                                                                                         \
            for (size_t k = 0; k < 4; ++k) *(vector *)(words + i + lanes * k) += subtracts ? -sum[k] : sum[k];     \
        }                                                                                                          \
        for (; i < count; ++i) {                                                                                   \
            word sum = 0;                                                                                          \
            for (size_t k = 0; k < masks_count; ++k) sum += masks[k * length + i];                                 \
            words[i] += subtracts ? -sum : sum;                                                                    \
        }                                                                                                          \
    }

typedef uint64_t vectors_long_words __attribute__((vector_size(32), aligned(8)));
typedef uint32_t vectors_short_words __attribute__((vector_size(32), aligned(4)));

VECTORS_MASKS(vectors_apply_long_masks, uint64_t, vectors_long_words, 4)
VECTORS_MASKS(vectors_apply_short_masks, uint32_t, vectors_short_words, 8)
#undef VECTORS_MASKS

// elements[i] = the whole number below values[i] * factor, or the one above it with a probability of the distance from that below,
// by a random word each. Products beyond +-largest, below 2^31, are taken to be it. Returns false when a value is no number; the elements
// are then undefined.
VECTORS_TARGET static inline bool vectors_round_steps(
    const float *values, const uint32_t *words, size_t count, double factor, double largest, uint32_t *elements) {
#pragma clang fp contract(off)
    const vectors_doubles most = {largest, largest, largest, largest};
    vectors_doubles sum = {0};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        typedef uint32_t four_words __attribute__((vector_size(16), aligned(4)));
        typedef int32_t four_ints __attribute__((vector_size(16), aligned(4)));
        const vectors_doubles value = vectors_widen(values + i);
        // Infinity and NaN become NaN, which stays.
        sum += value * 0.0;
        const vectors_doubles exact = __builtin_elementwise_max(__builtin_elementwise_min(value * factor, most), -most);
        const vectors_doubles below = __builtin_elementwise_floor(exact);
        const vectors_doubles chance = __builtin_convertvector(*(const four_words *)(words + i), vectors_doubles) * 0x1p-32;
        const vectors_longs is_up = chance < exact - below;
        // True is -1.
        *(four_ints *)(elements + i) = __builtin_convertvector(below - __builtin_convertvector(is_up, vectors_doubles), four_ints);
    }
    bool is_finite = sum[0] + sum[1] + sum[2] + sum[3] == 0;
    for (; i < count; ++i) {
        const double value = values[i];
        is_finite = is_finite && value * 0.0 == 0;
        const double product = value * factor;
        const double exact = product > largest ? largest : product < -largest ? -largest : product;
        const double below = __builtin_floor(exact);
        elements[i] = is_finite ? (uint32_t)(int32_t)(below + (words[i] * 0x1p-32 < exact - below ? 1 : 0)) : 0;
    }
    return is_finite;
}
