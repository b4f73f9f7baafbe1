import FedCore
import Foundation
import Testing

@testable import Selection

@Suite struct OortTests {
    /// What a client with one sample reports.
    typealias Report = (loss: Double, round: Int, seconds: Double?)

    private func rule(_ clients: [Int: Report], _ options: NamedOptions = [:]) throws -> Oort {
        var rule = Oort()
        var reader = OptionReader(options, of: "oort")
        try rule.read(&reader)
        for (client, known) in clients.sorted(by: { $0.value.round < $1.value.round }) {
            rule.learn(RoundFeedback(known.round, [client: known.loss], seconds: known.seconds))
        }
        return rule
    }

    @Test func utilityIsSamplesTimesLossOfTheLargestAndTheDoubtSinceTheLastRound() {
        var rule = Oort()
        rule.learn(RoundFeedback(1, [0: 2], samples: 10))
        rule.learn(RoundFeedback(2, [1: 1], samples: 40))
        rule.learn(RoundFeedback(3, [2: 0.5], samples: 20))
        // 20, 40 and 10, of which the largest is the 95th percentile, and √(0.1 ln 4 / L) with L = 1, 2, 3.
        let expected = [
            20.0 / 40 + sqrt(0.1 * log(4) / 1), 40.0 / 40 + sqrt(0.1 * log(4) / 2),
            10.0 / 40 + sqrt(0.1 * log(4) / 3),
        ]
        let utilities = rule.utilities(of: [0, 1, 2], round: 4)
        #expect(zip(utilities, expected).allSatisfy { abs($0 - $1) < 1e-14 })
    }

    @Test func outliersAreClipped() throws {
        // 40 clients: the number with index 38, the second largest, is the 95th percentile.
        var losses = Dictionary(uniqueKeysWithValues: (0..<40).map { ($0, 1.0) })
        losses[7] = 1e6
        var rule = Oort()
        rule.learn(RoundFeedback(1, losses))
        #expect(rule.utilities(of: Array(0..<40), round: 1) == [Double](repeating: 1, count: 40))
    }

    @Test func whoIsSlowerThanPreferredLosesByTheRatioToThePowerOfAlpha() throws {
        // A fifth of three is none: the fastest is what is preferred, 1 second. In round 1 there is no doubt.
        let clients: [Int: Report] = [0: (1, 1, 1), 1: (1, 1, 2), 2: (1, 1, 4)]
        let powers: [String: [Double]] = ["2": [1, 0.25, 0.0625], "0.5": [1, 0.5.squareRoot(), 0.5], "0": [1, 1, 1]]
        for (alpha, expected) in powers {
            let utilities = try rule(clients, ["alpha": alpha]).utilities(of: [0, 1, 2], round: 1)
            #expect(zip(utilities, expected).allSatisfy { abs($0 - $1) < 1e-15 })
        }
    }

    @Test func withoutSimulatedTimeSpeedIsNoMatter() throws {
        let rule = try rule([0: (1, 1, nil), 1: (1, 1, nil)])
        #expect(rule.utilities(of: [0, 1], round: 1) == [1, 1])
    }

    @Test func aClientThatWasTooLateIsNotAsFastAsWasThought() throws {
        var rule = try rule([0: (1, 1, 1), 1: (1, 1, 1)])
        rule.learn(RoundFeedback(round: 2, outcomes: [.init(client: 1, participated: false, seconds: 2)]))
        let utilities = rule.utilities(of: [0, 1], round: 1)
        #expect(abs(utilities[1] / utilities[0] - 0.25) < 1e-15)
    }

    @Test func withoutExplorationAndWithTheFullCutOffTheBestAreAsked() throws {
        let rule = try rule(
            [0: (1, 1, nil), 1: (4, 1, nil), 2: (3, 1, nil), 3: (2, 1, nil)], ["explore": "0", "cut-off": "1"])
        for round in 1...20 {
            #expect(rule.cohort(size: 2, round: round, federation: FederationView(clients: 9)) == [1, 2])
        }
    }

