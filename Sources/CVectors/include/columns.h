// Several vectors beside each other: their values in each coordinate, and their distances.
#pragma once
#include "sums.h"

// Copies up to sixteen coordinates of vectors, from `start`, to a tile, [count, 16]. Zeros are put behind the last; minus
// zero becomes zero, so that equal values are equal bits. Asks for the coordinates that come `ahead` of these, for the
// second-level cache: the first is to hold what is sorted meanwhile.
VECTORS_TARGET static inline void vectors_take_columns(
    const float *const *vectors, size_t count, size_t start, size_t width, size_t ahead, float *tile) {
    for (size_t row = 0; row < count; ++row, tile += 16) {
        const float *values = vectors[row] + start;
        if (width >= 16) {
            __builtin_prefetch(values + ahead, 0, 2);
            *(vectors_floats *)tile = *(const vectors_floats *)values + 0.0f;
            *(vectors_floats *)(tile + 8) = *(const vectors_floats *)(values + 8) + 0.0f;
        } else {
            for (size_t k = 0; k < 16; ++k) tile[k] = k < width ? values[k] + 0.0f : 0.0f;
        }
    }
}

VECTORS_TARGET __attribute__((always_inline)) static inline vectors_floats vectors_choose(
    vectors_ints where, vectors_floats these, vectors_floats others) {
    return (vectors_floats)(((vectors_ints)these & where) | ((vectors_ints)others & ~where));
}

// A step of a sorting network: up to eight places at once, which stay in registers for all comparisons among them.
// Place k of a step is first + k / 2 * far + k % 2 * near; of two that are compared the smaller value goes to the former.
typedef struct {
    int32_t first, near, far;
    // How many places, 2 or from 4 to 8: the others are behind the network's end.
    int16_t places;
    // Whether all places are sorted; else two sequences that are sorted, those of even and of odd k, are merged as far as
    // comparisons of neighbors, of k with k + 3, and of neighbors again, do that: Batcher's first three.
    bool is_whole;
} vectors_step;

VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_sort_step(
    float *values, vectors_step step, size_t places, bool is_whole) {
    for (size_t half = 0; half < 16; half += 8) {
        float *const first = values + 16 * (size_t)step.first + half;
        const size_t near = 16 * (size_t)step.near, far = 16 * (size_t)step.far;
        vectors_floats all[8];
        VECTORS_UNROLL
        for (size_t k = 0; k < 8; ++k) {
            if (k < places) all[k] = *(const vectors_floats *)(first + k / 2 * far + k % 2 * near);
        }
#define VECTORS_COMPARE(low, high)                                      \
    if (high < places) {                                                \
        const vectors_floats a = all[low], b = all[high];               \
        const vectors_ints swapped = (vectors_ints)(b < a);             \
        all[low] = vectors_choose(swapped, b, a);                       \
        all[high] = vectors_choose(swapped, a, b);                      \
    }
        if (is_whole) {
            VECTORS_COMPARE(0, 4) VECTORS_COMPARE(1, 5) VECTORS_COMPARE(2, 6) VECTORS_COMPARE(3, 7)
            VECTORS_COMPARE(0, 2) VECTORS_COMPARE(1, 3) VECTORS_COMPARE(4, 6) VECTORS_COMPARE(5, 7)
            VECTORS_COMPARE(2, 4) VECTORS_COMPARE(3, 5)
        }
        VECTORS_COMPARE(0, 1) VECTORS_COMPARE(2, 3) VECTORS_COMPARE(4, 5) VECTORS_COMPARE(6, 7)
        VECTORS_COMPARE(1, 4) VECTORS_COMPARE(3, 6)
        VECTORS_COMPARE(1, 2) VECTORS_COMPARE(3, 4) VECTORS_COMPARE(5, 6)
#undef VECTORS_COMPARE
        VECTORS_UNROLL
        for (size_t k = 0; k < 8; ++k) {
            if (k < places) *(vectors_floats *)(first + k / 2 * far + k % 2 * near) = all[k];
        }
    }
}

// Puts values in order, sixteen columns at once: values is [places of the network, 16] without NaN.
VECTORS_TARGET static inline void vectors_sort(float *values, const vectors_step *steps, size_t count) {
    size_t i = 0;
    while (i < count) {
        const int16_t places = steps[i].places;
        const bool is_whole = steps[i].is_whole;
#define VECTORS_STEPS(number, whole)                                                                                  \
    case number + 16 * whole:                                                                                         \
        do vectors_sort_step(values, steps[i++], number, whole);                                                      \
        while (i < count && steps[i].places == number && steps[i].is_whole == whole);                                 \
        break;
        // Most steps are of the kind of the one before.
        switch (places + 16 * is_whole) {
            VECTORS_STEPS(2, false) VECTORS_STEPS(4, false) VECTORS_STEPS(5, false) VECTORS_STEPS(6, false)
            VECTORS_STEPS(7, false) VECTORS_STEPS(8, false) VECTORS_STEPS(4, true) VECTORS_STEPS(5, true)
            VECTORS_STEPS(6, true) VECTORS_STEPS(7, true) VECTORS_STEPS(8, true)
            default: __builtin_trap();
        }
#undef VECTORS_STEPS
    }
}

