import FedCore
import NeuralNet

/// An ONNX graph that is being written, one node after the other: each node comes behind those whose outputs it takes.
///
/// Field numbers are those of `onnx.proto`: <https://github.com/onnx/onnx/blob/main/docs/IR.md>. Messages are written
/// by hand, because the few fields that are needed are less than a generated library.
struct Graph {
    /// The value of a node's attribute.
    enum Attribute {
        /// `AttributeProto.INT`.
        case integer(Int)
        /// `AttributeProto.INTS`.
        case integers([Int])
        /// `AttributeProto.FLOAT`.
        case float(Float)
    }

    /// An input or output of the graph: name, shape of one sample (the batch's size is free), and description in words.
    typealias Value = (name: String, shape: [Int], meaning: String)

    /// Name of the tensor that the next node reads: the input of the graph, then the first output of the latest node.
    var current: String

    /// Name of the graph, which is the model's.
    private let name: String
    /// Encoded `NodeProto`s, in the order of execution, which the format requires.
    private var nodes: [ProtocolBuffer] = []
    /// Encoded `TensorProto`s of weights, scales and zero points.
    private var constants: [ProtocolBuffer] = []
    /// Names of the numbers that several nodes may read.
    private var numbers: Set<String> = []

    /// Makes a graph without nodes.
    /// - Parameters:
    ///   - name: name of the graph.
    ///   - input: name of its input.
    init(name: String, input: String) {
        self.name = name
        current = input
    }

    /// Adds a node; its output becomes the current tensor.
    /// - Parameters:
    ///   - operation: operator of ONNX's default domain, e.g. `Conv`.
    ///   - inputs: names of the tensors that it reads, in the operator's order.
    ///   - output: name of its first output, unique in the graph; the node's own name is made of it.
    ///   - second: name of its second output, if that is read.
    ///   - attributes: attributes by name; others have the operator's defaults.
    mutating func add(
        _ operation: String, _ inputs: [String], to output: String, and second: String? = nil,
        _ attributes: [(name: String, value: Attribute)] = []
    ) {
        var node = ProtocolBuffer()
        for input in inputs { node.add(field: 1, Array(input.utf8)) }
        node.add(field: 2, Array(output.utf8))
        if let second { node.add(field: 2, Array(second.utf8)) }
        node.add(field: 3, Array("\(operation) \(output)".utf8))
        node.add(field: 4, Array(operation.utf8))
        for attribute in attributes { node.add(field: 5, Self.encoded(attribute.name, attribute.value)) }
        nodes.append(node)
        current = output
    }

    /// Adds a constant tensor of floats.
    /// - Parameters:
    ///   - name: name of the tensor, unique in the graph.
    ///   - shape: its shape; empty for a scalar.
    ///   - values: its elements, row-major.
    /// - Returns: the name, to be given to a node.
    mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) -> String {
        constant(name, shape, type: 1, Self.bytes(values.map(\.bitPattern)))
    }

    /// Adds a constant tensor of unsigned bytes, as of quantised weights and zero points; otherwise as that of floats.
    mutating func constant(_ name: String, _ shape: [Int], _ values: [UInt8]) -> String {
        constant(name, shape, type: 2, values)
    }

    /// Adds a constant tensor of 32-bit integers, as of quantised biases; otherwise as that of floats.
    mutating func constant(_ name: String, _ shape: [Int], _ values: [Int32]) -> String {
        constant(name, shape, type: 6, Self.bytes(values))
    }

    /// The name of a constant vector of whole numbers (INT64), as of a shape or of axes; equal ones are one constant.
    /// - Parameter values: at least one.
    /// - Returns: a name such as `/integers/0_8_-1`, to be given to a node.
    mutating func integers(_ values: [Int]) -> String {
        let name = "/integers/" + values.map(String.init).joined(separator: "_")
        guard numbers.insert(name).inserted else { return name }
        return constant(name, [values.count], type: 7, Self.bytes(values.map(Int64.init)))
    }

    /// The name of a constant scalar, a 32-bit float; equal ones are one constant.
    /// - Returns: a name such as `/floats/0.5`, to be given to a node.
    mutating func number(_ value: Float) -> String {
        let name = "/floats/\(value)"
        return numbers.insert(name).inserted ? constant(name, [], [value]) : name
    }

    /// Adds a constant tensor (`TensorProto`).
    /// - Parameters:
    ///   - name: name of the tensor, unique in the graph.
    ///   - shape: its shape; empty for a scalar.
    ///   - type: number of the element type, `TensorProto.DataType`: 1 is FLOAT, 2 UINT8, 6 INT32, 7 INT64.
    ///   - bytes: its elements, row-major and little-endian, as `raw_data` has them on every machine.
    /// - Returns: the name.
    private mutating func constant(_ name: String, _ shape: [Int], type: UInt64, _ bytes: [UInt8]) -> String {
        var tensor = ProtocolBuffer()
        for extent in shape { tensor.add(field: 1, integer: UInt64(extent)) }
        tensor.add(field: 2, integer: type)
        tensor.add(field: 8, Array(name.utf8))
        tensor.add(field: 9, bytes)
        constants.append(tensor)
        return name
    }

    /// The bytes of a file with this graph (`ModelProto`). Equal graphs give equal bytes: metadata are sorted.
    /// - Parameters:
    ///   - input: the graph's input, of floats.
    ///   - output: the graph's output, of floats; a node must have put it out.
    ///   - metadata: entries of `metadata_props`.
    /// - Returns: the whole file, which names `fedmpi` as its producer.
    /// - Complexity: O(bytes); constants are copied into the graph's message, and that into the model's.
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

    /// An `AttributeProto`: the name, the value in the field of its type, and the type's number (field 20).
    private static func encoded(_ name: String, _ value: Attribute) -> [UInt8] {
        var attribute = ProtocolBuffer()
        attribute.add(field: 1, Array(name.utf8))
        switch value {
        case .float(let value):
            attribute.add(field: 2, float: value)
            attribute.add(field: 20, integer: 1)
        case .integer(let value):
            attribute.add(field: 3, integer: UInt64(bitPattern: Int64(value)))
            attribute.add(field: 20, integer: 2)
        case .integers(let values):
            for value in values { attribute.add(field: 8, integer: UInt64(bitPattern: Int64(value))) }
            attribute.add(field: 20, integer: 7)
        }
        return attribute.bytes
    }

    /// A `ValueInfoProto` of floats, whose first dimension is the free `batch`: its name, its type with the shape, and
    /// what it means in words.
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

    /// Words as little-endian bytes, all at once: a model has millions.
    private static func bytes<Word: FixedWidthInteger>(_ words: [Word]) -> [UInt8] {
        words.map(\.littleEndian).withUnsafeBytes { Array($0) }
    }
}
