public import FedCore

/// Personalisation by layers: the last layers stay with each client, those below them are federated. The base
/// learns features from everybody, the head decides as the client's data want it.
///
/// M. G. Arivazhagan, V. Aggarwal, A. K. Singh, S. Choudhary, *Federated Learning with Personalization Layers*,
/// 2019, Algorithm 1, arXiv:1912.00818. Base and personalisation layers are trained together, as there.
public struct FedPer: Strategy {
    public static let name = "fedper"
    public static let summary = "the last layers stay with each client"

    /// Number of layers with parameters that stay, counted from the output, ≥ 1; option `layers`.
    public var layers = 1

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        layers = try options.integer("layers", default: layers, "at least 1") { $0 >= 1 }
    }

    public var personalization: Personalization { .parameters }

    /// The ranges of the flat weights that belong to the last layers.
    ///
    /// - Throws: `ConfigurationError` when no layer would be left to federate.
    public func personalParameters(_ layout: ParameterLayout) throws(ConfigurationError) -> [Range<Int>] {
        let all = Set(layout.entries.map(\.layer)).sorted()
        guard layers < all.count else {
            throw ConfigurationError(
                "strategy 'fedper' is to keep \(layers) layers with each client, and the model has \(all.count) with "
                    + "parameters: at least one must be federated")
        }
        let personal = Set(all.suffix(layers))
        return layout.ranges { personal.contains($0.layer) }
    }
}
