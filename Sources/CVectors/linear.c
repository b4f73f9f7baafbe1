#include "linear.h"

#include "products.h"
#include "transposition.h"

// Inputs of all samples that stay in the nearest cache while the gradients of their weights are computed; a multiple of
// VECTORS_SINGLES.
#define VECTORS_NEAR_INPUTS 96

// Products of all rows of a matrix with two blocks of eight columns of another, over some of the columns of the first.
// inputs: [rows, input_row]; weights: [blocks, weights_block], eight for each input; results: [rows, result_row].
VECTORS_TARGET static void vectors_multiply_rows(
    size_t rows, size_t blocks, size_t count, const float *inputs, size_t input_row, const float *weights,
    size_t weights_block, const float *biases, bool rectifies, float *results, size_t result_row) {
    size_t offsets[VECTORS_CACHED_INPUTS / 8];
    for (size_t i = 0; i < count / 8; ++i) offsets[i] = i * 8;
    for (size_t row = 0; row < rows; row += VECTORS_SINGLES) {
        const float *begins[VECTORS_SINGLES];
        for (size_t i = 0; i < VECTORS_SINGLES; ++i) begins[i] = inputs + (row + i) * input_row;
        vectors_multiply_some(
            vectors_smaller(rows - row, VECTORS_SINGLES), blocks, 8, offsets, count / 8, begins, weights,
            weights_block, biases, rectifies, results + row * result_row, 8, result_row);
    }
}

VECTORS_TARGET void vectors_linear(
    const vectors_linear_sizes *sizes, const float *inputs, const float *weights, const float *biases, bool rectifies,
    float *results) {
    const float zeros[16] = {0};
    for (size_t input = 0; input < sizes->inputs; input += VECTORS_CACHED_INPUTS) {
        const size_t count = vectors_smaller(sizes->inputs - input, VECTORS_CACHED_INPUTS);
        const bool ends = input + count == sizes->inputs;
        for (size_t output = 0; output < sizes->outputs; output += 16) {
            vectors_multiply_rows(
                sizes->samples, vectors_smaller(sizes->outputs - output, 16) / 8, count, inputs + input,
                sizes->inputs, weights + output * sizes->inputs + input * 8, sizes->inputs * 8,
                input > 0 ? NULL : biases == NULL ? zeros : biases + output, rectifies && ends, results + output,
                sizes->outputs);
        }
    }
}

size_t vectors_linear_scratch(const vectors_linear_sizes *sizes) { return sizes->outputs * 16; }

VECTORS_TARGET void vectors_linear_inputs(
    const vectors_linear_sizes *sizes, const float *gradient, const float *weights, float *results, float *scratch) {
    const float zeros[16] = {0};
    for (size_t input = 0; input < sizes->inputs; input += 16) {
        const size_t blocks = vectors_smaller(sizes->inputs - input, 16) / 8;
        for (size_t block = 0; block < blocks; ++block) {
            for (size_t output = 0; output < sizes->outputs; output += 8) {
                vectors_transpose(
                    weights + output * sizes->inputs + (input + block * 8) * 8, 8,
                    scratch + (block * sizes->outputs + output) * 8, 8);
            }
        }
        for (size_t output = 0; output < sizes->outputs; output += VECTORS_CACHED_INPUTS) {
            vectors_multiply_rows(
                sizes->samples, blocks, vectors_smaller(sizes->outputs - output, VECTORS_CACHED_INPUTS),
                gradient + output, sizes->outputs, scratch + output * 8, sizes->outputs * 8,
                output > 0 ? NULL : zeros, false, results + input, sizes->inputs);
        }
    }
}

VECTORS_TARGET void vectors_linear_weights(
    const vectors_linear_sizes *sizes, const float *inputs, const float *gradient, float *weights) {
    const size_t offsets[VECTORS_SINGLES] = {0, 1, 2, 3, 4, 5};
    for (size_t first = 0; first < sizes->inputs; first += VECTORS_NEAR_INPUTS) {
        const size_t last = vectors_smaller(first + VECTORS_NEAR_INPUTS, sizes->inputs);
        for (size_t output = 0; output < sizes->outputs; output += 16) {
            const vectors_area area = {
                .gradient = gradient + output,
                .gradient_block = 8,
                .gradient_pixel = sizes->outputs,
                .input_pixel = sizes->inputs,
                .samples = 1,
                .rows = 1,
                .columns = sizes->samples,
            };
            for (size_t input = first; input < last; input += VECTORS_SINGLES) {
                vectors_add_taps(
                    vectors_smaller(last - input, VECTORS_SINGLES), vectors_smaller(sizes->outputs - output, 16) / 8,
                    &area, inputs + input, offsets, true, weights + output * sizes->inputs + input * 8,
                    sizes->inputs * 8);
            }
        }
    }
}

VECTORS_TARGET void vectors_linear_biases(const vectors_linear_sizes *sizes, const float *gradient, float *biases) {
    for (size_t output = 0; output < sizes->outputs; output += 8) {
        vectors_floats sum = {0};
        for (size_t sample = 0; sample < sizes->samples; ++sample) {
            sum += *(const vectors_floats *)(gradient + sample * sizes->outputs + output);
        }
        *(vectors_floats *)(biases + output) = sum;
    }
}
