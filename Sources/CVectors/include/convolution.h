// Convolutions of images that lie in blocks of eight channels, and their gradients, for windows that are one pixel
// apart: oneDNN 2.6's kernels for AVX2 reach half to three quarters of the processor's speed, and a tenth for the
// weights of images with one channel.
#pragma once
#include "vectors.h"

// Sizes of a convolution. Windows are squares; `padding` rows and columns of zeros are thought around the images.
typedef struct {
    size_t samples, input_channels, output_channels;
    size_t height, width, output_height, output_width;
    size_t window, padding;
    // Channels of the images that lie side by side: 8, or 1 where the images are plain, as those of few channels are.
    size_t lanes;
} vectors_convolution;

// Numbers of the scratch memory that a convolution and the gradient of its weights need.
size_t vectors_convolution_scratch(const vectors_convolution *sizes);

// A convolution.
// images: [samples, input_channels / lanes, height, width, lanes]; weights: [output_channels / 8, input_channels / 8,
// window, window, 8 inputs, 8 outputs] or, of plain images, [output_channels / 8, window, window, input_channels, 8
// outputs]; biases: [output_channels], or NULL; rectifies: whether a ReLU follows; outputs: [samples,
// output_channels / 8, output_height, output_width, 8].
void vectors_convolve(
    const vectors_convolution *sizes, const float *images, const float *weights, const float *biases, bool rectifies,
    float *outputs, float *scratch);

// The weights of the convolution that computes the gradient of blocked images from that of the outputs: inputs and
// outputs change places, and the window is turned round. Its padding is the window less one less the padding.
void vectors_turn_weights(const vectors_convolution *sizes, const float *weights, float *turned);

// The gradient of the weights, in their layout, from that of the outputs.
void vectors_convolution_weights(
    const vectors_convolution *sizes, const float *images, const float *gradient, float *weights, float *scratch);

// The gradient of the biases: the sum of the outputs' gradients.
void vectors_convolution_biases(const vectors_convolution *sizes, const float *gradient, float *biases);
