import FedCore
import Foundation
import Testing

@testable import Datasets

/// What each of the skewed partitions is by its definition.
@Suite struct SkewedPartitionTests {
    /// 6000 of each of ten classes, like Fashion-MNIST.
    private static let labels = (0..<60_000).map { Int32($0 % 10) }

    private func table(
        _ name: String, _ options: NamedOptions = [:], clients: Int, seed: UInt64 = 1
    ) throws -> [[Int]] {
        try Partitions.standard.named(name, PartitionSettings(named: options))
            .partition(labels: Self.labels, classes: 10, clients: clients, seed: seed)
            .classTable(labels: Self.labels, classes: 10)
    }

    // McMahan et al., section 3: 200 shards of 300, and each of 100 clients gets two.
    @Test func shardsAreThoseOfThePaper() throws {
        let table = try table("shard", clients: 100)
        for row in table {
            #expect(row.reduce(0, +) == 600)
            #expect(row.allSatisfy { $0 % 300 == 0 } && row.count { $0 > 0 } <= 2)
        }
        // Two shards of one class are dealt to one client with probability 19/199.
        #expect((1...25).contains(table.count { $0.contains(600) }))
    }

    @Test func shardsThatDoNotDivideDifferByOne() throws {
        let labels: [Int32] = [2, 0, 1, 0, 2, 1, 1, 0, 2, 2, 0]
        let partition = try Partitions.standard.named("shard").partition(
            labels: labels, classes: 3, clients: 2, seed: 1)
        // Sorted: 1 3 7 10 | 2 5 6 | 0 4 8 9, cut at 2, 5 and 8.
        let shards: [Set<UInt32>] = [[1, 3], [7, 10, 2], [5, 6, 0], [4, 8, 9]]
        for client in 0..<2 {
            let own = Set(partition.samples(of: client))
            #expect(shards.count { $0.isSubset(of: own) } == 2)
        }
    }

