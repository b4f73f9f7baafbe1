import FedCore
import Foundation

/// A node of a file: an operator, the names of the tensors it takes and puts out, and its attributes (`NodeProto` in
/// <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).
struct ONNXNode {
    /// The value of an attribute, of the types that the operators read here have.
    enum Attribute {
        /// `AttributeProto.FLOAT`, e.g. an epsilon.
        case float(Float)
        /// `AttributeProto.INT`, e.g. an axis; 0 and 1 are false and true.
        case integer(Int)
        /// `AttributeProto.STRING`, e.g. a direction.
        case text(String)
        /// `AttributeProto.TENSOR`, as the value of a Constant.
        case tensor(ONNXTensor)
        /// `AttributeProto.FLOATS`.
        case floats([Float])
        /// `AttributeProto.INTS`, e.g. the sides of a window.
        case integers([Int])
    }

    /// Names of the tensors that it takes, in the operator's order; empty for one that is left out.
    var inputs: [String] = []
    /// Names of the tensors that it puts out, in the operator's order; empty for one that nobody needs.
    var outputs: [String] = []
    /// What the exporter calls it; may be empty.
    var name = ""
    /// The operator, with its domain and a dot before it where that is not ONNX's own.
    var operation = ""
    /// Attributes by name; those that are missing have the operator's defaults.
    var attributes: [String: Attribute] = [:]

    /// A whole number among the attributes; the default where it is missing or of another type.
    func integer(_ name: String, default value: Int) -> Int {
        if case .integer(let number)? = attributes[name] { number } else { value }
    }

    /// A float among the attributes; the default where it is missing or of another type.
    func float(_ name: String, default value: Float) -> Float {
        if case .float(let number)? = attributes[name] { number } else { value }
    }

    /// Whole numbers among the attributes; nil where they are missing or of another type.
    func integers(_ name: String) -> [Int]? {
        if case .integers(let numbers)? = attributes[name] { numbers } else { nil }
    }

    /// A text among the attributes; nil where it is missing or of another type.
    func text(_ name: String) -> String? { if case .text(let text)? = attributes[name] { text } else { nil } }

    /// Decodes a `NodeProto`.
    /// - Parameters:
    ///   - bytes: the message.
    ///   - files: where the elements of tensors among the attributes are, if they are not in the message.
    /// - Throws: `ConfigurationError` when the message is damaged.
    init(_ bytes: ArraySlice<UInt8>, _ files: inout ExternalWeights) throws(ConfigurationError) {
        var reader = WireReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: inputs.append(try value.text())
            case 2: outputs.append(try value.text())
            case 3: name = try value.text()
            case 4: operation = try value.text()
            case 5: try readAttribute(try value.bytes(), &files)
            case 7:
                let domain = try value.text()
                if domain != "" && domain != "ai.onnx" { operation = "\(domain).\(operation)" }
            default: break
            }
        }
    }

    /// Decodes an `AttributeProto`, and adds it to ``attributes``. Its type decides between one value and several, as
    /// an empty list has no field of its own. Types that are not read, such as graphs, are left out.
    private mutating func readAttribute(
        _ bytes: ArraySlice<UInt8>, _ files: inout ExternalWeights
    ) throws(ConfigurationError) {
        var reader = WireReader(bytes)
        var name = ""
        var type = 0
        var result: Attribute?
        var floats: [Float] = []
        var integers: [Int] = []
        while let (field, value) = try reader.next() {
            switch field {
            case 1: name = try value.text()
            case 2: result = .float(try value.float())
            case 3: result = .integer(try value.integer())
            case 4: result = .text(try value.text())
            case 5: result = .tensor(try ONNXTensor.decoded(try value.bytes(), &files).1)
            case 7: if case .fixed32(let bits) = value { floats.append(Float(bitPattern: bits)) }
            case 8: integers += try value.integers()
            case 20: type = try value.integer()
            default: break
            }
        }
        if type == 6 { result = .floats(floats) }
        if type == 7 { result = .integers(integers) }
        if let result { attributes[name] = result }
    }
}

