import Cryptography
import Datasets
import FedCore
import Federation
import Foundation
package import NeuralNet
import Recording
import Records

/// The outcome of a distillation: the teacher, and each student trained with and without it. It becomes
/// `distillation.json`, and the table that `fedmpi distill` prints.
///
/// Everything is evaluated again on the same test set in this process, also runs of an earlier job, so that all figures
/// are comparable.
package struct DistillResult: Encodable {
    /// The first student's teacher.
    package struct Teacher: Encodable, Equatable {
        /// The path as the user gave it.
        package let path: String
        /// Name of the architecture.
        package let model: String
        package let parameters: Int
        /// Size of the weights in bytes, 4 for each parameter.
        package let bytes: Int
        /// Accuracy in [0, 1] on the test set.
        package let accuracy: Double
        /// Digest of the weights, in hexadecimal digits.
        package let sha256: String
    }

    /// Finished runs of one student that differ in nothing but their seed; the arrays have an element for each of them.
    package struct Trained: Encodable, Equatable {
        /// The seeds of the runs that are finished, in the order of the plan.
        package let seeds: [UInt64]
        /// Accuracy in [0, 1] on the test set.
        package let accuracy: [Double]
        /// Share of the test samples in [0, 1] for which the run's model and the first teacher predict the same class.
        package let agreement: [Double]
        /// Names of the runs' folders.
        package let runs: [String]
    }

    /// One student, with everything that was trained of it.
    package struct Student: Encodable, Equatable {
        /// Name of the architecture.
        package let model: String
        package let parameters: Int
        /// Size of the weights in bytes, 4 for each parameter.
        package let bytes: Int
        /// The architecture of its teacher: the first teacher, or the student before it.
        package let teacher: String
        /// The runs with a teacher.
        package let distilled: Trained
        /// The runs without a teacher; nil when no such run is finished.
        package let scratch: Trained?
        /// Accuracy with a teacher less accuracy without, in [−1, 1], for each seed that has both. Pairs with equal
        /// seeds share their partition and cohorts, so that the difference varies less than either.
        package let gain: [Double]
    }

    package let teacher: Teacher
    /// The temperature that softens both models' scores, > 0.
    package let temperature: Float
    /// The weight of the labels' loss in [0, 1]; the rest is the teacher's.
    package let hardWeight: Float
    /// Rounds of each run.
    package let rounds: Int
    /// Clients of each run.
    package let clients: Int
    /// The students in the order of teaching.
    package let students: [Student]

    /// Keys of `distillation.json`.
    private enum CodingKeys: String, CodingKey {
        case teacher, temperature, rounds, clients, students
        case hardWeight = "hard_weight"
    }

    /// Makes a result from figures that are known.
    package init(teacher: Teacher, loss: DistillationLoss, rounds: Int, clients: Int, students: [Student]) {
        self.teacher = teacher
        (temperature, hardWeight) = (loss.temperature, loss.hardWeight)
        (self.rounds, self.clients, self.students) = (rounds, clients, students)
    }

    /// Evaluates the teacher and every finished run on the test set. Called on rank 0 once MPI is finalised: the other
    /// ranks need not wait for it. Runs that failed are left out.
    ///
    /// - Parameters:
    ///   - plan: the plan whose runs have been done.
    ///   - progress: told after each model how much is done, in [0, 1].
    /// - Throws: `ConfigurationError` when the plan has no teacher or a model cannot be read; oneDNN's errors.
    /// - Complexity: one pass over the test set for each run.
    package init(_ plan: DistillPlan, progress: (Double) -> Void = { _ in }) throws {
        guard let loss = plan.base.distillationLoss else { throw ConfigurationError("there is no teacher") }
        let taught = plan.taught
        let students = try plan.students.indices.map { index -> Student in
            let model = plan.students[index]
            let distilled = try Self.trained(plan, index, isDistilled: true, taught)
            progress((Double(index) + 0.5) / Double(plan.students.count))
            let scratch = try Self.trained(plan, index, isDistilled: false, taught)
            progress(Double(index + 1) / Double(plan.students.count))
            let gain = zip(distilled.seeds, distilled.accuracy).compactMap { seed, accuracy in
                scratch.seeds.firstIndex(of: seed).map { accuracy - scratch.accuracy[$0] }
            }
            return Student(
                model: model.name, parameters: model.parameterCount, bytes: 4 * model.parameterCount,
                teacher: index == 0 ? plan.teacher.model.name : plan.students[index - 1].name, distilled: distilled,
                scratch: scratch.seeds.isEmpty ? nil : scratch, gain: gain)
        }
        let model = plan.teacher.model
        self.init(
            teacher: Teacher(
                path: plan.base.teacher ?? "", model: model.name, parameters: model.parameterCount,
                bytes: 4 * model.parameterCount, accuracy: taught.accuracy,
                sha256: weightsDigest(plan.teacher.weights.span)),
            loss: loss, rounds: plan.base.rounds, clients: plan.base.clients, students: students)
    }

    /// The finished runs of one student, with or without a teacher, evaluated.
    private static func trained(
        _ plan: DistillPlan, _ student: Int, isDistilled: Bool, _ teacher: TestScores
    ) throws -> Trained {
        var (seeds, accuracy, agreement, names): ([UInt64], [Double], [Double], [String]) = ([], [], [], [])
        for (task, run) in zip(plan.tasks, plan.runs)
        where task.student == student && task.isDistilled == isDistilled {
            guard try run.progress(renamedBy: "--run-name") == .finished else { continue }  // it has failed
            let scores = try TestScores(try TrainedModel(reading: run.folder.path), on: plan.data.test)
            seeds.append(task.seed)
            accuracy.append(scores.accuracy)
            agreement.append(scores.agreement(with: teacher))
            names.append(run.name)
        }
        return Trained(seeds: seeds, accuracy: accuracy, agreement: agreement, runs: names)
    }

    /// The result as JSON with sorted keys.
    ///
    /// - Parameter isPretty: whether it is indented over several lines, for a file; otherwise it is one line.
    package func json(isPretty: Bool) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
