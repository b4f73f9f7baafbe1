import FedCore
import Testing

@testable import Federation

/// The metrics of tasks. Expected values are scikit-learn's (1.9): `f1_score` and `roc_auc_score` with
/// `average="macro"`, `accuracy_score`, `mean_squared_error`, `mean_absolute_error`, `r2_score`,
/// `top_k_accuracy_score`.
@Suite struct TaskMetricsTests {
    private static let scores: [[Float]] = [
        [0.5, -1, 2], [0.5, 0.25, -3], [-0.5, 1, 1], [2, -2, 0.5], [-1, 1, -0.25], [0.5, 3, 1],
    ]
    private static let targets: [[Float]] = [[1, 0, 1], [0, 1, 0], [1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 1, 1]]

    /// A tally over rows that come in two batches, of which the first has a row of padding.
    private static func tally(_ task: LearningTask, _ outputs: [[Float]], _ targets: [[Float]]) -> AnswerTally {
        var tally = AnswerTally(task)
        let cut = outputs.count / 2
        let padding = [Float](repeating: .nan, count: task.outputs)
        for (outputs, targets) in [
            (Array(outputs[..<cut]) + [padding], Array(targets[..<cut])),
            (Array(outputs[cut...]), Array(targets[cut...])),
        ] {
            let (flat, truth) = (outputs.flatMap { $0 }, targets.flatMap { $0 })
            tally.add(flat.span, targets: truth.span)
        }
        return tally
    }

    @Test func `Of several labels F1 and AUC are means, and a sample is right when all its labels are`() throws {
        let tally = Self.tally(.labels(3), Self.scores, Self.targets)
        #expect(abs(try #require(tally.measured[.f1]) - 0.7724867724867724) < 1e-12)
        #expect(abs(try #require(tally.measured[.auc]) - 0.8333333333333334) < 1e-12)
        #expect(tally.confusion.accuracy == 1.0 / 3)
    }

    @Test func `A single label is a matrix of absent and present`() throws {
        let tally = Self.tally(.labels(1), Self.scores.map { [$0[0]] }, Self.targets.map { [$0[0]] })
        #expect(abs(try #require(tally.measured[.f1]) - 0.5714285714285714) < 1e-12)
        #expect(abs(try #require(tally.measured[.auc]) - 0.6666666666666667) < 1e-12)
        #expect(tally.confusion.counts == [1, 2, 1, 2])
    }

    @Test func `A label that all samples have has no AUC, and one that none has or gets no F1`() {
        let all = Self.tally(.labels(1), [[1], [-1]], [[1], [1]])
        #expect(all.measured[.auc] == nil)
        #expect(all.measured[.f1] == 2.0 / 3)
        #expect(Self.tally(.labels(1), [[-1], [-1]], [[0], [0]]).measured[.f1] == 0)
    }

    @Test func `Errors of a regression are over all outputs, R² is a mean over outputs`() throws {
        let values: [[Float]] = [[1.5, -2], [2, 0.5], [3.25, 1], [0, 4]]
        let targets: [[Float]] = [[1, -1], [2.5, 0], [3, 1], [0.5, 2]]
        let measured = Self.tally(.values(2), values, targets).measured
        #expect(abs(try #require(measured[.rmse]) - 0.8705242673240075) < 1e-12)
        #expect(measured[.mae] == 0.65625)
        #expect(abs(try #require(measured[.r2]) - 0.37941176470588234) < 1e-12)
    }

    @Test func `Large targets lose no digits, equal ones have an R² of 1 or 0`() throws {
        // The errors are 1, the targets' variance around their mean of 16,000,002 is 4.
        let far: [[Float]] = [[16_000_000], [16_000_004], [16_000_000], [16_000_004]]
        let measured = Self.tally(.values(1), far.map { [$0[0] + 1] }, far).measured
        #expect(abs(try #require(measured[.r2]) - 0.75) < 1e-12)
        #expect(Self.tally(.values(1), [[2], [2]], [[2], [2]]).measured[.r2] == 1)
        #expect(Self.tally(.values(1), [[2], [3]], [[2], [2]]).measured[.r2] == 0)
    }

    @Test func `Weights that have diverged have no metrics`() {
        #expect(Self.tally(.values(1), [[.nan], [1]], [[0], [1]]).measured.isEmpty)
        #expect(Self.tally(.labels(1), [[.nan], [1]], [[0], [1]]).measured[.auc] == nil)
    }

    @Test func `The label is among the five largest scores`() {
        var tally = AnswerTally(.classes(12))
        var outputs: [Float] = []
        for i in 0..<8 {
            for j in 0..<12 { outputs.append(Float(i * 7 % 12 - 5) + Float(j * 5 % 12) * (i % 2 == 0 ? 0.3 : -0.3)) }
        }
        let labels: [Int32] = [0, 3, 5, 7, 11, 2, 9, 4]
        tally.add(outputs.span, labels: labels.span)
        #expect(tally.measured[.top5] == 0.375)
        #expect(AnswerTally(.classes(10)).measured.isEmpty)
    }
}
