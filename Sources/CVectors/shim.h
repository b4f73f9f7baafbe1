// Loops on eight floats at once that Swift, which compiles for every x86-64, cannot have compiled for AVX2. What they are
// for is in NeuralNet's OneDNN/Vectors.
#pragma once
#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define VECTORS_TARGET __attribute__((target("avx2")))
#else
#define VECTORS_TARGET
#endif

// Whether the functions below may be called on this processor, and are worth it.
static inline bool vectors_are_fast(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") != 0;
#else
    return false;
#endif
}

// Eight numbers, at any address.
typedef float vectors_floats __attribute__((vector_size(32), aligned(4)));
typedef int32_t vectors_ints __attribute__((vector_size(32), aligned(4)));
typedef uint8_t vectors_bytes __attribute__((vector_size(8), aligned(1)));

VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_pool(
    const float *images, size_t planes, size_t height, size_t width, size_t window, float *pooled, uint8_t *places) {
    for (size_t plane = 0; plane < planes; ++plane, images += height * width * 8) {
        for (size_t row = 0; row < height / window; ++row) {
            const float *corner = images + row * window * width * 8;
            for (size_t column = 0; column < width / window; ++column, corner += window * 8, pooled += 8) {
                vectors_floats best = {-FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX};
                vectors_ints place = {0}, current = {0};
                for (size_t y = 0; y < window; ++y) {
                    for (size_t x = 0; x < window; ++x, current += 1) {
                        const vectors_floats value = *(const vectors_floats *)(corner + (y * width + x) * 8);
                        const vectors_ints larger = (vectors_ints)(best < value);
                        best = (vectors_floats)(((vectors_ints)value & larger) | ((vectors_ints)best & ~larger));
                        place = (current & larger) | (place & ~larger);
                    }
                }
                *(vectors_floats *)pooled = best;
                if (places == NULL) continue;
                *(vectors_bytes *)places = __builtin_convertvector(place, vectors_bytes);
                places += 8;
            }
        }
    }
}

// The first of the largest values of each window, and its place in the window, row by row. NaN is never larger.
// images: [planes, height, width, 8]; pooled and places: [planes, height / window, width / window, 8]; places may be NULL.
VECTORS_TARGET static inline void vectors_max_pool(
    const float *images, size_t planes, size_t height, size_t width, size_t window, float *pooled, uint8_t *places) {
    // For the usual window the compiler knows the size.
    if (window == 2) {
        vectors_pool(images, planes, height, width, 2, pooled, places);
    } else {
        vectors_pool(images, planes, height, width, window, pooled, places);
    }
}

VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_unpool(
    const float *pooled, const uint8_t *places, size_t planes, size_t height, size_t width, size_t window,
    float *images) {
    for (size_t plane = 0; plane < planes; ++plane, images += height * width * 8) {
        if (height % window != 0 || width % window != 0) memset(images, 0, height * width * 8 * sizeof(float));
        for (size_t row = 0; row < height / window; ++row) {
            float *corner = images + row * window * width * 8;
            for (size_t column = 0; column < width / window; ++column, corner += window * 8, pooled += 8, places += 8) {
                // As if it were added to zero: minus zero becomes zero.
                const vectors_ints value = (vectors_ints)(*(const vectors_floats *)pooled + 0.0f);
                const vectors_ints place = __builtin_convertvector(*(const vectors_bytes *)places, vectors_ints);
                vectors_ints current = {0};
                for (size_t y = 0; y < window; ++y) {
                    for (size_t x = 0; x < window; ++x, current += 1) {
                        *(vectors_ints *)(corner + (y * width + x) * 8) = value & (vectors_ints)(place == current);
                    }
                }
            }
        }
    }
}

// The gradient of vectors_max_pool: each number goes to its place, everything else is zero.
VECTORS_TARGET static inline void vectors_max_pool_gradient(
    const float *pooled, const uint8_t *places, size_t planes, size_t height, size_t width, size_t window,
    float *images) {
    if (window == 2) {
        vectors_unpool(pooled, places, planes, height, width, 2, images);
    } else {
        vectors_unpool(pooled, places, planes, height, width, window, images);
    }
}

// Transposes a matrix: [8, 8] with a distance of rows each.
VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_transpose(
    const float *from, size_t from_row, float *to, size_t to_row) {
    vectors_floats rows[8], pairs[8], fours[8];
    for (int i = 0; i < 8; ++i) rows[i] = *(const vectors_floats *)(from + i * from_row);
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int j = 0; j < 2; ++j) {
            fours[i + 2 * j] = __builtin_shufflevector(pairs[i + j], pairs[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            fours[i + 2 * j + 1] = __builtin_shufflevector(pairs[i + j], pairs[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int i = 0; i < 4; ++i) {
        *(vectors_floats *)(to + i * to_row) =
            __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(vectors_floats *)(to + (i + 4) * to_row) =
            __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

// Transposes matrices of any size: from [rows, columns] with from_row numbers a row, to [columns, rows] with to_row.
VECTORS_TARGET static inline void vectors_transpose_all(
    const float *from, size_t rows, size_t columns, size_t from_row, float *to, size_t to_row) {
    const size_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
    // Two columns of blocks at once: they lie in the same cache lines.
    for (size_t start = 0; start < whole_columns; start += 16) {
        for (size_t row = 0; row < whole_rows; row += 8) {
            for (size_t column = start; column < start + 16 && column < whole_columns; column += 8) {
                vectors_transpose(from + row * from_row + column, from_row, to + column * to_row + row, to_row);
            }
        }
    }
    for (size_t row = 0; row < rows; ++row) {
        for (size_t column = row < whole_rows ? whole_columns : 0; column < columns; ++column) {
            to[column * to_row + row] = from[row * from_row + column];
        }
    }
}
