import CVectors
import Testing

/// The linear layer for AVX2 and its gradients, beside sums over single products in double precision.
@Suite(.enabled(if: vectors_are_fast(), "this processor has no AVX2")) struct LinearLoopsTests {
    /// Numbers between -1 and 1.
    private func numbers(_ count: Int, _ seed: Int) -> [Float] {
        (0..<count).map { Float(($0 &* 6101 &+ seed) % 1999) / 999 - 1 }
    }

    private func agree(_ numbers: [Float], _ expected: [Double]) -> Bool {
        zip(numbers, expected).allSatisfy { abs(Double($0) - $1) <= 1e-5 * max(1, abs($1)) }
    }

    /// One block of outputs, pairs and a last one; six samples are one step; more inputs and outputs than are kept near.
    @Test(arguments: [(1, 8, 8), (6, 16, 16), (10, 296, 24), (7, 16, 304), (13, 592, 40)])
    func `A linear layer and its gradients are the sums of their products`(samples: Int, inputs: Int, outputs: Int) {
        var sizes = vectors_linear_sizes(samples: samples, inputs: inputs, outputs: outputs)
        let (features, weights) = (numbers(samples * inputs, 1), numbers(inputs * outputs, 2))
        let (biases, gradient) = (numbers(outputs, 3), numbers(samples * outputs, 4))
        var result = [Double](repeating: 0, count: samples * outputs)
        var featuresGradient = [Double](repeating: 0, count: samples * inputs)
        var weightsGradient = [Double](repeating: 0, count: inputs * outputs)
        var biasesGradient = [Double](repeating: 0, count: outputs)
        for m in 0..<samples {
            for n in 0..<outputs {
                let derivative = Double(gradient[m * outputs + n])
                biasesGradient[n] += derivative
                for k in 0..<inputs {
                    let w = (n / 8 * inputs + k) * 8 + n % 8
                    result[m * outputs + n] += Double(features[m * inputs + k]) * Double(weights[w])
                    featuresGradient[m * inputs + k] += Double(weights[w]) * derivative
                    weightsGradient[w] += Double(features[m * inputs + k]) * derivative
                }
            }
        }
        var results = [Float](repeating: .nan, count: result.count)
        vectors_linear(&sizes, features, weights, nil, false, &results)
        #expect(agree(results, result))
        vectors_linear(&sizes, features, weights, biases, true, &results)
        #expect(agree(results, result.indices.map { max(0, result[$0] + Double(biases[$0 % outputs])) }))

        var values = [Float](repeating: .nan, count: samples * inputs)
        var scratch = [Float](repeating: .nan, count: vectors_linear_scratch(&sizes))
        vectors_linear_inputs(&sizes, gradient, weights, &values, &scratch)
        #expect(agree(values, featuresGradient))
        values = [Float](repeating: .nan, count: inputs * outputs)
        vectors_linear_weights(&sizes, features, gradient, &values)
        #expect(agree(values, weightsGradient))
        values = [Float](repeating: .nan, count: outputs)
        vectors_linear_biases(&sizes, gradient, &values)
        #expect(agree(values, biasesGradient))
    }
}
