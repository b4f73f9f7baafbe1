import FedCore

/// The lines of a model's text while the nodes of a file are read, one after the other.
///
/// ```swift
/// var importer = Importer(contents, batch: nil)
/// importer.values["image"] = .tensor(ImportedTensor(line: -1, sample: [1, 28, 28]))
/// for node in contents.nodes { try importer.add(node) }
/// let (lines, outputs) = try importer.finish("scores")
/// ```
///
/// A node is either computed at once, when it depends on constants alone (``fold(_:)``), or becomes a line of the text,
/// a part of one, or a note of how a tensor's dimensions were moved (``addLayer(_:)``). Each name of a tensor in the
/// file then has a ``Value``.
///
/// The batch has a size, 7919 where the file leaves it free, so that the shapes that a graph computes are numbers. That
/// is a prime, and larger than the usual extents: a Reshape's target seldom has it by chance.
struct Importer {
    /// What the name of a tensor in the file stands for.
    enum Value {
        /// A weight, or what was computed of weights, numbers and shapes.
        case constant(ONNXTensor)
        /// Zeros of any shape, as of a recurrent layer's first state.
        case zeros([Int])
        /// What depends on the model's input.
        case tensor(ImportedTensor)
        /// The last states of several recurrent layers, one above the other: a Concat along the layers.
        case states([ImportedTensor])
    }

    /// A layer of the model's text. Later nodes may complete it, by which its ``version`` goes up.
    struct Line {
        /// Kind of the layer and its settings in the words of `ModelText`, e.g. `conv 16 3x3 pad 1`.
        var words: String
        /// What other lines call it; with `.weight` and such behind it, what its weights are called.
        let name: String
        /// Indices of the lines whose outputs it takes, at least one; -1 for the model's input.
        let sources: [Int]
        /// How often it was completed; see ``ImportedTensor/version``.
        var version = 0
        /// Whether it is an LSTM or a GRU, of which the next one can be a further layer.
        var isRecurrent = false
        /// Number of recurrent layers, one on top of the other; 1 for other lines.
        var layers = 1
        /// Whether a recurrent layer puts out its last step alone.
        var isLast = false
        /// Whether a constant that is added to its output is its bias, or a normalisation's shift.
        var lacksBias = false
    }

    /// Number of samples that the graph is read for.
    let batch: Int
    /// What each tensor of the file is, by name: constants at first, then also the nodes' outputs.
    var values: [String: Value] = [:]
    /// The layers so far, each behind those that it takes; some may turn out to be of no use.
    var lines: [Line] = []
    /// Weights by PyTorch's keys, e.g. `conv1.weight`, row-major in PyTorch's order.
    var weights: [String: [Float]] = [:]
    /// What was left out of the network, a line for the user each.
    var notes: [String] = []
    /// Names of the graph's outputs.
    let outputs: Set<String>
    /// The weight that a computed one is made of, by the computed one's name.
    var origins: [String: String] = [:]
    /// How many numbers may still be computed of constants: a small file must not fill the memory.
    var numbersLeft: Int
    /// Names that no further line may have: those of lines, and words of the text.
    var names: Set<String> = ["input", "as", "from"]
    /// Weights, by name, that a line has: two lines cannot share one.
    var usedWeights: Set<String> = []

    /// Begins with a file's constants. The caller adds the graph's input to ``values``.
    /// - Parameters:
    ///   - contents: the file.
    ///   - batch: number of samples that the graph's input has; nil when it is free.
    init(_ contents: ONNXContents, batch: Int?) {
        self.batch = batch ?? 7_919
        outputs = Set(contents.outputs)
        values = contents.constants.mapValues { .constant($0) }
        numbersLeft = max(4 * contents.constants.values.reduce(0) { $0 + $1.count }, 1 << 20)
    }

    /// Reads the next node.
    /// - Parameter node: a node whose inputs were put out by earlier ones.
    /// - Throws: `ConfigurationError` with the node's name and operator, when no layer here does what it does.
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

    /// What an input is.
    /// - Parameters:
    ///   - node: the node that takes it.
    ///   - index: the input's place in the operator's order.
    /// - Throws: `ConfigurationError` when the node leaves it out, or nothing before the node puts it out.
    func value(_ node: ONNXNode, _ index: Int) throws(ConfigurationError) -> Value {
        guard index < node.inputs.count, !node.inputs[index].isEmpty else {
            throw ConfigurationError("it lacks input \(index)")
        }
        guard let value = values[node.inputs[index]] else {
            throw ConfigurationError("nothing puts out its input '\(node.inputs[index].printable)'")
        }
        return value
    }

    /// The constant that an input is.
    /// - Returns: nil when the input is left out or depends on the model's input, and for ``Value/zeros(_:)``.
    func constant(_ node: ONNXNode, _ index: Int) -> ONNXTensor? {
        guard index < node.inputs.count, case .constant(let tensor)? = values[node.inputs[index]] else { return nil }
        return tensor
    }

