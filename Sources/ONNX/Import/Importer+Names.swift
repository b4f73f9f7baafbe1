import FedCore

// Names of layers, and the weights that they are of.
extension Importer {
    /// The name of a layer with weights: that of its weight in PyTorch, or else of the node, or else the operator.
    /// - Parameters:
    ///   - node: the layer's node.
    ///   - index: which of its inputs is the weight.
    /// - Returns: a name that no line has, to be given to a new one.
    /// - Throws: `ConfigurationError` when another layer has the weight, too.
    mutating func layerName(_ node: ONNXNode, weight index: Int) throws(ConfigurationError) -> String {
        let weight = origin(node, index)
        // The newer exporter has one constant for all that are equal, as scales are before training: each is a layer's own.
        let isFresh = node.operation.hasSuffix("Normalization") && constant(node, index)?.isOnes == true
        if !isFresh { try use(weight) }
        return unique(Self.module(of: weight) ?? Self.path(node.name) ?? node.operation.lowercased())
    }

    /// The name of an input that is a weight, before the graph turned it.
    /// - Returns: the weight's name in the file; empty when the node leaves the input out.
    func origin(_ node: ONNXNode, _ index: Int) -> String {
        let name = index < node.inputs.count ? node.inputs[index] : ""
        return origins[name] ?? name
    }

    /// Notes that a node has a weight.
    /// - Throws: `ConfigurationError` when another one has it, too.
    mutating func use(_ weight: String) throws(ConfigurationError) {
        guard usedWeights.insert(weight).inserted else {
            throw ConfigurationError("it shares its weights '\(weight.printable)' with another node")
        }
    }

    /// The module of a weight, by its key in PyTorch: `layer1.0.conv1` of `layer1.0.conv1.weight`; nil for other names.
    static func module(of weight: String) -> String? {
        for key in [".weight", ".weight_ih_l0"] where weight.hasSuffix(key) {
            return String(weight.dropLast(key.count))
        }
        return nil
    }

    /// The module of a node, by the name that PyTorch's older exporter gives it: `layer1.0.conv1` of
    /// `/layer1/layer1.0/conv1/Conv`; nil for names without a path. Each part begins with the last part before it, or
    /// is within it.
    static func path(_ name: String) -> String? {
        var parts: [Substring] = []
        for part in name.split(separator: "/").dropLast() {
            if let last = parts.last, part.hasPrefix("\(last).") { parts.removeLast() }
            parts.append(part)
        }
        return parts.isEmpty ? nil : parts.joined(separator: ".")
    }

    /// A name of letters, digits, `_`, `-` and `.` that no line has; it is taken from then on.
    /// - Parameter stem: what to call it. Other characters become `_`, what is behind the first 200 is cut off, and a
    ///   number comes behind it when a line has it, e.g. `relu-2`.
    /// - Complexity: a few look-ups where the stem has a `-`; otherwise one for each number that is taken.
    mutating func unique(_ stem: String) -> String {
        let allowed = stem.prefix(200).map { character in
            character.isASCII && (character.isLetter || character.isNumber || "_-.".contains(character))
                ? character : "_"
        }
        let clean = allowed.isEmpty ? "layer" : String(allowed)
        if names.insert(clean).inserted { return clean }
        // From the number of names on, most are free at once.
        var number = clean.contains("-") ? names.count : 2
        while !names.insert("\(clean)-\(number)").inserted { number += 1 }
        return "\(clean)-\(number)"
    }
}
