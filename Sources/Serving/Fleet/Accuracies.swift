public import Datasets
public import NeuralNet

/// Counts of the test images that each variant gets right. Counts are whole numbers, so the shares of the ranks add up
/// to the same figure however images are dealt out.
public enum Accuracies {
    /// Images of a pass.
    private static let batch = 64

    /// Classifies some of the images by every variant. Local to the rank; blocks until done.
    ///
    /// - Parameters:
    ///   - variants: The models.
    ///   - data: The test set.
    ///   - images: Indices in the test set.
    ///   - heartbeat: Called between any two batches, so that a rank that works here is not taken for lost.
    /// - Returns: By variant, how many images were classified right.
    /// - Throws: What `heartbeat` throws; `OneDNNError`.
    public static func correct(
        _ variants: [Variant], on data: any Dataset, _ images: Range<Int>, heartbeat: () throws -> Void
    ) throws -> [Int] {
        try variants.map { variant in
            try heartbeat()
            return try right(variant, on: data, images, heartbeat: heartbeat).count { $0 }
        }
    }

    /// Says of each of some images whether a variant gets it right. Local to the rank; blocks until done.
    ///
    /// - Parameters: as of ``correct(_:on:_:heartbeat:)``.
    public static func right(
        _ variant: Variant, on data: any Dataset, _ images: Range<Int>, heartbeat: () throws -> Void
    ) throws -> [Bool] {
        try right(try variant.plan(batch: batch), on: data, images, heartbeat: heartbeat)
    }

    /// Whether each image is classified right, by a compiled variant.
    private static func right(
        _ plan: any InferencePlan, on data: any Dataset, _ range: Range<Int>, heartbeat: () throws -> Void
    ) throws -> [Bool] {
        var right: [Bool] = []
        let classes = plan.model.classes
        for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
            try heartbeat()
            let samples = (start..<min(start + batch, range.upperBound)).map { UInt32($0) }
            plan.withInput { images in
                var labels = [Int32](repeating: 0, count: samples.count)
                var span = labels.mutableSpan
                data.read(samples.span, into: &images, labels: &span)
            }
            try plan.forward(samples.count)
            right += plan.withOutput { scores in
                samples.indices.map { i in
                    var best = 0
                    for c in 1..<classes where scores[i * classes + c] > scores[i * classes + best] { best = c }
                    return best == data.label(Int(samples[i]))
                }
            }
        }
        return right
    }
}
