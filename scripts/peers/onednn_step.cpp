// What oneDNN's primitives alone allow: the training step of edgecnn-large on one thread, without loss and optimizer.
// Every primitive chooses its layouts, ReLU is fused forward, and weights stay in the layout of their primitive.
// g++ -O2 -std=c++17 onednn_step.cpp -o onednn_step -ldnnl && OMP_NUM_THREADS=1 ./onednn_step BATCH SAMPLES EPOCHS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <dnnl.hpp>
#include <unordered_map>
#include <vector>

using namespace dnnl;
using dims = memory::dims;
using desc = memory::desc;

struct Step {
    primitive compute;
    std::unordered_map<int, memory> arguments;
};

// A convolution, a pooling or a fully connected layer, with what its backward pass needs.
template <typename Forward> struct Layer {
    typename Forward::primitive_desc forward;
    memory input, weights, bias, output, workspace;
};

class Network {
public:
    std::vector<Step> steps;

    memory filled(const desc &layout) {
        memory block(layout, cpu);
        auto *values = static_cast<float *>(block.get_data_handle());
        for (size_t i = 0; i < layout.get_size() / sizeof(float); i++)
            values[i] = (rand() / static_cast<float>(RAND_MAX) - 0.5f) * 0.1f;
        return block;
    }

    Layer<convolution_forward> convolve(memory input, bool firstLayer, dims weights, dims output) {
        dims inputShape = input.get_desc().dims();
        convolution_forward::desc what(
            prop_kind::forward_training, algorithm::convolution_auto, firstLayer ? input.get_desc() : any(inputShape),
            any(weights), any({weights[0]}), any(output), {1, 1}, {1, 1}, {1, 1});
        convolution_forward::primitive_desc how(what, relu(), cpu);
        memory source = inLayout(input, how.src_desc());
        Layer<convolution_forward> layer{
            how, source, filled(how.weights_desc()), filled(how.bias_desc()), filled(how.dst_desc()), {}};
        steps.push_back({convolution_forward(how),
                         {{DNNL_ARG_SRC, layer.input}, {DNNL_ARG_WEIGHTS, layer.weights},
                          {DNNL_ARG_BIAS, layer.bias}, {DNNL_ARG_DST, layer.output}}});
        return layer;
    }

    Layer<pooling_forward> pool(memory input, dims output) {
        pooling_forward::desc what(prop_kind::forward_training, algorithm::pooling_max, input.get_desc(), any(output),
                                   {2, 2}, {2, 2}, {0, 0}, {0, 0});
        pooling_forward::primitive_desc how(what, cpu);
        Layer<pooling_forward> layer{how, input, {}, {}, filled(how.dst_desc()), filled(how.workspace_desc())};
        steps.push_back({pooling_forward(how),
                         {{DNNL_ARG_SRC, input}, {DNNL_ARG_DST, layer.output},
                          {DNNL_ARG_WORKSPACE, layer.workspace}}});
        return layer;
    }

    Layer<inner_product_forward> connect(memory input, dims weights, bool withReLU) {
        dims output = {input.get_desc().dims()[0], weights[0]};
        inner_product_forward::desc what(prop_kind::forward_training, input.get_desc(), any(weights),
                                         any({weights[0]}), any(output));
        inner_product_forward::primitive_desc how(what, withReLU ? relu() : primitive_attr(), cpu);
        Layer<inner_product_forward> layer{
            how, input, filled(how.weights_desc()), filled(how.bias_desc()), filled(how.dst_desc()), {}};
        steps.push_back({inner_product_forward(how),
                         {{DNNL_ARG_SRC, input}, {DNNL_ARG_WEIGHTS, layer.weights},
                          {DNNL_ARG_BIAS, layer.bias}, {DNNL_ARG_DST, layer.output}}});
        return layer;
    }

    memory backReLU(const memory &output, memory gradient) {
        eltwise_forward::desc forward(prop_kind::forward_training, algorithm::eltwise_relu, output.get_desc(), 0, 0);
        eltwise_backward::desc what(algorithm::eltwise_relu_use_dst_for_bwd, gradient.get_desc(), output.get_desc(),
                                    0, 0);
        eltwise_backward::primitive_desc how(what, cpu, {forward, cpu});
        steps.push_back({eltwise_backward(how),
                         {{DNNL_ARG_DST, output}, {DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_DIFF_SRC, gradient}}});
        return gradient;
    }

    memory back(const Layer<pooling_forward> &layer, memory gradient) {
        pooling_backward::desc what(algorithm::pooling_max, layer.input.get_desc(), gradient.get_desc(), {2, 2},
                                    {2, 2}, {0, 0}, {0, 0});
        pooling_backward::primitive_desc how(what, cpu, layer.forward);
        memory result = filled(how.diff_src_desc());
        steps.push_back({pooling_backward(how),
                         {{DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_DIFF_SRC, result},
                          {DNNL_ARG_WORKSPACE, layer.workspace}}});
        return result;
    }