    @Test func thoseAboveTheCutOffAreDrawnByTheirUtility() throws {
        // Utilities 1, 2, 3 and 6 in round 1: of the largest, half is the cut-off; 3 and 6 are left, as 1/3 and 2/3.
        let rule = try rule(
            [0: (1, 1, nil), 1: (2, 1, nil), 2: (3, 1, nil), 3: (6, 1, nil)], ["explore": "0", "cut-off": "0.5"])
        var counts = [0, 0, 0, 0]
        for seed in 0..<9_000 {
            let federation = FederationView(clients: 4, seed: UInt64(seed))
            for client in rule.cohort(size: 1, round: 1, federation: federation) { counts[client] += 1 }
        }
        let expected: [Double] = [0, 0, 1.0 / 3, 2.0 / 3]
        #expect(agree(counts.map { Double($0) / 9_000 }, expected, draws: 9_000))
    }

    @Test func newcomersAreDrawnBySize() throws {
        let federation = FederationView(samples: [1, 2, 3, 100], seed: 1)
        let shares = try rule([3: (1, 1, nil)], ["explore": "1", "explore-min": "1"])
            .frequencies(size: 1, rounds: 20_000, federation: federation)
        let expected: [Double] = [1.0 / 6, 2.0 / 6, 3.0 / 6, 0]
        #expect(agree(shares, expected, draws: 20_000))
    }

    @Test func theShareOfNewcomersIsEpsilonOnAverage() throws {
        let known = Dictionary(
            uniqueKeysWithValues: (0..<20).map { ($0, (loss: 1.0, round: 1, seconds: Double?.none)) })
        let rule = try rule(known, ["explore": "0.35", "explore-min": "0.35"])
        let shares = rule.frequencies(size: 10, rounds: 4_000, federation: FederationView(clients: 40))
        // 3 or 4 of 10, with equal probability.
        #expect(abs(shares[20...].reduce(0, +) - 3.5) < 5 * 0.5 / 4_000.0.squareRoot())
    }

    @Test func explorationDecaysToItsFloor() {
        let rule = Oort()
        #expect(rule.exploration(round: 1) == 0.9)
        #expect(abs(rule.exploration(round: 11) - 0.9 * pow(0.98, 10)) < 1e-14)
        // 0.9 · 0.98ⁿ is below 0.2 from n = 75 on.
        #expect(rule.exploration(round: 75) > 0.2 && rule.exploration(round: 76) == 0.2)
        #expect(rule.exploration(round: 1_000_000_000) == 0.2)
    }

    @Test func theFloorOfExplorationFollowsASmallerStart() throws {
        let rule = try rule([:], ["explore": "0.1"])
        #expect(rule.exploreAtLeast == 0.1)
        #expect(throws: ConfigurationError.self) {
            try Selections.standard.named("oort", ["explore": "0.1", "explore-min": "0.2"])
        }
    }

    @Test func eitherKindFillsUpWhereTheOtherHasTooFew() throws {
        let known: [Int: Report] = [0: (1, 1, nil), 1: (1, 1, nil)]
        let bold = try rule(known, ["explore": "1", "explore-min": "1"])
        let shy = try rule(known, ["explore": "0"])
        let federation = FederationView(clients: 5)
        #expect(bold.cohort(size: 4, round: 2, federation: federation).count { $0 >= 2 } == 3)
        #expect(shy.cohort(size: 4, round: 2, federation: federation).prefix(2) == [0, 1])
    }

    @Test func thePacerLetsSlowerClientsInWhenAWindowGathersLess() {
        var pacer = OortPacer()
        // Windows of two rounds: 4, 6, 3, 3, 2; less than before in the third and the fifth.
        let percents = [1.0, 3, 5, 1, 2, 1, 3, 0, 1, 1].map { utility in
            pacer.learn(utility: utility, window: 2)
            return pacer.percent(pace: 30)
        }
        #expect(percents == [30, 30, 30, 30, 30, 60, 60, 60, 60, 90])
        for utility in [0.5, 0.5, 0.1, 0.1] { pacer.learn(utility: utility, window: 2) }
        #expect(pacer.percent(pace: 30) == 100)
    }
}
