import FedCore
import Strategies
import Testing

/// What holds for every strategy in the catalog.
@Suite struct StrategyContractTests {
    static let names = Strategies.all.map { $0.name }

    @Test func namesAreUniqueAndFitTheCommandLine() {
        #expect(Set(Self.names).count == Self.names.count)
        for strategy in Strategies.all {
            #expect(!strategy.name.isEmpty && strategy.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
            #expect(!strategy.summary.isEmpty && !strategy.summary.contains("\n"))
        }
    }

    @Test(arguments: names) func isFoundByItsName(name: String) throws {
        #expect(type(of: try Strategies.standard.named(name)).name == name)
    }

    @Test func aMisspeltNameIsAnsweredWithTheNearest() {
        #expect(
            throws: ConfigurationError("unknown strategy 'fedavgg'; did you mean 'fedavg'?")
        ) {
            try Strategies.standard.named("fedavgg")
        }
    }

    @Test(arguments: names) func leavesTheGlobalWeightsWhenNothingWasLearned(name: String) throws {
        var strategy = try Strategies.standard.named(name)
        #expect(strategy.applied([0, 0, 0], to: [1, -2, 3]) == [1, -2, 3])
    }

    @Test(arguments: names) func movesTheGlobalWeightsWithTheMeanUpdate(name: String) throws {
        var strategy = try Strategies.standard.named(name)
        let moved = strategy.applied([0.5, -0.25], to: [1, 1])
        #expect(moved[0] > 1 && moved[1] < 1)
    }

    @Test(arguments: names) func pointsAlongTheGradientAtTheAnchor(name: String) throws {
        let strategy = try Strategies.standard.named(name)
        let corrected = strategy.corrected([1, 2], weights: [3, 4], anchor: [3, 4])
        #expect(corrected[0] > 0 && abs(corrected[1] - 2 * corrected[0]) < 1e-6)
    }

    @Test(arguments: names) func takesBackItsState(name: String) throws {
        var strategy = try Strategies.standard.named(name)
        var weights = strategy.applied([0.5, -0.25], to: [1, 1])
        var restored = try Strategies.standard.named(name)
        try restored.restoreServerState(strategy.serverState)
        weights = strategy.applied([0.125, 2], to: weights)
        var once = try Strategies.standard.named(name)
        _ = once.applied([0.5, -0.25], to: [1, 1])
        #expect(restored.serverState == once.serverState)
        #expect(restored.applied([0.125, 2], to: once.applied([0, 0], to: [1, 1])).count == weights.count)
    }

    @Test(arguments: names) func refusesAStateThatIsNotItsOwn(name: String) throws {
        var strategy = try Strategies.standard.named(name)
        #expect(throws: ConfigurationError.self) { try strategy.restoreServerState([1]) }
        #expect(throws: ConfigurationError.self) {
            try strategy.restoreServerState([UInt8](repeating: 0xFF, count: 24))  // NaN
        }
    }

    @Test(arguments: [
        ("fedprox", "mu"), ("scaffold", "server-lr"), ("feddyn", "alpha"), ("fedavgm", "server-lr"),
        ("fedavgm", "beta"),
        ("fedadam", "server-lr"), ("fedadam", "beta1"), ("fedadam", "beta2"), ("fedadam", "tau"), ("fedyogi", "tau"),
        ("fedadagrad", "tau"), ("qfedavg", "q"), ("mimelite", "beta"),
        ("depthfl", "consistency"),
    ])
    func aSettingIsTakenAndChecked(name: String, option: String) throws {
        let strategy = try Strategies.standard.named(name, NamedOptions([option: "0.5"]))
        #expect(Mirror(reflecting: strategy).children.contains { $0.value as? Double == 0.5 })
        for bad in ["-1", "nan", "inf", "many"] {
            #expect(throws: ConfigurationError.self) {
                try Strategies.standard.named(name, NamedOptions([option: bad]))
            }
        }
    }

    @Test(arguments: names) func refusesAnUnknownSetting(name: String) {
        #expect(throws: ConfigurationError.self) { try Strategies.standard.named(name, ["colour": "1"]) }
    }
}

extension Strategy {
    /// Where a mean update moves weights when ten clients of one sample each took one step; what comes beside the update
    /// is zero, a number one.
    mutating func applied(_ mean: [Float], to global: [Float]) -> [Float] {
        let more = mean.count * traffic.extraVectors
        let upload =
            mean + [Float](repeating: 0, count: more) + [Float](repeating: 1, count: traffic.extraNumbers)
        let participants = (0..<10).map { AggregatedRound.Participant(client: $0, samples: 1, steps: 1) }
        let round = AggregatedRound(
            number: 1, participants: participants, federationSamples: 10, learningRate: 0.1, momentum: 0)
        var result = global
        var span = result.mutableSpan
        apply(upload.span, to: &span, in: round)
        return result
    }

    func corrected(_ gradient: [Float], weights: [Float], anchor: [Float]) -> [Float] {
        let drift = [Float](repeating: 0, count: traffic.hasDrift ? gradient.count : 0)
        var result = gradient
        var span = result.mutableSpan
        correct(&span, weights: weights.span, anchor: anchor.span, drift: drift.span)
        return result
    }
}
