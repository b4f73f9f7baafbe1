// Twelve sums at once: six numbers that are each repeated in a register, times two of eight that lie side by side. That
// is as many sums as hide the time that an addition takes, and few enough to leave registers for the numbers they are
// made of; eight loads serve twelve multiplications.
#pragma once
#include "vectors.h"

static inline size_t vectors_smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t vectors_larger(size_t a, size_t b) { return a > b ? a : b; }

// Numbers that are multiplied at once, of the kind that are repeated.
#define VECTORS_SINGLES 6
// Inputs whose weights, of two blocks of outputs, stay in the nearest cache.
#define VECTORS_CACHED_INPUTS 288

// Calls VECTORS_CASE, which a function defines for its own loop, with the two numbers as constants.
#define VECTORS_DISPATCH(singles, blocks)                                        \
    switch (singles) {                                                           \
    case 6: blocks == 2 ? VECTORS_CASE(6, 2) : VECTORS_CASE(6, 1); break;        \
    case 5: blocks == 2 ? VECTORS_CASE(5, 2) : VECTORS_CASE(5, 1); break;        \
    case 4: blocks == 2 ? VECTORS_CASE(4, 2) : VECTORS_CASE(4, 1); break;        \
    case 3: blocks == 2 ? VECTORS_CASE(3, 2) : VECTORS_CASE(3, 1); break;        \
    case 2: blocks == 2 ? VECTORS_CASE(2, 2) : VECTORS_CASE(2, 1); break;        \
    case 1: blocks == 2 ? VECTORS_CASE(1, 2) : VECTORS_CASE(1, 1); break;        \
    }

// Multiplies up to six rows of inputs with one or two blocks of eight columns of weights. The first three numbers are
// constants for the compiler; the inputs of a row lie in groups of `group` one after the other.
// inputs: where each row begins; offsets: where each group begins from there; weights: [blocks, weights_block], eight
// for each input in it; results: [blocks, result_block] and [rows, result_row]. The sums begin with the biases, or with
// what is in the results where they are NULL.
VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_multiply(
    const int rows, const int blocks, const int group, const size_t *offsets, size_t groups,
    const float *const *inputs, const float *weights, size_t weights_block, const float *biases, bool rectifies,
    float *results, size_t result_block, size_t result_row) {
    vectors_floats total[VECTORS_SINGLES * 2];
    for (int block = 0; block < blocks; ++block) {
        for (int row = 0; row < rows; ++row) {
            total[row * blocks + block] = *(const vectors_floats *)(
                biases != NULL ? biases + block * 8 : results + block * result_block + row * result_row);
        }
    }
    for (size_t g = 0; g < groups; ++g) {
        const size_t offset = offsets[g];
        for (int input = 0; input < group; ++input, weights += 8) {
            vectors_floats weight[2];
            for (int block = 0; block < blocks; ++block) {
                weight[block] = *(const vectors_floats *)(weights + block * weights_block);
            }
            for (int row = 0; row < rows; ++row) {
                const vectors_floats number = vectors_repeat(inputs[row] + offset + input);
                for (int block = 0; block < blocks; ++block) {
                    total[row * blocks + block] =
                        vectors_multiply_add(number, weight[block], total[row * blocks + block]);
                }
            }
        }
    }
    for (int block = 0; block < blocks; ++block) {
        for (int row = 0; row < rows; ++row) {
            vectors_floats value = total[row * blocks + block];
            // NaN stays, as in PyTorch.
            if (rectifies) value = (vectors_floats)((vectors_ints)value & ~(vectors_ints)(value < 0.0f));
            *(vectors_floats *)(results + block * result_block + row * result_row) = value;
        }
    }
}

#define VECTORS_CASE(n, blocks)                                                                                   \
    vectors_multiply(                                                                                             \
        n, blocks, group, offsets, groups, inputs, weights, weights_block, biases, rectifies, results,            \
        result_block, result_row)

VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_multiply_some(
    size_t rows, size_t blocks, const int group, const size_t *offsets, size_t groups, const float *const *inputs,
    const float *weights, size_t weights_block, const float *biases, bool rectifies, float *results,
    size_t result_block, size_t result_row) {
    VECTORS_DISPATCH(rows, blocks)
}
#undef VECTORS_CASE

// An area of pixels of some samples: distances of numbers of the images, and of the outputs' gradients beside them.
typedef struct {
    const float *gradient;
    size_t gradient_sample, gradient_block, gradient_row, gradient_pixel;
    size_t input_sample, input_row, input_pixel;
    size_t samples, rows, columns;
} vectors_area;

// Adds up, for each of `taps` inputs and `blocks` blocks of eight outputs, the products over an area: to what is in the
// sums, or, where it begins, to zero.
// Both numbers are constants for the compiler.
// offsets: where each tap lies from `input`; sums: [blocks, sums_block], the taps in it one after the other.
VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_add_products(
    const int taps, const int blocks, const vectors_area *area, const float *input, const size_t *offsets,
    bool begins, float *sums, size_t sums_block) {
    vectors_floats total[VECTORS_SINGLES * 2];
    for (int tap = 0; tap < taps; ++tap) {
        for (int block = 0; block < blocks; ++block) {
            total[tap * blocks + block] =
                begins ? (vectors_floats){0} : *(const vectors_floats *)(sums + block * sums_block + tap * 8);
        }
    }
    const size_t input_pixel = area->input_pixel, gradient_pixel = area->gradient_pixel, columns = area->columns;
    for (size_t sample = 0; sample < area->samples; ++sample) {
        for (size_t row = 0; row < area->rows; ++row) {
            const float *outputs[2], *inputs[VECTORS_SINGLES];
            for (int block = 0; block < blocks; ++block) {
                outputs[block] = area->gradient + sample * area->gradient_sample + row * area->gradient_row
                    + block * area->gradient_block;
            }
            for (int tap = 0; tap < taps; ++tap) {
                inputs[tap] = input + sample * area->input_sample + row * area->input_row + offsets[tap];
            }
            for (size_t column = 0; column < columns; ++column) {
                vectors_floats output[2];
                for (int block = 0; block < blocks; ++block) {
                    output[block] = *(const vectors_floats *)(outputs[block] + column * gradient_pixel);
                }
                for (int tap = 0; tap < taps; ++tap) {
                    const vectors_floats number = vectors_repeat(inputs[tap] + column * input_pixel);
                    for (int block = 0; block < blocks; ++block) {
                        total[tap * blocks + block] =
                            vectors_multiply_add(number, output[block], total[tap * blocks + block]);
                    }
                }
            }
        }
    }
    for (int tap = 0; tap < taps; ++tap) {
        for (int block = 0; block < blocks; ++block) {
            *(vectors_floats *)(sums + block * sums_block + tap * 8) = total[tap * blocks + block];
        }
    }
}

#define VECTORS_CASE(n, blocks) vectors_add_products(n, blocks, area, input, offsets, begins, sums, sums_block)

VECTORS_TARGET __attribute__((always_inline)) static inline void vectors_add_taps(
    size_t taps, size_t blocks, const vectors_area *area, const float *input, const size_t *offsets, bool begins,
    float *sums, size_t sums_block) {
    VECTORS_DISPATCH(taps, blocks)
}
#undef VECTORS_CASE
