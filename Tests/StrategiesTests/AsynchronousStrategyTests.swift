import FedCore
import Strategies
import Testing

/// The asynchronous rules against the papers' formulas, on tiny vectors.
@Suite struct AsynchronousStrategyTests {
    private func strategy(_ name: String, _ options: NamedOptions = [:]) throws -> any AsynchronousStrategy {
        try #require(try Strategies.standard.named(name, options) as? any AsynchronousStrategy)
    }

    @Test func `The defaults are the papers'`() throws {
        let fedAsync = FedAsync()
        #expect(fedAsync.alpha == 0.6 && fedAsync.staleness == .polynomial(a: 0.5))
        #expect(fedAsync.bufferSize == 1 && fedAsync.contribution == .model)
        let fedBuff = FedBuff()
        #expect(fedBuff.bufferSize == 10 && fedBuff.contribution == .change)
        #expect(fedAsync.largestStaleness == nil && fedBuff.largestStaleness == nil)
    }

    @Test func `An update that is not stale counts in full`() throws {
        for options: NamedOptions in [
            [:], ["staleness": "constant"], ["a": "1.7"], ["staleness": "hinge"], ["staleness": "hinge", "b": "0"],
        ] {
            for name in ["fedasync", "fedbuff"] { #expect(try strategy(name, options).stalenessWeight(0) == 1) }
        }
    }

    @Test func `FedBuff's default weight is one over the root of one plus the staleness`() throws {
        let fedBuff = try strategy("fedbuff")
        #expect(fedBuff.stalenessWeight(3) == 0.5)
        #expect(fedBuff.stalenessWeight(8) == 1.0 / 3)
        #expect(fedBuff.stalenessWeight(1) == 1 / 2.0.squareRoot())
    }

    @Test func `The polynomial weight is a power of one plus the staleness`() throws {
        // (t − τ + 1)^−a: 5^−2 and 100^−1.5.
        #expect(abs(try strategy("fedasync", ["a": "2"]).stalenessWeight(4) - 0.04) < 1e-15)
        #expect(abs(try strategy("fedbuff", ["a": "1.5"]).stalenessWeight(99) - 0.001) < 1e-15)
    }

    @Test func `The hinge is one up to b, and falls from there`() throws {
        let hinge = try strategy("fedasync", ["staleness": "hinge", "a": "10", "b": "4"])
        #expect([0, 4].map { hinge.stalenessWeight($0) } == [1, 1])
        // 1 / (10 (5 − 4) + 1) and 1 / (10 (8 − 4) + 1).
        #expect([5, 8].map { hinge.stalenessWeight($0) } == [1.0 / 11, 1.0 / 41])
        #expect(try strategy("fedasync", ["staleness": "constant"]).stalenessWeight(1000) == 1)
    }

    @Test func `FedAsync mixes the client's model into the global one`() throws {
        // (1 − α) w + α wₖ with w = (1, 2), wₖ = (3, −2), α = 0.25; the mean it is given is wₖ − w.
        var fedAsync = try strategy("fedasync", ["alpha": "0.25"])
        #expect(fedAsync.applied([2, -4], to: [1, 2]) == [1.5, 1])
        var replacing = try strategy("fedasync", ["alpha": "1"])
        #expect(replacing.applied([2, -4], to: [1, 2]) == [3, -2])
    }

    @Test func `FedAsync's clients are pulled to where they started`() throws {
        // g + μ (w − w₀) with μ = 0.5.
        let fedAsync = try strategy("fedasync", ["mu": "0.5"])
        #expect(fedAsync.corrected([1, 1], weights: [3, 0], anchor: [1, 2]) == [2, 0])
        #expect(try !strategy("fedasync", ["mu": "0"]).correctsGradients)
    }

    @Test func `FedBuff steps along the buffer's mean by the server's rate`() throws {
        var fedBuff = try strategy("fedbuff", ["server-lr": "0.5"])
        #expect(fedBuff.applied([2, -4], to: [1, 2]) == [2, 0])
    }

    @Test(arguments: [
        ("fedasync", "alpha", "0"), ("fedasync", "alpha", "1.1"), ("fedasync", "mu", "-1"),
        ("fedasync", "buffer", "4"), ("fedasync", "staleness", "linear"), ("fedasync", "b", "3"),
        ("fedbuff", "buffer", "0"), ("fedbuff", "buffer", "65536"), ("fedbuff", "buffer", "many"),
        ("fedbuff", "server-lr", "0"), ("fedbuff", "a", "0"), ("fedbuff", "a", "nan"),
        ("fedbuff", "max-staleness", "-1"), ("fedbuff", "alpha", "0.5"),
    ])
    func `A setting that means nothing is refused`(name: String, option: String, value: String) {
        #expect(throws: ConfigurationError.self) { try Strategies.standard.named(name, NamedOptions([option: value])) }
    }

    @Test func `A constant weight has no exponent`() {
        #expect(throws: ConfigurationError.self) {
            try Strategies.standard.named("fedbuff", ["staleness": "constant", "a": "0.5"])
        }
    }

    @Test func `The largest staleness is taken`() throws {
        #expect(try strategy("fedbuff", ["max-staleness": "3"]).largestStaleness == 3)
        #expect(try strategy("fedasync", ["max-staleness": "0"]).largestStaleness == 0)
    }
}