    /// The floats of an input that is a weight.
    /// - Parameters:
    ///   - node: the node that takes it.
    ///   - index: the input's place in the operator's order.
    ///   - count: how many there must be; nil takes any number.
    /// - Returns: the elements, row-major.
    /// - Throws: `ConfigurationError` when the input is no constant of so many floats.
    func floats(_ node: ONNXNode, _ index: Int, count: Int? = nil) throws(ConfigurationError) -> [Float] {
        guard let floats = constant(node, index)?.floats, count.map({ floats.count == $0 }) ?? true else {
            throw ConfigurationError("input \(index) is no constant of \(count.map { "\($0) " } ?? "")numbers")
        }
        return floats
    }

    /// An input as it stands, with what is pending of it.
    /// - Throws: `ConfigurationError` when it is a constant, or an output that its line has not any more.
    func unfinished(_ node: ONNXNode, _ index: Int) throws(ConfigurationError) -> ImportedTensor {
        guard case .tensor(let tensor) = try value(node, index) else {
            throw ConfigurationError("input \(index) does not depend on the model's input")
        }
        if tensor.line >= 0, lines[tensor.line].version != tensor.version {
            throw ConfigurationError("it reads a layer's output of which something else reads another part")
        }
        return tensor
    }

    /// An input with what was pending written as layers. The input's name stands for their output from then on, so that
    /// they are written once, however many nodes read it.
    /// - Throws: `ConfigurationError` as ``unfinished(_:_:)`` and ``finished(_:)``.
    mutating func tensor(_ node: ONNXNode, _ index: Int) throws(ConfigurationError) -> ImportedTensor {
        let tensor = try finished(try unfinished(node, index))
        values[node.inputs[index]] = .tensor(tensor)
        return tensor
    }

    /// An input `[batch, …]` in the order of its layer's output; squeezed images are flattened.
    /// - Throws: `ConfigurationError` when the file has moved its dimensions.
    mutating func plain(_ node: ONNXNode, _ index: Int = 0) throws(ConfigurationError) -> ImportedTensor {
        let plain = try flattened(try tensor(node, index))
        values[node.inputs[index]] = .tensor(plain)
        return plain
    }

    /// An input `[batch, channels, height, width]`.
    /// - Throws: `ConfigurationError` when it is none, or the file has moved its dimensions.
    mutating func image(_ node: ONNXNode, _ index: Int = 0) throws(ConfigurationError) -> ImportedTensor {
        let image = try plain(node, index)
        guard image.sample.count == 3 else {
            throw ConfigurationError("it takes images, and gets \(image.sample) for a sample")
        }
        return image
    }

    /// A tensor in the order of its layer's output. One of `[batch, features]` that a file has squeezed, as behind a
    /// global average, gets a `flatten`.
    /// - Throws: `ConfigurationError` when that cannot be: the dimensions were moved.
    mutating func flattened(_ tensor: ImportedTensor) throws(ConfigurationError) -> ImportedTensor {
        if tensor.isPlain { return tensor }
        let left = tensor.axes.filter { $0 != .one }
        let first: ImportedTensor.Axis = .sample(tensor.sample.firstIndex { $0 != 1 } ?? 0)
        guard tensor.axes.count == 2, left == [.batch, first], tensor.sample.count(where: { $0 != 1 }) <= 1 else {
            throw ConfigurationError("it takes a tensor whose dimensions were moved")
        }
        return append("flatten", "flatten", [tensor], [tensor.count])
    }

    /// Writes what is pending of a tensor as layers: a sigmoid, a group normalisation without scales, or that a
    /// recurrent layer puts out its last step alone.
    /// - Returns: the output of the last line that was written, or the tensor as it is.
    /// - Throws: `ConfigurationError` for other parts of layers, such as a GELU's error function.
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

    /// The setting of a normalisation's epsilon, with a space before it; empty for the usual 10⁻⁵.
    static func epsilon(_ epsilon: Float) -> String { epsilon == 1e-5 ? "" : " epsilon \(epsilon)" }

    /// Adds a line.
    /// - Parameters:
    ///   - words: the layer, as in ``Line/words``.
    ///   - stem: its name, if no line has it; otherwise a number is put behind it.
    ///   - sources: the tensors that it takes.
    ///   - sample: shape of its output for one sample.
    /// - Returns: its output, dimensions in the layer's order.
    mutating func append(
        _ words: String, _ stem: String, _ sources: [ImportedTensor], _ sample: [Int]
    ) -> ImportedTensor { append(words, named: unique(stem), sources, sample) }

    /// Adds a line with a name that ``unique(_:)`` gave; otherwise as above.
    mutating func append(
        _ words: String, named name: String, _ sources: [ImportedTensor], _ sample: [Int]
    ) -> ImportedTensor {
        lines.append(Line(words: words, name: name, sources: sources.map(\.line)))
        return ImportedTensor(line: lines.count - 1, sample: sample)
    }

    /// Gives a node's first output.
    mutating func set(_ node: ONNXNode, _ tensor: ImportedTensor) { values[node.outputs[0]] = .tensor(tensor) }
}
