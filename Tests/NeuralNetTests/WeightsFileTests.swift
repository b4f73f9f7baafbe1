import FedCore
import Files
import Foundation
import NeuralNet
import Testing

/// Files that others wrote: other precisions, damaged numbers, other models.
struct WeightsFileTests {
    /// A file of one tensor `a`.
    private func file(_ type: String, _ words: [some FixedWidthInteger & UnsignedInteger]) -> [UInt8] {
        let size = (words.first?.bitWidth ?? 8) / 8
        let header = """
            {"a":{"dtype":"\(type)","shape":[\(words.count)],"data_offsets":[0,\(words.count * size)]}}
            """
        return (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8)
            + words.flatMap { word in (0..<size).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }

    private func bits(_ bytes: [UInt8]) throws -> [UInt32] {
        guard case .float32(let values)? = try Safetensors(decoding: bytes).tensors.first?.elements else { return [] }
        return values.map(\.bitPattern)
    }

    // The bits of both sides are numpy's: numpy.array(…, numpy.float16).astype(numpy.float32).
    @Test func `halves are read as numpy reads them, the smallest and the largest too`() throws {
        let halves: [UInt16] = [0x2E66, 0xC100, 0x7BFF, 0x0001, 0x3555, 0x8000, 0x00A8]
        let floats: [UInt32] = [
            0x3DCC_C000, 0xC020_0000, 0x477F_E000, 0x3380_0000, 0x3EAA_A000, 0x8000_0000, 0x3728_0000,
        ]
        #expect(try bits(file("F16", halves)) == floats)
    }

    @Test func `doubles are read as numpy rounds them`() throws {
        let doubles: [UInt64] = [
            0x3FB9_9999_9999_999A, 0xC004_0000_0000_0000, 0x3FD5_5555_5555_5555, 0x37A1_6C26_2777_579C,
            0x47EF_FFFF_E54D_AFF8, 0x358D_EE7A_4AD4_B81F,
        ]
        #expect(
            try bits(file("F64", doubles)) == [
                0x3DCC_CCCD, 0xC020_0000, 0x3EAA_AAAB, 0x0001_16C2, 0x7F7F_FFFF, 0,
            ])
    }

