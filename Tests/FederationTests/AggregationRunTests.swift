import Aggregation
import Datasets
import FedCore
import MPITesting
import Recording
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs with every aggregation and every attack, ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct AggregationRunTests {
    static let rules = Aggregations.all.map { $0.name }
    static let attacks = Attacks.all.map { $0.name }

    static func settings(_ rule: String, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.aggregation = rule
            $0.clients = 9
            $0.samplesPerClient = 40
            $0.partition = "iid"
            change(&$0)
        }
    }

    static func accuracy(_ settings: RunSettings) throws -> Double {
        try #require(SessionTests.run(settings, ranks: 1).records.last?.serverAccuracy)
    }

    @Test(arguments: rules) func `The weights have the same bits at 1, 2 and 4 ranks, and after a resume`(
        rule: String
    ) throws {
        let settings = Self.settings(rule)
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        for ranks in [2, 4] {
            #expect(try StrategyRunTests.run(settings, ranks: ranks).digest == alone.digest, "\(ranks) ranks")
        }
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(try #require(alone.states.first)))).state
        #expect(try StrategyRunTests.run(settings, ranks: 3, from: state).digest == alone.digest)
    }

    @Test(arguments: attacks) func `An attack changes the weights, to the same bits at any number of ranks`(
        attack: String
    ) throws {
        let settings = Self.settings("mean") {
            $0.attack = attack
            $0.attackers = 3
        }
        let alone = try SessionTests.run(settings, ranks: 1).digest
        #expect(alone != nil)
        #expect(try SessionTests.run(Self.settings("mean"), ranks: 1).digest != alone)
        #expect(try SessionTests.run(settings, ranks: 4).digest == alone)
    }

    @Test(arguments: ["median", "trimmed-mean", "krum", "multi-krum", "bulyan", "geometric-median", "fltrust"])
    func `Flipped signs ruin the mean, and a robust rule withstands them`(rule: String) throws {
        // Nine clients: Bulyan needs 4f + 3, seven with one attacker.
        let attack: (inout RunSettings) -> Void = {
            $0.rounds = 8
            $0.evalEvery = 8
            $0.samplesPerClient = 100
            $0.attack = "sign-flip"
            $0.attackOptions = ["scale": "20"]
            $0.attackers = 1
        }
        let undisturbed = try Self.accuracy(
            Self.settings("mean") {
                attack(&$0)
                ($0.attack, $0.attackOptions, $0.attackers) = (nil, [:], 0)
            })
        let mean = try Self.accuracy(Self.settings("mean", attack))
        let robust = try Self.accuracy(Self.settings(rule, attack))
        #expect(undisturbed > 0.6, "it learns")
        #expect(mean < 0.2, "of ten classes")
        // Krum takes one client's update a round, and learns as slowly as one.
        #expect(robust > 0.35)
    }

    @Test func `A rule refuses a cohort that is too small for it, and a wire that hides the updates`() {
        let small = Self.settings("krum") {
            $0.clients = 6
            $0.aggregationOptions = ["attackers": "2"]  // n ≥ 2f + 3 = 7
        }
        #expect(throws: ConfigurationError.self) { try Job(small) }
        #expect(throws: ConfigurationError.self) { try Job(Self.settings("median") { $0.wire = "reduce" }) }
        let greedy = Self.settings("fltrust") { $0.aggregationOptions = ["root": "360"] }  // all there are
        #expect(throws: ConfigurationError.self) { try Job(greedy) }
        #expect(throws: ConfigurationError.self) { try Job(Self.settings("fltrust") { $0.strategy = "scaffold" }) }
        let lonely = Self.settings("mean") { $0.attackers = 2 }
        #expect(throws: ConfigurationError.self) { try Job(lonely) }
        let collusion = Self.settings("mean") {
            ($0.attack, $0.attackers, $0.wire) = ("alie", 2, "reduce")
        }
        #expect(throws: ConfigurationError.self) { try Job(collusion) }
    }

    @Test func `No client has what the server keeps for itself`() throws {
        let whole = try Job(Self.settings("mean"))
        let job = try Job(Self.settings("fltrust") { $0.aggregationOptions = ["root": "30"] })
        let held = (0..<9).flatMap { job.partition.samples(of: $0) }
        #expect(job.root.count == 30)
        #expect(held.count == 9 * 40 - 30)
        #expect(Set(held).isDisjoint(with: job.root))
        #expect(Set(held).union(job.root) == Set((0..<9).flatMap { whole.partition.samples(of: $0) }))
    }

    @Test func `A backdoor's success is what it does to test images that bear the trigger`() throws {
        func success(share: String, ranks: Int) throws -> Double {
            let settings = Self.settings("mean") {
                $0.rounds = 8
                $0.epochs = 2
                $0.evalEvery = 8
                $0.samplesPerClient = 100
                ($0.attack, $0.attackers) = ("backdoor", 4)
                $0.attackOptions = ["share": share, "target": "3", "size": "5"]
            }
            return try #require(SessionTests.run(settings, ranks: ranks).records.last?[.attackSuccess])
        }
        let without = try success(share: "0", ranks: 1)
        let with = try success(share: "0.5", ranks: 1)
        #expect(without < 0.3, "a harmless attacker: \(without)")
        #expect(with > 0.8, "\(with)")
        #expect(try success(share: "0.5", ranks: 3) == with)
    }
}
