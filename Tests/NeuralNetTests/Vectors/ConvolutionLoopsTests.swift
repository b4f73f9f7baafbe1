import CVectors
import Testing

/// The convolution for AVX2 and its gradients, beside sums over single products in double precision.
@Suite(.enabled(if: vectors_are_fast(), "this processor has no AVX2")) struct ConvolutionLoopsTests {
    struct Sizes: Sendable, CustomTestStringConvertible {
        var samples = 1
        var inputs = 8
        var outputs = 8
        var height = 4
        var width = 4
        var window = 3
        var padding = 1

        var testDescription: String {
            "\(samples) × \(inputs)→\(outputs), \(height)×\(width), window \(window), padding \(padding)"
        }

        var outputHeight: Int { height + 2 * padding - window + 1 }
        var outputWidth: Int { width + 2 * padding - window + 1 }
        /// Channels of an image that lie side by side.
        var lanes: Int { inputs % 8 == 0 ? 8 : 1 }

        var loops: vectors_convolution {
            vectors_convolution(
                samples: samples, input_channels: inputs, output_channels: outputs, height: height, width: width,
                output_height: outputHeight, output_width: outputWidth, window: window, padding: padding, lanes: lanes)
        }

        func image(_ sample: Int, _ channel: Int, _ y: Int, _ x: Int) -> Int {
            let plane = (sample * (inputs / lanes) + channel / lanes) * height + y
            return (plane * width + x) * lanes + channel % lanes
        }

        func output(_ sample: Int, _ channel: Int, _ y: Int, _ x: Int) -> Int {
            (((sample * (outputs / 8) + channel / 8) * outputHeight + y) * outputWidth + x) * 8 + channel % 8
        }

        func weight(_ output: Int, _ input: Int, _ y: Int, _ x: Int) -> Int {
            lanes == 1
                ? (((output / 8 * window + y) * window + x) * inputs + input) * 8 + output % 8
                : (((output / 8 * (inputs / 8) + input / 8) * window + y) * window + x) * 64 + input % 8 * 8 + output
                    % 8
        }

        /// Visits every product of the convolution: indices of the image, the weight and the result.
        func forEachProduct(_ body: (_ image: Int, _ weight: Int, _ output: Int) -> Void) {
            for (sample, o) in pairs(samples, outputs) {
                for (oy, ox) in pairs(outputHeight, outputWidth) {
                    for (y, x) in pairs(window, window) {
                        let (iy, ix) = (oy + y - padding, ox + x - padding)
                        guard (0..<height).contains(iy), (0..<width).contains(ix) else { continue }
                        for i in 0..<inputs {
                            body(image(sample, i, iy, ix), weight(o, i, y, x), output(sample, o, oy, ox))
                        }
                    }
                }
            }
        }

        private func pairs(_ m: Int, _ n: Int) -> [(Int, Int)] { (0..<m * n).map { ($0 / n, $0 % n) } }

        var imageCount: Int { samples * inputs * height * width }
        var outputCount: Int { samples * outputs * outputHeight * outputWidth }
        var weightCount: Int { outputs * inputs * window * window }
    }

    /// Six pixels and two blocks of outputs are one step: more, fewer and remainders of both; more taps than are kept
    /// near; samples together, alone, and a last few; plain images.
    static let all = [
        Sizes(), Sizes(samples: 3, inputs: 16, outputs: 24, height: 7, width: 5),
        Sizes(samples: 2, inputs: 40, outputs: 16, height: 3, width: 3),
        Sizes(samples: 70, height: 2, width: 3),
        Sizes(samples: 2, inputs: 48, height: 7, width: 9),
        Sizes(height: 20, width: 20, window: 1, padding: 0),
        Sizes(samples: 2, outputs: 40, height: 9, width: 11, window: 5, padding: 2),
        Sizes(samples: 2, outputs: 16, height: 6, width: 8, window: 3, padding: 0),
        Sizes(samples: 2, inputs: 24, outputs: 8, height: 5, width: 1, window: 1, padding: 0),
        Sizes(samples: 2, outputs: 8, height: 5, width: 5, window: 5, padding: 0),
        Sizes(samples: 2, inputs: 1, outputs: 16, height: 20, width: 20),
        Sizes(samples: 2, inputs: 3, outputs: 8, height: 10, width: 9, window: 5, padding: 2),
        Sizes(samples: 2, inputs: 7, outputs: 24, height: 9, width: 20, window: 7, padding: 0),
    ]

    /// Numbers between -1 and 1.
    private func numbers(_ count: Int, _ seed: Int) -> [Float] {
        (0..<count).map { Float(($0 &* 7919 &+ seed) % 2003) / 1001 - 1 }
    }

    /// Whether numbers are the expected ones but for roundings: each product may be off by a small part of the largest,
    /// which is 1.
    private func agree(_ numbers: [Float], _ expected: [Double], products: Int) -> Bool {
        zip(numbers, expected).allSatisfy { abs(Double($0) - $1) <= 1e-6 * Double(products + 1) }
    }

    @Test(arguments: all) func `A convolution is the sum of its products, its biases added and rectified`(sizes: Sizes)
    {
        let (images, weights) = (numbers(sizes.imageCount, 1), numbers(sizes.weightCount, 2))
        let biases = numbers(sizes.outputs, 3)
        var expected = [Double](repeating: 0, count: sizes.outputCount)
        sizes.forEachProduct { expected[$2] += Double(images[$0]) * Double(weights[$1]) }
        var loops = sizes.loops
        var scratch = [Float](repeating: .nan, count: vectors_convolution_scratch(&loops))
        var result = [Float](repeating: .nan, count: sizes.outputCount)
        let products = sizes.inputs * sizes.window * sizes.window

        vectors_convolve(&loops, images, weights, nil, false, &result, &scratch)
        #expect(agree(result, expected, products: products))

        vectors_convolve(&loops, images, weights, biases, true, &result, &scratch)
        for sample in 0..<sizes.samples {
            for channel in 0..<sizes.outputs {
                for y in 0..<sizes.outputHeight {
                    for x in 0..<sizes.outputWidth {
                        let i = sizes.output(sample, channel, y, x)
                        expected[i] = max(0, expected[i] + Double(biases[channel]))
                    }
                }
            }
        }
        #expect(agree(result, expected, products: products))
    }

    @Test(arguments: all) func `The gradients are the sums of the products with the results' gradients`(sizes: Sizes) {
        let (images, weights) = (numbers(sizes.imageCount, 1), numbers(sizes.weightCount, 2))
        let gradient = numbers(sizes.outputCount, 4)
        var weightsExpected = [Double](repeating: 0, count: sizes.weightCount)
        var imagesExpected = [Double](repeating: 0, count: sizes.imageCount)
        sizes.forEachProduct { image, weight, output in
            weightsExpected[weight] += Double(images[image]) * Double(gradient[output])
            imagesExpected[image] += Double(weights[weight]) * Double(gradient[output])
        }
        var loops = sizes.loops
        var scratch = [Float](repeating: .nan, count: vectors_convolution_scratch(&loops))
        var weightsGradient = [Float](repeating: .nan, count: sizes.weightCount)
        vectors_convolution_weights(&loops, images, gradient, &weightsGradient, &scratch)
        let pixels = sizes.samples * sizes.outputHeight * sizes.outputWidth
        #expect(agree(weightsGradient, weightsExpected, products: pixels))

        var biasesGradient = [Float](repeating: .nan, count: sizes.outputs)
        vectors_convolution_biases(&loops, gradient, &biasesGradient)
        var biasesExpected = [Double](repeating: 0, count: sizes.outputs)
        for i in gradient.indices {
            let channel = i / 8 / sizes.outputHeight / sizes.outputWidth % (sizes.outputs / 8) * 8 + i % 8
            biasesExpected[channel] += Double(gradient[i])
        }
        #expect(agree(biasesGradient, biasesExpected, products: pixels))

        guard sizes.lanes == 8 else { return }
        var turned = [Float](repeating: .nan, count: sizes.weightCount)
        vectors_turn_weights(&loops, weights, &turned)
        var transposed = Sizes(
            samples: sizes.samples, inputs: sizes.outputs, outputs: sizes.inputs, height: sizes.outputHeight,
            width: sizes.outputWidth, window: sizes.window, padding: sizes.window - 1 - sizes.padding
        ).loops
        scratch = [Float](repeating: .nan, count: vectors_convolution_scratch(&transposed))
        var imagesGradient = [Float](repeating: .nan, count: sizes.imageCount)
        vectors_convolve(&transposed, gradient, turned, nil, false, &imagesGradient, &scratch)
        #expect(
            agree(imagesGradient, imagesExpected, products: sizes.outputs * sizes.window * sizes.window))
    }

    @Test func `A rectified NaN stays one, as in PyTorch`() {
        let sizes = Sizes()
        var loops = sizes.loops
        var images = numbers(sizes.imageCount, 1)
        images[0] = .nan
        var scratch = [Float](repeating: 0, count: vectors_convolution_scratch(&loops))
        var result = [Float](repeating: -9, count: sizes.outputCount)
        vectors_convolve(&loops, images, numbers(sizes.weightCount, 2), nil, true, &result, &scratch)
        #expect(result[0].isNaN)
        #expect(result.allSatisfy { !($0 < 0) } && result.contains { $0 > 0 })
    }
}
