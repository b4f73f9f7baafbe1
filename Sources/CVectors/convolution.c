#include "convolution.h"

#include "products.h"
#include "transposition.h"

// Numbers of padded images that are worked on together: half of what the second cache holds.
#define VECTORS_TOGETHER 65536

static size_t vectors_padded_size(const vectors_convolution *sizes) {
    return sizes->input_channels * (sizes->height + 2 * sizes->padding) * (sizes->width + 2 * sizes->padding);
}

// Samples whose padded images are worked on together.
static size_t vectors_samples_together(const vectors_convolution *sizes) {
    return vectors_smaller(vectors_larger(VECTORS_TOGETHER / vectors_padded_size(sizes), 1), sizes->samples);
}

size_t vectors_convolution_scratch(const vectors_convolution *sizes) {
    return sizes->padding == 0 ? 0 : vectors_samples_together(sizes) * vectors_padded_size(sizes);
}

// The images of some samples with zeros around them: a copy in the scratch memory, unless they need none.
VECTORS_TARGET static const float *vectors_padded(
    const vectors_convolution *sizes, const float *images, size_t samples, float *scratch) {
    if (sizes->padding == 0) return images;
    const size_t lanes = sizes->lanes, planes = samples * sizes->input_channels / lanes;
    const size_t row = sizes->width * lanes, margin = sizes->padding * lanes, wide = row + 2 * margin;
    float *to = scratch;
    for (size_t plane = 0; plane < planes; ++plane) {
        memset(to, 0, (sizes->padding * wide + margin) * sizeof(float));
        to += sizes->padding * wide + margin;
        for (size_t y = 0; y < sizes->height; ++y, images += row) {
            memcpy(to, images, row * sizeof(float));
            // The margins to the right of this row and to the left of the next.
            memset(to + row, 0, 2 * margin * sizeof(float));
            to += wide;
        }
        memset(to, 0, (sizes->padding * wide - margin) * sizeof(float));
        to += sizes->padding * wide - margin;
    }
    return scratch;
}

// Where a tap begins, from where its window does. The taps are in the order in which the weights lie in memory; those
// of blocked images are counted in groups of eight channels.
static size_t vectors_tap_offset(const vectors_convolution *sizes, size_t tap) {
    const size_t window = sizes->window, wide = sizes->width + 2 * sizes->padding;
    const size_t plane = (sizes->height + 2 * sizes->padding) * wide;
    if (sizes->lanes == 8) {
        const size_t place = tap % (window * window);
        return (tap / (window * window) * plane + place / window * wide + place % window) * 8;
    }
    const size_t place = tap / sizes->input_channels;
    return tap % sizes->input_channels * plane + place / window * wide + place % window;
}

VECTORS_TARGET void vectors_convolve(
    const vectors_convolution *sizes, const float *images, const float *weights, const float *biases, bool rectifies,
    float *outputs, float *scratch) {
    const size_t lanes = sizes->lanes, window = sizes->window, wide = sizes->width + 2 * sizes->padding;
    const size_t out_blocks = sizes->output_channels / 8, pixels = sizes->output_height * sizes->output_width;
    const size_t weights_block = sizes->input_channels * window * window * 8, size = vectors_padded_size(sizes);
    const size_t all = sizes->input_channels * window * window / lanes, most = VECTORS_CACHED_INPUTS / lanes;
    const size_t together = vectors_samples_together(sizes);
    const float zeros[16] = {0};
    for (size_t first = 0; first < sizes->samples; first += together) {
        const size_t samples = vectors_smaller(together, sizes->samples - first);
        const float *padded = vectors_padded(
            sizes, images + first * sizes->input_channels * sizes->height * sizes->width, samples, scratch);
        for (size_t block = 0; block < out_blocks; block += 2) {
            const size_t blocks = vectors_smaller(2, out_blocks - block);
            for (size_t group = 0; group < all; group += most) {
                const size_t groups = vectors_smaller(most, all - group);
                size_t offsets[VECTORS_CACHED_INPUTS];
                for (size_t i = 0; i < groups; ++i) offsets[i] = vectors_tap_offset(sizes, group + i);
                const float *begin = group > 0 ? NULL : biases == NULL ? zeros : biases + block * 8;
                const bool ends = group + groups == all;
                const float *some = weights + block * weights_block + group * lanes * 8;
                for (size_t sample = 0; sample < samples; ++sample) {
                    const float *corner = padded + sample * size;
                    float *result = outputs + ((first + sample) * out_blocks + block) * pixels * 8;
                    size_t column = 0;
                    for (size_t pixel = 0; pixel < pixels; pixel += VECTORS_SINGLES) {
                        const float *inputs[VECTORS_SINGLES];
                        const size_t count = vectors_smaller(VECTORS_SINGLES, pixels - pixel);
                        for (size_t i = 0; i < count; ++i) {
                            inputs[i] = corner + column * lanes;
                            if (++column == sizes->output_width) {
                                column = 0;
                                corner += wide * lanes;
                            }
                        }
                        if (lanes == 8) {
                            vectors_multiply_some(
                                count, blocks, 8, offsets, groups, inputs, some, weights_block, begin,
                                rectifies && ends, result + pixel * 8, pixels * 8, 8);
                        } else {
                            vectors_multiply_some(
                                count, blocks, 1, offsets, groups, inputs, some, weights_block, begin,
                                rectifies && ends, result + pixel * 8, pixels * 8, 8);
                        }
                    }
                }
            }
        }
    }
}

