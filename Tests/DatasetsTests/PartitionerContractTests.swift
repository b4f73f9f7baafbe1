import Datasets
import FedCore
import Testing

/// What holds for every partitioner in the catalog.
@Suite struct PartitionerContractTests {
    static let names = Partitions.all.map { $0.name }
    static let cases = PartitionCase.all
    /// For partitioners that need a file; it is not read before the samples are looked at.
    static let settings = PartitionSettings(named: ["file": "/nowhere"])

    private func named(_ name: String) throws -> any Partitioner {
        let needsFile = ["class-exact", "by-column"].contains(name)
        return try Partitions.standard.named(name, needsFile ? Self.settings : PartitionSettings())
    }

    @Test func namesAreUniqueAndFitTheCommandLine() {
        #expect(Set(Self.names).count == Self.names.count)
        for partitioner in Partitions.all {
            #expect(!partitioner.name.isEmpty && partitioner.name.allSatisfy { $0.isLowercase || $0 == "-" })
            #expect(!partitioner.summary.isEmpty && !partitioner.summary.contains("\n"))
        }
    }

    @Test func aMisspeltNameIsAnsweredWithTheNearest() {
        #expect(
            throws: ConfigurationError(
                "unknown partition 'dirichle'; did you mean 'dirichlet'?")
        ) {
            try Partitions.standard.named("dirichle")
        }
    }

    @Test(arguments: names) func anUnknownOptionIsRefused(name: String) {
        let settings = PartitionSettings(named: ["file": "/nowhere", "frobnicate": "1"])
        let error = #expect(throws: ConfigurationError.self) { try Partitions.standard.named(name, settings) }
        #expect("\(error, default: "")".contains("frobnicate") || "\(error, default: "")".contains("'file'"))
    }

    @Test(arguments: cases) func everySampleGoesToExactlyOneClient(of test: PartitionCase) throws {
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

    @Test(arguments: cases) func everyClientHoldsTheMinimum(of test: PartitionCase) throws {
        let partition = try test.partition()
        let minimum = ["iid", "dirichlet"].contains(test.name) ? min(10, test.samples / test.clients) : 1
        #expect((0..<test.clients).allSatisfy { partition.count(of: $0) >= minimum })
    }

    @Test(arguments: cases) func theSeedAloneDecides(of test: PartitionCase) throws {
        let first = try test.partition(seed: 7)
        #expect(try test.partition(seed: 7) == first)
        // Where a file names each sample's client there is nothing to draw.
        if test.clients > 1, test.samples > 100, !["by-column", "natural"].contains(test.name) {
            #expect(try test.partition(seed: 8) != first)
        }
    }

    @Test(arguments: names) func moreClientsThanSamplesAreRefused(name: String) throws {
        let partitioner = try named(name)
        let error = ConfigurationError("4 clients cannot share 3 samples; choose at most 3 clients")
        #expect(throws: error) { try partitioner.partition(labels: [0, 1, 2], classes: 3, clients: 4, seed: 1) }
    }

    @Test(arguments: names) func clientsBelowOneAreRefused(name: String) throws {
        let partitioner = try named(name)
        for clients in [0, -1, .min] {
            #expect(throws: ConfigurationError("clients must be at least 1, not \(clients)")) {
                try partitioner.partition(labels: [0, 1, 2], classes: 3, clients: clients, seed: 1)
            }
        }
    }

    @Test(arguments: names.filter { $0 != "natural" }) func aDatasetIsDealtByItsLabels(name: String) throws {
        let test = PartitionCase(name: name, samples: 100, classes: 10, clients: 5)
        let folder = try TemporaryFolder()
        let partitioner = try test.partitioner(in: folder)
        let dataset = Labelled(of: test)
        let dealt = try partitioner.partition(dataset, clients: 5, seed: 3)
        let byLabels = try partitioner.partition(labels: test.labels, classes: 10, clients: 5, seed: 3)
        #expect((0..<5).allSatisfy { dealt.samples(of: $0) == byLabels.samples(of: $0) })
    }

    @Test func dataWithoutClientsOfTheirOwnAreRefused() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try named("natural").partition(labels: [0, 1], classes: 2, clients: 1, seed: 1)
        }
        #expect("\(error, default: "")".hasPrefix("partition 'natural' needs a data set with clients of its own"))
    }
}
