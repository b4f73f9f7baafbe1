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
        #expect(type(of: try Strategies.named(name)).name == name)
    }

    @Test func anUnknownNameListsTheCatalog() {
        let choices = Self.names.joined(separator: ", ")
        #expect(throws: ConfigurationError("unknown strategy 'fedavgg'; choose one of: \(choices)")) {
            try Strategies.named("fedavgg")
        }
    }

    @Test(arguments: names) func leavesTheGlobalWeightsWhenNothingWasLearned(name: String) throws {
        var strategy = try Strategies.named(name)
        #expect(strategy.applied([0, 0, 0], to: [1, -2, 3]) == [1, -2, 3])
    }

    @Test(arguments: names) func movesTheGlobalWeightsWithTheMeanUpdate(name: String) throws {
        var strategy = try Strategies.named(name)
        let moved = strategy.applied([0.5, -0.25], to: [1, 1])
        #expect(moved[0] > 1 && moved[1] < 1)
    }

    @Test(arguments: names) func correctsNothingAtTheAnchor(name: String) throws {
        let strategy = try Strategies.named(name)
        #expect(strategy.corrected([1, 2], weights: [3, 4], anchor: [3, 4]) == [1, 2])
    }

    @Test(arguments: names) func correctsNothingUnlessItSaysSo(name: String) throws {
        let strategy = try Strategies.named(name)
        if !strategy.correctsGradients {
            #expect(strategy.corrected([1, 2], weights: [3, 4], anchor: [0, 0]) == [1, 2])
        }
    }

    @Test(arguments: names) func equalInputsGiveEqualBits(name: String) throws {
        var first = try Strategies.named(name)
        var second = try Strategies.named(name)
        let mean: [Float] = (0..<100).map { Float($0) / 7 - 5 }
        let global: [Float] = (0..<100).map { 1 / Float($0 + 1) }
        for _ in 0..<3 {
            #expect(first.applied(mean, to: global) == second.applied(mean, to: global))
        }
        #expect(
            first.corrected(mean, weights: global, anchor: mean)
                == second.corrected(mean, weights: global, anchor: mean))
    }

    @Test(arguments: names) func noParametersAreNoTrouble(name: String) throws {
        var strategy = try Strategies.named(name)
        #expect(strategy.applied([], to: []) == [])
        #expect(strategy.corrected([], weights: [], anchor: []) == [])
    }
}

extension Strategy {
    mutating func applied(_ mean: [Float], to global: [Float]) -> [Float] {
        var result = global
        var span = result.mutableSpan
        apply(mean.span, to: &span)
        return result
    }

    func corrected(_ gradient: [Float], weights: [Float], anchor: [Float]) -> [Float] {
        var result = gradient
        var span = result.mutableSpan
        correct(&span, weights: weights.span, anchor: anchor.span)
        return result
    }
}
