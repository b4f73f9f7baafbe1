// What the loops have in common: the instructions they may use, and eight numbers as one.
#pragma once
#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define VECTORS_TARGET __attribute__((target("avx2,fma")))
#else
#define VECTORS_TARGET
#endif

// Whether the functions below may be called on this processor, and are worth it.
static inline bool vectors_are_fast(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
#else
    return false;
#endif
}

// Eight numbers, at any address.
typedef float vectors_floats __attribute__((vector_size(32), aligned(4)));
typedef int32_t vectors_ints __attribute__((vector_size(32), aligned(4)));
typedef uint8_t vectors_bytes __attribute__((vector_size(8), aligned(1)));

// a · b + c, rounded once.
VECTORS_TARGET __attribute__((always_inline)) static inline vectors_floats vectors_multiply_add(
    vectors_floats a, vectors_floats b, vectors_floats c) {
#if defined(__x86_64__)
    return __builtin_ia32_vfmaddps256(a, b, c);
#else
    return a * b + c;
#endif
}

// One number eight times.
VECTORS_TARGET __attribute__((always_inline)) static inline vectors_floats vectors_repeat(const float *number) {
    const float x = *number;
    return (vectors_floats){x, x, x, x, x, x, x, x};
}
