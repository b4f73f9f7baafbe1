public import FedCore

/// A neural network as a value: a graph of layers that turns a sample into one score (logit) per class, or one value per
/// target; or a part of one, see ``part(_:)``.
///
/// A model has shapes, parameter names and costs, but neither weights nor code: ``TrainedModel`` adds weights, ``Plan``
/// compiles it. The catalog is ``Models``; ``ModelText`` reads one that a user has written.
///
/// ```swift
/// let model = Model(
///     name: "mlp", input: [1, 28, 28], classes: 10,
///     layers: [Flatten(), Linear(784, 64), ReLU(), Linear(64, 10)])
/// let weights = model.initialWeights(seed: 1)
/// ```
public struct Model: Sendable {
    /// Name in the catalog, maybe with widths behind a colon (``narrowed(to:)``); of a part, with its range of layers.
    public let name: String
    /// What `--model` has to say to get this model for the same data: its name in the catalog, or its name and layers.
    public let text: String
    /// Shape of a sample, `[channels, height, width]`; of a part, the shape that its first layer receives.
    public let input: Shape
    /// The layers with their names and inputs; each takes only what is before it, and the last one's output is the
    /// model's.
    public let nodes: [Node]
    /// The index of the first layer in the whole model: 0 unless this is a part.
    public let firstLayer: Int
    /// The device │ server boundary of split training and inference: layers before this index run on the device. Nil
    /// when the model is not meant to be split.
    public let cut: Int?
    /// The place of each parameter in the flat weights; the keys are PyTorch's: a node's name, a dot, the parameter's.
    /// Frozen parameters are not among them.
    public private(set) var parameterLayout: ParameterLayout
    /// The parameters that a run keeps as they are; nil when it trains all (``starting(from:freezing:)``).
    public private(set) var frozen: FrozenParameters?
    /// The weights that training starts from instead of random ones, of all parameters; empty where they are drawn.
    private var start: [Float] = []
    /// The shape of the model's input, and behind it that of each layer's output: `layers.count + 1` shapes.
    public let shapes: [Shape]

    /// Whether only other programs can run it: it has parameters, and no layers.
    public private(set) var isExternal = false

    /// The initialisation of each parameter of the layout.
    let initializations: [LayerParameter.Initialization]
    /// Number of parameter tensors of the layers before the first: those of a part draw the initial values of the
    /// whole.
    let firstParameter: Int
    /// Number of dropout layers before the first: those of a part draw the masks that they draw in the whole.
    let dropoutsBefore: Int

    /// Makes a model whose layers are a chain, as PyTorch's `nn.Sequential`.
    /// - Parameters:
    ///   - name: name in the catalog.
    ///   - input: `[channels, height, width]` of a sample.
    ///   - classes: number of scores.
    ///   - cut: index of the first layer on the server's side, if the model can be split.
    ///   - layers: the layers, first to last.
    /// - Precondition: each layer accepts the shape its predecessor puts out, the last one puts out `[classes]`, and
    ///   `cut`, if any, leaves at least one layer on either side.
    public init(name: String, input: Shape, classes: Int, cut: Int? = nil, layers: [any Layer]) {
        do {
            try self.init(
                name: name, form: DataForm(input, outputs: classes), cut: cut, nodes: Self.chain(of: layers))
        } catch { preconditionFailure("\(error)") }
    }

    /// Makes a model and checks its shapes.
    /// - Parameters:
    ///   - name: name in the catalog, or the user's own.
    ///   - text: what `--model` says to get it; its name by default.
    ///   - form: shape of a sample, and number of outputs.
    ///   - cut: index of the first layer on the server's side, if the model can be split.
    ///   - nodes: the layers, each behind those that it takes the output of.
    /// - Throws: `ConfigurationError` that names the first layer which does not take the shape that it gets, or says
    ///   what else is wrong.
    public init(
        name: String, text: String? = nil, form: DataForm, cut: Int? = nil, nodes: [Node]
    ) throws(ConfigurationError) {
        try self.init(name: name, text: text ?? name, input: form.input, cut: cut, nodes: nodes)
        guard output == [form.outputs] else {
            throw ConfigurationError(
                "model '\(name)' puts out \(output), and the data ask for \(form.outputs): its last layer must put out as "
                    + "many")
        }
        try checkReaders()
        if let cut {
            guard cut > 0, cut < nodes.count, isCuttable(at: cut) else {
                throw ConfigurationError("model '\(name)' cannot be cut at layer \(cut)")
            }
        }
    }

    /// Makes a model that this program cannot run: parameters and where they start, and no layers. Client ranks of
    /// another program train it, and this one sums and steps.
    /// - Parameters:
    ///   - name: name of the model, for records.
    ///   - layout: the parameters of the other program's model.
    ///   - weights: initial weights, `[layout.count]`.
    ///   - classes: number of classes that its evaluations tell apart.
    public init(external name: String, _ layout: ParameterLayout, weights: [Float], classes: Int) {
        precondition(weights.count == layout.count, "\(weights.count) of \(layout.count) weights")
        (self.name, text) = (name, name)
        (input, shapes) = ([classes], [[classes]])
        (nodes, cut) = ([], nil)
        (firstLayer, firstParameter, dropoutsBefore) = (0, 0, 0)
        (parameterLayout, initializations, start) = (layout, [], weights)
        isExternal = true
    }

