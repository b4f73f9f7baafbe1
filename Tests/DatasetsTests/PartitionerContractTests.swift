import Datasets
import FedCore
import Testing

/// What holds for every partitioner in the catalog.
@Suite struct PartitionerContractTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let alpha: Double
        let samples: Int
        let classes: Int
        let clients: Int
        var testDescription: String { "\(name) α=\(alpha) \(samples) samples of \(classes) for \(clients)" }

        /// Classes of unequal size; the last has no sample at all when there are more than two.
        var labels: [Int32] {
            var random = RandomStream(seed: 99, .synthesis)
            let present = max(1, classes - (classes > 2 ? 1 : 0))
            return (0..<samples).map { _ in Int32(min(random.integer(below: present), random.integer(below: present))) }
        }

        func partition(seed: UInt64 = 1) throws -> Partition {
            let partitioner = try Partitions.named(name, PartitionSettings(alpha: alpha))
            return try partitioner.partition(labels: labels, classes: classes, clients: clients, seed: seed)
        }
    }

    static let names = Partitions.all.map { $0.name }
    static let cases = names.flatMap { name in
        [0.01, 0.5, 100, 1e6].flatMap { alpha in
            [
                (1, 1, 1), (7, 3, 7), (1000, 10, 1), (1000, 10, 5), (1000, 10, 99), (1000, 10, 1000),
                (3001, 62, 20), (5000, 2, 600),
            ].map { Case(name: name, alpha: alpha, samples: $0.0, classes: $0.1, clients: $0.2) }
        }
    }

    @Test func namesAreUniqueAndFitTheCommandLine() {
        #expect(Set(Self.names).count == Self.names.count)
        for partitioner in Partitions.all {
            #expect(!partitioner.name.isEmpty && partitioner.name.allSatisfy { $0.isLowercase || $0 == "-" })
            #expect(!partitioner.summary.isEmpty && !partitioner.summary.contains("\n"))
        }
    }

    @Test func anUnknownNameListsTheCatalog() {
        #expect(throws: ConfigurationError("unknown partition 'dirichle'; choose one of: iid, dirichlet")) {
            try Partitions.named("dirichle")
        }
    }

    @Test(arguments: cases) func everySampleGoesToExactlyOneClient(of test: Case) throws {
        let partition = try test.partition()
        #expect(partition.clients == test.clients)
        let dealt = (0..<test.clients).flatMap { partition.samples(of: $0) }
        #expect(dealt.sorted() == (0..<test.samples).map { UInt32($0) })
        for client in 0..<test.clients {
            let samples = partition.samples(of: client)
            #expect(samples.count == partition.count(of: client))
            #expect(zip(samples, samples.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test(arguments: cases) func everyClientHoldsTheMinimum(of test: Case) throws {
        let partition = try test.partition()
        let minimum = min(10, test.samples / test.clients)
        #expect((0..<test.clients).allSatisfy { partition.count(of: $0) >= minimum })
    }

    @Test(arguments: cases) func theSeedAloneDecides(of test: Case) throws {
        let first = try test.partition(seed: 7)
        #expect(try test.partition(seed: 7) == first)
        if test.clients > 1, test.samples > 100 { #expect(try test.partition(seed: 8) != first) }
    }

    @Test(arguments: names) func moreClientsThanSamplesAreRefused(name: String) throws {
        let partitioner = try Partitions.named(name)
        let error = ConfigurationError("4 clients cannot share 3 samples; choose at most 3 clients")
        #expect(throws: error) { try partitioner.partition(labels: [0, 1, 2], classes: 3, clients: 4, seed: 1) }
    }

    @Test(arguments: names) func clientsBelowOneAreRefused(name: String) throws {
        let partitioner = try Partitions.named(name)
        for clients in [0, -1, .min] {
            #expect(throws: ConfigurationError("clients must be at least 1, not \(clients)")) {
                try partitioner.partition(labels: [0, 1, 2], classes: 3, clients: clients, seed: 1)
            }
        }
    }

    @Test(arguments: names) func aDatasetIsDealtByItsLabels(name: String) throws {
        var options = DatasetOptions()
        options.samplesPerClient = 20
        let train = try Datasets.open("synthetic", options: options).train
        let partitioner = try Partitions.named(name)
        #expect(
            try partitioner.partition(train, clients: 5, seed: 3)
                == partitioner.partition(labels: train.labels(), classes: 10, clients: 5, seed: 3))
    }
}
