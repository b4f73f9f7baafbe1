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
            return try correct(try variant.plan(batch: batch), on: data, images, heartbeat: heartbeat)
        }
    }

    /// The same for one compiled variant.
    private static func correct(
        _ plan: any InferencePlan, on data: any Dataset, _ range: Range<Int>, heartbeat: () throws -> Void
    ) throws -> Int {
        var correct = 0
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
            correct += plan.withOutput { scores in
                samples.indices.count { i in
                    var best = 0
                    for c in 1..<classes where scores[i * classes + c] > scores[i * classes + best] { best = c }
                    return best == data.label(Int(samples[i]))
                }
            }
        }
        return correct
    }
}
