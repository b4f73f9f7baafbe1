public import FedCore

/// Top-k: the numbers of the largest magnitude, of the whole update or of each tensor; ties go to the lowest place.
///
/// A. F. Aji, K. Heafield, *Sparse Communication for Distributed Gradient Descent*, EMNLP 2017, arXiv:1704.05021;
/// S. U. Stich et al., *Sparsified SGD with Memory*, NeurIPS 2018, arXiv:1809.07599, for error feedback with it.
/// ``WarmUp`` says what its first rounds can be.
public struct TopK: ChoosingStage {
    public static let name = "topk"
    public static let summary =
        "the largest magnitudes, so many or so many percent; by=tensor chooses in each tensor; warmup=ROUNDS begins with "
        + "more"
    public static let paper = "Aji and Heafield, Sparse Communication for Distributed Gradient Descent, EMNLP 2017"
    public static let positional = ["keep"]

    /// The amount that is sent.
    public let keep: Amount
    /// Whether it is of each tensor, and not of the whole update.
    public let isByTensor: Bool
    /// The first rounds.
    private let warmUp: WarmUp

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        keep = try reader.amount("keep")
        isByTensor = try reader.choice("by", default: "update", of: ["update", "tensor"]) == "tensor"
        warmUp = try WarmUp(&reader)
    }

    /// False where there is a warm-up.
    public var hasFixedCount: Bool { warmUp.rounds == 0 }

    /// Those of the first round. By tensor, each rounds up: at most one more of each.
    public func mostPlaces(of count: Int, tensors: Int) -> Int {
        let most = warmUp.mostPlaces(keep, of: count)
        guard isByTensor else { return most }
        guard case .count(let each) = keep else { return min(most + tensors, count) }
        let (all, isTooMany) = each.multipliedReportingOverflow(by: tensors)
        // With a warm-up a small tensor has its count, and a large one its share.
        return isTooMany ? count : min(warmUp.rounds == 0 ? all : all + most + tensors, count)
    }

    /// O(count): a histogram of the magnitudes, not a sort.
    public func places(in numbers: Span<Float>, count: Int, _ context: CodecContext) -> [UInt32] {
        // One more, which the search for the largest writes behind the last.
        let most = mostPlaces(of: count, tensors: context.tensors.count)
        var places = Scratch.places.takeEmpty(capacity: most + 1)
        for range in isByTensor ? context.tensors.map(\.range) : [0..<count] {
            let wanted = warmUp.places(keep, of: range.count, round: context.round)
            LargestMagnitudes.append(wanted, of: numbers, in: range, to: &places)
        }
        return places
    }
}
