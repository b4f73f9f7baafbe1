public import FedCore

/// Random-k: places drawn from a seed that clients and server share, the same for all clients of a round, so that no
/// place crosses. The server multiplies what arrives by d/k, which makes it unbiased, and its variance d/k − 1 times the
/// square of the update: with few places and few clients training diverges. With `scale=false` and error feedback it does
/// not, and what is left out comes later.
///
/// J. Konečný et al., *Federated Learning: Strategies for Improving Communication Efficiency*, 2016, arXiv:1610.05492
/// (random masks); S. U. Stich et al., *Sparsified SGD with Memory*, NeurIPS 2018, definition 2.1, arXiv:1809.07599.
public struct RandomK: ChoosingStage {
    public static let name = "randk"
    public static let summary =
        "places drawn for each round, which do not cross; scaled by d/k unless scale=false; warmup=ROUNDS as topk"
    public static let paper =
        "Konečný et al., Federated Learning: Strategies for Improving Communication Efficiency, 2016"
    public static let positional = ["keep"]

    /// The amount that is sent.
    public let keep: Amount
    /// Whether the server multiplies by d/k.
    public let isScaled: Bool
    /// The first rounds.
    private let warmUp: WarmUp

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        keep = try reader.amount("keep")
        isScaled = try reader.flag("scale") ?? true
        warmUp = try WarmUp(&reader)
    }

    /// Biased only where the scale is left out.
    public var isBiased: Bool { !isScaled }
    /// True: both sides draw the places.
    public var isShared: Bool { true }

    /// False where there is a warm-up.
    public var hasFixedCount: Bool { warmUp.rounds == 0 }

    /// Those of the first round.
    public func mostPlaces(of count: Int, tensors: Int) -> Int { warmUp.mostPlaces(keep, of: count) }

    /// d/k, or 1 with `scale=false`.
    public func factor(chosen: Int, of count: Int) -> Float {
        isScaled && chosen > 0 ? Float(Double(count) / Double(chosen)) : 1
    }

    /// Every set of so many places is equally likely.
    ///
    /// R. W. Floyd's algorithm: J. Bentley, *Programming Pearls: A Sample of Brilliance*, CACM 30(9), 1987.
    ///
    /// - Complexity: O(places + count / 64).
    public func places(in numbers: Span<Float>, count: Int, _ context: CodecContext) -> [UInt32] {
        let wanted = warmUp.places(keep, of: count, round: context.round)
        var random = context.sharedStream()
        var drawn = [UInt64](repeating: 0, count: (count + 63) / 64)
        for last in count - wanted..<count {
            let place = random.integer(below: last + 1)
            let isNew = drawn[place / 64] >> UInt64(place % 64) & 1 == 0
            let chosen = isNew ? place : last
            drawn[chosen / 64] |= 1 << UInt64(chosen % 64)
        }
        var places: [UInt32] = []
        places.reserveCapacity(wanted)
        for (i, word) in drawn.enumerated() {
            var rest = word
            while rest != 0 {
                places.append(UInt32(64 * i + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return places
    }
}
