import Datasets
import FedCore
import Testing

@Suite struct PartitionerTests {
    /// 6000 of each of ten classes, like Fashion-MNIST.
    private static let labels = (0..<60_000).map { Int32($0 % 10) }

    private func table(_ name: String, alpha: Double, clients: Int, seed: UInt64 = 1) throws -> [[Int]] {
        try Partitions.standard.named(name, PartitionSettings(alpha: alpha))
            .partition(labels: Self.labels, classes: 10, clients: clients, seed: seed)
            .classTable(labels: Self.labels, classes: 10)
    }

    @Test func iidSizesDifferByAtMostOne() throws {
        for clients in [1, 7, 1000, 59_999, 60_000] {
            let sizes = try table("iid", alpha: 1, clients: clients).map { $0.reduce(0, +) }
            #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
        }
    }

    @Test func iidClientsHoldEveryClassAlike() throws {
        for row in try table("iid", alpha: 1, clients: 5) {
            // Hypergeometric: 12,000 of 60,000 drawn, so 1200 of a class with deviation 29.4.
            #expect(row.allSatisfy { abs($0 - 1200) < 5 * 30 })
        }
    }

    @Test func dirichletKeepsClassTotals() throws {
        for alpha in [0.01, 0.5, 1e6] {
            let table = try table("dirichlet", alpha: alpha, clients: 100)
            for label in 0..<10 { #expect(table.reduce(0) { $0 + $1[label] } == 6000) }
        }
    }

    @Test func dirichletWithLargeAlphaTendsToEqualShares() throws {
        // A share has deviation √(p(1 − p)/(5α + 1)) ≈ 0.00018: about 1 of 6000.
        for row in try table("dirichlet", alpha: 1e6, clients: 5) {
            #expect(row.allSatisfy { abs($0 - 1200) < 10 })
        }
        for row in try table("dirichlet", alpha: 1e15, clients: 5) { #expect(row == [Int](repeating: 1200, count: 10)) }
    }

    @Test func dirichletWithSmallAlphaGivesAClassToFewClients() throws {
        // With α = 0.01 the largest of five shares is above 0.9 in nearly every class.
        let table = try table("dirichlet", alpha: 0.01, clients: 5)
        let largest = (0..<10).map { label in table.map { $0[label] }.max() ?? 0 }
        #expect(largest.count { $0 > 5400 } >= 7)
    }

    @Test func skewGrowsAsAlphaFalls() throws {
        // Mean distance from equal shares.
        let skews = try [0.01, 0.1, 0.5, 5, 100].map { alpha in
            try table("dirichlet", alpha: alpha, clients: 20).joined().reduce(0) { $0 + abs($1 - 300) }
        }
        #expect(zip(skews, skews.dropFirst()).allSatisfy { $0 > $1 })
    }

    @Test func dirichletSharesHaveTheVarianceOfTheDistribution() throws {
        // Variance of a share of 6000 among 5 at α = 0.5: (1/5)(4/5)/(5 · 0.5 + 1) · 6000².
        var sum = 0.0
        for seed in 0..<40 {
            for count in try table("dirichlet", alpha: 0.5, clients: 5, seed: UInt64(seed)).joined() {
                sum += Double(count - 1200) * Double(count - 1200)
            }
        }
        let expected = 0.16 / 3.5 * 36e6
        // 40 seeds × 10 classes × 4 free shares.
        #expect(abs(sum / 2000 / expected - 1) < 0.15)
    }

    @Test func hundredThousandClientsAreServed() throws {
        let labels = (0..<200_000).map { Int32($0 % 2) }
        for alpha in [0.01, 1e6] {
            let partition = try Partitions.standard.named("dirichlet", PartitionSettings(alpha: alpha))
                .partition(labels: labels, classes: 2, clients: 100_000, seed: 1)
            #expect((0..<100_000).allSatisfy { partition.count(of: $0) >= 2 })
        }
    }

    @Test(arguments: [0, 1, 25, 600]) func theMinimumIsASetting(minimum: Int) throws {
        let partition = try Partitions.standard.named(
            "dirichlet", PartitionSettings(alpha: 0.05, named: ["minimum": "\(minimum)"])
        )
        .partition(labels: Self.labels, classes: 10, clients: 100, seed: 1)
        #expect((0..<100).map { partition.count(of: $0) }.min() ?? -1 >= minimum)
    }

    @Test func aMinimumThatCannotBeReachedIsRefused() throws {
        let partitioner = try Partitions.standard.named("dirichlet", PartitionSettings(named: ["minimum": "601"]))
        let error = ConfigurationError(
            "100 clients cannot hold 601 of 60000 samples each; choose a minimum of at most 600")
        #expect(throws: error) {
            try partitioner.partition(labels: Self.labels, classes: 10, clients: 100, seed: 1)
        }
    }

    @Test(arguments: [0, -1, -0.0, Double.infinity, -Double.infinity]) func anAlphaOutOfRangeIsRefused(alpha: Double) {
        let error = ConfigurationError("alpha must be a finite number above 0, not \(alpha)")
        #expect(throws: error) { try Partitions.standard.named("dirichlet", PartitionSettings(alpha: alpha)) }
    }

    @Test func anAlphaThatIsNoNumberAndANegativeMinimumAreRefused() {
        #expect(throws: ConfigurationError.self) {
            try Partitions.standard.named("dirichlet", PartitionSettings(alpha: .nan))
        }
        #expect(throws: ConfigurationError.self) {
            try Partitions.standard.named("dirichlet", PartitionSettings(named: ["minimum": "-1"]))
        }
    }
}
