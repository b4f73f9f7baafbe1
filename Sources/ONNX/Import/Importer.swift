import FedCore

/// The lines of a model's text while the nodes of a file are read, one after the other.
///
/// The batch has a size, 7919 where the file leaves it free, so that the shapes that a graph computes are numbers.
struct Importer {
    enum Value {
        case constant(ONNXTensor)
        /// Zeros of any shape, as of a recurrent layer's first state.
        case zeros([Int])
        case tensor(ImportedTensor)
        /// The states of several recurrent layers, one above the other.
        case states([ImportedTensor])
    }

    struct Line {
        var words: String
        let name: String
        let sources: [Int]
        var version = 0
        var isRecurrent = false
        var layers = 1
        var isLast = false
        var lacksBias = false
    }

    let batch: Int
    var values: [String: Value] = [:]
    var lines: [Line] = []
    var weights: [String: [Float]] = [:]
    var notes: [String] = []
    let outputs: Set<String>
    /// The weight that a computed one is made of, by name.
    var origins: [String: String] = [:]
    /// How many numbers may still be computed of constants: a small file must not fill the memory.
    var numbersLeft: Int
    var names: Set<String> = ["input", "as", "from"]
    var usedWeights: Set<String> = []

    init(_ contents: ONNXContents, batch: Int?) {
        self.batch = batch ?? 7_919
        outputs = Set(contents.outputs)
        values = contents.constants.mapValues { .constant($0) }
        numbersLeft = max(4 * contents.constants.values.reduce(0) { $0 + $1.count }, 1 << 20)
    }

    mutating func add(_ node: ONNXNode) throws(ConfigurationError) {
        do throws(ConfigurationError) {
            guard node.outputs.first?.isEmpty == false else { throw ConfigurationError("it puts out nothing") }
            if try fold(node) { return }
            try addLayer(node)
        } catch {
            throw ConfigurationError("node '\(node.name.printable)' (\(node.operation.printable)): \(error)")
        }
    }

    // What a node takes.

    func value(_ node: ONNXNode, _ index: Int) throws(ConfigurationError) -> Value {
        guard index < node.inputs.count, !node.inputs[index].isEmpty else {
            throw ConfigurationError("it lacks input \(index)")
        }
        guard let value = values[node.inputs[index]] else {
            throw ConfigurationError("nothing puts out its input '\(node.inputs[index].printable)'")
        }
        return value
    }

    func constant(_ node: ONNXNode, _ index: Int) -> ONNXTensor? {
        guard index < node.inputs.count, case .constant(let tensor)? = values[node.inputs[index]] else { return nil }
        return tensor
    }

    /// The floats of an input that is a weight, of an expected number.
    func floats(_ node: ONNXNode, _ index: Int, count: Int? = nil) throws(ConfigurationError) -> [Float] {
        guard let floats = constant(node, index)?.floats, count.map({ floats.count == $0 }) ?? true else {
            throw ConfigurationError("input \(index) is no constant of \(count.map { "\($0) " } ?? "")numbers")
        }
        return floats
    }

    /// An input as it stands, which must be the current output of its layer.
    func unfinished(_ node: ONNXNode, _ index: Int) throws(ConfigurationError) -> ImportedTensor {
        guard case .tensor(let tensor) = try value(node, index) else {
            throw ConfigurationError("input \(index) does not depend on the model's input")
        }
        if tensor.line >= 0, lines[tensor.line].version != tensor.version {
            throw ConfigurationError("it reads a layer's output of which something else reads another part")
        }
        return tensor
    }

    /// An input with what was pending written as layers.
    mutating func tensor(_ node: ONNXNode, _ index: Int) throws(ConfigurationError) -> ImportedTensor {
        let tensor = try finished(try unfinished(node, index))
        values[node.inputs[index]] = .tensor(tensor)
        return tensor
    }

    /// An input `[batch, …]` in the order of its layer's output; squeezed images are flattened.
    mutating func plain(_ node: ONNXNode, _ index: Int = 0) throws(ConfigurationError) -> ImportedTensor {
        let plain = try flattened(try tensor(node, index))
        values[node.inputs[index]] = .tensor(plain)
        return plain
    }

    mutating func image(_ node: ONNXNode, _ index: Int = 0) throws(ConfigurationError) -> ImportedTensor {
        let image = try plain(node, index)
        guard image.sample.count == 3 else {
            throw ConfigurationError("it takes images, and gets \(image.sample) for a sample")
        }
        return image
    }

    mutating func flattened(_ tensor: ImportedTensor) throws(ConfigurationError) -> ImportedTensor {
        if tensor.isPlain { return tensor }
        let left = tensor.axes.filter { $0 != .one }
        let first: ImportedTensor.Axis = .sample(tensor.sample.firstIndex { $0 != 1 } ?? 0)
        guard tensor.axes.count == 2, left == [.batch, first], tensor.sample.count(where: { $0 != 1 }) <= 1 else {
            throw ConfigurationError("it takes a tensor whose dimensions were moved")
        }
        return append("flatten", "flatten", [tensor], [tensor.count])
    }

    /// Writes what is pending of a tensor.
    mutating func finished(_ tensor: ImportedTensor) throws(ConfigurationError) -> ImportedTensor {
        var tensor = tensor
        if tensor.isLastStep {
            if !lines[tensor.line].isLast {
                lines[tensor.line].isLast = true
                lines[tensor.line].version += 1
            }
            tensor = ImportedTensor(line: tensor.line, sample: [tensor.sample[tensor.sample.count - 1]])
            tensor.version = lines[tensor.line].version
        }
        switch tensor.pending {
        case nil: return tensor
        case .sigmoid:
            tensor.pending = nil
            return append("sigmoid", "sigmoid", [tensor], tensor.sample)
        case .normalized(let groups, let epsilon):
            let name = unique("groupnorm")
            weights["\(name).weight"] = [Float](repeating: 1, count: tensor.sample[0])
            weights["\(name).bias"] = [Float](repeating: 0, count: tensor.sample[0])
            tensor.pending = nil
            return append("groupnorm \(groups)\(Self.epsilon(epsilon))", named: name, [tensor], tensor.sample)
        default: throw ConfigurationError("it reads an intermediate result of which no layer here is known")
        }
    }

    // What a node puts out.

    static func epsilon(_ epsilon: Float) -> String { epsilon == 1e-5 ? "" : " epsilon \(epsilon)" }

    mutating func append(
        _ words: String, _ stem: String, _ sources: [ImportedTensor], _ sample: [Int]
    ) -> ImportedTensor { append(words, named: unique(stem), sources, sample) }

    /// Adds a line with a name that ``unique(_:)`` gave.
    mutating func append(
        _ words: String, named name: String, _ sources: [ImportedTensor], _ sample: [Int]
    ) -> ImportedTensor {
        lines.append(Line(words: words, name: name, sources: sources.map(\.line)))
        return ImportedTensor(line: lines.count - 1, sample: sample)
    }

    mutating func set(_ node: ONNXNode, _ tensor: ImportedTensor) { values[node.outputs[0]] = .tensor(tensor) }
}
