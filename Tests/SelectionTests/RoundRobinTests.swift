import FedCore
import Selection
import Testing

@Suite struct RoundRobinTests {
    private func answered(_ cohort: [Int], _ round: Int, participated: Bool = true) -> RoundFeedback {
        RoundFeedback(round: round, outcomes: cohort.map { .init(client: $0, participated: participated) })
    }

    @Test func everyClientHasItsTurnBeforeAnyHasTwo() {
        let federation = FederationView(clients: 12)
        var rule = RoundRobin()
        for lap in 0..<3 {
            var asked: [Int] = []
            for round in 1...4 {
                let cohort = rule.cohort(size: 3, round: lap * 4 + round, federation: federation)
                asked += cohort
                rule.learn(answered(cohort, lap * 4 + round))
            }
            #expect(asked.sorted() == Array(0..<12))
        }
    }

    @Test func turnsNeverDifferByMoreThanOneWhenTheCohortDoesNotDivideTheClients() {
        let federation = FederationView(clients: 7)
        var rule = RoundRobin()
        var turns = [Int](repeating: 0, count: 7)
        for round in 1...50 {
            let cohort = rule.cohort(size: 3, round: round, federation: federation)
            for client in cohort { turns[client] += 1 }
            rule.learn(answered(cohort, round))
            #expect((turns.max() ?? 0) - (turns.min() ?? 0) <= 1)
        }
    }

    @Test func whoDoesNotAnswerHasHadItsTurn() {
        let federation = FederationView(clients: 4)
        var rule = RoundRobin()
        let first = rule.cohort(size: 2, round: 1, federation: federation)
        rule.learn(answered(first, 1, participated: false))
        #expect(Set(rule.cohort(size: 2, round: 2, federation: federation)).isDisjoint(with: first))
    }

    @Test func aRepeatedRoundAsksThoseNextInLine() {
        let federation = FederationView(clients: 9)
        let cohorts = (0..<4).map { RoundRobin().cohort(size: 3, round: 5, attempt: $0, federation: federation) }
        #expect((cohorts[0] + cohorts[1] + cohorts[2]).sorted() == Array(0..<9))
        #expect(cohorts[3] == cohorts[0])
    }

    @Test func equalsAreAskedInAnOrderOfTheSeed() {
        let shares = RoundRobin().frequencies(size: 1, rounds: 4_000, federation: FederationView(clients: 5))
        #expect(agree(shares, [Double](repeating: 0.2, count: 5), draws: 4_000))
    }

    @Test func itsStateIsATableOfDifferentClientsInOrder() throws {
        func bytes(_ words: [UInt8]) -> [UInt8] { words.flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] } }
        var rule = RoundRobin()
        rule.learn(answered([4, 5], 1))
        rule.learn(answered([5], 2))
        #expect(rule.serverState == bytes([2, 4, 1, 5, 2]))
        for other in [[2, 5, 2, 4, 1], [2, 4, 1, 4, 2], [2, 4, 0, 5, 2], [3, 4, 1, 5, 2], [1, 4, 1, 5, 2]] as [[UInt8]]
        {
            #expect(throws: ConfigurationError.self) { try rule.restoreServerState(bytes(other)) }
        }
    }
}
