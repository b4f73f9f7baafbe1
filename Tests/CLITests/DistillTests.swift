import ArgumentParser
import NeuralNet
import Testing

@testable import Experiments
@testable import fedmpi

@Suite struct DistillTests {
    private static func student(distilled: [Double], scratch: [Double]) -> DistillResult.Student {
        func trained(_ accuracy: [Double]) -> DistillResult.Trained {
            DistillResult.Trained(
                seeds: accuracy.indices.map { UInt64($0) }, accuracy: accuracy,
                agreement: accuracy.map { _ in 0.9 }, runs: accuracy.map { _ in "run" })
        }
        return DistillResult.Student(
            model: "logistic", parameters: 7850, bytes: 31_400, teacher: "edgecnn-small",
            distilled: trained(distilled), scratch: scratch.isEmpty ? nil : trained(scratch),
            gain: zip(distilled, scratch).map { $0 - $1 })
    }

    @Test func `A gain above its standard error helps, anything else does not, and it is said`() throws {
        // Gains of 1, 2 and 3 points: mean 2, deviation 1, standard error 0.58.
        #expect(
            Self.student(distilled: [0.81, 0.82, 0.83], scratch: [0.8, 0.8, 0.8]).verdict
                == "logistic: distillation helps, +2.00 ± 1.00 points of accuracy over 3 seeds")
        // Gains of −1, 0 and 2 points: mean 0.33, deviation 1.53, standard error 0.88.
        #expect(
            Self.student(distilled: [0.79, 0.8, 0.82], scratch: [0.8, 0.8, 0.8]).verdict
                == "logistic: distillation does not help: +0.33 ± 1.53 points of accuracy over 3 seeds")
        #expect(
            Self.student(distilled: [0.7], scratch: [0.8]).verdict
                == "logistic: distillation does not help: −10.00 points of accuracy with one seed")
        #expect(
            Self.student(distilled: [0.7, 0.7], scratch: [0.8, 0.8]).verdict
                == "logistic: distillation does not help, it harms: −10.00 ± 0.00 points of accuracy over 2 seeds")
        #expect(
            Self.student(distilled: [0.8], scratch: [0.8]).verdict
                == "logistic: distillation does not help: +0.00 points of accuracy with one seed")
        #expect(Self.student(distilled: [0.8], scratch: []).verdict == nil)
    }

    @Test func `The table has the teacher, and each student with and without it`() throws {
        let result = DistillResult(
            teacher: DistillResult.Teacher(
                path: "t", model: "edgecnn-small", parameters: 50_890, bytes: 203_560, accuracy: 0.85, sha256: "0"),
            loss: DistillationLoss(temperature: 2, hardWeight: 0.5), rounds: 3, clients: 5,
            students: [Self.student(distilled: [0.81, 0.83], scratch: [0.8, 0.8])])
        let lines = result.text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(lines[1] == "edgecnn-small the teacher 85.00 50,890 204")
        #expect(lines[2] == "logistic distilled from edgecnn-small 82.00 ± 1.41 −3.00 90.00 ± 0.00 7,850 31")
        #expect(lines[3] == "logistic from scratch 80.00 ± 0.00 −5.00 90.00 ± 0.00 7,850 31")
        #expect(lines[4].hasPrefix("logistic: distillation helps, +2.00"))
        #expect(try result.json(isPretty: false).contains(#""hard_weight":0.5"#))
    }

    @Test(arguments: [
        ["--partition", "shards"], ["--alpha", "0.1"], ["--partition-options", "classes=2"], ["--clients", "5"],
    ])
    func `Where one client has all the data, nothing says how they are dealt out`(option: [String]) {
        let central = ["--teacher", "t", "--student", "logistic", "--central"]
        #expect(throws: (any Error).self) { try Distill.parse(central + option) }
        #expect(throws: Never.self) { try Distill.parse(central + ["--partition", "iid"]) }
        #expect(throws: Never.self) { try Distill.parse(central) }
    }

    @Test func `Lists are separated by commas and have no gaps`() {
        #expect(CommaSeparated<UInt64>(argument: "1,2,3")?.values == [1, 2, 3])
        #expect(CommaSeparated<UInt64>(argument: "1,x") == nil)
        #expect(CommaSeparated<String>(argument: "a,,b") == nil && CommaSeparated<String>(argument: "") == nil)
    }
}
