import ArgumentParser
import FedCore
import Privacy
import Testing

@testable import fedmpi

@Suite struct PrivacyCommandTests {
    private func answer(_ options: String...) throws -> PrivacyAnswer {
        try PrivacyCommand.parse(options + ["--curve", "0"]).answer()
    }

    /// dp-accounting 0.6.0, and the classic conversion of TensorFlow Privacy's tutorial.
    @Test func `noise and rounds give ε by every accountant`() throws {
        let found = try answer("--noise", "1.1", "--cohort", "256", "--clients", "60000", "--rounds", "14062").epsilons
        #expect(abs(found.rdp / 2.596556 - 1) < 1e-3)
        #expect(abs(found.rdpClassic / 3.0083 - 1) < 1e-3)
        #expect(abs(try #require(found.pld) / 2.381686 - 1) < 1e-3)
        let prv = try #require(found.prv)
        #expect(abs(prv.epsilon - 2.381686) < 0.01)
    }

    @Test func `ε and rounds give the noise, ε and noise the rounds`() throws {
        let noise = try answer("--epsilon", "8", "--rate", "0.04", "--rounds", "2250", "--accountant", "rdp")
        #expect(abs(noise.noise / 1.416 - 1) < 2e-3)
        #expect(noise.noises?.pld ?? .infinity < noise.noise)
        let rounds = try answer("--epsilon", "7", "--rate", "0.04", "--noise", "1.5")
        #expect(rounds.epsilons.pld ?? .infinity <= 7)
        #expect(rounds.rounds > 2_250)
        #expect(rounds.counts?.rdp ?? .infinity < Double(rounds.rounds))
    }

    @Test func `trees and fixed samples have relations of their own`() throws {
        let tree = try answer("--noise", "8.83", "--rounds", "1600", "--sampling", "tree", "--delta", "1e-6")
        #expect(tree.plan.relation == .zeroOutOne)
        #expect(abs(tree.epsilons.rdp / 1.7731924496178202 - 1) < 1e-6)
        #expect(try answer("--epsilon", "3", "--noise", "8.83", "--sampling", "tree").rounds > 1_600)
        let fixed = try answer(
            "--noise", "1", "--cohort", "10", "--clients", "1000", "--rounds", "100", "--sampling", "fixed",
            "--accountant",
            "rdp")
        #expect(fixed.plan.relation == .replaceOne && fixed.epsilons.pld == nil)
        #expect(abs(fixed.epsilons.rdp / 1.482525669114427 - 1) < 1e-6)
    }

    @Test(arguments: [
        "--noise 1", "--noise 1 --epsilon 1 --rounds 3", "--noise 0 --rounds 3", "--noise nan --rounds 3",
        "--noise 1 --rounds 0",
        "--noise 1 --rounds 3 --delta 0", "--noise 1 --rounds 3 --delta 1", "--noise 1 --rounds 3 --rate 0",
        "--noise 1 --rounds 3 --rate 1.1", "--noise 1 --rounds 3 --rate 0.1 --cohort 3 --clients 5",
        "--noise 1 --rounds 3 --cohort 3", "--noise 1 --rounds 3 --cohort 6 --clients 5",
        "--noise 1 --rounds 3 --sampling fixed", "--noise 1 --rounds 3 --sampling tree --rate 0.1",
        "--noise 1 --rounds 3 --sampling fixed --cohort 1 --clients 5", "--epsilon=-1 --rounds 3",
        "--epsilon inf --rounds 3",
        "--epsilon 0.01 --noise 0.1",
    ])
    func `what does not work is refused in one line`(options: String) throws {
        let command = try PrivacyCommand.parse(options.split(separator: " ").map(String.init))
        let error = #expect(throws: ConfigurationError.self) { try command.answer() }
        #expect(error?.description.contains("\n") == false)
    }

    @Test func `the curve ends at ε of all rounds, and has no round twice`() throws {
        let answer = try PrivacyCommand.parse(["--noise", "2", "--rounds", "7", "--rate", "0.1"]).answer()
        #expect(answer.curve.map(\.rounds) == [1, 2, 3, 4, 5, 6, 7])
        #expect(answer.curve.last?.epsilons.rdp == answer.epsilons.rdp)
        #expect(zip(answer.curve, answer.curve.dropFirst()).allSatisfy { $0.epsilons.rdp < $1.epsilons.rdp })
    }
}
