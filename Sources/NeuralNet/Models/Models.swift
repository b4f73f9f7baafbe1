public import FedCore

/// The catalog of models. A model is one file in `Models/` and one entry of ``all``; `fedmpi models` lists their
/// layers and costs.
public enum Models {
    /// Every model that `--model` accepts, the EdgeCNNs first.
    public static let all: [Model] = [
        .edgeCNNLarge, .edgeCNNBN, .edgeCNNMedium, .edgeCNNSmall, .logistic, .simpleCNN,
    ]

    /// The models that come with the project.
    public static let standard = Catalog("model", all, name: { $0.name }, summary: { _ in "" })
}

extension Catalog<Model> {
    /// The model of a name.
    /// - Parameter name: a name in the catalog, or one with other widths behind a colon, as in
    ///   `edgecnn-large:8-16-64-32` (``Model/narrowed(to:)``).
    /// - Throws: `ConfigurationError` that lists the catalog, or says which widths are accepted.
    public func named(_ name: String) throws(ConfigurationError) -> Model {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard let base = parts.first, let model = find(base) else { throw unknown(name) }
        guard parts.count > 1 else { return model }
        return try model.narrowed(
            to: parts[1].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 })
    }
}
