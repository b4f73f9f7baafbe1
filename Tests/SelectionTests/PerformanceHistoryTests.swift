import FedCore
import Selection
import Testing

@Suite struct PerformanceHistoryTests {
    private func rule(explore: Double = 0) -> PerformanceHistory {
        var rule = PerformanceHistory()
        rule.explore = explore
        return rule
    }

    private func feedback(_ round: Int, _ cohort: [Int], startingLoss: Double?) -> RoundFeedback {
        RoundFeedback(
            round: round, outcomes: cohort.map { .init(client: $0, participated: true) }, startingLoss: startingLoss)
    }

    @Test func whoTookPartInBetterRoundsThanUsualIsAskedAgain() {
        var rule = rule()
        // Gains 0.5, 0.1, 0.5 with β = 0.3: b = 0.5, 0.38; s = 0, −0.12, 0.036.
        for (round, (client, loss)) in [(0, 2.0), (1, 1), (2, 0.9), (0, 0.45)].enumerated() {
            rule.learn(feedback(round + 1, [client], startingLoss: loss))
        }
        let federation = FederationView(clients: 3)
        for round in 5...20 {
            #expect(rule.cohort(size: 1, round: round, federation: federation) == [2])
            #expect(rule.cohort(size: 2, round: round, federation: federation) == [0, 2])
        }
    }

    @Test func whoHasNotBeenTriedRanksBetweenGoodAndBad() {
        var rule = rule()
        for (round, (client, loss)) in [(0, 2.0), (1, 1), (2, 0.9), (0, 0.45)].enumerated() {
            rule.learn(feedback(round + 1, [client], startingLoss: loss))
        }
        let federation = FederationView(clients: 6)
        #expect(rule.cohort(size: 5, round: 5, federation: federation) == [0, 2, 3, 4, 5])
        #expect(rule.cohort(size: 1, round: 5, federation: federation) == [2])
    }

    @Test func aRoundIsCreditedWhenItsWeightsAreEvaluated() {
        // Evaluated every other round: 4 → 2 over the rounds of 0 and 1, then 2 → 1.9 over those of 2 and 3.
        var rule = rule()
        rule.learn(feedback(1, [0], startingLoss: 4))
        rule.learn(feedback(2, [1], startingLoss: nil))
        rule.learn(feedback(3, [2], startingLoss: 2))
        rule.learn(feedback(4, [3], startingLoss: nil))
        rule.learn(feedback(5, [4], startingLoss: 1.9))
        for round in 6...20 {
            let cohort = rule.cohort(size: 3, round: round, federation: FederationView(clients: 5))
            #expect(cohort == [0, 1, 4])
        }
    }

    @Test func roundsBetweenEvaluationsAreCreditedWithTheirMeanGain() {
        // 10 → 8 is a gain of 0.2; 8 → 5.6 in two rounds is one of 0.15 in each, worse than usual.
        var rule = rule()
        rule.learn(feedback(1, [0], startingLoss: 10))
        rule.learn(feedback(2, [1], startingLoss: 8))
        rule.learn(feedback(3, [2], startingLoss: nil))
        rule.learn(feedback(4, [0], startingLoss: 5.6))
        #expect(rule.cohort(size: 2, round: 5, federation: FederationView(clients: 4)) == [0, 3])
    }

    @Test func whoDidNotAnswerIsNotCredited() {
        var rule = rule()
        rule.learn(feedback(1, [0], startingLoss: 2))
        let outcomes: [RoundFeedback.Outcome] = [
            .init(client: 1, participated: true), .init(client: 2, participated: false),
        ]
        rule.learn(RoundFeedback(round: 2, outcomes: outcomes, startingLoss: 1))
        rule.learn(feedback(3, [0], startingLoss: 1.2))
        // Only client 1 was there when the loss rose.
        #expect(rule.cohort(size: 2, round: 4, federation: FederationView(clients: 3)) == [0, 2])
    }

    @Test func withoutEvaluationsEveryClientIsAskedAboutAsOften() {
        var rule = rule()
        for round in 1...5 { rule.learn(feedback(round, [0, 1], startingLoss: nil)) }
        let shares = rule.frequencies(size: 2, rounds: 4_000, federation: FederationView(clients: 8))
        #expect(agree(shares, [Double](repeating: 0.25, count: 8), draws: 4_000))
    }

    @Test func theRestIsExploredUniformly() {
        var rule = rule(explore: 0.5)
        for (round, (client, loss)) in [(0, 2.0), (1, 1), (2, 0.9), (0, 0.45)].enumerated() {
            rule.learn(feedback(round + 1, [client], startingLoss: loss))
        }
        // One of the two is the best, client 2; the other is any of the remaining four.
        let shares = rule.frequencies(size: 2, rounds: 4_000, federation: FederationView(clients: 5))
        #expect(agree(shares, [0.25, 0.25, 1, 0.25, 0.25], draws: 4_000))
    }

    @Test func aDivergingRoundHasABoundedScore() {
        var rule = rule()
        rule.learn(feedback(1, [0], startingLoss: 1))
        rule.learn(feedback(2, [1], startingLoss: 0.5))  // gain 0.5 = b
        rule.learn(feedback(3, [1], startingLoss: 1e300))  // gain −1: s₁ = −0.45, b = 0.05
        rule.learn(feedback(4, [0], startingLoss: 0.5))  // gain 1: s₁ = −0.45 + 0.3(0.95 + 0.45) = −0.03
        rule.learn(feedback(5, [2], startingLoss: 0.4))  // gain 0.2, b was 0.335: s₀ = −0.0405
        #expect(rule.cohort(size: 2, round: 6, federation: FederationView(clients: 3)) == [1, 2])
        #expect(rule.cohort(size: 1, round: 6, federation: FederationView(clients: 3)) == [2])
    }
}
