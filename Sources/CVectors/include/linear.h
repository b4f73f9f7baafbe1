// Linear layers whose weights lie in blocks of eight outputs, and their gradients, for batches as small as those of
// federated clients: there oneDNN 2.6's products of matrices reach a quarter to a half of the processor's speed.
#pragma once
#include "vectors.h"

// Sizes of a linear layer; inputs and outputs are multiples of eight.
typedef struct {
    size_t samples, inputs, outputs;
} vectors_linear_sizes;

// The layer.
// inputs: [samples, inputs]; weights: [outputs / 8, inputs, 8 outputs]; biases: [outputs], or NULL; rectifies: whether
// a ReLU follows; results: [samples, outputs].
void vectors_linear(
    const vectors_linear_sizes *sizes, const float *inputs, const float *weights, const float *biases, bool rectifies,
    float *results);

// Numbers of the scratch memory that the gradient of the inputs needs.
size_t vectors_linear_scratch(const vectors_linear_sizes *sizes);

// The gradient of the inputs, from that of the results.
void vectors_linear_inputs(
    const vectors_linear_sizes *sizes, const float *gradient, const float *weights, float *results, float *scratch);

// The gradient of the weights, in their layout.
void vectors_linear_weights(
    const vectors_linear_sizes *sizes, const float *inputs, const float *gradient, float *weights);

// The gradient of the biases.
void vectors_linear_biases(const vectors_linear_sizes *sizes, const float *gradient, float *biases);