    memory back(const Layer<inner_product_forward> &layer, memory gradient) {
        inner_product_backward_weights::desc ofWeights(
            layer.input.get_desc(), any(layer.weights.get_desc().dims()), any(layer.bias.get_desc().dims()),
            gradient.get_desc());
        inner_product_backward_weights::primitive_desc how(ofWeights, cpu, layer.forward);
        addWeightGradient(inner_product_backward_weights(how), layer.input, gradient, how.diff_weights_desc(),
                          how.diff_bias_desc());
        inner_product_backward_data::desc ofData(layer.input.get_desc(), layer.weights.get_desc(),
                                                 gradient.get_desc());
        inner_product_backward_data::primitive_desc data(ofData, cpu, layer.forward);
        return addDataGradient(inner_product_backward_data(data), layer.weights, gradient, data.diff_src_desc());
    }

    void backWeights(const Layer<convolution_forward> &layer, memory gradient) {
        convolution_backward_weights::desc what(
            algorithm::convolution_auto, layer.input.get_desc(), any(layer.weights.get_desc().dims()),
            any(layer.bias.get_desc().dims()), any(gradient.get_desc().dims()), {1, 1}, {1, 1}, {1, 1});
        convolution_backward_weights::primitive_desc how(what, cpu, layer.forward);
        addWeightGradient(convolution_backward_weights(how), layer.input, inLayout(gradient, how.diff_dst_desc()),
                          how.diff_weights_desc(), how.diff_bias_desc());
    }

    memory backData(const Layer<convolution_forward> &layer, memory gradient) {
        convolution_backward_data::desc what(
            algorithm::convolution_auto, layer.input.get_desc(), any(layer.weights.get_desc().dims()),
            gradient.get_desc(), {1, 1}, {1, 1}, {1, 1});
        convolution_backward_data::primitive_desc how(what, cpu, layer.forward);
        return addDataGradient(convolution_backward_data(how), inLayout(layer.weights, how.weights_desc()), gradient,
                               how.diff_src_desc());
    }

    void run() {
        for (auto &step : steps) step.compute.execute(queue, step.arguments);
        queue.wait();
    }

private:
    engine cpu{engine::kind::cpu, 0};
    stream queue{cpu};

    static desc any(dims shape) { return desc(shape, memory::data_type::f32, memory::format_tag::any); }

    static primitive_attr relu() {
        post_ops after;
        after.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
        primitive_attr attributes;
        attributes.set_post_ops(after);
        return attributes;
    }

    memory inLayout(memory block, const desc &layout) {
        if (block.get_desc() == layout) return block;
        memory copy = filled(layout);
        steps.push_back({reorder(block, copy), {{DNNL_ARG_SRC, block}, {DNNL_ARG_DST, copy}}});
        return copy;
    }

    void addWeightGradient(primitive compute, memory input, memory gradient, desc weights, desc bias) {
        steps.push_back({compute,
                         {{DNNL_ARG_SRC, input}, {DNNL_ARG_DIFF_DST, gradient},
                          {DNNL_ARG_DIFF_WEIGHTS, filled(weights)}, {DNNL_ARG_DIFF_BIAS, filled(bias)}}});
    }

    memory addDataGradient(primitive compute, memory weights, memory gradient, desc input) {
        memory result = filled(input);
        steps.push_back({compute,
                         {{DNNL_ARG_DIFF_DST, gradient}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DIFF_SRC, result}}});
        return result;
    }
};

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: onednn_step BATCH SAMPLES EPOCHS\n");
        return 2;
    }
    const long batch = atol(argv[1]), samples = atol(argv[2]), epochs = atol(argv[3]);
    Network net;
    memory images = net.filled(desc({batch, 1, 28, 28}, memory::data_type::f32, memory::format_tag::nchw));
    auto conv1 = net.convolve(images, true, {16, 1, 3, 3}, {batch, 16, 28, 28});
    auto pool1 = net.pool(conv1.output, {batch, 16, 14, 14});
    auto conv2 = net.convolve(pool1.output, false, {32, 16, 3, 3}, {batch, 32, 14, 14});
    auto pool2 = net.pool(conv2.output, {batch, 32, 7, 7});
    auto fc1 = net.connect(pool2.output, {128, 32, 7, 7}, true);
    auto fc2 = net.connect(fc1.output, {64, 128}, true);
    auto fc3 = net.connect(fc2.output, {10, 64}, false);

    memory gradient = net.back(fc3, net.filled(fc3.output.get_desc()));
    gradient = net.back(fc2, net.backReLU(fc2.output, gradient));
    gradient = net.back(fc1, net.backReLU(fc1.output, gradient));
    gradient = net.backReLU(conv2.output, net.back(pool2, gradient));
    net.backWeights(conv2, gradient);
    gradient = net.backData(conv2, gradient);
    gradient = net.backReLU(conv1.output, net.back(pool1, gradient));
    net.backWeights(conv1, gradient);

    for (int i = 0; i < 20; i++) net.run();
    for (long epoch = 0; epoch < epochs; epoch++) {
        auto start = std::chrono::steady_clock::now();
        for (long i = 0; i < samples / batch; i++) net.run();
        std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        printf("%.0f samples/s\n", samples / batch * batch / elapsed.count());
    }
}
