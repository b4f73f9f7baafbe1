import FedCore
import Foundation
import NeuralNet
import Privacy
import Recording
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Noise of each client on its own update.
@Suite(.tags(.wholeRun), .unlessQuick) struct LocalPrivacyTests {
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        CentralPrivacyTests.settings {
            ($0.privacy, $0.selection, $0.clientFraction, $0.noise) = (.local, "uniform", 0.5, 4)
            change(&$0)
        }
    }

    /// The mean of n updates with noise of z·C each has z·C/√n in each number.
    @Test func `Each client adds the noise that the settings ask for`() throws {
        let settings = Self.settings { ($0.rounds, $0.lr, $0.clientFraction, $0.clip, $0.noise) = (1, 1e-12, 1, 2, 3) }
        let start = try Job(settings).model.initialWeights(seed: settings.seed)
        let end = try #require(StrategyRunTests.run(settings, ranks: 2).states.last?.weights)
        let moves = zip(end, start).map { Double($0 - $1) }
        let variance = moves.reduce(0) { $0 + $1 * $1 } / Double(moves.count)
        #expect(abs(variance / (2.0 * 3.0 * 2.0 * 3.0 / 12) - 1) < 5 * (2 / Double(moves.count)).squareRoot())
    }

    /// dp-accounting's PLD test: three Gaussians of σ = √3 over the sensitivity have δ = 0.126936 at ε = 1; updates are 2 C apart.
    @Test func `A client that may send anything moves its message by twice the clip`() throws {
        let account = try #require(try PrivacyTerms(Self.settings(), floats: 10)).account
        #expect(abs(try account.epsilon(2 * 3.0.squareRoot(), delta: 0.126936, rounds: 3) - 1) < 1e-4)
        let inTurn = try #require(try PrivacyTerms(Self.settings { $0.selection = "cyclic" }, floats: 10)).account
        #expect(try inTurn.epsilon(4, delta: 1e-5, rounds: 6) == account.epsilon(4, delta: 1e-5, rounds: 3))
    }

    @Test(arguments: ["gatherv", "reduce"])
    func `Weights and what clients have spent are the same at any number of ranks, and after a resume`(wire: String)
        throws
    {
        let settings = Self.settings { ($0.wire, $0.rounds) = (wire, 5) }
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        let spent = alone.states.compactMap { $0.last?.metrics["epsilon"] }
        for ranks in [2, 3] { #expect(try StrategyRunTests.run(settings, ranks: ranks).digest == alone.digest) }
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(alone.states[1]))).state
        let resumed = try StrategyRunTests.run(settings, ranks: 2, from: state)
        #expect(resumed.digest == alone.digest)
        #expect(resumed.states.compactMap { $0.last?.metrics["epsilon"] } == Array(spent.dropFirst(2)))
        // By hand: the client that was asked most often, of six a round.
        let job = try Job(settings)
        let turns = try StrategyRunTests.turns(in: job)
        let account = try #require(job.privacy).account
        #expect(abs(try account.epsilon(4, delta: 1e-5, rounds: turns.max() ?? 0) - (spent.last ?? 0)) < 1e-9)
        #expect(turns.max() ?? 5 < 5 || spent.count == 5)
        var damaged = state
        damaged[PartName.privacy] = Array(state[PartName.privacy].dropLast(8))
        #expect(throws: (any Error).self) { try StrategyRunTests.run(settings, ranks: 1, from: damaged) }
    }

    @Test(arguments: ["power-of-choice", "oort", "by-size"]) func `Who is asked must not depend on data`(rule: String)
        throws
    {
        #expect(throws: ConfigurationError.self) {
            _ = try Job(Self.settings { ($0.selection, $0.deviceSpeed) = (rule, 10) })
        }
    }
}
