public import FedCore

/// The last layers stay with each client; what is below them is federated.
///
/// M. G. Arivazhagan, V. Aggarwal, A. K. Singh, S. Choudhary, *Federated Learning with Personalization Layers*, 2019,
/// Algorithm 1, arXiv:1912.00818. Base and personalization layers are trained together, as there.
public struct FedPer: Strategy {
    public static let name = "fedper"
    public static let summary = "the last layers stay with each client"

    /// How many of the layers with parameters stay, counted from the output, ≥ 1.
    public var layers = 1

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        layers = try options.integer("layers", default: layers, "at least 1") { $0 >= 1 }
    }

    public var personalization: Personalization { .parameters }

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
