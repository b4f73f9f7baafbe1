public import Datasets
public import NeuralNet

/// How many test images each variant gets right.
public enum Accuracies {
    private static let batch = 64

    /// Counts, by variant, over some of the images. Local to the rank.
    /// - Parameter heartbeat: called between two batches.
    public static func correct(
        _ variants: [Variant], on data: any Dataset, _ images: Range<Int>, heartbeat: () throws -> Void
    ) throws -> [Int] {
        try variants.map { variant in
            try heartbeat()
            return try correct(try variant.plan(batch: batch), on: data, images, heartbeat: heartbeat)
        }
    }

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
