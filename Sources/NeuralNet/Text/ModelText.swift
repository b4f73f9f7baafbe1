public import FedCore

/// A model as a user writes it: layers between commas, first to last, e.g.
/// `conv 16 3x3 pad 1, relu, maxpool 2 | linear 64, relu, linear`.
///
/// - A layer takes the output of the one before it, or of those that it names: `from NAME …`. `as NAME` names a layer;
///   without it, a layer is called by its number, as in PyTorch's `nn.Sequential`. `add NAME` and `concat NAME` take the
///   layer before and those they name. `input` is the model's input.
/// - Shapes are found from the data. A `linear` without a width, at the end, has as many outputs as the data ask for.
/// - A `flatten` is put before a `linear` that follows an image; it counts as a layer of its own.
/// - A bar instead of a comma is the device │ server boundary of split training and inference.
public struct ModelText: Sendable, Hashable {
    /// What the user calls the model.
    public let name: String
    /// The layers as they were written, without the bar.
    let layers: [String]
    /// How many of the written layers stand before the bar; nil without one.
    let cut: Int?

    /// What stands for the model in a setting or a file: `NAME: LAYERS`.
    public var description: String {
        var text = ""
        for (index, layer) in layers.enumerated() {
            if index > 0 { text += index == cut ? " | " : ", " }
            text += layer
        }
        return "\(name): \(text)"
    }

    /// Whether a text is a list of layers, and not a name in a catalog. Of single words only `linear` is a model.
    public static func isText(_ text: String) -> Bool {
        text == LayerKinds.linear.name || text.contains { $0 == "," || $0 == " " || $0 == "|" }
    }

    /// Reads a text.
    /// - Parameters:
    ///   - text: layers, maybe behind a name and `: `.
    ///   - name: name of the model where the text has none.
    /// - Throws: `ConfigurationError` when there is no layer, or more than one bar.
    public init(_ text: String, name: String = "custom") throws(ConfigurationError) {
        var rest = text[...]
        var name = name
        if let colon = text.firstIndex(of: ":"), text[..<colon].allSatisfy({ !$0.isWhitespace && $0 != "," }) {
            name = String(text[..<colon])
            rest = text[text.index(after: colon)...]
        }
        let sides = rest.split(separator: "|", omittingEmptySubsequences: false).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) }
        }
        guard sides.count <= 2 else { throw ConfigurationError("model '\(name)' has more than one bar, '|'") }
        try self.init(name: name, layers: Array(sides.joined()), cut: sides.count == 2 ? sides[0].count : nil)
    }

    /// Joins layers.
    /// - Parameters:
    ///   - name: name of the model.
    ///   - layers: a layer each, e.g. `conv 16 3x3 as stem`.
    ///   - cut: how many of these run on the device; nil when the model is not meant to be split.
    /// - Throws: `ConfigurationError` when a layer is empty, there are none or too many, or the name cannot be one.
    public init(name: String, layers: [String], cut: Int? = nil) throws(ConfigurationError) {
        guard !name.isEmpty, name.utf8.count <= 200,
            name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) })
        else {
            throw ConfigurationError("'\(name.printable)' is no name of a model: letters, digits, '-', '_' and '.'")
        }
        guard layers.count <= Self.mostLayers else {
            throw ConfigurationError("model '\(name)' has \(layers.count) layers; at most \(Self.mostLayers) are read")
        }
        for (index, layer) in layers.enumerated() where layer.isEmpty || layer.contains(where: { ",|\n".contains($0) })
        {
            throw ConfigurationError("model '\(name)': layer \(index) is \(layer.isEmpty ? "empty" : "more than one")")
        }
        if let cut, cut <= 0 || cut >= layers.count {
            throw ConfigurationError("model '\(name)': the bar must have layers on both sides")
        }
        self.name = name
        self.layers = layers
        self.cut = cut
    }

    /// The same layers with other numbers of outputs, and these in the name.
    /// - Parameter widths: of each convolution and each linear layer, from the first on, but for the last of them.
    func narrowed(to widths: [Int]) throws(ConfigurationError) -> ModelText {
        var rest = widths[...]
        let layers = self.layers.map { layer in
            var words = layer.split(whereSeparator: \.isWhitespace).map { String($0) }
            let kinds = [LayerKinds.convolution.name, LayerKinds.linear.name]
            if words.count > 1, kinds.contains(words[0]), Int(words[1]) != nil, let width = rest.popFirst() {
                words[1] = "\(width)"
            }
            return words.joined(separator: " ")
        }
        return try ModelText(
            name: "\(name)-\(widths.map(String.init).joined(separator: "-"))", layers: layers, cut: cut)
    }

    /// A damaged file must not exhaust the memory.
    private static let mostLayers = 4096

    /// Makes the model for some data.
    /// - Parameters:
    ///   - form: shape of a sample, and number of outputs.
    ///   - kinds: the layers that can be named.
    ///   - mostParameters: the largest number of parameters that is accepted.
    /// - Throws: `ConfigurationError` that names the layer and what is wrong with it.
    public func model(
        for form: DataForm, kinds: Catalog<LayerKind> = LayerKinds.standard, text: String? = nil
    ) throws(ConfigurationError) -> Model {
        var builder = ModelBuilder(name, form, kinds)
        var cut: Int?
        for (index, layer) in layers.enumerated() {
            if index == self.cut { cut = builder.nodes.count }
            try builder.add(layer, isLast: index == layers.count - 1)
        }
        return try Model(name: name, text: text ?? description, form: form, cut: cut, nodes: builder.nodes)
    }
}

extension Substring {
    /// Without white space at both ends.
    fileprivate var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
