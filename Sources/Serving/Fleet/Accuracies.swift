import Datasets
import FedCore
import MPI
import NeuralNet

/// How many test images each variant gets right. The ranks share the images out; the sums are exact.
public enum Accuracies {
    private static let batch = 64

    /// Collective.
    /// - Parameter count: test images that are looked at: the first ones.
    /// - Returns: of each variant the share in [0, 1], alike on every rank.
    public static func measure(
        _ variants: [Variant], on data: any Dataset, count: Int, over communicator: any Communicator
    ) throws -> [Double] {
        let count = min(count, data.count)
        let range = communicator.rank * count / communicator.size..<(communicator.rank + 1) * count / communicator.size
        var correct = Buffer<Int64>(count: variants.count)
        for (index, variant) in variants.enumerated() {
            let plan = try variant.plan(batch: batch)
            correct[index] = Int64(try Self.correct(plan, on: data, range))
        }
        correct = try communicator.startAllReduce(correct, .sum).wait()
        return (0..<variants.count).map { Double(correct[$0]) / Double(count) }
    }

    private static func correct(_ plan: any InferencePlan, on data: any Dataset, _ range: Range<Int>) throws -> Int {
        var correct = 0
        let classes = plan.model.classes
        for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
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
