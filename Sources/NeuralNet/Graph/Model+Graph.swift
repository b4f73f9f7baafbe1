public import FedCore

extension Node.Source {
    /// Index in ``Model/shapes``: 0 is the model's input.
    var position: Int {
        switch self {
        case .input: 0
        case .node(let index): index + 1
        }
    }
}

extension Model {
    /// Nodes of a chain, named by their places, as PyTorch's `nn.Sequential` names them.
    static func chain(of layers: [any Layer]) -> [Node] {
        layers.enumerated().map { index, layer in
            Node("\(index)", layer, inputs: [index == 0 ? .input : .node(index - 1)])
        }
    }

    /// Whether each layer takes the output of the one before it and nothing else.
    public var isChain: Bool {
        nodes.indices.allSatisfy { nodes[$0].inputs.map(\.position) == [$0] }
    }

    /// The shapes of what a layer takes.
    /// - Parameter index: index of the layer, within `0 ..< layers.count`.
    public func inputShapes(ofLayer index: Int) -> [Shape] { nodes[index].inputs.map { shapes[$0.position] } }

    /// The layers that take each tensor, by its place in ``shapes``.
    var readers: [[Int]] {
        var readers = [[Int]](repeating: [], count: nodes.count + 1)
        for (index, node) in nodes.enumerated() {
            for source in node.inputs { readers[source.position].append(index) }
        }
        return readers
    }

    /// Refuses a model with a layer whose output nobody takes.
    func checkReaders() throws(ConfigurationError) {
        for (position, readers) in readers.enumerated().dropFirst() where readers.isEmpty && position < nodes.count {
            throw ConfigurationError(
                "model '\(name)': nothing takes the output of layer \(nodes[position - 1].name), "
                    + nodes[position - 1].layer.description)
        }
    }

    /// Whether a model can be divided before a layer: one tensor alone crosses, the output of the layer before.
    /// - Parameter index: from 0 (all layers behind the cut) to `layers.count`.
    public func isCuttable(at index: Int) -> Bool {
        nodes.dropFirst(index).allSatisfy { node in
            node.inputs.allSatisfy { $0.position == index || $0.position > index }
        }
    }

    /// Refuses a cut that more than one tensor would cross.
    /// - Throws: `ConfigurationError` that lists the cuts near by.
    public func checkCut(_ index: Int) throws(ConfigurationError) {
        guard !isCuttable(at: index) else { return }
        let before = cuts.last { $0 < index } ?? 0
        let after = cuts.first { $0 > index } ?? layers.count
        throw ConfigurationError(
            "\(name) cannot be cut at \(index): more than one tensor would cross; the nearest cuts are \(before) and "
                + "\(after)")
    }

    /// The places at which the model can be divided, from 0 to `layers.count`; all of them in a chain.
    public var cuts: [Int] { (0...nodes.count).filter(isCuttable) }

    /// Some consecutive layers as a model of their own, whose parameters keep the names and initial values that they
    /// have in the whole. The layers before a cut are `part(0..<cut)`, those behind it `part(cut..<layers.count)`; the
    /// output of an empty part is its input.
    ///
    /// - Parameter range: indices of layers, within `0 ..< layers.count`.
    /// - Returns: a model without a cut, whose ``firstLayer`` is the range's lower bound.
    /// - Precondition: this is a whole model, which can be divided at both bounds.
    public func part(_ range: Range<Int>) -> Model {
        precondition(firstLayer == 0, "\(name) is a part already")
        precondition(
            isCuttable(at: range.lowerBound) && isCuttable(at: range.upperBound), "\(name) cannot be cut at \(range)")
        let before = nodes[..<range.lowerBound]
        let nodes = nodes[range].map { node in
            Node(
                node.name, node.layer,
                inputs: node.inputs.map { source in
                    let position = source.position - range.lowerBound
                    return position == 0 ? .input : .node(position - 1)
                })
        }
        do {
            return try Model(
                name: "\(name)[\(range.lowerBound)..<\(range.upperBound)]", text: text,
                input: shapes[range.lowerBound], cut: nil, nodes: nodes, firstLayer: range.lowerBound,
                firstParameter: parameterLayout.entries.count { $0.layer < range.lowerBound },
                dropoutsBefore: before.count { ($0.layer as? Dropout).map { $0.rate > 0 } ?? false })
        } catch { preconditionFailure("the whole was checked: \(error)") }
    }

    /// The places of some consecutive layers' parameters in the flat weights: one range, maybe empty.
    /// - Parameter range: indices of layers, within `0 ..< layers.count`.
    /// - Complexity: O(parameter tensors).
    public func parameterRange(ofLayers range: Range<Int>) -> Range<Int> {
        func count(before layer: Int) -> Int {
            parameterLayout.entries.reduce(0) { $1.layer < firstLayer + layer ? $0 + $1.count : $0 }
        }
        return count(before: range.lowerBound)..<count(before: range.upperBound)
    }
}
