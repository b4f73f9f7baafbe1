import FedCore
import Selection
import Testing

/// Rules that remember nothing.
@Suite struct DrawnRuleTests {
    /// Computed with a Philox 4×32-10 written in Python from its paper and checked against Random123's first vector.
    @Test(arguments: [
        (100, 10, 1, 1, 0, [12, 22, 23, 32, 38, 63, 69, 92, 93, 95]),
        (100, 10, 1, 2, 0, [10, 20, 22, 28, 32, 45, 53, 62, 66, 90]),
        (100, 10, 1, 1, 1, [10, 13, 21, 22, 28, 39, 48, 51, 56, 64]),
        (20, 5, 7, 3, 0, [2, 9, 10, 13, 14]),
        (100_000, 4, 0x1234_5678_9ABC_DEF0, 1_000, 2, [7_666, 60_263, 64_870, 75_908]),
    ])
    func uniformCohortsAreTheseOnEveryMachine(
        clients: Int, size: Int, seed: UInt64, round: Int, attempt: Int, expected: [Int]
    ) {
        let federation = FederationView(clients: clients, seed: seed)
        #expect(Uniform().cohort(size: size, round: round, attempt: attempt, federation: federation) == expected)
    }

    @Test func uniformAsksEveryClientAboutAsOften() {
        let shares = Uniform().frequencies(size: 5, rounds: 4_000, federation: FederationView(clients: 20, seed: 7))
        #expect(agree(shares, [Double](repeating: 0.25, count: 20), draws: 4_000))
    }

    @Test func bySizeAsksInProportionToTheSamples() {
        let federation = FederationView(samples: [1, 2, 3, 4, 0, 10], seed: 1)
        let shares = BySize().frequencies(size: 1, rounds: 20_000, federation: federation)
        #expect(agree(shares, [0.05, 0.1, 0.15, 0.2, 0, 0.5], draws: 20_000))
    }

    @Test func bySizeDrawsWithoutReplacement() {
        // First i with nᵢ/6, then j with nⱼ/(6 − nᵢ): client 0 in 1/6 + 2/6·1/4 + 3/6·1/3 of the cohorts, and so on.
        let federation = FederationView(samples: [1, 2, 3], seed: 1)
        let shares = BySize().frequencies(size: 2, rounds: 20_000, federation: federation)
        let expected: [Double] = [5.0 / 12, 11.0 / 15, 17.0 / 20]
        #expect(agree(shares, expected, draws: 20_000))
    }

    @Test func bySizeAsksClientsWithoutSamplesWhenNoOthersAreLeftAndAllAlike() {
        let federation = FederationView(samples: [0, 5, 0, 7, 0], seed: 1)
        for round in 1...50 {
            #expect(BySize().cohort(size: 2, round: round, federation: federation) == [1, 3])
        }
        let shares = BySize().frequencies(size: 3, rounds: 9_000, federation: federation)
        let expected: [Double] = [1.0 / 3, 1, 1.0 / 3, 1, 1.0 / 3]
        #expect(agree(shares, expected, draws: 9_000))
    }

    @Test func bySizeTakesCountsOfAnySize() {
        // A quarter and three quarters of 2⁶².
        let federation = FederationView(samples: [1 << 60, 3 << 60], seed: 1)
        let shares = BySize().frequencies(size: 1, rounds: 10_000, federation: federation)
        #expect(agree(shares, [0.25, 0.75], draws: 10_000))
    }
}
