public import FedCore

/// Magnitude pruning of what is sent: the smallest magnitudes of the update are left out.
///
/// S. Han et al., *Learning both Weights and Connections for Efficient Neural Networks*, NIPS 2015, arXiv:1506.02626,
/// there of weights.
public struct Pruning: ChoosingStage {
    public static let name = "prune"
    public static let summary = "all but so many percent, or so many, of the smallest magnitudes"
    public static let paper = "Han et al., Learning both Weights and Connections, NIPS 2015 (there of weights)"
    public static let positional = ["drop"]

    /// The amount that is not sent.
    public let drop: Amount

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        drop = try reader.amount("drop")
    }

    /// All but those that are dropped.
    public func mostPlaces(of count: Int, tensors: Int) -> Int { count - drop.of(count) }

    /// The largest that are left, found as top-k finds them.
    public func places(in numbers: Span<Float>, count: Int, _ context: CodecContext) -> [UInt32] {
        let kept = count - drop.of(count)
        // One more, which the search for the largest writes behind the last.
        var places = Scratch.places.takeEmpty(capacity: kept + 1)
        LargestMagnitudes.append(kept, of: numbers, in: 0..<count, to: &places)
        return places
    }
}
