import FedCore
import Files
import NeuralNet

/// Weights files.
struct SafetensorsTarget: FuzzTarget {
    let name = "safetensors"
    let seeds: [[UInt8]]
    /// The length of the header.
    let fields = [Field(offset: 0, width: 8)]
    let dictionary = [
        "\"", "{", "}", "[", "]", ",", ":", "0", "4", "8", "-1", "-4", "1e3", "1e999", "0.5", "2147483648",
        "4294967297", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "null", "true", "F32",
        "F16", "BF16", "F64", "I8", "U8", "0.weight.mask", "0.weight.values", "\\u0000",
        "\\ud800", "dtype", "shape", "data_offsets", "__metadata__", "0.weight", "0.bias",
    ]

    private let layout = ParameterLayout([
        ("0.weight", [3, 2]), ("0.bias", [3]), ("3.weight", [1, 3]), ("3.bias", [1]),
    ])
    private let bodyBytes: [Int]

    init() throws {
        let weights = (0..<layout.count).map { Float($0) * 0.25 - 1 }
        let small = ParameterLayout([("w", [2])])
        let two: [Float] = [1, -2]
        // Six weights of which the second and the sixth are not zero.
        let packed = Safetensors([
            .init(name: "0.weight.mask", shape: [1], elements: .uint8([0b10_0010])),
            .init(name: "0.weight.values", shape: [2], elements: .float32([0.5, -3])),
            .init(name: "0.bias", shape: [3], elements: .float32([1, 2, 3])),
            .init(name: "3.weight", shape: [1, 3], elements: .float32([4, 5, 6])),
            .init(name: "3.bias", shape: [1], elements: .float32([7])),
        ])
        seeds = [
            try Safetensors(layout, weights: weights.span).encoded(),
            try Safetensors(layout, weights: weights.span, metadata: ["model": "tiny", "round": "3"]).encoded(),
            try Safetensors(small, weights: two.span).encoded(),
            try packed.encoded(),
        ]
        bodyBytes = [4 * weights.count, 4 * weights.count, 4 * two.count, packed.byteCount]
    }

    /// Every other time the header's length again fits a body of the seed's length.
    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream) {
        let length = input.count - 8 - bodyBytes[seed]
        guard length >= 0, random.integer(below: 2) == 0 else { return }
        for i in 0..<8 { input[i] = UInt8(truncatingIfNeeded: length >> (8 * i)) }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let file: Safetensors
        do { file = try Safetensors(decoding: input) } catch { return .refused }
        if input == seeds[seed] { return .equal }

        var bytes = 0
        for tensor in file.tensors {
            let product = tensor.shape.reduce(1, *)
            try Violation.require(
                tensor.elements.count == product && tensor.shape.allSatisfy { $0 >= 0 },
                "a tensor of shape \(tensor.shape) has \(tensor.elements.count) elements")
            bytes += tensor.elements.byteCount
        }
        let header = (0..<8).reduce(0) { $0 | Int(input[$1]) << (8 * $1) }
        // Halves and doubles have become floats of another length.
        let text = String(decoding: input[8..<8 + header], as: UTF8.self)
        let isAsStored = !["F16", "F64"].contains { text.contains($0) }
        try Violation.require(!isAsStored || 8 + header + bytes == input.count, "bytes that belong to no tensor")
        try Violation.require(Set(file.tensors.map(\.name)).count == file.tensors.count, "two tensors of one name")
        let weights = try? file.weights(for: layout)
        try Violation.require(weights.map { $0.count == layout.count } ?? true, "weights of another model")
        return .different
    }
}
