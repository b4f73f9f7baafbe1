import Aggregation
import FedCore
import MPITesting
import Recording
import Selection
import Strategies
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs with secure aggregation beside the same runs without it, ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct SecureRunTests {
    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.clients = 10
            $0.rounds = 2
            $0.evalEvery = 1
            change(&$0)
        }
    }

    /// The same settings, with masks.
    static func secured(_ settings: RunSettings) -> RunSettings {
        var settings = settings
        settings.secureAggregation = true
        return settings
    }

    /// A secured run, at any number of ranks, comes to the plain run's weights and tells of its clients together what that tells of each.
    @discardableResult
    static func expectPlainWeights(
        _ settings: RunSettings, ranks: [Int] = [1, 3], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [RoundRecord] {
        let plain = try StrategyRunTests.run(settings, ranks: ranks[0])
        #expect(plain.digest != nil, sourceLocation: sourceLocation)
        let expected = plain.states.compactMap(\.last)
        for count in ranks {
            let run = try StrategyRunTests.run(secured(settings), ranks: count)
            #expect(run.digest == plain.digest, "\(count) ranks", sourceLocation: sourceLocation)
            let records = run.states.compactMap(\.last)
            #expect(records.count == expected.count, sourceLocation: sourceLocation)
            for (record, plain) in zip(records, expected) {
                let whose = "round \(plain.round), \(count) ranks"
                #expect(record.participants == plain.participants, "\(whose)", sourceLocation: sourceLocation)
                #expect(record.rejected == plain.rejected, "\(whose)", sourceLocation: sourceLocation)
                #expect(record.late == plain.late, "\(whose)", sourceLocation: sourceLocation)
                #expect(record.dropped == plain.dropped, "\(whose)", sourceLocation: sourceLocation)
                #expect(record.samples == plain.samples, "\(whose)", sourceLocation: sourceLocation)
                #expect(record.attempts == plain.attempts, "\(whose)", sourceLocation: sourceLocation)
                #expect(record.serverAccuracy == plain.serverAccuracy, "\(whose)", sourceLocation: sourceLocation)
                #expect((record.trainLoss == nil) == (plain.trainLoss == nil), sourceLocation: sourceLocation)
                let difference = abs((record.trainLoss ?? 0) - (plain.trainLoss ?? 0))
                #expect(difference < 1e-4, "\(whose)", sourceLocation: sourceLocation)
            }
        }
        return expected
    }

    @Test(arguments: ["gatherv", "reduce"]) func `Masks change no bit, at any number of ranks`(wire: String) throws {
        try Self.expectPlainWeights(Self.settings { $0.wire = wire }, ranks: [1, 2, 3, 4])
    }

    static let kinds: [(name: String, change: @Sendable (inout RunSettings) -> Void)] = [
        ("cohorts", { $0.clientFraction = 0.6 }),
        ("cohorts of any size", { ($0.clientFraction, $0.selection, $0.seed) = (0.6, "poisson", 3) }),
        ("equal weights", { ($0.partition, $0.momentum) = ("iid", 0.9) }),
        ("randk", { ($0.compress, $0.errorFeedback) = ("randk 10%", .off) }),
        ("randk in sums", { ($0.compress, $0.errorFeedback, $0.wire) = ("randk 10%", .off, "reduce") }),
        ("codec down", { $0.compressDown = "bf16" }),
        ("statistics", { ($0.model, $0.rounds, $0.clients) = ("edgecnn-bn", 1, 4) }),
        ("frozen layers", { ($0.model, $0.freeze) = ("linear 6, relu, linear", "1.*") }),
        ("deadline", { ($0.deviceSpeed, $0.deviceSpread, $0.roundDeadline) = (200, 1, 0.2) }),
        (
            "deadline, partial work dropped",
            { ($0.deviceSpeed, $0.deviceSpread, $0.roundDeadline, $0.latePolicy) = (200, 0.3, 0.2, .drop) }
        ),
        ("tree", { ($0.wire, $0.topology) = ("reduce", .tree(2)) }),
        ("nodes", { ($0.wire, $0.topology) = ("reduce", .node) }),
        ("attackers by themselves", { ($0.attack, $0.attackers) = ("sign-flip", 2) }),
        ("two clients", { $0.clients = 2 }),
        ("local steps", { ($0.localSteps, $0.epochs) = (2, 1) }),
    ]

    @Test(arguments: kinds.map(\.name)) func `A secured run has the weights of the plain one`(name: String) throws {
        let change = try #require(Self.kinds.first { $0.name == name }).change
        try Self.expectPlainWeights(Self.settings(change), ranks: name == "nodes" || name == "tree" ? [2, 5] : [1, 3])
    }

    @Test(arguments: ["gatherv", "reduce"]) func `Who drops out, in whichever phase, is in no sum, and the others are`(
        wire: String
    ) throws {
        let settings = Self.settings { ($0.dropProb, $0.clients, $0.rounds, $0.wire) = (0.2, 16, 4, wire) }
        let records = try Self.expectPlainWeights(settings)
        #expect(records.reduce(0) { $0 + $1.dropped } > 4)
        let last = try StrategyRunTests.run(Self.secured(settings), ranks: 2).states.compactMap(\.last)
        for metric in [Metric.secureKeysLeft, .secureSharesLeft, .secureVectorLeft, .secureUnmaskingLeft] {
            #expect(last.contains { ($0[metric] ?? 0) > 0 }, "\(metric.name)")
        }
        for record in last {
            let left = [Metric.secureKeysLeft, .secureSharesLeft, .secureVectorLeft].reduce(0) {
                $0 + (record[$1] ?? 0)
            }
            #expect(Int(left) == record.dropped)
            #expect(record[.secureDegree] == 15 && record[.secureThreshold] == 9)
            #expect((record[.secureBytes] ?? 0) > 16 * 2 * 148)
        }
    }

    /// From 20 clients on few are whose neighbours.
    @Test func `In a sparse graph masks cancel, too`() throws {
        let settings = Self.settings { ($0.clients, $0.rounds, $0.samplesPerClient, $0.dropProb) = (60, 1, 5, 0.03) }
        var masked = Self.secured(settings)
        masked.assumedDropout = 0.1
        let run = try StrategyRunTests.run(masked, ranks: 3)
        #expect(run.digest == (try StrategyRunTests.run(settings, ranks: 1).digest))
        let record = try #require(run.states.last?.last)
        #expect((4..<59).contains(Int(record[.secureDegree] ?? 0)), "\(record[.secureDegree] ?? 0)")
        #expect(record.participants < 60)
    }

    @Test(arguments: ["gatherv", "reduce"], RunSettings.Privacy.allCases)
    func `Noise is that of the plain run`(wire: String, privacy: RunSettings.Privacy) throws {
        let settings = CentralPrivacyTests.settings {
            ($0.privacy, $0.wire, $0.rounds) = (privacy, wire, 2)
            if privacy != .central { ($0.selection, $0.clientFraction) = ("cyclic", 0.5) }
        }
        try Self.expectPlainWeights(settings, ranks: [1, 3])
    }

    // MARK: Catalogs

    /// Masks change no bit of what these settings come to, or they are refused for a reason.
    /// - Returns: whether the run was done.
    private func expectWeightsOrReason(_ settings: RunSettings) throws -> Bool {
        do {
            _ = try Job(Self.secured(settings))
        } catch let error as ConfigurationError {
            let text = "\(error)"
            #expect(text.hasPrefix("--secure-aggregation does not go with ") && text.contains(": "), "\(text)")
            #expect(!text.contains("\n") && !text.hasSuffix("."), "\(text)")
            return false
        }
        try Self.expectPlainWeights(settings, ranks: [2])
        return true
    }

    /// What is left without a reason to refuse it must be done.
    @Test(arguments: StrategyRunTests.names) func `Every strategy has its plain weights, or a reason`(strategy: String)
        throws
    {
        let isDone = try expectWeightsOrReason(
            StrategyRunTests.settings(strategy) { ($0.rounds, $0.clients) = (2, 8) })
        if ["fedavg", "fedprox", "fedavgm", "fedadam", "fedadagrad", "fedyogi", "fedsgd"].contains(strategy) {
            #expect(isDone)
        }
        if ["scaffold", "qfedavg", "fedbuff", "fedasync", "fedmd", "heterofl"].contains(strategy) { #expect(!isDone) }
    }

    @Test(arguments: SelectionRunTests.names) func `Every selection has its plain weights, or a reason`(
        selection: String
    ) throws {
        var settings = SelectionRunTests.settings(selection)
        settings.rounds = 3
        settings.clientFraction = 0.5
        let isDone = try expectWeightsOrReason(settings)
        #expect(isDone == !["oort", "power-of-choice", "energy-aware"].contains(selection))
    }

    @Test(arguments: AggregationRunTests.rules) func `Every aggregation has its plain weights, or a reason`(
        rule: String
    ) throws {
        let isDone = try expectWeightsOrReason(AggregationRunTests.settings(rule) { $0.rounds = 2 })
        #expect(isDone == (rule == "mean"))
    }

    @Test(arguments: AggregationRunTests.attacks) func `Every attack has its plain weights, or a reason`(
        attack: String
    ) throws {
        _ = try expectWeightsOrReason(
            AggregationRunTests.settings("mean") { ($0.rounds, $0.attack, $0.attackers) = (2, attack, 3) })
    }

    private static let refused: [(what: String, change: @Sendable (inout RunSettings) -> Void)] = [
        ("--aggregation median", { $0.aggregation = "median" }),
        ("--attack alie", { ($0.attack, $0.attackers) = ("alie", 2) }),
        ("strategy 'fedbuff'", { $0.strategy = "fedbuff" }),
        ("strategy 'scaffold'", { $0.strategy = "scaffold" }),
        ("strategy 'fednova'", { $0.strategy = "fednova" }),
        ("strategy 'qfedavg'", { $0.strategy = "qfedavg" }),
        ("--selection oort", { ($0.selection, $0.clientFraction) = ("oort", 0.5) }),
        ("--client-test", { $0.clientTest = 0.2 }),
        ("error feedback", { ($0.compress, $0.errorFeedback) = ("randk 10%", .on) }),
        ("--compress topk", { ($0.compress, $0.errorFeedback) = ("topk 10%", .off) }),
        ("--round-deadline in real time", { ($0.roundDeadline, $0.realDelays) = (5, true) }),
        (
            "--edge-aggregation median",
            { ($0.edges, $0.edgeAggregation) = (2, "median") }
        ),
        (
            "--secure-bits and --privacy central",
            { ($0.secureBits, $0.privacy, $0.noise, $0.selection) = (16, .central, 1, "poisson") }
        ),
        (
            "--secure-bits and --privacy ftrl",
            { ($0.secureBits, $0.privacy, $0.noise, $0.selection) = (16, .ftrl, 1, "cyclic") }
        ),
        ("--edge-aggregation mean, --edge-norm-limit", { ($0.edges, $0.edgeNormLimit) = (2, 1) }),
    ]

    @Test(arguments: refused.map(\.what)) func `What would show a client's own is refused by one line`(what: String)
        throws
    {
        let change = try #require(Self.refused.first { $0.what == what }).change
        let error = #expect(throws: ConfigurationError.self) { try Job(Self.secured(Self.settings(change))) }
        let text = "\(error, default: "")"
        #expect(text.hasPrefix("--secure-aggregation does not go with \(what)"), "\(text)")
        #expect(!text.contains("\n"))
    }

    @Test func `A round of one client is refused, and so is what no threshold is secure for`() {
        let alone = #expect(throws: ConfigurationError.self) { try Job(Self.secured(Self.settings { $0.clients = 1 })) }
        #expect("\(alone, default: "")".contains("2 clients at least, not 1"))
        let corrupt = #expect(throws: ConfigurationError.self) {
            try Job(Self.secured(Self.settings { ($0.assumedCorrupt, $0.assumedDropout) = (0.8, 0.8) }))
        }
        #expect("\(corrupt, default: "")".contains("no threshold is secure"))
    }
}
