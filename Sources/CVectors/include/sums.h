// Sums of floats as whole steps, 64-bit integers, and as Doubles.
#pragma once
#include "vectors.h"

// For a loop of few steps whose variables are to be registers: Swift has these functions compiled for size.
#define VECTORS_UNROLL _Pragma("clang loop unroll(full)")

// Four numbers, at any address.
typedef double vectors_doubles __attribute__((vector_size(32), aligned(8)));
typedef int64_t vectors_longs __attribute__((vector_size(32), aligned(8)));
typedef float vectors_four_floats __attribute__((vector_size(16), aligned(4)));

VECTORS_TARGET __attribute__((always_inline)) static inline vectors_doubles vectors_widen(const float *numbers) {
    return __builtin_convertvector(*(const vectors_four_floats *)numbers, vectors_doubles);
}

// The bits of the largest magnitude, NaN and infinity being larger than all numbers.
VECTORS_TARGET static inline uint32_t vectors_largest_magnitude(const float *values, size_t count) {
    const int32_t magnitude = 0x7FFFFFFF;
    vectors_ints most[4] = {{0}, {0}, {0}, {0}};
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        VECTORS_UNROLL
        for (size_t k = 0; k < 4; ++k) {
            most[k] = __builtin_elementwise_max(most[k], *(const vectors_ints *)(values + i + 8 * k) & magnitude);
        }
    }
    VECTORS_UNROLL
    for (size_t k = 1; k < 4; ++k) most[0] = __builtin_elementwise_max(most[0], most[k]);
    int32_t largest = __builtin_reduce_max(most[0]);
    for (; i < count; ++i) {
        int32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        if ((bits & magnitude) > largest) largest = bits & magnitude;
    }
    return (uint32_t)largest;
}

// sums += round(values * factor), ties to even, where every product is below 2^51. Adding 1.5 * 2^52 leaves the rounded
// integer in the low bits of a Double: AVX2 has no instruction for it. What the next calls will read is asked for early:
// while a block that is in the cache is added, memory would have nothing to do.
VECTORS_TARGET static inline void vectors_add_steps(const float *values, size_t count, double factor, int64_t *sums) {
#pragma clang fp contract(off)
    const double shift = 0x1.8p52;
    const vectors_doubles shifts = {shift, shift, shift, shift};
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __builtin_prefetch(values + i + 1024);
        __builtin_prefetch(sums + i + 128, 1);
        __builtin_prefetch(sums + i + 136, 1);
        VECTORS_UNROLL
        for (size_t k = i; k < i + 16; k += 4) {
            const vectors_doubles product = vectors_widen(values + k) * factor;
            const vectors_doubles shifted = product + shifts;
            *(vectors_longs *)(sums + k) += (vectors_longs)shifted - (vectors_longs)shifts;
        }
    }
    for (; i < count; ++i) {
        const double product = (double)values[i] * factor;
        const double shifted = product + shift;
        uint64_t steps, none;
        memcpy(&steps, &shifted, sizeof steps);
        memcpy(&none, &shift, sizeof none);
        sums[i] = (int64_t)((uint64_t)sums[i] + (steps - none));
    }
}

// Does the same block by block, as long as a block has no magnitude above the one with the bits `limit`. Returns how many
// values were added.
VECTORS_TARGET static inline size_t vectors_add_steps_within(
    uint32_t limit, const float *values, size_t count, double factor, int64_t *sums) {
    size_t added = 0;
    while (added < count) {
        const size_t length = count - added < 512 ? count - added : 512;
        if (vectors_largest_magnitude(values + added, length) > limit) break;
        vectors_add_steps(values + added, length, factor, sums + added);
        added += length;
    }
    return added;
}

// sums / divisor, rounded to Double, divided, and rounded to Float. Of an integer's parts, the upper 16 bits and the
// lower 48, Doubles are made without rounding, so that their sum is the integer rounded once.
VECTORS_TARGET static inline void vectors_divide_steps(
    const int64_t *sums, size_t count, double divisor, float *quotients) {
    // The upper bits count steps of the first, the lower bits steps of the second.
    const double upper = 0x1.8p68, lower = 0x1p52;
    const vectors_doubles uppers = {upper, upper, upper, upper}, lowers = {lower, lower, lower, lower};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const vectors_ints steps = *(const vectors_ints *)(sums + i), none = {0};
        const vectors_longs high = (vectors_longs)__builtin_shufflevector(steps >> 16, none, 8, 1, 8, 3, 8, 5, 8, 7);
        const vectors_longs low = (vectors_longs)steps & 0xFFFFFFFFFFFF;
        const vectors_doubles rest = (vectors_doubles)(high + (vectors_longs)uppers) - (upper + lower);
        const vectors_doubles whole = rest + (vectors_doubles)(low | (vectors_longs)lowers);
        *(vectors_four_floats *)(quotients + i) = __builtin_convertvector(whole / divisor, vectors_four_floats);
    }
    for (; i < count; ++i) quotients[i] = (float)((double)sums[i] / divisor);
}

// sums += values * factor, product and sum each rounded.
VECTORS_TARGET static inline void vectors_add_multiples(
    const float *values, size_t count, double factor, double *sums) {
#pragma clang fp contract(off)
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        VECTORS_UNROLL
        for (size_t k = i; k < i + 16; k += 4) {
            const vectors_doubles product = vectors_widen(values + k) * factor;
            *(vectors_doubles *)(sums + k) += product;
        }
    }
    for (; i < count; ++i) {
        const double product = (double)values[i] * factor;
        sums[i] += product;
    }
}

VECTORS_TARGET __attribute__((always_inline)) static inline double vectors_sum_products(
    const float *first, const float *second, size_t count, bool are_differences) {
#pragma clang fp contract(off)
    vectors_doubles sums[4] = {{0}, {0}, {0}, {0}};
    for (size_t i = 0; i < count; i += 16) {
        // Zeros behind the end.
        float ends[2][16] = {{0}, {0}};
        const float *a = first + i, *b = second + i;
        if (i + 16 > count) {
            memcpy(ends[0], a, (count - i) * sizeof(float));
            memcpy(ends[1], b, (count - i) * sizeof(float));
            a = ends[0];
            b = ends[1];
        }
        VECTORS_UNROLL
        for (size_t k = 0; k < 4; ++k) {
            const vectors_doubles x = vectors_widen(a + 4 * k), y = vectors_widen(b + 4 * k);
            const vectors_doubles difference = x - y;
            const vectors_doubles product = are_differences ? difference * difference : x * y;
            sums[k] += product;
        }
    }
    const vectors_doubles four = (sums[0] + sums[2]) + (sums[1] + sums[3]);
    return (four[0] + four[2]) + (four[1] + four[3]);
}

// The sum of first * second as Doubles: 16 sums of every 16th product, which are then added pairwise.
VECTORS_TARGET static inline double vectors_dot(const float *first, const float *second, size_t count) {
    return vectors_sum_products(first, second, count, false);
}

// The sum of (first - second)^2 in the same order.
VECTORS_TARGET static inline double vectors_squared_distance(const float *first, const float *second, size_t count) {
    return vectors_sum_products(first, second, count, true);
}