    @Test func `a bfloat16 is the upper half of a float`() throws {
        #expect(
            try bits(file("BF16", [0x3F80, 0xC020, 0x3DCD] as [UInt16])) == [0x3F80_0000, 0xC020_0000, 0x3DCD_0000])
    }

    @Test func `what is NaN, infinite or too large is refused with its tensor and element, whatever the precision`() {
        func refuses(_ bytes: [UInt8], _ reason: String) {
            #expect(throws: SafetensorsError.defect(WeightDefect(tensor: "a", element: 1, reason: reason))) {
                try Safetensors(decoding: bytes)
            }
        }
        refuses(file("F32", [0, 0x7FC0_0000] as [UInt32]), "is NaN")
        refuses(file("F32", [0, 0xFF80_0000] as [UInt32]), "is infinite")
        refuses(file("F16", [0, 0x7E00] as [UInt16]), "is NaN")
        refuses(file("F16", [0, 0x7C00] as [UInt16]), "is infinite")
        refuses(file("BF16", [0, 0x7F80] as [UInt16]), "is infinite")
        refuses(file("F64", [0, 0x7FF8 << 48] as [UInt64]), "is NaN")
        refuses(file("F64", [0, (1e300).bitPattern] as [UInt64]), "is 1e+300, more than a 32-bit float holds")
    }

    private func reading<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    private func refusal(of bytes: [UInt8]) throws -> String {
        try reading(bytes) { path in
            try #require(throws: ConfigurationError.self) { try Variant(reading: path) }.description
        }
    }

    /// A model's weights with one of them replaced.
    private func weights(of model: Model, _ tensor: String, _ element: Int, _ value: Float) throws -> [Float] {
        var weights = model.initialWeights(seed: 1)
        let entry = try #require(model.parameterLayout.entries.first { $0.name == tensor })
        weights[entry.offset + element] = value
        return weights
    }

    @Test(arguments: [
        ("0.weight", 5, Float.nan, "element 5 of tensor '0.weight' is NaN"),
        ("1.running_mean", 2, -Float.infinity, "element 2 of tensor '1.running_mean' is infinite"),
        ("1.running_var", 3, -0.25, "element 3 of tensor '1.running_var' is -0.25, and a variance is never below zero"),
    ])
    func `a hidden weight that is no weight is refused`(
        tensor: String, element: Int, value: Float, message: String
    ) throws {
        let model = Model.edgeCNNBN
        let trained = TrainedModel(model, weights: try weights(of: model, tensor, element, value))
        #expect(try refusal(of: trained.encoded()).hasSuffix(message))
        #expect(WeightDefect.first(in: trained.weights.span, of: model.parameterLayout)?.description == message)
    }

    @Test func `a running mean may be negative, and a variance zero`() throws {
        let model = Model.edgeCNNBN
        for (tensor, value) in [("1.running_mean", Float(-3)), ("1.running_var", 0)] {
            let trained = TrainedModel(model, weights: try weights(of: model, tensor, 0, value))
            try reading(trained.encoded()) { (path: String) throws in
                let read = try TrainedModel(reading: path)
                #expect(read.weights == trained.weights)
            }
        }
    }

    @Test func `a quantised file's numbers are looked at as well`() throws {
        let model = Model.edgeCNNSmall
        let samples = [Float](repeating: 0.5, count: 2 * model.input.count)
        let trained = TrainedModel(model, weights: model.initialWeights(seed: 2))
        let sound = try Safetensors(decoding: QuantizedModel(trained, samples: samples, method: .usual).encoded())
        let damaged = sound.tensors.map { tensor -> Safetensors.Tensor in
            guard tensor.name == "1.bias", case .float32(var values) = tensor.elements else { return tensor }
            values[4] = .nan
            return .init(name: tensor.name, shape: tensor.shape, elements: .float32(values))
        }
        let bytes = try Safetensors(damaged, metadata: sound.metadata).encoded()
        #expect(try refusal(of: bytes).hasSuffix("element 4 of tensor '1.bias' is NaN"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a header of too many tensors is refused before it is read`() throws {
        // Too many, once so that the length tells, and once so that it does not.
        let entry = #""t":{"dtype":"F32","shape":[],"data_offsets":[0,4]}"#
        for count in [100_000, 6_000] {
            let header = "{" + [String](repeating: entry, count: count).joined(separator: ",") + "}"
            var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
            bytes += Array(header.utf8)
            let message = try refusal(of: bytes)
            #expect(
                message.contains(count == 6_000 ? "more than 5000 tensors" : "a header of \(header.utf8.count) bytes"))
        }
        // Colons within texts are no members.
        let many = [String: String](uniqueKeysWithValues: [("names", String(repeating: #":\":"#, count: 30_000))])
        let file = Safetensors(
            Model.logistic.parameterLayout, weights: Model.logistic.initialWeights(seed: 1).span, metadata: many)
        #expect(try Safetensors(decoding: file.encoded()).metadata == many)
    }

    @Test func `a file longer than its tensors is refused whole or in part`() throws {
        let file = TrainedModel(.logistic, weights: Model.logistic.initialWeights(seed: 1))
        let bytes = try file.encoded()
        #expect(
            try refusal(of: bytes + [UInt8](repeating: 0, count: 1000)).contains("\(bytes.count + 1) bytes instead of"))
        #expect(try refusal(of: Array(bytes.dropLast())).contains("\(bytes.count - 1) bytes instead of \(bytes.count)"))
        #expect(try refusal(of: Array(bytes.prefix(20))).contains("20 bytes instead of"))
    }
}

/// Files of models that are not in the catalog.
struct NearestModelTests {
    private func refusal(_ tensors: [(name: String, shape: [Int])]) throws -> String {
        let file = Safetensors(
            tensors.map { tensor in
                let zeros = [Float](repeating: 0, count: tensor.shape.reduce(1, *))
                return .init(name: tensor.name, shape: tensor.shape, elements: .float32(zeros))
            })
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        try Data(file.encoded()).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try #require(throws: ConfigurationError.self) { try TrainedModel(reading: path) }.description
    }

    private func tensors(_ model: Model) -> [(name: String, shape: [Int])] {
        model.parameterLayout.entries.map { ($0.name, $0.shape) }
    }

    @Test func `a wrapper's prefix is named`() throws {
        let message = try refusal(tensors(.edgeCNNMedium).map { ("module.\($0.name)", $0.shape) })
        #expect(message.contains("The nearest is edgecnn-medium: weights file has no tensor '0.weight'"))
        #expect(message.hasSuffix("take the prefix 'module.' off all names"))
    }

    @Test func `other classes are named with both shapes`() throws {
        var others = tensors(.edgeCNNLarge)
        others[others.count - 2].shape[0] = 26
        others[others.count - 1].shape = [26]
        let message = try refusal(others)
        #expect(
            message.contains("The nearest is edgecnn-large: tensor '11.weight' has shape [26, 64] instead of [10, 64]"))
        #expect(message.hasSuffix("; it has 26 classes, edgecnn-large 10"))
    }

    @Test func `other widths and other names are named`() throws {
        var others = tensors(.edgeCNNBN)
        others[0].shape[1] = 3
        #expect(
            try refusal(others).contains(
                "edgecnn-bn: tensor '0.weight' has shape [16, 3, 3, 3] instead of [16, 1, 3, 3]"))
        var renamed = tensors(.edgeCNNLarge)
        renamed[0].name = "first.kernels"
        #expect(
            try refusal(renamed).hasSuffix(
                "edgecnn-large: weights file has no tensor '0.weight'; rename its 'first.kernels'"))
        #expect(try refusal([("a", [7]), ("b", [9])]).contains("There are: edgecnn-large"))
    }
}
