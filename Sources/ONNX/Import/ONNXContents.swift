import FedCore
import Foundation

/// A node of a file: an operator, the names of the tensors it takes and puts out, and its attributes.
struct ONNXNode {
    /// The value of an attribute.
    enum Attribute {
        case float(Float)
        case integer(Int)
        case text(String)
        case tensor(ONNXTensor)
        case floats([Float])
        case integers([Int])
    }

    var inputs: [String] = []
    var outputs: [String] = []
    var name = ""
    var operation = ""
    var attributes: [String: Attribute] = [:]

    func integer(_ name: String, default value: Int) -> Int {
        if case .integer(let number)? = attributes[name] { number } else { value }
    }
    func float(_ name: String, default value: Float) -> Float {
        if case .float(let number)? = attributes[name] { number } else { value }
    }
    func integers(_ name: String) -> [Int]? {
        if case .integers(let numbers)? = attributes[name] { numbers } else { nil }
    }
    func text(_ name: String) -> String? { if case .text(let text)? = attributes[name] { text } else { nil } }

    /// Decodes a `NodeProto`.
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

/// What a file holds of a graph: nodes in order, constants, one input and one output.
struct ONNXContents {
    private(set) var nodes: [ONNXNode] = []
    private(set) var constants: [String: ONNXTensor] = [:]
    /// Inputs by name, without those that are constants; a free extent is nil.
    private(set) var inputs: [(name: String, shape: [Int?])] = []
    private(set) var outputs: [String] = []
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
