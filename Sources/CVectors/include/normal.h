// Numbers of the normal distribution from random words.
#pragma once
#include "vectors.h"

// Numbers that are made of words at a time.
#define VECTORS_NORMALS 16
// Words behind those of the numbers, for further digits.
#define VECTORS_SPARE_WORDS 16

// values[i] = (values[i] + deviation * z) * factor, with z of the standard normal distribution, by Box and Muller's method.
// words: [count + VECTORS_SPARE_WORDS]; count: a multiple of VECTORS_NORMALS. A word chooses among 2^32 distances from zero,
// of which the farthest is 6.7 deviations; the far ones take a spare word for further digits, and reach 9.4, as rarely as they
// must.
void vectors_add_normals(const uint32_t *words, size_t count, float deviation, float factor, float *values);

// The same, one pair of numbers after the other, on any processor; other last bits.
void vectors_add_normals_singly(const uint32_t *words, size_t count, float deviation, float factor, float *values);
