public import FedCore

/// The numbers from a magnitude on.
///
/// N. Strom, *Scalable Distributed DNN Training Using Commodity GPU Cloud Computing*, Interspeech 2015; A. Sahu et al.,
/// *Rethinking Gradient Sparsification as Total Error Minimization*, NeurIPS 2021, arXiv:2108.00951, for why one fixed
/// threshold can be better than a fixed number.
public struct Threshold: ChoosingStage {
    public static let name = "threshold"
    public static let summary = "the magnitudes from so much on"
    public static let paper = "Strom, Scalable Distributed DNN Training, Interspeech 2015; Sahu et al., NeurIPS 2021"
    public static let positional = ["least"]

    /// The smallest magnitude that is sent, > 0.
    public let least: Float

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        let text = try reader.required("least", "0.001")
        guard let number = Float(text), number > 0, number.isFinite else {
            throw reader.refusal(of: "least", "a number, greater than 0")
        }
        least = number
    }

    /// False: it depends on the numbers.
    public var hasFixedCount: Bool { false }

    /// All of them.
    public func mostPlaces(of count: Int, tensors: Int) -> Int { count }

    /// One pass over the numbers.
    public func places(in numbers: Span<Float>, count: Int, _ context: CodecContext) -> [UInt32] {
        var places: [UInt32] = []
        for i in 0..<count where numbers[unchecked: i].magnitude >= least {
            places.append(UInt32(truncatingIfNeeded: i))
        }
        return places
    }
}