// The sum of each of sixteen columns as Doubles, from the first to the last, times a factor: values is [count, 16].
VECTORS_TARGET static inline void vectors_sum_columns(const float *values, size_t count, double factor, float *result) {
    vectors_doubles sums[4] = {{0}, {0}, {0}, {0}};
    for (size_t i = 0; i < count; ++i) {
        VECTORS_UNROLL
        for (size_t k = 0; k < 4; ++k) sums[k] += vectors_widen(values + 16 * i + 4 * k);
    }
    VECTORS_UNROLL
    for (size_t k = 0; k < 4; ++k) {
        *(vectors_four_floats *)(result + 4 * k) = __builtin_convertvector(sums[k] * factor, vectors_four_floats);
    }
}

// The squared distances between each of some vectors and each of others. Every 16th square is summed, as Floats, and then
// the 16 sums pairwise, as Doubles. Each vector that is read serves several distances, as in a product of matrices.
VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_add_block(
    const float *first, size_t firsts, const float *second, size_t seconds, size_t width, double *squares, size_t count) {
#pragma clang fp contract(off)
    float lanes[2][4][16];
    for (size_t half = 0; half < 16; half += 8) {
        vectors_floats sums[2][4];
        VECTORS_UNROLL
        for (size_t i = 0; i < firsts; ++i) {
            VECTORS_UNROLL
            for (size_t j = 0; j < seconds; ++j) sums[i][j] = (vectors_floats){0};
        }
        for (size_t k = half; k < width; k += 16) {
            VECTORS_UNROLL
            for (size_t i = 0; i < firsts; ++i) {
                const vectors_floats one = *(const vectors_floats *)(first + i * width + k);
                VECTORS_UNROLL
                for (size_t j = 0; j < seconds; ++j) {
                    const vectors_floats difference = one - *(const vectors_floats *)(second + j * width + k);
                    const vectors_floats square = difference * difference;
                    sums[i][j] += square;
                }
            }
        }
        VECTORS_UNROLL
        for (size_t i = 0; i < firsts; ++i) {
            VECTORS_UNROLL
            for (size_t j = 0; j < seconds; ++j) *(vectors_floats *)(lanes[i][j] + half) = sums[i][j];
        }
    }
    VECTORS_UNROLL
    for (size_t i = 0; i < firsts; ++i) {
        VECTORS_UNROLL
        for (size_t j = 0; j < seconds; ++j) {
            const float *sums = lanes[i][j];
            const vectors_doubles low = vectors_widen(sums) + vectors_widen(sums + 8);
            const vectors_doubles high = vectors_widen(sums + 4) + vectors_widen(sums + 12);
            const vectors_doubles four = low + high;
            squares[i * count + j] += (four[0] + four[2]) + (four[1] + four[3]);
        }
    }
}

// Adds to squares, [count, count], the squared distances of vectors i and j > i: tile is [count, width], width a multiple
// of 16.
VECTORS_TARGET static inline void vectors_add_distances(const float *tile, size_t count, size_t width, double *squares) {
#define VECTORS_BLOCK(i, firsts, j, seconds)                                                              \
    vectors_add_block(tile + (i) * width, firsts, tile + (j) * width, seconds, width, squares + (i) * count + (j), count)
    // Four that stay in the first-level cache, beside all before them, two by two; then the four among themselves.
    for (size_t j = 0; j < count; j += 4) {
        switch (count - j) {
            case 1: for (size_t i = 0; i < j; i += 2) VECTORS_BLOCK(i, 2, j, 1); break;
            case 2: for (size_t i = 0; i < j; i += 2) VECTORS_BLOCK(i, 2, j, 2); break;
            case 3: for (size_t i = 0; i < j; i += 2) VECTORS_BLOCK(i, 2, j, 3); break;
            default: for (size_t i = 0; i < j; i += 2) VECTORS_BLOCK(i, 2, j, 4);
        }
        if (j + 3 < count) VECTORS_BLOCK(j, 1, j + 1, 3);
        if (j + 3 == count) VECTORS_BLOCK(j, 1, j + 1, 2);
        if (j + 2 == count) VECTORS_BLOCK(j, 1, j + 1, 1);
        if (j + 3 < count) VECTORS_BLOCK(j + 1, 1, j + 2, 2);
        if (j + 3 == count) VECTORS_BLOCK(j + 1, 1, j + 2, 1);
        if (j + 3 < count) VECTORS_BLOCK(j + 2, 1, j + 3, 1);
    }
#undef VECTORS_BLOCK
}
