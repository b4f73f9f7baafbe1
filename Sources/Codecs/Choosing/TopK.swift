public import FedCore

/// Top-k: the numbers of the largest magnitude, of the whole update or of each tensor; ties go to the lowest place.
///
/// A. F. Aji, K. Heafield, *Sparse Communication for Distributed Gradient Descent*, EMNLP 2017, arXiv:1704.05021;
/// S. U. Stich et al., *Sparsified SGD with Memory*, NeurIPS 2018, arXiv:1809.07599, for error feedback with it.
public struct TopK: ChoosingStage {
    public static let name = "topk"
    public static let summary = "the largest magnitudes, so many or so many percent; by=tensor chooses in each tensor"
    public static let paper = "Aji and Heafield, Sparse Communication for Distributed Gradient Descent, EMNLP 2017"
    public static let positional = ["keep"]

    /// The amount that is sent.
    public let keep: Amount
    /// Whether it is of each tensor, and not of the whole update.
    public let isByTensor: Bool

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        keep = try reader.amount("keep")
        isByTensor = try reader.choice("by", default: "update", of: ["update", "tensor"]) == "tensor"
    }

    /// By tensor, each rounds up: at most one more of each.
    public func mostPlaces(of count: Int, tensors: Int) -> Int {
        guard isByTensor else { return keep.of(count) }
        guard case .count(let each) = keep else { return min(keep.of(count) + tensors, count) }
        return min(each.multipliedReportingOverflow(by: tensors).overflow ? count : each * tensors, count)
    }

    /// O(count): a histogram of the magnitudes, not a sort.
    public func places(in numbers: Span<Float>, count: Int, _ context: CodecContext) -> [UInt32] {
        var places: [UInt32] = []
        places.reserveCapacity(mostPlaces(of: count, tensors: context.tensors.count))
        for range in isByTensor ? context.tensors.map(\.range) : [0..<count] {
            LargestMagnitudes.append(keep.of(range.count), of: numbers, in: range, to: &places)
        }
        return places
    }
}
