import FedCore
import NeuralNet
import Testing

struct ActivationTests {
    /// Values and derivatives by PyTorch 2.15 in double precision.
    struct Case: Sendable {
        let kind: Activation.Kind
        let inputs: [Float]
        let outputs: [Float]
        let slopes: [Float]
    }

    static let cases = [
        Case(kind: .relu6, inputs: [-1, 0, 2.5, 6, 7], outputs: [0, 0, 2.5, 6, 6], slopes: [0, 0, 1, 0, 0]),
        Case(
            kind: .leakyReLU(slope: 0.25), inputs: [-4, 0, 0.5, 3, 80], outputs: [-1, 0, 0.5, 3, 80],
            slopes: [0.25, 0.25, 1, 1, 1]),
        Case(
            kind: .gelu, inputs: [-3, -0.5, 0, 1, 4],
            outputs: [-0.0040496940, -0.15426877, 0, 0.84134475, 3.9998733],
            slopes: [-0.011945647, 0.13250488, 0.5, 1.0833155, 1.0005036]),
        Case(
            kind: .silu, inputs: [-20, -1, 0, 1, 20],
            outputs: [-4.1223072e-08, -0.26894142, 0, 0.73105858, 20],
            slopes: [-3.9161918e-08, 0.072329488, 0.5, 0.92767051, 1]),
        Case(
            kind: .tanh, inputs: [-9, -0.25, 0, 0.001, 2],
            outputs: [-0.99999997, -0.24491866, 0, 0.00099999967, 0.96402758],
            slopes: [6.0919899e-08, 0.94001485, 1, 0.999999, 0.070650825]),
        Case(
            kind: .sigmoid, inputs: [-10, -1, 0, 3, 90],
            outputs: [4.5397869e-05, 0.26894142, 0.5, 0.95257413, 1],
            slopes: [4.5395808e-05, 0.19661193, 0.25, 0.04517666, 0]),
    ]

    @Test(arguments: cases.indices)
    func `values and derivatives are PyTorch's, at edges and far out, too`(index: Int) throws {
        let expected = Self.cases[index]
        let model = Model(name: "function", input: [5], classes: 5, layers: [Activation(expected.kind)])
        let plan = try Plan(model, batch: 1, purpose: .training, needsInputGradient: true)
        plan.fill(expected.inputs)
        try plan.forwardForTraining(1)
        plan.withOutputGradient { output, gradient in
            for i in 0..<5 {
                #expect(abs(output[i] - expected.outputs[i]) < 2e-6, "\(expected.kind) of \(expected.inputs[i])")
                gradient[i] = 1
            }
        }
        try plan.backward()
        plan.withInputGradient { gradient in
            for i in 0..<5 {
                #expect(abs(gradient[i] - expected.slopes[i]) < 2e-6, "\(expected.kind)' of \(expected.inputs[i])")
            }
        }
    }
}