    @Test func moreShardsThanSamplesAreRefused() throws {
        let error = ConfigurationError(
            "3 clients cannot hold 4 shards of 10 samples each; choose at most 3 shards")
        #expect(throws: error) {
            try Partitions.standard.named("shard", PartitionSettings(named: ["shards": "4"]))
                .partition(labels: [Int32](repeating: 0, count: 10), classes: 1, clients: 3, seed: 1)
        }
        #expect(throws: ConfigurationError.self) {
            try table("shard", ["shards": "\(Int.max)"], clients: 2)
        }
    }

    @Test(arguments: [(1, 10), (2, 5), (2, 100), (3, 7), (5, 13), (10, 4), (9, 1000)])
    func pathologicalClientsHoldExactlyKClasses(classes: Int, clients: Int) throws {
        let table = try table("pathological", ["classes": "\(classes)"], clients: clients)
        #expect(table.allSatisfy { row in row.count { $0 > 0 } == classes })
        for label in 0..<10 {
            // Classes of one size have holders within one, who share them within one.
            let shares = table.map { $0[label] }.filter { $0 > 0 }
            #expect(shares.reduce(0, +) == 6000)
            #expect(abs(shares.count - classes * clients / 10) <= 1)
            #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= 1)
        }
    }

    @Test func pathologicalPairsOfClassesVary() throws {
        let pairs = try table("pathological", clients: 200).map { row in row.indices.filter { row[$0] > 0 } }
        // There are 45 pairs.
        #expect(Set(pairs).count > 20)
    }

    @Test func aLargerClassHasMoreHolders() throws {
        // 900 of one class and 100 of another for 10 clients of one class each: 9 and 1.
        let labels = (0..<1000).map { Int32($0 < 900 ? 0 : 1) }
        let table = try Partitions.standard.named("pathological", PartitionSettings(named: ["classes": "1"]))
            .partition(labels: labels, classes: 2, clients: 10, seed: 1).classTable(labels: labels, classes: 2)
        #expect(table.count { $0 == [100, 0] } == 9 && table.count { $0 == [0, 100] } == 1)
    }

    @Test(arguments: [("11", 5), ("1", 9), ("\(Int.max)", 5)])
    func classesThatCannotBeSharedAreRefused(classes: String, clients: Int) throws {
        let error = ConfigurationError(
            "\(clients) clients of \(classes) classes each cannot share 60000 samples of 10 classes; "
                + "choose another number of classes or clients")
        #expect(throws: error) { try table("pathological", ["classes": "\(classes)"], clients: clients) }
    }

    /// Zipf's law: the r-th largest of n clients holds r^(−s) / Σ k^(−s) of the samples.
    @Test(arguments: [0, 0.5, 1, 2.5]) func powerLawSizesAreThoseOfZipf(exponent: Double) throws {
        let sizes = try table("quantity-skew", ["exponent": "\(exponent)"], clients: 20)
            .map { $0.reduce(0, +) }.sorted(by: >)
        let total = (1...20).reduce(0) { $0 + pow(Double($1), -exponent) }
        for (rank, size) in sizes.enumerated() {
            #expect(abs(Double(size) - 60_000 * pow(Double(rank + 1), -exponent) / total) <= 1)
        }
    }

    @Test func theSeedSaysWhoIsLarge() throws {
        let labels = [Int32](repeating: 0, count: 100)
        let largest = try (0..<50).map { seed in
            let partition = try Partitions.standard.named("quantity-skew")
                .partition(labels: labels, classes: 1, clients: 5, seed: UInt64(seed))
            return (0..<5).max { partition.count(of: $0) < partition.count(of: $1) }
        }
        #expect(Set(largest) == [0, 1, 2, 3, 4])
    }

    @Test func logNormalSizesHaveTheirDeviation() throws {
        // The logarithms of the sizes are normal with deviation sigma.
        var logarithms: [[Double]] = []
        for seed in 0..<20 {
            let sizes = try table(
                "quantity-skew", ["law": "log-normal", "sigma": "0.5"], clients: 100, seed: UInt64(seed)
            ).map { log(Double($0.reduce(0, +))) }
            let mean = sizes.reduce(0, +) / 100
            logarithms.append(sizes.map { $0 - mean })
        }
        let variance = logarithms.joined().reduce(0) { $0 + $1 * $1 } / (20 * 99)
        #expect(abs(variance.squareRoot() - 0.5) < 0.03)
    }

    @Test func quantitySkewLeavesLabelsAlone() throws {
        for row in try table("quantity-skew", clients: 5) {
            let expected = Double(row.reduce(0, +)) / 10
            #expect(row.allSatisfy { abs(Double($0) - expected) < 5 * expected.squareRoot() })
        }
    }

    @Test func theMinimumIsKept() throws {
        let table = try table("quantity-skew", ["exponent": "5", "minimum": "300"], clients: 100)
        #expect(table.map { $0.reduce(0, +) }.min() == 300)
        let error = ConfigurationError(
            "100 clients cannot hold 601 of 60000 samples each; choose a minimum of at most 600")
        #expect(throws: error) { try self.table("quantity-skew", ["minimum": "601"], clients: 100) }
    }

    @Test(
        arguments: [
            ["law": "normal"], ["exponent": "-1"], ["sigma": "1"], ["law": "log-normal", "exponent": "1"],
            ["law": "log-normal", "sigma": "nan"], ["minimum": "0"],
        ] as [NamedOptions])
    func optionsOutOfRangeAreRefused(options: NamedOptions) {
        #expect(throws: ConfigurationError.self) { try table("quantity-skew", options, clients: 5) }
    }

    /// Bit for bit what another implementation computes from the definitions (`scripts/make-dataset-fixtures`).
    @Test(
        arguments: [
            ("shard", "shard", [:]), ("pathological", "pathological", [:]), ("power", "quantity-skew", [:]),
            ("log-normal", "quantity-skew", ["law": "log-normal"]),
        ] as [(String, String, NamedOptions)])
    func anotherImplementationAgrees(key: String, name: String, options: NamedOptions) throws {
        let digests = try JSONDecoder().decode([String: UInt64].self, from: Fixture.data("partitions.json"))
        var hash = StableHash()
        let partition = try Partitions.standard.named(name, PartitionSettings(named: options))
            .partition(labels: (0..<6000).map { Int32($0 % 10) }, classes: 10, clients: 37, seed: 42)
        for client in 0..<37 { for sample in partition.samples(of: client) { hash.add(Int(sample)) } }
        #expect(hash.value == digests[key])
    }
}
