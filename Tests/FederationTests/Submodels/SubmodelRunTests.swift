import FedCore
import NeuralNet
import Strategies
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs whose clients train parts of the model; the strategies' contract tests run over them, too.
@Suite(.tags(.wholeRun), .unlessQuick) struct SubmodelRunTests {
    /// The strategies of parts of channels.
    static let names = Strategies.all.filter { $0.init().submodels?.dimension == .width }.map { $0.name }

    static func settings(
        _ strategy: String, _ widths: String? = nil, _ change: (inout RunSettings) -> Void = { _ in }
    ) -> RunSettings {
        StrategyRunTests.settings(strategy) {
            $0.model = "conv 4 pad 1, groupnorm 2, relu, maxpool 4, linear 8, relu, linear"
            $0.rounds = 2
            $0.widths = widths
            change(&$0)
        }
    }

    @Test(arguments: names, ["gatherv", "reduce"]) func `With all widths 1 it is FedAvg, to the bit`(
        strategy: String, wire: String
    ) throws {
        let whole = try SessionTests.run(Self.settings("fedavg") { $0.wire = wire }, ranks: 2)
        let parts = try SessionTests.run(Self.settings(strategy, "1") { $0.wire = wire }, ranks: 2)
        #expect(parts.digest == whole.digest)
        #expect(parts.records.map(\.uploadBytes) == whole.records.map(\.uploadBytes))
        #expect(parts.records.map(\.downloadBytes) == whole.records.map(\.downloadBytes))
    }

    @Test(arguments: names) func `Wires and groups of ranks do not show in the bits`(
        strategy: String
    ) throws {
        let settings = Self.settings(strategy, "1:0.3,0.5:0.3,0.25:0.4") {
            $0.model = "conv 4 pad 1, relu, maxpool 4, linear 8, relu, linear"
        }
        let alone = try SessionTests.run(settings, ranks: 1)
        #expect(alone.digest != nil)
        var summed = settings
        summed.wire = "reduce"
        #expect(try SessionTests.run(summed, ranks: 4).digest == alone.digest)
        summed.topology = .tree(2)
        #expect(try SessionTests.run(summed, ranks: 5).digest == alone.digest)
    }

    @Test func `HeteroFL's masking trick is another loss, for labels alone`() throws {
        let skewed = Self.settings("heterofl", "1,0.5") { ($0.partition, $0.alpha) = ("dirichlet", 0.1) }
        var masked = skewed
        masked.strategyOptions = ["masked": "true"]
        let alone = try SessionTests.run(masked, ranks: 1).digest
        #expect(try SessionTests.run(skewed, ranks: 1).digest != alone)
        #expect(try SessionTests.run(masked, ranks: 3).digest == alone)
        masked.lossOptions = ["label-smoothing": "0.1"]
        #expect(throws: ConfigurationError.self) { try Job(masked) }
    }

    @Test func `The strategies are different algorithms`() throws {
        let digests = try Self.names.map { try SessionTests.run(Self.settings($0, "1,0.5"), ranks: 2).digest }
        #expect(Set(digests).count == Self.names.count)
    }

    /// A linear model 784→4→10 and its half: 784·4+4+4·10+10 and 784·2+2+2·10+10 weights.
    @Test func `A narrow client sends and receives the bytes of its model`() throws {
        func record(_ widths: String) throws -> RoundRecord {
            let settings = Self.settings("heterofl", widths) {
                $0.model = "linear 4, relu, linear"
                $0.clients = 2
                $0.clientFraction = 1
                $0.rounds = 1
            }
            return try #require(SessionTests.run(settings, ranks: 2).records.last)
        }
        let (whole, half) = (4 * (784 * 4 + 4 + 4 * 10 + 10), 4 * (784 * 2 + 2 + 2 * 10 + 10))
        let (wide, narrow) = (try record("1"), try record("0.5"))
        #expect(wide.downloadBytes - narrow.downloadBytes == 2 * (whole - half))
        // An answer is rounded up to 64 bytes.
        #expect(abs(wide.uploadBytes - narrow.uploadBytes - 2 * (whole - half)) < 128)
    }

    @Test func `Every width's accuracy is a metric of the evaluated rounds`() throws {
        let settings = Self.settings("heterofl", "1,0.5,0.25") {
            $0.evalEvery = 2
            $0.model = "linear 8, relu, linear"
        }
        let names = ["accuracy_width_0_5", "accuracy_width_0_25"]
        #expect(try Set(Job(settings).metrics.map(\.name)).isSuperset(of: names))
        let records = try SessionTests.run(settings, ranks: 2).records
        for record in records {
            for name in names {
                let accuracy = record.metrics[name]
                #expect((accuracy != nil) == (record.round % 2 == 0))
                if let accuracy { #expect((0...1).contains(accuracy)) }
            }
        }
    }

    @Test(arguments: names) func `What looks at updates as if they were of whole models is refused`(
        strategy: String
    ) throws {
        let changes: [(String, (inout RunSettings) -> Void)] = [
            ("--aggregation median compares", { $0.aggregation = "median" }),
            ("--compress encodes", { $0.compress = "f16" }),
            ("--compress-down sends", { $0.compressDown = "f16" }),
            ("--client-test has", { $0.clientTest = 0.2 }),
            ("stage 'forged-update' changes", { ($0.attack, $0.attackers) = ("sign-flip", 2) }),
            ("narrows the model, and logistic has no hidden layer", { $0.model = "logistic" }),
            ("the running statistics of model 'edgecnn-bn' are of one", { $0.model = "edgecnn-bn" }),
            ("of which --freeze keeps some", { $0.freeze = "*.bias" }),
            ("in 2 groups, which do not divide 1 channels", { $0.widths = "1,0.25" }),
        ]
        for (text, change) in changes {
            let error = #expect(throws: ConfigurationError.self, "\(text)") {
                try Job(Self.settings(strategy, "1,0.5", change))
            }
            let line = error?.description ?? ""
            #expect(line.hasPrefix("strategy '\(strategy)' ") && line.contains(text), "\(line)")
            #expect(!line.contains("\n"))
        }
        _ = try Job(Self.settings(strategy, "1,0.5") { ($0.attack, $0.attackers) = ("label-flip", 2) })
    }

    @Test func `Widths are refused where all clients train the whole model`() throws {
        let error = #expect(throws: ConfigurationError.self) { try Job(Self.settings("fedavg", "1,0.5")) }
        #expect(
            error?.description
                == "--widths is of strategies whose clients train parts of the model, and 'fedavg' trains all of it; use "
                + (Self.names + ["depthfl", "fedmd"]).map { "--strategy \($0)" }.joined(separator: " or "))
    }

    /// Two exits, one of which half of the clients has.
    static func depths(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        settings("depthfl", "1,0.5") {
            $0.model = "linear 16, relu as first, linear 10 as exit, linear 8 from first, relu, linear 10, mean exit"
            change(&$0)
        }
    }

    @Test func `Clients of several depths train to the same bits over any wire, and each depth is tested`() throws {
        let alone = try SessionTests.run(Self.depths(), ranks: 1)
        #expect(alone.digest != nil)
        #expect(try SessionTests.run(Self.depths { $0.wire = "reduce" }, ranks: 4).digest == alone.digest)
        let last = try #require(alone.records.last)
        #expect(last.metrics["accuracy_depth_0_5"] != nil)
        let job = try Job(Self.depths())
        // 784·16 + 16 + 16·10 + 10 of the first exit, 16·8 + 8 + 8·10 + 10 more of the second.
        #expect(try #require(job.submodels).models.map(\.parameterCount) == [12_956, 12_730])
    }

    @Test func `Self-distillation changes what is learnt, and grows with the rounds`() throws {
        let digests = try ["0", "1", "2"].map { consistency in
            try SessionTests.run(
                Self.depths { $0.strategyOptions = ["consistency": .init(consistency), "ramp-up": "2"] }, ranks: 1
            )
            .digest
        }
        #expect(Set(digests).count == 3)
    }

    @Test func `DepthFL needs a model with exits, and labels`() throws {
        let changes: [(String, (inout RunSettings) -> Void)] = [
            ("does not end with the mean of several; use e.g. edgecnn-exits", { $0.model = "edgecnn-small" }),
            ("--aggregation median compares", { $0.aggregation = "median" }),
            ("--loss is not for it", { $0.lossOptions = ["label-smoothing": "0.1"] }),
        ]
        for (text, change) in changes {
            let error = #expect(throws: ConfigurationError.self, "\(text)") { try Job(Self.depths(change)) }
            #expect(error?.description.contains(text) == true)
        }
    }
}