    init(
        name: String, text: String, input: Shape, cut: Int?, nodes: [Node], firstLayer: Int = 0,
        firstParameter: Int = 0, dropoutsBefore: Int = 0
    ) throws(ConfigurationError) {
        var shapes = [input]
        var layout = ParameterLayout()
        var initializations: [LayerParameter.Initialization] = []
        for (index, node) in nodes.enumerated() {
            let inputs = node.inputs.map { shapes[$0.position] }
            do throws(ConfigurationError) {
                shapes.append(try node.layer.outputShape(joining: inputs))
            } catch {
                throw ConfigurationError("model '\(name)', layer \(node.name): \(error)")
            }
            for parameter in node.layer.parameters(for: inputs[0]) {
                layout.append(
                    "\(node.name).\(parameter.name)", shape: parameter.shape, layer: firstLayer + index,
                    role: parameter.role, isNormalization: node.layer.isNormalization)
                initializations.append(parameter.initialization)
            }
        }
        self.name = name
        self.text = text
        self.input = input
        self.cut = cut
        self.nodes = nodes
        self.shapes = shapes
        self.firstLayer = firstLayer
        self.firstParameter = firstParameter
        self.dropoutsBefore = dropoutsBefore
        parameterLayout = layout
        self.initializations = initializations
    }

    /// The layers without their names and inputs.
    public var layers: [any Layer] { nodes.map(\.layer) }

    /// Shape of the last layer's output for one sample: `[classes]`, unless this is a part that ends before.
    public var output: Shape { shapes[nodes.count] }

    /// Number of elements of the last layer's output for one sample: the classes of a whole model.
    public var classes: Int { output.count }

    /// The shapes at both ends.
    public var form: DataForm { DataForm(input, outputs: classes) }

    /// Length of the flat weights: the trained parameters, and the running statistics of normalisation layers.
    public var parameterCount: Int { parameterLayout.count }

    /// Number of parameters that an optimizer moves; all of them in a model without normalisation layers.
    public var trainedParameterCount: Int { parameterLayout.trainedCount }

    /// The weights that training starts from, in the canonical order: those that the model was given, or random ones,
    /// distributed as PyTorch's defaults.
    ///
    /// Each tensor has a random stream of its own, so every rank draws the same weights from the seed, and a part the
    /// same as the whole. They are not PyTorch's numbers.
    /// - Parameter seed: the run's seed.
    /// - Returns: `[parameterCount]`.
    /// - Complexity: O(parameters).
    public func initialWeights(seed: UInt64) -> [Float] {
        if let frozen { return frozen.federated(of: frozen.start) }
        if !start.isEmpty { return start }
        var weights: [Float] = []
        weights.reserveCapacity(parameterCount)
        for (index, entry) in parameterLayout.entries.enumerated() {
            switch initializations[index] {
            case .uniform(let fanIn):
                var stream = RandomStream(seed: seed, .initialization, salt: firstParameter + index)
                let bound = 1 / Float(fanIn).squareRoot()
                for _ in 0..<entry.count { weights.append((2 * stream.uniform() - 1) * bound) }
            case .normal:
                var stream = RandomStream(seed: seed, .initialization, salt: firstParameter + index)
                for _ in 0..<entry.count { weights.append(Float(PortableMath.normal(&stream))) }
            case .constant(let value):
                weights.append(contentsOf: repeatElement(value, count: entry.count))
            }
        }
        return weights
    }
}

extension Model {
    /// The model with weights to start from, some of which may stay as they are.
    ///
    /// - Parameters:
    ///   - weights: `[parameterCount]`; nil draws them from the seed.
    ///   - seed: seed of the weights that are drawn.
    ///   - isFrozen: whether a parameter, by its key, neither trains nor travels.
    /// - Throws: `ConfigurationError` when nothing would be left to train, or a frozen normalisation follows layers that
    ///   train: it would have to be differentiated by its running statistics.
    /// - Precondition: this is a whole model, without frozen parameters.
    public func starting(
        from weights: [Float]?, seed: UInt64, freezing isFrozen: (_ key: String) -> Bool
    ) throws(ConfigurationError) -> Model {
        precondition(firstLayer == 0 && frozen == nil, "\(name) is a part, or frozen already")
        var model = self
        model.start = weights ?? []
        guard parameterLayout.entries.contains(where: { isFrozen($0.name) }) else { return model }
        let frozen = FrozenParameters(parameterLayout, start: model.initialWeights(seed: seed)) { isFrozen($0.name) }
        guard frozen.federated.trainedCount > 0 else {
            throw ConfigurationError("--freeze leaves no parameter of '\(name)' to train")
        }
        var trains = [false]
        for (index, node) in nodes.enumerated() {
            let entries = zip(parameterLayout.entries, frozen.isFrozen).filter { $0.0.layer == index }
            let follows = node.inputs.contains { trains[$0.position] }
            let freezesStatistics = entries.contains { $0.0.role == .statistic && $0.1 }
            if freezesStatistics, follows || entries.contains(where: { !$0.1 }) {
                throw ConfigurationError(
                    "--freeze: the running statistics of \(node.name), \(node.layer.description), are frozen, while it, or "
                        + "a layer before it, trains: freeze these, too, or let it train")
            }
            trains.append(follows || entries.contains { !$0.1 })
        }
        model.frozen = frozen
        model.parameterLayout = frozen.federated
        return model
    }
}
