import FedCore

/// Models with exits: classifiers at several depths, of which the last layer, ``Mean``, takes the mean of the scores.
///
/// S. Teerapittayanon, B. McDanel, H. T. Kung, *BranchyNet: Fast Inference via Early Exiting from Deep Neural Networks*,
/// ICPR 2016, arXiv:1709.01686.
extension Model {
    /// The layers whose scores the model's last layer takes the mean of, from the shallowest on; empty in a model that does
    /// not end so.
    public var exits: [Int] {
        guard let last = nodes.last, last.layer is Mean, last.inputs.count > 1 else { return [] }
        return last.inputs.map { $0.position - 1 }.sorted()
    }

    /// The same model as it is trained at all exits at once: it puts out their scores one behind another, from the
    /// shallowest on, `[exits × classes]`. The parameters are the same.
    /// - Precondition: the model has exits.
    public var separatedExits: Model {
        let exits = exits
        precondition(!exits.isEmpty, "\(name) has no exits")
        let last = nodes[nodes.count - 1]
        return with(nodes.dropLast() + [Node(last.name, Concat(), inputs: exits.map { .node($0) })], name: name)
    }

    /// The model up to an exit: what the first exits need, and the mean of these.
    /// - Parameter count: number of exits to keep, from the shallowest on.
    /// - Returns: a model whose parameters have the names that they have in the whole.
    /// - Precondition: the model has that many exits.
    public func shortened(toExits count: Int) -> Model {
        let kept = exits.prefix(count)
        precondition(count > 0 && kept.count == count, "\(name) has no \(count) exits")
        // From the last on: what somebody needs who is needed.
        var isNeeded = [Bool](repeating: false, count: nodes.count)
        for exit in kept { isNeeded[exit] = true }
        for index in nodes.indices.reversed() where isNeeded[index] {
            for case .node(let source) in nodes[index].inputs { isNeeded[source] = true }
        }
        var places = [Node.Source: Node.Source]()
        places[.input] = .input
        var short: [Node] = []
        for (index, node) in nodes.enumerated() where isNeeded[index] {
            short.append(Node(node.name, node.layer, inputs: node.inputs.compactMap { places[$0] }))
            places[.node(index)] = .node(short.count - 1)
        }
        if count > 1 {
            short.append(Node(nodes[nodes.count - 1].name, Mean(), inputs: kept.compactMap { places[.node($0)] }))
        }
        return with(short, name: "\(name)-\(count)-exits")
    }

    /// The places of the parameters of a shortened model among this one's, as ascending ranges; parameters that adjoin
    /// are one range.
    public func places(of shortened: Model) -> [Range<Int>] {
        let names = Set(shortened.parameterLayout.entries.map(\.name))
        return parameterLayout.ranges { names.contains($0.name) }
    }

    /// A model of other nodes for the same samples.
    /// - Precondition: their shapes go together.
    private func with(_ nodes: [Node], name: String) -> Model {
        do {
            return try Model(name: name, text: text, input: input, cut: nil, nodes: nodes)
        } catch { preconditionFailure("the whole was checked: \(error)") }
    }
}
