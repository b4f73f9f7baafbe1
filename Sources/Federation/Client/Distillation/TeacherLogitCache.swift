import Datasets
import FedCore
import NeuralNet

/// The teacher's answers for the samples that a rank trains on: asked for once, then kept, 4 · (classes + 1) bytes for
/// every sample of the data set. Without this a teacher would cost a forward pass for each epoch of each round.
///
/// The teacher sees a client's samples in the partition's order, in batches of one size. Its answers are the same bits
/// wherever the client is trained, and whatever was trained there before.
final class TeacherLogitCache {
    /// How targets are made of the teacher's scores.
    let loss: DistillationLoss
    private let data: any Dataset
    /// The teacher, compiled for inference.
    private let plan: Plan
    private var labels: [Int32]
    /// Floats of a sample's target, classes + 1.
    private let width: Int
    /// Targets of every sample of the data set, `[samples, width]`; zeros where the teacher has not been asked.
    private var answers: [Float]
    /// Number of each client's samples that the teacher has seen, from the first.
    private var seen: [Int: Int] = [:]

    /// Samples of a forward pass.
    private static let batch = 64

    /// Compiles the teacher, and reserves memory for all answers.
    /// - Throws: an error of oneDNN.
    init(_ distillation: Distillation, _ data: any Dataset, threads: Int) throws {
        loss = distillation.loss
        self.data = data
        plan = try Plan(distillation.teacher.model, batch: Self.batch, purpose: .inference, threads: threads)
        try plan.load(distillation.teacher.weights.span)
        labels = [Int32](repeating: 0, count: Self.batch)
        width = DistillationLoss.targetCount(classes: distillation.teacher.model.classes)
        answers = [Float](repeating: 0, count: data.count * width)
    }

    /// Asks the teacher about those of a client's samples that it has not seen. After the client's first turn it does
    /// nothing.
    /// - Parameters:
    ///   - samples: all that the client trains on, in the partition's order.
    ///   - client: number of the client.
    ///   - prepare: changes a batch in the plan before the teacher sees it, as hooks do for the student.
    ///   - shouldContinue: called after each batch; false ends it there, and the next turn resumes.
    /// - Returns: false when it was ended.
    func compute(
        for samples: ArraySlice<UInt32>, of client: Int,
        prepare: (Plan, Span<UInt32>, _ labels: inout [Int32]) -> Void, shouldContinue: (_ samples: Int) throws -> Bool
    ) throws -> Bool {
        while seen[client, default: 0] < samples.count {
            let start = samples.startIndex + seen[client, default: 0]
            let batch = Array(samples[start..<min(start + Self.batch, samples.endIndex)])
            plan.read(batch.span, of: data, labels: &labels)
            prepare(plan, batch.span, &labels)
            try plan.forward(batch.count)
            keep(of: batch)
            seen[client, default: 0] += batch.count
            guard try shouldContinue(batch.count) else { return false }
        }
        return true
    }

    /// Copies the targets of these samples.
    /// - Parameters:
    ///   - samples: indices in the data set; the teacher has been asked about them.
    ///   - targets: room for `[samples.count, classes + 1]` or more.
    func read(_ samples: Span<UInt32>, into targets: inout [Float]) {
        let (answers, width) = (answers, width)
        for i in 0..<samples.count {
            let start = Int(samples[i]) * width
            for j in 0..<width { targets[i * width + j] = answers[start + j] }
        }
    }

    /// Makes targets of the scores in the plan's output, and keeps them.
    private func keep(of samples: [UInt32]) {
        let classes = width - 1
        var target = [Float](repeating: 0, count: width)
        plan.withOutput { scores in
            for (i, sample) in samples.enumerated() {
                var span = target.mutableSpan
                loss.makeTarget(scores.extracting(i * classes..<(i + 1) * classes), into: &span)
                for j in 0..<width { answers[Int(sample) * width + j] = span[j] }
            }
        }
    }
}
