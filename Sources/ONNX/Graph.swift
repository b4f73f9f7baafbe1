import FedCore
import NeuralNet

/// An ONNX graph that is being written, one node after the other
/// (<https://github.com/onnx/onnx/blob/main/docs/IR.md>; field numbers as in its `onnx.proto`).
struct Graph {
    /// What a node's attribute holds.
    enum Attribute {
        case integer(Int)
        case integers([Int])
        case float(Float)
    }

    /// What enters or leaves the graph.
    typealias Value = (name: String, shape: [Int], meaning: String)

    /// The name of the tensor that the next layer takes.
    var current: String

    private let name: String
    private var nodes: [ProtocolBuffer] = []
    private var constants: [ProtocolBuffer] = []

    init(name: String, input: String) {
        self.name = name
        current = input
    }

    /// Adds a node; its output is the current tensor from here on.
    /// - Parameter output: also the node's own name.
    mutating func add(
        _ operation: String, _ inputs: [String], to output: String,
        _ attributes: [(name: String, value: Attribute)] = []
    ) {
        var node = ProtocolBuffer()
        for input in inputs { node.add(field: 1, Array(input.utf8)) }
        node.add(field: 2, Array(output.utf8))
        node.add(field: 3, Array("\(operation) \(output)".utf8))
        node.add(field: 4, Array(operation.utf8))
        for attribute in attributes { node.add(field: 5, Self.encoded(attribute.name, attribute.value)) }
        nodes.append(node)
        current = output
    }

    /// Adds constants, row-major.
    /// - Returns: the name.
    mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) -> String {
        constant(name, shape, type: 1, values.flatMap { Self.littleEndian($0.bitPattern) })
    }

    mutating func constant(_ name: String, _ shape: [Int], _ values: [UInt8]) -> String {
        constant(name, shape, type: 2, values)
    }

    mutating func constant(_ name: String, _ shape: [Int], _ values: [Int32]) -> String {
        constant(name, shape, type: 6, values.flatMap { Self.littleEndian(UInt32(bitPattern: $0)) })
    }

    private mutating func constant(_ name: String, _ shape: [Int], type: UInt64, _ bytes: [UInt8]) -> String {
        var tensor = ProtocolBuffer()
        for extent in shape { tensor.add(field: 1, integer: UInt64(extent)) }
        tensor.add(field: 2, integer: type)
        tensor.add(field: 8, Array(name.utf8))
        tensor.add(field: 9, bytes)
        constants.append(tensor)
        return name
    }

    /// The whole file.
    /// - Parameters:
    ///   - input: its name, the shape of a sample (the batch's size is free), and what it is, in words.
    ///   - output: likewise.
    ///   - metadata: what the file says of itself.
    func encoded(
        input: Value, output: Value, metadata: [String: String]
    ) -> [UInt8] {
        var graph = ProtocolBuffer()
        for node in nodes { graph.add(field: 1, node.bytes) }
        graph.add(field: 2, Array(name.utf8))
        for constant in constants { graph.add(field: 5, constant.bytes) }
        graph.add(field: 11, Self.description(of: input))
        graph.add(field: 12, Self.description(of: output))

        var operators = ProtocolBuffer()
        operators.add(field: 1, [])
        operators.add(field: 2, integer: ONNXFile.operatorSet)
        var model = ProtocolBuffer()
        model.add(field: 1, integer: ONNXFile.formatVersion)
        model.add(field: 2, Array("fedmpi".utf8))
        model.add(field: 7, graph.bytes)
        model.add(field: 8, operators.bytes)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            var entry = ProtocolBuffer()
            entry.add(field: 1, Array(key.utf8))
            entry.add(field: 2, Array(value.utf8))
            model.add(field: 14, entry.bytes)
        }
        return model.bytes
    }

    private static func encoded(_ name: String, _ value: Attribute) -> [UInt8] {
        var attribute = ProtocolBuffer()
        attribute.add(field: 1, Array(name.utf8))
        switch value {
        case .float(let value):
            attribute.add(field: 2, float: value)
            attribute.add(field: 20, integer: 1)
        case .integer(let value):
            attribute.add(field: 3, integer: UInt64(value))
            attribute.add(field: 20, integer: 2)
        case .integers(let values):
            for value in values { attribute.add(field: 8, integer: UInt64(value)) }
            attribute.add(field: 20, integer: 7)
        }
        return attribute.bytes
    }

    /// Floats of this shape, for any number of samples.
    private static func description(of value: Value) -> [UInt8] {
        var batch = ProtocolBuffer()
        batch.add(field: 2, Array("batch".utf8))
        var shape = ProtocolBuffer()
        shape.add(field: 1, batch.bytes)
        for extent in value.shape {
            var dimension = ProtocolBuffer()
            dimension.add(field: 1, integer: UInt64(extent))
            shape.add(field: 1, dimension.bytes)
        }
        var tensor = ProtocolBuffer()
        tensor.add(field: 1, integer: 1)
        tensor.add(field: 2, shape.bytes)
        var type = ProtocolBuffer()
        type.add(field: 1, tensor.bytes)
        var info = ProtocolBuffer()
        info.add(field: 1, Array(value.name.utf8))
        info.add(field: 2, type.bytes)
        info.add(field: 3, Array(value.meaning.utf8))
        return info.bytes
    }

    private static func littleEndian(_ word: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
}
