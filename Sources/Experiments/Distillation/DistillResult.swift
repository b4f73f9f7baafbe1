import Cryptography
import Datasets
import FedCore
import Federation
import Foundation
package import NeuralNet
import Recording
import Records

/// What became of a distillation: the teacher, and each student with and without it.
package struct DistillResult: Encodable {
    package struct Teacher: Encodable, Equatable {
        package let path: String
        package let model: String
        package let parameters: Int
        package let bytes: Int
        /// On the test set, in [0, 1].
        package let accuracy: Double
        package let sha256: String
    }

    /// Runs that differ in their seed only.
    package struct Trained: Encodable, Equatable {
        package let seeds: [UInt64]
        /// Accuracy for each seed, on the test set, in [0, 1].
        package let accuracy: [Double]
        /// Share of the test samples, for each seed, that it and the first teacher take for the same class.
        package let agreement: [Double]
        /// Names of their folders.
        package let runs: [String]
    }

    package struct Student: Encodable, Equatable {
        package let model: String
        package let parameters: Int
        package let bytes: Int
        /// The model that taught it.
        package let teacher: String
        package let distilled: Trained
        /// Nil without a baseline.
        package let scratch: Trained?
        /// Accuracy distilled less accuracy from scratch, in [−1, 1], of each seed that has both.
        package let gain: [Double]
    }

    package let teacher: Teacher
    package let temperature: Float
    package let hardWeight: Float
    package let rounds: Int
    package let clients: Int
    package let students: [Student]

    private enum CodingKeys: String, CodingKey {
        case teacher, temperature, rounds, clients, students
        case hardWeight = "hard_weight"
    }

    package init(teacher: Teacher, loss: DistillationLoss, rounds: Int, clients: Int, students: [Student]) {
        self.teacher = teacher
        (temperature, hardWeight) = (loss.temperature, loss.hardWeight)
        (self.rounds, self.clients, self.students) = (rounds, clients, students)
    }

    /// Tries every finished run's model on the test set. To be called when MPI is finalised.
    package init(_ plan: DistillPlan) throws {
        guard let loss = plan.base.distillationLoss else { throw ConfigurationError("there is no teacher") }
        let taught = try TestScores(plan.teacher, on: plan.data.test)
        let students = try plan.students.indices.map { index -> Student in
            let model = plan.students[index]
            let distilled = try Self.trained(plan, index, isDistilled: true, taught)
            let scratch = try Self.trained(plan, index, isDistilled: false, taught)
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

    private static func trained(
        _ plan: DistillPlan, _ student: Int, isDistilled: Bool, _ teacher: TestScores
    ) throws -> Trained {
        var (seeds, accuracy, agreement, names): ([UInt64], [Double], [Double], [String]) = ([], [], [], [])
        for (task, run) in zip(plan.tasks, plan.runs)
        where task.student == student && task.isDistilled == isDistilled {
            guard try run.progress() == .finished else { continue }  // it has failed
            let scores = try TestScores(try TrainedModel(reading: run.folder.path), on: plan.data.test)
            seeds.append(task.seed)
            accuracy.append(scores.accuracy)
            agreement.append(scores.agreement(with: teacher))
            names.append(run.name)
        }
        return Trained(seeds: seeds, accuracy: accuracy, agreement: agreement, runs: names)
    }

    /// - Parameter isPretty: over several lines.
    package func json(isPretty: Bool) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
