import FedCore
import Testing

@testable import Records

@Suite struct LearningRateScheduleTests {
    static func factors(
        _ name: String, _ options: NamedOptions = [:], warmup: Int = 0, rounds: Int
    ) throws -> [Double] {
        let schedule = try LearningRateSchedule(name, options, warmupRounds: warmup, rounds: rounds)
        return (1...rounds).map { schedule.factor(round: $0) }
    }

    @Test func `A step halves the rate every two rounds`() throws {
        #expect(try Self.factors("step", ["every": "2", "factor": "0.5"], rounds: 5) == [1, 1, 0.5, 0.5, 0.25])
    }

    @Test func `A cosine over six rounds goes through cos 60° and cos 120°`() throws {
        // (1 + cos(π·k/6))/2 of k = 0…5, which is PyTorch's CosineAnnealingLR(T_max=6).
        let expected = [1, 0.9330127018922193, 0.75, 0.5, 0.25, 0.06698729810778065]
        for (actual, expected) in zip(try Self.factors("cosine", rounds: 6), expected) {
            #expect(abs(actual - expected) < 1e-15)
        }
        let lifted = try Self.factors("cosine", ["final": "0.2"], rounds: 6)
        #expect(abs(lifted[3] - 0.6) < 1e-15)
    }

    @Test func `The inverse square root of four rounds`() throws {
        let expected = [1, 0.7071067811865475, 0.5773502691896258, 0.5]
        for (actual, expected) in zip(try Self.factors("inverse-sqrt", rounds: 4), expected) {
            #expect(abs(actual - expected) < 1e-15)
        }
    }

    @Test func `Warm-up rises in equal steps and the decay begins behind it`() throws {
        let factors = try Self.factors("step", ["every": "1", "factor": "0.5"], warmup: 4, rounds: 7)
        #expect(factors == [0.25, 0.5, 0.75, 1, 1, 0.5, 0.25])
    }

    @Test(
        arguments: [
            ("linear", [:]), ("step", ["every": "0"]), ("step", ["factor": "2"]), ("cosine", ["final": "1"]),
            ("constant", ["every": "3"]),
        ] as [(String, NamedOptions)])
    func `What a schedule cannot do is refused`(name: String, options: NamedOptions) {
        #expect(throws: ConfigurationError.self) { try Self.factors(name, options, rounds: 3) }
    }
}
