import FedCore

/// The nodes of a model while its text is read, layer by layer, each made for the shape that it gets.
struct ModelBuilder {
    private(set) var nodes: [Node] = []

    private let name: String
    private let form: DataForm
    private let kinds: Catalog<LayerKind>
    /// Shapes of the input and of each node's output.
    private var shapes: [Shape]
    /// Number of parameters so far.
    private var parameters = 0
    /// The most elements of a tensor of one sample: 1 GB.
    private static let mostElements = 1 << 28
    /// Index of the node of each name.
    private var places: [String: Node.Source] = ["input": .input]

    init(_ name: String, _ form: DataForm, _ kinds: Catalog<LayerKind>) {
        self.name = name
        self.form = form
        self.kinds = kinds
        shapes = [form.input]
    }

    /// The output of the last node so far.
    private var last: Node.Source { nodes.isEmpty ? .input : .node(nodes.count - 1) }

    /// Adds a layer.
    /// - Parameters:
    ///   - text: the layer as it was written.
    ///   - isLast: whether the model ends with it.
    /// - Throws: `ConfigurationError` with the layer's place and text.
    mutating func add(_ text: String, isLast: Bool) throws(ConfigurationError) {
        do throws(ConfigurationError) {
            try read(text, isLast: isLast)
        } catch {
            throw ConfigurationError("model '\(name)', layer \(nodes.count): \(error)")
        }
    }

    private mutating func read(_ text: String, isLast: Bool) throws(ConfigurationError) {
        var words = text.split(whereSeparator: \.isWhitespace)[...]
        let word = words.popFirst().map { String($0) } ?? ""
        guard let kind = kinds.find(word) else { throw kinds.unknown(word) }
        let label = try take("as", from: &words)
        guard label.count <= 1 else { throw ConfigurationError("'\(text)': one name follows 'as'") }
        var sources = try take("from", from: &words).map { (name) throws(ConfigurationError) in try source(name) }
        if sources.isEmpty { sources = [last] }
        if kind.joinsNamed {
            for name in words { sources.append(try source(String(name))) }
            words = []
        }
        if kind.flattensImages, shapes[sources[0].position].extents.count > 1 {
            try append(Flatten(), "\(nodes.count)", sources)
            sources = [last]
        }
        var arguments = LayerArguments(
            text, words: Array(words), inputs: sources.map { shapes[$0.position] }, outputs: isLast ? form.outputs : nil
        )
        let layer = try kind.make(&arguments)
        try arguments.finish(kind)
        try append(layer, label.first ?? "\(nodes.count)", sources)
    }

    private mutating func append(
        _ layer: any Layer, _ name: String, _ sources: [Node.Source]
    ) throws(ConfigurationError) {
        guard places[name] == nil else { throw ConfigurationError("another layer is called '\(name)'") }
        let inputs = sources.map { shapes[$0.position] }
        let output = try layer.outputShape(joining: inputs)
        // Checked layer by layer: products of what a damaged file says must not overflow.
        guard output.count <= Self.mostElements else {
            throw ConfigurationError("\(layer.description) puts out \(output), more than any sample may have")
        }
        parameters += layer.parameters(for: inputs[0]).reduce(0) { $0 + $1.shape.reduce(1, *) }
        guard parameters <= Model.mostParameters else {
            throw ConfigurationError(
                "with \(layer.description) the model would have \(parameters) parameters; at most "
                    + "\(Model.mostParameters) are accepted")
        }
        shapes.append(output)
        nodes.append(Node(name, layer, inputs: sources))
        places[name] = last
    }

    /// Takes the words behind a keyword, up to the next keyword, out of a layer's words.
    private func take(_ keyword: String, from words: inout ArraySlice<Substring>) throws(ConfigurationError) -> [String]
    {
        guard let start = words.firstIndex(where: { $0 == keyword }) else { return [] }
        let end = words[(start + 1)...].firstIndex { $0 == "as" || $0 == "from" } ?? words.endIndex
        let taken = words[(start + 1)..<end].map { String($0) }
        guard !taken.isEmpty else { throw ConfigurationError("a name follows '\(keyword)'") }
        words.removeSubrange(start..<end)
        return taken
    }

    private func source(_ name: String) throws(ConfigurationError) -> Node.Source {
        guard let source = places[name] else {
            throw ConfigurationError("no layer before this one is called '\(name)'")
        }
        return source
    }
}