/// What a file holds of a graph: nodes in order, constants, inputs and outputs. That there is one of each, and what the
/// nodes mean, is not looked at here.
struct ONNXContents {
    /// The nodes in the file's order, in which each comes behind those whose outputs it takes.
    private(set) var nodes: [ONNXNode] = []
    /// Initializers by name: weights, statistics, numbers.
    private(set) var constants: [String: ONNXTensor] = [:]
    /// Inputs by name, without those that are constants; a free extent is nil.
    private(set) var inputs: [(name: String, shape: [Int?])] = []
    /// Names of the graph's outputs.
    private(set) var outputs: [String] = []
    /// Version of ONNX's own operators; 0 when the file names none.
    private(set) var operatorSet = 0

    /// Decodes a `ModelProto`.
    /// - Parameters:
    ///   - bytes: the message.
    ///   - folder: where the message is from, for weights in files beside it; nil for a message alone.
    /// - Throws: `ConfigurationError` when it is none, or of operators that are not read.
    init(_ bytes: [UInt8], in folder: URL?) throws(ConfigurationError) {
        var reader = WireReader(bytes[...])
        var graph: ArraySlice<UInt8>?
        while let (field, value) = try reader.next() {
            switch field {
            case 7: graph = try value.bytes()
            case 8: try readOperatorSet(try value.bytes())
            default: break
            }
        }
        guard let graph else { throw WireReader.damaged }
        guard (13...20).contains(operatorSet) else {
            throw ConfigurationError(
                "its operators are of version \(operatorSet); 13 to 20 are read (opset_version=17)")
        }
        var files = ExternalWeights(folder: folder)
        try readGraph(graph, &files)
        inputs.removeAll { constants[$0.name] != nil }
    }

    /// Decodes an `OperatorSetIdProto`; those of other domains than ONNX's own have no say.
    private mutating func readOperatorSet(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) {
        var reader = WireReader(bytes)
        var domain = ""
        var version = 0
        while let (field, value) = try reader.next() {
            if field == 1 { domain = try value.text() }
            if field == 2 { version = try value.integer() }
        }
        if domain == "" || domain == "ai.onnx" { operatorSet = version }
    }

    /// Decodes a `GraphProto`.
    /// - Throws: `ConfigurationError` when it is damaged, has sparse weights, or more than 20,000 nodes.
    private mutating func readGraph(
        _ bytes: ArraySlice<UInt8>, _ files: inout ExternalWeights
    ) throws(ConfigurationError) {
        var reader = WireReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: nodes.append(try ONNXNode(try value.bytes(), &files))
            case 5:
                let (name, tensor) = try ONNXTensor.decoded(try value.bytes(), &files)
                constants[name] = tensor
            case 11: inputs.append(try Self.value(try value.bytes()))
            case 12: outputs.append(try Self.value(try value.bytes()).name)
            case 15: throw ConfigurationError("it has sparse weights, which are not read")
            default: break
            }
        }
        guard nodes.count <= 20_000 else { throw ConfigurationError("it has \(nodes.count) nodes, more than are read") }
    }

    /// Decodes a `ValueInfoProto`: value → type (2) → tensor type (1) → shape (2) → dimensions (1).
    /// - Returns: its name and the extents of its dimensions, nil for one that is free, i.e. has a name instead of a
    ///   number.
    /// - Throws: `ConfigurationError` when it is damaged.
    private static func value(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) -> (name: String, shape: [Int?]) {
        func message(_ wanted: UInt64, in bytes: ArraySlice<UInt8>) throws(ConfigurationError) -> ArraySlice<UInt8> {
            var reader = WireReader(bytes)
            while let (field, value) = try reader.next() { if field == wanted { return try value.bytes() } }
            return []
        }
        var name = ""
        var reader = WireReader(bytes)
        var type: ArraySlice<UInt8> = []
        while let (field, value) = try reader.next() {
            if field == 1 { name = try value.text() }
            if field == 2 { type = try value.bytes() }
        }
        var tensor = WireReader(try message(1, in: type))
        var dimensions = WireReader([])
        while let (field, value) = try tensor.next() { if field == 2 { dimensions = WireReader(try value.bytes()) } }
        var shape: [Int?] = []
        while let (field, value) = try dimensions.next() {
            guard field == 1 else { continue }
            var dimension = WireReader(try value.bytes())
            var extent: Int?
            while let (field, value) = try dimension.next() { if field == 1 { extent = try value.integer() } }
            shape.append(extent)
        }
        return (name, shape)
    }
}
