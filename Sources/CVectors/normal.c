#include "normal.h"

#include <math.h>

typedef uint32_t vectors_unsigned __attribute__((vector_size(32), aligned(4)));

// Words below this one take further digits: one of 2^20.
#define VECTORS_FAR (1u << 12)

// The natural logarithm of numbers in (0, 1], by the series of atanh: ln m = 2 (s + s^3 / 3 + s^5 / 5 + ...) with
// s = (m - 1) / (m + 1), for a mantissa m from sqrt 1/2 to sqrt 2.
VECTORS_TARGET __attribute__((always_inline)) static inline vectors_floats vectors_logarithm(vectors_floats x) {
    const vectors_ints bits = (vectors_ints)x;
    // Counted from the bits of sqrt 1/2, so that a mantissa above sqrt 2 belongs to the next exponent.
    const vectors_ints exponent = (bits - 0x3F3504F3) >> 23;
    const vectors_floats mantissa = (vectors_floats)(bits - (exponent << 23));
    const vectors_floats s = (mantissa - 1) / (mantissa + 1), square = s * s;
    vectors_floats sum = square * (2.0f / 9) + 2.0f / 7;
    sum = square * sum + 2.0f / 5;
    sum = square * sum + 2.0f / 3;
    sum = square * sum;
    return __builtin_convertvector(exponent, vectors_floats) * 0.693147181f + (s * sum + 2 * s);
}

// Cosine and sine of an angle: the two highest bits choose a quarter turn, the others an angle from -pi / 4 to pi / 4 in it,
// for which Taylor's series end at the eighth power.
VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_turn(
    vectors_unsigned angle, vectors_floats *cosine, vectors_floats *sine) {
    const vectors_ints quarter = (vectors_ints)(angle >> 30);
    const vectors_ints part = (vectors_ints)(angle & 0x3FFFFFFF) - (1 << 29);
    const vectors_floats x = __builtin_convertvector(part, vectors_floats) * (0.785398163f / (1 << 29));
    const vectors_floats square = x * x;
    vectors_floats s = square * (-1.0f / 5040) + 1.0f / 120;
    s = square * s - 1.0f / 6;
    s = x * square * s + x;
    vectors_floats c = square * (1.0f / 40320) - 1.0f / 720;
    c = square * c + 1.0f / 24;
    c = square * c - 0.5f;
    c = square * c + 1;
    // The quarters turn (c, s) to (c, s), (-s, c), (-c, -s) and (s, -c).
    const vectors_ints swaps = -(quarter & 1);
    const vectors_ints first = ((vectors_ints)c & ~swaps) | ((vectors_ints)s & swaps);
    const vectors_ints second = ((vectors_ints)s & ~swaps) | ((vectors_ints)c & swaps);
    *cosine = (vectors_floats)(first ^ (((quarter + 1) & 2) << 30));
    *sine = (vectors_floats)(second ^ ((quarter & 2) << 30));
}

VECTORS_TARGET void vectors_add_normals(
    const uint32_t *words, size_t count, float deviation, float factor, float *values) {
    const uint32_t *spare = words + count, *end = spare + VECTORS_SPARE_WORDS;
    for (size_t i = 0; i < count; i += VECTORS_NORMALS) {
        const vectors_unsigned distance = *(const vectors_unsigned *)(words + i);
        vectors_floats uniform =
            (__builtin_convertvector((vectors_ints)(distance >> 1), vectors_floats) + 0.5f) * 0x1p-31f;
        if (__builtin_reduce_min(distance) < VECTORS_FAR) {
            for (size_t k = 0; k < 8; ++k) {
                if (distance[k] >= VECTORS_FAR || spare == end) continue;
                uniform[k] = (float)(((double)((uint64_t)distance[k] << 32 | *spare++) + 0.5) * 0x1p-64);
            }
        }
        vectors_floats cosine, sine;
        vectors_turn(*(const vectors_unsigned *)(words + i + 8), &cosine, &sine);
        const vectors_floats length =
            __builtin_elementwise_sqrt(vectors_logarithm(uniform) * (-2 * deviation * deviation));
        vectors_floats *first = (vectors_floats *)(values + i), *second = (vectors_floats *)(values + i + 8);
        *first = (*first + length * cosine) * factor;
        *second = (*second + length * sine) * factor;
    }
}

void vectors_add_normals_singly(const uint32_t *words, size_t count, float deviation, float factor, float *values) {
    const uint32_t *spare = words + count, *end = spare + VECTORS_SPARE_WORDS;
    for (size_t i = 0; i < count; i += VECTORS_NORMALS) {
        for (size_t k = i; k < i + 8; ++k) {
            const bool is_far = words[k] < VECTORS_FAR && spare < end;
            const double uniform = ((double)((uint64_t)words[k] << 32 | (is_far ? *spare++ : 0x80000000)) + 0.5) * 0x1p-64;
            const double length = sqrt(-2 * log(uniform)) * deviation;
            const double angle = words[k + 8] * (6.283185307179586 * 0x1p-32) - 0.7853981633974483;
            values[k] = (values[k] + (float)(length * cos(angle))) * factor;
            values[k + 8] = (values[k + 8] + (float)(length * sin(angle))) * factor;
        }
    }
}
