import FedCore
import Selection
import Testing

@Suite struct PowerOfChoiceTests {
    private func rule(candidates: Int, losses: [Int: Double]) -> PowerOfChoice {
        var rule = PowerOfChoice()
        rule.candidates = candidates
        rule.learn(RoundFeedback(1, losses))
        return rule
    }

    @Test func whenAllAreCandidatesThoseWithTheHighestLossesAreAsked() {
        let losses = [0: 0.5, 1: 2.5, 2: 1.5, 3: 0.25, 4: 2]
        let rule = rule(candidates: 5, losses: losses)
        for round in 2...20 {
            #expect(rule.cohort(size: 3, round: round, federation: FederationView(clients: 5)) == [1, 2, 4])
        }
    }

    @Test func whoHasNeverReportedComesFirst() {
        let rule = rule(candidates: 5, losses: [0: 9, 1: 8, 3: 7])
        for round in 2...20 {
            #expect(rule.cohort(size: 2, round: round, federation: FederationView(clients: 5)) == [2, 4])
            #expect(rule.cohort(size: 3, round: round, federation: FederationView(clients: 5)) == [0, 2, 4])
        }
    }

    @Test func theLastReportCounts() {
        var rule = rule(candidates: 3, losses: [0: 3, 1: 2, 2: 1])
        rule.learn(RoundFeedback(2, [0: 0.5]))
        #expect(rule.cohort(size: 1, round: 3, federation: FederationView(clients: 3)) == [1])
        // The report before counts for who did not take part, or whose loss is no number.
        let outcomes: [RoundFeedback.Outcome] = [
            .init(client: 1, participated: false, loss: 0), .init(client: 2, participated: true, loss: .nan),
        ]
        rule.learn(RoundFeedback(round: 3, outcomes: outcomes))
        #expect(rule.cohort(size: 2, round: 4, federation: FederationView(clients: 3)) == [1, 2])
    }

    @Test func candidatesAreDrawnBySize() {
        // Client 0 is asked when it is one of two candidates of three, drawn by size from 1, 2, 3 samples: 5/12. Else
        // it is the candidates 1 and 2, and 1 has the higher loss.
        let federation = FederationView(samples: [1, 2, 3], seed: 1)
        let shares = rule(candidates: 2, losses: [0: 3, 1: 2, 2: 1])
            .frequencies(size: 1, rounds: 20_000, federation: federation)
        #expect(agree(shares, [5.0 / 12, 7.0 / 12, 0], draws: 20_000))
    }

    @Test func asManyCandidatesAsTheCohortAreSelectionBySize() {
        let federation = FederationView(samples: (1...30).map { $0 * $0 }, seed: 3)
        let rule = rule(candidates: 6, losses: [3: 1, 20: 7])
        for round in 1...50 {
            #expect(
                rule.cohort(size: 6, round: round, federation: federation)
                    == BySize().cohort(size: 6, round: round, federation: federation))
        }
    }

    @Test func unlessSaidThereAreTwiceTheCohort() {
        // The 2 highest of 4 candidates among 8 alike: client 7, the highest, is asked whenever it is a candidate, 1/2; the
        // lowest two never are, as two candidates are above them.
        var rule = PowerOfChoice()
        rule.learn(RoundFeedback(1, Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, Double($0)) })))
        let shares = rule.frequencies(size: 2, rounds: 4_000, federation: FederationView(clients: 8))
        #expect(agree([shares[7], shares[0], shares[1]], [0.5, 0, 0], draws: 4_000))
    }

    @Test func candidatesFitTheCohortAndTheFederation() throws {
        let federation = FederationView(clients: 10)
        for (candidates, fits) in [(3, false), (4, true), (10, true), (11, false)] {
            let rule = try Selections.standard.named("power-of-choice", ["candidates": "\(candidates)"])
            if fits {
                try rule.validate(size: 4, federation: federation)
            } else {
                let refusal = ConfigurationError(
                    "selection 'power-of-choice': candidates is \(candidates); it must be from the cohort's 4 to the "
                        + "federation's 10 clients")
                #expect(throws: refusal) { try rule.validate(size: 4, federation: federation) }
            }
        }
    }
}
