import Aggregation
import Datasets
import FedCore
import MPITesting
import NeuralNet
import Recording
import Strategies
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs with edges between clients and server, ranks as threads. Ranks 1 to E are edges, so that 2 ranks are one that
/// serves all edges, 4 are edges alone, and 8 have ranks under them.
@Suite(.tags(.wholeRun), .unlessQuick) struct EdgeRunTests {
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.clients = 9
            $0.rounds = 3
            $0.momentum = 0
            $0.edges = 3
            change(&$0)
        }
    }

    /// Runs with and without other ranks, and after a resume, come to one digest.
    private static func expectOneDigest(
        _ settings: RunSettings, ranks: [Int] = [2, 4, 8], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> StrategyRunTests.Outcome {
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        #expect(alone.digest != nil, sourceLocation: sourceLocation)
        for count in ranks {
            let other = try StrategyRunTests.run(settings, ranks: count)
            #expect(other.digest == alone.digest, "\(count) ranks", sourceLocation: sourceLocation)
            let (records, others) = (alone.states.compactMap(\.last), other.states.compactMap(\.last))
            #expect(others.map(\.metrics) == records.map(\.metrics), "\(count) ranks", sourceLocation: sourceLocation)
            // Sums are as many as there are ranks.
            if settings.wire != "reduce" {
                #expect(others.map(\.uploadBytes) == records.map(\.uploadBytes), sourceLocation: sourceLocation)
            }
            #expect(others.map(\.participants) == records.map(\.participants), sourceLocation: sourceLocation)
        }
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(try #require(alone.states.first)))).state
        #expect(
            try StrategyRunTests.run(settings, ranks: 5, from: state).digest == alone.digest,
            sourceLocation: sourceLocation)
        return alone
    }

    /// Every strategy: its edges pass sums on, so that they change no bit, or it is refused by one line.
    @Test(arguments: Strategies.all.map { $0.name })
    func `With one turn edges change no bit, or the strategy is refused`(
        strategy: String
    ) throws {
        let flat = StrategyRunTests.settings(strategy) { $0.rounds = 2 }
        var settings = flat
        settings.edges = 3
        do {
            _ = try Job(settings)
        } catch let error as ConfigurationError {
            #expect("\(error)".contains("does not go with --edges"))
            return
        }
        let expected = try StrategyRunTests.run(flat, ranks: 1).digest
        for ranks in [1, 3, 6] {
            #expect(try StrategyRunTests.run(settings, ranks: ranks).digest == expected, "\(ranks) ranks")
        }
    }

    @Test(arguments: ["gatherv", "reduce"]) func `With one turn a sum at each level is the flat run's, on any wire`(
        wire: String
    ) throws {
        let flat = Self.settings { ($0.edges, $0.wire) = (0, wire) }
        let outcome = try Self.expectOneDigest(Self.settings { $0.wire = wire })
        #expect(try StrategyRunTests.run(flat, ranks: 3).digest == outcome.digest)
    }

    private static let kinds: [(name: String, change: @Sendable (inout RunSettings) -> Void)] = [
        ("turns", { $0.cloudEvery = 3 }),
        ("cohorts", { ($0.cloudEvery, $0.clientFraction, $0.selection) = (2, 0.5, "oort") }),
        ("momentum at the cloud", { ($0.cloudEvery, $0.strategy) = (2, "fedadam") }),
        ("codec", { ($0.cloudEvery, $0.compress, $0.errorFeedback) = (2, "topk 10% | int8 | rans", .off) }),
        ("rule at the edges", { ($0.cloudEvery, $0.edgeAggregation) = (2, "median") }),
        ("rule at the cloud", { ($0.cloudEvery, $0.aggregation) = (2, "median") }),
        ("rule at the edges, one turn", { $0.edgeAggregation = "trimmed-mean" }),
        ("limits", { ($0.edgeNormLimit, $0.edgeLossLimit, $0.edgeSamples) = (1.2, 1.5, 20) }),
        ("collusion", { ($0.attack, $0.attackers, $0.cloudEvery) = ("alie", 3, 2) }),
        ("tests of clients", { ($0.clientTest, $0.cloudEvery) = (0.2, 2) }),
        (
            "simulated time",
            {
                ($0.deviceSpeed, $0.bandwidthMbps, $0.edgeMbps, $0.edgeLatencyMs) = (500, 10, 1, 20)
                ($0.cloudEvery, $0.dropProb) = (2, 0.3)
            }
        ),
        ("deadline", { ($0.deviceSpeed, $0.deviceSpread, $0.roundDeadline, $0.cloudEvery) = (200, 1, 0.2, 2) }),
        (
            "fleet",
            {
                $0.fleet =
                    "f; phone share=3 battery-mah=400 gflops=0.000001 offline-hours=6; board battery-mah=0 gflops=0.000002"
                ($0.roundEvery, $0.cloudEvery, $0.edgeMbps, $0.selection) = (5 * 3_600, 2, 5, "energy-aware")
            }
        ),
        ("normalised", { ($0.model, $0.cloudEvery) = ("edgecnn-bn", 2) }),
    ]

    @Test(arguments: kinds.map(\.name)) func `A run with edges has one course at any number of ranks`(name: String)
        throws
    {
        let change = try #require(Self.kinds.first { $0.name == name }).change
        let outcome = try Self.expectOneDigest(Self.settings(change))
        #expect(outcome.digest != (try StrategyRunTests.run(Self.settings { $0.edges = 0 }, ranks: 1).digest))
    }

    /// One client under each edge trains for three turns as it would for three epochs: with batches of all its samples
    /// neither order nor momentum tells them apart, and both weigh clients by their samples. Equation (6) of
    /// arXiv:1905.06641 is then FedAvg with E = 3.
    @Test func `Turns under an edge of one client are its epochs`() throws {
        func settings(_ change: (inout RunSettings) -> Void) -> RunSettings {
            Self.settings {
                ($0.clients, $0.rounds, $0.batchSize, $0.model) = (3, 2, 4096, "logistic")
                change(&$0)
            }
        }
        let turns = try StrategyRunTests.run(settings { $0.cloudEvery = 3 }, ranks: 2).states.last?.weights
        let epochs = try StrategyRunTests.run(settings { ($0.edges, $0.epochs) = (0, 3) }, ranks: 2).states.last?
            .weights
        try Self.expectClose(turns, epochs)
    }

    /// An edge with all clients does in one round what a server does in as many rounds as it has turns.
    @Test func `Turns of one edge are rounds of a server`() throws {
        func settings(_ change: (inout RunSettings) -> Void) -> RunSettings {
            Self.settings {
                ($0.clients, $0.batchSize, $0.model) = (4, 4096, "logistic")
                change(&$0)
            }
        }
        let turns = settings { ($0.edges, $0.cloudEvery, $0.rounds) = (1, 3, 2) }
        let rounds = settings { ($0.edges, $0.rounds) = (0, 6) }
        try Self.expectClose(
            StrategyRunTests.run(turns, ranks: 2).states.last?.weights,
            StrategyRunTests.run(rounds, ranks: 2).states.last?.weights)
    }

    private static func expectClose(_ one: [Float]?, _ other: [Float]?) throws {
        let (one, other) = (try #require(one), try #require(other))
        let largest = zip(one, other).map { abs($0 - $1) }.max() ?? 1
        #expect(largest < 1e-5)
        #expect(one != [Float](repeating: 0, count: one.count))
    }

    @Test func `Bytes to the cloud and to the edges are told apart`() throws {
        let run = try StrategyRunTests.run(Self.settings { $0.cloudEvery = 4 }, ranks: 6)
        let job = try Job(Self.settings { $0.cloudEvery = 4 })
        let record = try #require(run.states.last?.last)
        // Nine clients send an update in each of four turns.
        #expect(record.uploadBytes == 4 * 9 * job.uploadBytes)
        #expect(record.downloadBytes == 4 * 9 * job.downloadBytes)
        // Three edges: a frame down; up 8 bytes for each parameter, weight and checksum, and 64 for each client.
        let up = 3 * 8 * (job.model.parameterCount + 2) + 9 * 64
        #expect(record.metrics["wan_bytes"] == Double(3 * job.downloadBytes + up))
    }

    /// Notes how far rounds are said to be.
    private final class Watcher: RoundObserver {
        var fractions: [Double] = []
        var records: [RoundRecord] = []
        var progressInterval: Duration? { .milliseconds(200) }
        func progressed(round: Int, fraction: Double) { fractions.append(fraction) }
        func roundFinished(_ record: RoundRecord) { records.append(record) }
    }

    @Test func `Progress and throughput count every turn`() throws {
        let settings = Self.settings { ($0.cloudEvery, $0.rounds, $0.clients, $0.edges) = (4, 1, 3, 3) }
        let (fractions, records) = try ThreadRanks.run(1) { world -> ([Double], [RoundRecord]) in
            let watcher = Watcher()
            try Session.run(settings, on: world, observers: { _ in [watcher] })
            return (watcher.fractions, watcher.records)
        }[0]
        #expect(fractions == fractions.sorted())
        #expect(fractions.last == 1)
        // Each turn of each edge is heard of.
        #expect(Set(fractions).count >= 12)
        let record = try #require(records.first)
        let trained = record.samplesPerSecond * record.seconds
        #expect(abs(trained - Double(4 * settings.epochs * record.samples)) < 1e-6 * trained)
    }

    @Test func `Simulated time is that of the slowest edge, its turns and its link`() throws {
        let run = try StrategyRunTests.run(
            Self.settings {
                // 8 Mbit/s are 10⁶ bytes a second.
                ($0.deviceSpeed, $0.edgeMbps, $0.edgeLatencyMs, $0.cloudEvery) = (100, 8, 50, 2)
                $0.partition = "iid"
            }, ranks: 4)
        let job = try Job(Self.settings { $0.partition = "iid" })
        let record = try #require(run.states.last?.last)
        let most = (0..<9).map { job.partition.count(of: $0) }.max() ?? 0
        let link = Double(job.downloadBytes + 8 * (job.model.parameterCount + 2) + 3 * 64) / 1e6 + 0.1
        #expect(abs(try #require(record.simulatedSeconds) - (2 * Double(most) / 100 + link)) < 1e-9)
    }

    @Test func `Attackers ruin the mean, and a rule or a limit at the edges withstands them`() throws {
        func accuracy(_ change: (inout RunSettings) -> Void) throws -> Double {
            let run = try SessionTests.run(
                Self.settings {
                    ($0.clients, $0.edges, $0.rounds, $0.partition, $0.samplesPerClient) = (12, 2, 8, "iid", 80)
                    ($0.attack, $0.attackers) = ("sign-flip", 2)
                    $0.attackOptions = ["scale": "20"]
                    change(&$0)
                }, ranks: 3)
            return try #require(run.records.last?.serverAccuracy)
        }
        let ruined = try accuracy { _ in }
        for change in [
            { $0.edgeAggregation = "median" }, { $0.edgeNormLimit = 3 },
            { ($0.edgeLossLimit, $0.edgeSamples) = (2, 60) },
        ] as [(inout RunSettings) -> Void] {
            let withstood = try accuracy(change)
            #expect(withstood > ruined + 0.2)
        }
    }
}
