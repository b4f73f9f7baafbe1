public import FedCore

/// The catalog of models.
public enum Models {
    /// Every model, the EdgeCNNs first: what `--model` accepts.
    public static let all: [Model] = [
        .edgeCNNLarge, .edgeCNNBN, .edgeCNNMedium, .edgeCNNSmall, .logistic, .simpleCNN,
    ]

    /// - Parameter name: of the catalog's, or with other widths behind a colon, as in `edgecnn-large:8-16-64-32`.
    /// - Throws: `ConfigurationError` that lists the catalog.
    public static func named(_ name: String) throws(ConfigurationError) -> Model {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard let base = parts.first, let model = all.first(where: { $0.name == base }) else {
            throw ConfigurationError(unknown: "model", name, choices: all.map(\.name))
        }
        guard parts.count > 1 else { return model }
        return try model.narrowed(
            to: parts[1].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 })
    }
}
