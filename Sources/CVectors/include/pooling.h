// Max pooling of feature maps that lie in blocks of eight channels.
#pragma once
#include "vectors.h"

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
