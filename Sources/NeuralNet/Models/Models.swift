public import FedCore

/// The catalog of models. A model is an ``Architecture`` in `Models/` and one entry of ``all``; `fedmpi models` lists
/// their layers and costs.
public enum Models {
    /// Every model that `--model` accepts by name, the EdgeCNNs first.
    public static let all: [Architecture] = [
        .edgeCNNLarge, .edgeCNNBN, .edgeCNNMedium, .edgeCNNSmall, .logistic, .simpleCNN, .cifarCNN,
        .mobileNetTiny, .resNet18, .resNet18GN, .femnistCNN, .charLSTM, .edgeMLP, .tinyML, .compact, .mobile,
        .heteroFLCNN, .edgeCNNExits,
    ]

    /// The models that come with the project.
    public static let standard = Catalog("model", all, name: { $0.name }, summary: { $0.summary })
}

extension Catalog<Architecture> {
    /// The model that a setting or a file names.
    /// - Parameters:
    ///   - text: a name in the catalog, or one with other widths behind a colon, as in `edgecnn-large:8-16-64-32`
    ///     (``Model/narrowed(to:)``), or the layers themselves (``ModelText``).
    ///   - form: the data; those that a model of the catalog was made for unless given.
    /// - Throws: `ConfigurationError` that lists the catalog, or says which widths are accepted, or which layer does not
    ///   take what it gets.
    public func named(_ text: String, for form: DataForm? = nil) throws(ConfigurationError) -> Model {
        if ModelText.isText(text) {
            guard let form else { throw ConfigurationError("the shapes of '\(text.printable)' come from the data") }
            return try ModelText(text).model(for: form)
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard let base = parts.first, let architecture = find(base) else { throw unknown(text) }
        let model: Model
        do { model = try architecture.model(for: form) } catch {
            // Whoever brings a table and names no model meets one for images.
            guard let form, form.isRow, !architecture.natural.isRow else { throw error }
            let others = all.filter { $0.natural == .table32 }.map(\.name)
            throw ConfigurationError(
                "\(error); samples are rows of \(NumberText.count(form.input.count, "number")), for which there are "
                    + "--model \((others + ["logistic"]).joined(separator: ", ")) or layers such as "
                    + "\"linear 16, relu, linear\"")
        }
        guard parts.count > 1 else { return model }
        return try model.narrowed(
            to: parts[1].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 })
    }
}

// The models for the data that they were made for, by name.
extension Model {
    /// The catalog's `edgecnn-large` for 1×28×28 and ten classes.
    public static let edgeCNNLarge = Architecture.edgeCNNLarge.naturalModel
    /// The catalog's `edgecnn-bn` for 1×28×28 and ten classes.
    public static let edgeCNNBN = Architecture.edgeCNNBN.naturalModel
    /// The catalog's `edgecnn-medium` for 1×28×28 and ten classes.
    public static let edgeCNNMedium = Architecture.edgeCNNMedium.naturalModel
    /// The catalog's `edgecnn-small` for 1×28×28 and ten classes.
    public static let edgeCNNSmall = Architecture.edgeCNNSmall.naturalModel
    /// The catalog's `logistic` for 1×28×28 and ten classes.
    public static let logistic = Architecture.logistic.naturalModel
    /// The catalog's `simplecnn` for 1×28×28 and ten classes.
    public static let simpleCNN = Architecture.simpleCNN.naturalModel
}
