package import Datasets
import FedCore
import Inference
package import NeuralNet
package import Runtime

/// What a variant is worth on this machine: how often it is right, how long one image takes, and how many images it
/// gets through in batches.
package struct VariantMeasurement {
    package let variant: Variant
    package let accuracy: Double
    /// What that is of: e.g. `the 10,000 test images of fashion-mnist`.
    package let testImages: String
    /// Latency of single images, one after the other, from the image in memory to its scores.
    package let latency: LatencyHistogram.Summary
    /// In batches of `throughputBatch`, by the median time of one, so that other work of the machine counts less.
    package let imagesPerSecond: Double

    static let throughputBatch = 32

    /// Measures variants on the same test split.
    package static func measure(
        _ variants: [Variant], on data: TestData, threads: Int, images: Int
    ) throws -> [VariantMeasurement] {
        try measure(variants.map { ($0, data) }, threads: threads, images: images)
    }

    /// Measures in turns, so that a disturbance meets all variants alike.
    ///
    /// - Parameters:
    ///   - variants: each with its data.
    ///   - images: of each variant, timed singly.
    ///   - turns: that they are measured in.
    package static func measure(
        _ variants: [(Variant, TestData)], threads: Int, images: Int, turns: Int = 10
    ) throws -> [VariantMeasurement] {
        var subjects: [Subject] = []
        for (variant, data) in variants { subjects.append(try Subject(variant, data, threads: threads)) }
        for _ in 0..<turns {
            for subject in subjects { try subject.take(images: (images + turns - 1) / turns) }
        }
        return try subjects.map { subject in
            VariantMeasurement(
                variant: subject.variant,
                accuracy: try accuracy(of: subject.variant, on: subject.data.test, threads: threads),
                testImages: subject.data.testImages,
                latency: subject.latencies.summary,
                imagesPerSecond: Double(throughputBatch) / subject.batches.summary.p50)
        }
    }

    /// The share of a data set's samples that the variant gets right.
    package static func accuracy(of variant: Variant, on data: any Dataset, threads: Int) throws -> Double {
        let plan = try variant.plan(batch: min(100, data.count), threads: threads)
        let classes = variant.model.classes
        var labels = [Int32](repeating: 0, count: plan.batch)
        var correct = 0
        for start in stride(from: 0, to: data.count, by: plan.batch) {
            let samples = (start..<min(start + plan.batch, data.count)).map { UInt32($0) }
            var labelSpan = labels.mutableSpan
            plan.withInput { data.read(samples.span, into: &$0, labels: &labelSpan) }
            try plan.forward(samples.count)
            plan.withOutput { scores in
                for row in samples.indices
                where largest(scores.extracting(row * classes..<(row + 1) * classes)) == Int(labels[row]) {
                    correct += 1
                }
            }
        }
        return Double(correct) / Double(data.count)
    }

    /// The first of the largest.
    package static func largest(_ scores: Span<Float>) -> Int {
        var best = 0
        for i in 1..<scores.count where scores[i] > scores[best] { best = i }
        return best
    }
}

/// A variant that is being timed.
private final class Subject {
    let variant: Variant
    let data: TestData
    private(set) var latencies = LatencyHistogram()
    private(set) var batches = LatencyHistogram()
    private let single: any InferencePlan
    private let whole: any InferencePlan
    private let images: [Float]
    private let clock = ContinuousClock()
    private var next = 0

    private static let warmUp = 200
    private static let durationOfBatches = Duration.milliseconds(30)

    init(_ variant: Variant, _ data: TestData, threads: Int) throws {
        self.variant = variant
        self.data = data
        let test = data.test
        single = try variant.plan(batch: 1, threads: threads)
        whole = try variant.plan(batch: VariantMeasurement.throughputBatch, threads: threads)
        let samples = test.evenlySpaced(256)
        // At least enough for a whole batch, however few there are.
        let count = max(samples.count, VariantMeasurement.throughputBatch)
        images = test.images((0..<count).map { samples[$0 % samples.count] })
    }

    func take(images count: Int) throws {
        for _ in 0..<Self.warmUp { _ = try classify() }
        for _ in 0..<count {
            let start = clock.now
            _ = try classify()
            latencies.record(clock.now - start)
        }
        let end = clock.now + Self.durationOfBatches
        repeat {
            let start = clock.now
            try pass(whole)
            batches.record(clock.now - start)
        } while clock.now < end
    }

    private func classify() throws -> Int {
        try pass(single)
        return single.withOutput { VariantMeasurement.largest($0) }
    }

    private func pass(_ plan: any InferencePlan) throws {
        let images = images
        let count = plan.batch * variant.model.input.count
        if next + count > images.count { next = 0 }
        let start = next
        plan.withInput { input in
            for i in 0..<count { input[unchecked: i] = images[start + i] }
        }
        next += count
        try plan.forward(plan.batch)
    }
}
