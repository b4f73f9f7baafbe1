import FedCore
import Files
import Foundation
import Testing

@testable import NeuralNet

struct QuantizationTests {
    private func scores(_ plan: any InferencePlan, _ inputs: [Float]) throws -> [Float] {
        plan.withInput { input in
            for i in inputs.indices { input[i] = inputs[i] }
        }
        try plan.forward(plan.batch)
        return plan.withOutput { output in output.indices.map { output[$0] } }
    }

    private func quantized(_ model: Model, samples: [Float]) throws -> QuantizedModel {
        try QuantizedModel(TrainedModel(model, weights: model.hashedWeights), samples: samples, method: .maximum)
    }

    @Test(arguments: Networks.quantizable.map(\.name) + Models.light.map(\.name))
    func `a quantised network's scores are within a twentieth of its largest`(name: String) throws {
        let model = try Networks.quantizable.first { $0.name == name } ?? Models.standard.named(name)
        let samples = model.hashedInput(batch: 8)
        let quantized = try quantized(model, samples: samples)
        let expected = try scores(Variant(TrainedModel(model, weights: model.hashedWeights)).plan(batch: 8), samples)
        let actual = try scores(QuantizedPlan(quantized, batch: 8), samples)
        let largest = expected.reduce(0) { max($0, abs($1)) }
        for (one, other) in zip(expected, actual) { #expect(abs(one - other) < 0.05 * largest) }
    }

    /// x = (1, 0.5) is (255, 128); the first sums are 255·127 + 128·64 = 40577 and −255·127 + 128·127 = −16129, in units of
    /// (1/127)·(1/255); the hidden (1.2529…, 0) is, on steps of 2/255, (160, 0); the second sum is 160·127 = 20320 in units
    /// of (3/127)·(2/255), plus 0.25.
    @Test func `a network of two layers computes what a hand does in whole numbers`() throws {
        let model = Model(
            name: "hand", input: [2], classes: 1, layers: [Linear(2, 2), ReLU(), Linear(2, 1)])
        let unsigned = IntegerScale(step: 1 / 255, isSigned: false)
        let layers = [
            QuantizedModel.Layer(
                index: 0, shape: [2, 2], weights: [127, 64, -127, 127], weightSteps: [1 / 127, 1 / 127],
                biases: [0, 0], output: IntegerScale(step: 2 / 255, isSigned: false)),
            QuantizedModel.Layer(
                index: 2, shape: [1, 2], weights: [127, 100], weightSteps: [3 / 127], biases: [0.25], output: nil),
        ]
        let quantized = QuantizedModel(model, input: unsigned, layers: layers, metadata: [:])
        let result = try scores(QuantizedPlan(quantized, batch: 1), [1, 0.5])
        let expected: Double = 20320 * 3 / 127 * 2 / 255 + 0.25
        #expect(abs(Double(result[0]) - expected) < 1e-5)
    }

    /// On any processor: on one that has both, both say the same.
    @Test(arguments: Networks.quantizable.map(\.name) + Models.light.map(\.name))
    func `whole numbers carried as floats give the same scores`(name: String) throws {
        let model = try Networks.quantizable.first { $0.name == name } ?? Models.standard.named(name)
        let samples = model.hashedInput(batch: 8)
        let quantized = try quantized(model, samples: samples)
        let plan = try QuantizedPlan(quantized, batch: 8, usesIntegerKernels: false)
        let actual = try scores(plan, samples)
        let expected = try scores(Variant(TrainedModel(model, weights: model.hashedWeights)).plan(batch: 8), samples)
        let largest = expected.reduce(0) { max($0, abs($1)) }
        for (one, other) in zip(expected, actual) { #expect(abs(one - other) < 0.05 * largest) }
        guard OneDNNLibrary.addsBytesExactly else { return }
        let whole = try scores(QuantizedPlan(quantized, batch: 8, usesIntegerKernels: true), samples)
        for (one, other) in zip(whole, actual) { #expect(abs(one - other) < 0.01 * largest) }
    }

    /// Images of 255 (−127 with a sign) and weights of 127 in all of 16 channels, 3×3 pixels: 144·255·127 = 4 663 440, on
    /// steps of 27 432 that is 170, and 170·127 = 21 590; with a sign 144·−127·127 = −2 322 576, which is −127 on steps of
    /// 18 288, and −127·127 = −16 129. The biases are 27 432 and 18 288, one step: 171·127 = 21 717 and −126·127 = −16 002.
    @Test(arguments: OneDNNLibrary.addsBytesExactly ? [false, true] : [false], [false, true])
    func `the largest values of all channels do not saturate`(usesIntegerKernels: Bool, isSigned: Bool) throws {
        let model = Model(
            name: "largest", input: [16, 3, 3], classes: 1,
            layers: [Conv2D(16, 1, kernel: 3), Flatten(), Linear(1, 1)])
        let step: Float = isSigned ? 18_288 : 27_432
        let layers = [
            QuantizedModel.Layer(
                index: 0, shape: [1, 16, 3, 3], weights: [Int8](repeating: 127, count: 144), weightSteps: [1],
                biases: [step], output: IntegerScale(step: step, isSigned: isSigned)),
            QuantizedModel.Layer(index: 2, shape: [1, 1], weights: [127], weightSteps: [1], biases: [0], output: nil),
        ]
        let input = IntegerScale(step: 1, isSigned: isSigned)
        let quantized = QuantizedModel(model, input: input, layers: layers, metadata: [:])
        let plan = try QuantizedPlan(quantized, batch: 1, usesIntegerKernels: usesIntegerKernels)
        let images = [Float](repeating: isSigned ? -127 : 255, count: 144)
        #expect(try scores(plan, images) == [(isSigned ? -16_002 : 21_717) * step])
    }

    /// 512·255·127 = 16 581 120, less than 2²⁴.
    @Test(arguments: [2, 16, 512])
    func `a linear layer adds its largest products exactly`(inputs: Int) throws {
        let model = Model(name: "largest", input: [inputs], classes: 1, layers: [Linear(inputs, 1)])
        let layer = QuantizedModel.Layer(
            index: 0, shape: [1, inputs], weights: [Int8](repeating: 127, count: inputs), weightSteps: [1], biases: [0],
            output: nil)
        let unsigned = IntegerScale(step: 1, isSigned: false)
        let quantized = QuantizedModel(model, input: unsigned, layers: [layer], metadata: [:])
        let images = [Float](repeating: 255, count: inputs)
        #expect(try scores(QuantizedPlan(quantized, batch: 1), images) == [Float(inputs * 255 * 127)])
        let floats = try QuantizedPlan(quantized, batch: 1, usesIntegerKernels: false)
        #expect(try scores(floats, images) == [Float(inputs * 255 * 127)])
    }

    /// 0.5 and 1 on steps of 1/127 are 63.5 and 127; ties go to the even number.
    @Test func `each channel is on the scale of its largest weight`() {
        let (whole, steps) = QuantizedModel.quantize([0.5, -1, 0.25, 0.02, 0, 0], channels: 3)
        let expected: [Float] = [1 / 127, 0.25 / 127, 1]
        #expect(whole == [64, -127, 127, 10, 0, 0])
        #expect(steps == expected)
    }

    @Test func `bytes of images are themselves again`() throws {
        let model = Model.edgeCNNSmall
        let samples = (0..<model.input.count).map { Float($0 % 256) / 255 }
        #expect(try quantized(model, samples: samples).input == IntegerScale(step: 1 / 255, isSigned: false))
    }

    @Test func `the maximum counts outliers, a percentile and the squared error do not`() {
        let values = (0..<100_000).map { Float($0 % 1000) / 1000 } + [100]
        let maximum = CalibrationMethod.maximum.scale(values, isSigned: false)
        #expect(maximum == IntegerScale(step: 100 / 255, isSigned: false))
        let percentile = CalibrationMethod.percentile.scale(values, isSigned: true).step * 127
        #expect(percentile >= 0.999 && percentile < 1.03)
        // One outlier among values far beyond one another: cutting it off costs more than rounding.
        let pair: [Float] = [0.1, 100]
        let squared = CalibrationMethod.squaredError.scale(pair, isSigned: false).step * 255
        #expect(squared > 98)
    }

    @Test(arguments: CalibrationMethod.allCases)
    func `values that are almost zero are on the scale of the largest`(method: CalibrationMethod) {
        let scale = method.scale([0, 1e-37, -2e-37], isSigned: true)
        #expect(scale == IntegerScale(step: 2e-37 / 127, isSigned: true))
    }

    @Test(
        .enabled(if: ["avx2", "avx512"].contains { OneDNNLibrary.instructionSet.hasPrefix($0) }),
        arguments: Models.light.map(\.name), [1, 32])
    func `no primitive is oneDNN's slow fallback`(name: String, batch: Int) throws {
        let model = try Models.standard.named(name)
        let plan = try QuantizedPlan(quantized(model, samples: model.hashedInput(batch: 2)), batch: batch)
        #expect(plan.implementations.filter { $0.contains("ref") } == [])
    }

    @Test(arguments: Models.light.map(\.name))
    func `a quantised model comes back from its file`(name: String) throws {
        let model = try Models.standard.named(name)
        let variant = Variant(try quantized(model, samples: model.hashedInput(batch: 2)))
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("model.safetensors").path
        try Data(variant.encoded()).write(to: URL(fileURLWithPath: path))
        let read = try Variant(reading: path)
        guard case .int8(let one) = variant.weights, case .int8(let other) = read.weights else {
            Issue.record("not quantised")
            return
        }
        #expect(one.layers == other.layers && one.input == other.input)
        #expect(read.name == "\(name) int8" && read.byteCount == variant.byteCount)
        // The header of a model of a few hundred parameters is longer than its weights.
        if model.parameterCount > 5_000 { #expect(10 * read.byteCount < 3 * 4 * model.parameterCount) }
        let error = #expect(throws: ConfigurationError.self) { try TrainedModel(reading: path) }
        #expect(error?.description.contains("quantised") == true)
    }

    @Test func `a quantised file that does not fit together is refused`() throws {
        let model = Model.edgeCNNSmall
        let file = try Safetensors(decoding: quantized(model, samples: model.hashedInput(batch: 1)).encoded())
        func refuses(_ name: String, _ elements: Safetensors.Elements?) {
            let tensors = file.tensors.compactMap { tensor -> Safetensors.Tensor? in
                guard tensor.name == name else { return tensor }
                return elements.map { .init(name: name, shape: tensor.shape, elements: $0) }
            }
            #expect(throws: SafetensorsError.self) { try QuantizedModel(Safetensors(tensors), of: model) }
        }
        refuses("input_step", .float32([0]))
        refuses("input_step", .float32([.nan]))
        refuses("1.output_step", nil)
        refuses("3.weight", .int8([Int8](repeating: -128, count: 640)))
        refuses("3.weight", .uint8([UInt8](repeating: 0, count: 640)))
        refuses("3.weight_step", .float32([Float](repeating: -1, count: 10)))
        refuses("3.bias", .float32([Float](repeating: .infinity, count: 10)))
        let more = Safetensors.Tensor(name: "4.bias", shape: [1], elements: .float32([0]))
        #expect(throws: SafetensorsError.unexpected(tensor: "4.bias")) {
            try QuantizedModel(Safetensors(file.tensors + [more]), of: model)
        }
    }
}

extension Networks {
    /// Those of whose layers all can compute with whole numbers.
    fileprivate static let quantizable = (all + layers).filter { $0.inferenceStages != nil }
}