VECTORS_TARGET void vectors_turn_weights(
    const vectors_convolution *sizes, const float *weights, float *turned) {
    const size_t in_blocks = sizes->input_channels / 8, out_blocks = sizes->output_channels / 8;
    const size_t places = sizes->window * sizes->window;
    for (size_t out = 0; out < out_blocks; ++out) {
        for (size_t in = 0; in < in_blocks; ++in) {
            for (size_t place = 0; place < places; ++place, weights += 64) {
                vectors_transpose(weights, 8, turned + ((in * out_blocks + out) * places + places - 1 - place) * 64, 8);
            }
        }
    }
}

// Pixels of two blocks of outputs that stay in the nearest cache.
#define VECTORS_CACHED_PIXELS 256

VECTORS_TARGET void vectors_convolution_weights(
    const vectors_convolution *sizes, const float *images, const float *gradient, float *weights, float *scratch) {
    const size_t lanes = sizes->lanes, window = sizes->window, padding = sizes->padding;
    const size_t out_blocks = sizes->output_channels / 8, size = vectors_padded_size(sizes);
    const size_t out_width = sizes->output_width, out_height = sizes->output_height;
    const size_t pixels = out_height * out_width, wide = sizes->width + 2 * padding;
    const size_t taps = sizes->input_channels * window * window;
    // Few pixels: those of several samples are added up before the sums go back to memory.
    const size_t near = vectors_larger(VECTORS_CACHED_PIXELS / pixels, 1);
    const size_t rows = vectors_larger(VECTORS_CACHED_PIXELS / (near * out_width), 1);
    const size_t together = vectors_samples_together(sizes);
    for (size_t first = 0; first < sizes->samples; first += together) {
        const size_t samples = vectors_smaller(together, sizes->samples - first);
        const float *padded = vectors_padded(
            sizes, images + first * sizes->input_channels * sizes->height * sizes->width, samples, scratch);
        for (size_t begin = 0; begin < taps; begin += VECTORS_CACHED_INPUTS) {
            const size_t some = vectors_smaller(VECTORS_CACHED_INPUTS, taps - begin);
            size_t offsets[VECTORS_CACHED_INPUTS];
            for (size_t i = 0; i < some; ++i) {
                offsets[i] = vectors_tap_offset(sizes, (begin + i) / lanes) + (begin + i) % lanes;
            }
            for (size_t sample = 0; sample < samples; sample += near) {
                for (size_t row = 0; row < out_height; row += rows) {
                    for (size_t block = 0; block < out_blocks; block += 2) {
                        const vectors_area area = {
                            .gradient =
                                gradient + ((first + sample) * out_blocks + block) * pixels * 8 + row * out_width * 8,
                            .gradient_sample = out_blocks * pixels * 8,
                            .gradient_block = pixels * 8,
                            .gradient_row = out_width * 8,
                            .gradient_pixel = 8,
                            .input_sample = size,
                            .input_row = wide * lanes,
                            .input_pixel = lanes,
                            .samples = vectors_smaller(near, samples - sample),
                            .rows = vectors_smaller(rows, out_height - row),
                            .columns = out_width,
                        };
                        for (size_t tap = 0; tap < some; tap += VECTORS_SINGLES) {
                            vectors_add_taps(
                                vectors_smaller(some - tap, VECTORS_SINGLES), vectors_smaller(out_blocks - block, 2),
                                &area, padded + sample * size + row * wide * lanes, offsets + tap,
                                first == 0 && sample == 0 && row == 0,
                                weights + (block * taps + begin + tap) * 8, taps * 8);
                        }
                    }
                }
            }
        }
    }
}

VECTORS_TARGET void vectors_convolution_biases(
    const vectors_convolution *sizes, const float *gradient, float *biases) {
    const size_t out_blocks = sizes->output_channels / 8, pixels = sizes->output_height * sizes->output_width;
    for (size_t block = 0; block < out_blocks; ++block) {
        vectors_floats sums[4] = {0};
        for (size_t sample = 0; sample < sizes->samples; ++sample) {
            const float *outputs = gradient + (sample * out_blocks + block) * pixels * 8;
            size_t pixel = 0;
            for (; pixel + 4 <= pixels; pixel += 4) {
                for (size_t i = 0; i < 4; ++i) sums[i] += *(const vectors_floats *)(outputs + (pixel + i) * 8);
            }
            for (; pixel < pixels; ++pixel) sums[0] += *(const vectors_floats *)(outputs + pixel * 8);
        }
        *(vectors_floats *)(biases + block * 8) = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
}
