import Cryptography
import Datasets
import FedCore
import Federation
import Foundation
import NeuralNet
import Recording
import Records

/// What became of a distillation: the teacher, and each student with and without it.
struct DistillResult: Encodable {
    struct Teacher: Encodable, Equatable {
        let path: String
        let model: String
        let parameters: Int
        let bytes: Int
        /// On the test set, in [0, 1].
        let accuracy: Double
        let sha256: String
    }

    /// Runs that differ in their seed only.
    struct Trained: Encodable, Equatable {
        let seeds: [UInt64]
        /// Accuracy for each seed, on the test set, in [0, 1].
        let accuracy: [Double]
        /// Share of the test samples, for each seed, that it and the first teacher take for the same class.
        let agreement: [Double]
        /// Names of their folders.
        let runs: [String]
    }

    struct Student: Encodable, Equatable {
        let model: String
        let parameters: Int
        let bytes: Int
        /// The model that taught it.
        let teacher: String
        let distilled: Trained
        /// Nil without a baseline.
        let scratch: Trained?
        /// Accuracy distilled less accuracy from scratch, in [−1, 1], of each seed that has both.
        let gain: [Double]
    }

    let teacher: Teacher
    let temperature: Float
    let hardWeight: Float
    let rounds: Int
    let clients: Int
    let students: [Student]

    private enum CodingKeys: String, CodingKey {
        case teacher, temperature, rounds, clients, students
        case hardWeight = "hard_weight"
    }

    init(teacher: Teacher, loss: DistillationLoss, rounds: Int, clients: Int, students: [Student]) {
        self.teacher = teacher
        (temperature, hardWeight) = (loss.temperature, loss.hardWeight)
        (self.rounds, self.clients, self.students) = (rounds, clients, students)
    }

    /// Tries every finished run's model on the test set. To be called when MPI is finalised.
    init(_ plan: DistillPlan) throws {
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
    func json(isPretty: Bool) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

// In words.
extension DistillResult {
    /// The table, and below it a line for each student that says whether distillation helped.
    var text: String {
        var table = TextTable([
            ("model", .left), ("trained", .left), ("accuracy %", .right), ("to the teacher", .right),
            ("agreement %", .right), ("parameters", .right), ("KB", .right),
        ])
        table.add([
            teacher.model, "the teacher", Format.fixed(100 * teacher.accuracy, 2), "", "",
            Format.grouped(teacher.parameters), Format.kilobytes(teacher.bytes),
        ])
        for student in students {
            let rows =
                [("distilled from \(student.teacher)", student.distilled)]
                + (student.scratch.map { [("from scratch", $0)] } ?? [])
            for (how, trained) in rows {
                table.add(
                    [student.model, how] + cells(trained)
                        + [Format.grouped(student.parameters), Format.kilobytes(student.bytes)])
            }
        }
        return ([table.text, ""] + students.compactMap(\.verdict)).joined(separator: "\n")
    }

    private func cells(_ trained: Trained) -> [String] {
        func points(_ values: [Double]) -> String {
            SeedStatistic(values.map { 100 * $0 })?.text(decimals: 2) ?? "-"
        }
        let mean = SeedStatistic(trained.accuracy)?.mean
        return [
            points(trained.accuracy), mean.map { Self.signed(100 * ($0 - teacher.accuracy)) } ?? "-",
            points(trained.agreement),
        ]
    }

    fileprivate static func signed(_ points: Double) -> String {
        (points < 0 ? "−" : "+") + Format.fixed(abs(points), 2)
    }
}

extension DistillResult.Student {
    /// Whether distillation made the student better, in a sentence; nil without a baseline.
    ///
    /// A mean gain that is not larger than its standard error, the seeds' deviation over the root of their number, is none;
    /// one seed shows no harm.
    var verdict: String? {
        guard let gain = SeedStatistic(gain.map { 100 * $0 }) else { return nil }
        let seeds = gain.count > 1 ? " over \(gain.count) seeds" : " with one seed"
        let error = (gain.deviation ?? 0) / Double(gain.count).squareRoot()
        let spread = gain.deviation.map { " ± \(Format.fixed($0, 2))" } ?? ""
        let points = "\(DistillResult.signed(gain.mean))\(spread) points of accuracy\(seeds)"
        if gain.mean > error { return "\(model): distillation helps, \(points)" }
        if gain.mean < -error, self.gain.count > 1 {
            return "\(model): distillation does not help, it harms: \(points)"
        }
        return "\(model): distillation does not help: \(points)"
    }
}
