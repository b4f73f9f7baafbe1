public import FedCore

/// Personalisation by normalisation: batch normalisation (scale, shift and running statistics) stays with each
/// client, as it adapts to how the client's inputs are distributed; everything else is FedAvg's.
///
/// X. Li, M. Jiang, X. Zhang, M. Kamp, Q. Dou, *FedBN: Federated Learning on Non-IID Features via Local Batch
/// Normalization*, ICLR 2021, arXiv:2102.07623.
public struct FedBN: Strategy {
    public static let name = "fedbn"
    public static let summary = "batch normalisation stays with each client"

    public init() {}

    public var personalization: Personalization { .parameters }

    /// The ranges of the flat weights that belong to batch normalisation.
    ///
    /// - Throws: `ConfigurationError` when the model has none.
    public func personalParameters(_ layout: ParameterLayout) throws(ConfigurationError) -> [Range<Int>] {
        let ranges = layout.ranges { $0.isNormalization }
        guard !ranges.isEmpty else {
            throw ConfigurationError(
                "strategy 'fedbn' keeps batch normalisation with each client, and the model has none; "
                    + "edgecnn-bn has")
        }
        return ranges
    }
}
