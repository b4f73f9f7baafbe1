import Aggregation
import FedCore
import Federation
import Strategies
import Testing

@testable import Records

/// Each step hook by hand.
@Suite struct StepHookTests {
    @Test func `A gradient of norm 5 is cut to 1, and one within the limit is left alone`() throws {
        var settings = RunSettings()
        settings.clipGradients = 1
        let hook = try #require(GradientClipping(Setups.setup(settings)))
        #expect(hook.corrected([3, 4]) == [0.6, 0.8])
        #expect(hook.corrected([0.6, 0.75]) == [0.6, 0.75])
        #expect(hook.corrected([0, 0]) == [0, 0])
        #expect(hook.changesGradient(ofOwnModel: true) && !hook.usesAnchor(ofOwnModel: true))
    }

    @Test func `FedProx pulls towards the anchor by mu times the distance`() throws {
        let strategy = try Strategies.standard.named("fedprox", ["mu": "0.5"])
        let hook = try #require(StrategyCorrection(Setups.setup(strategy: strategy)))
        #expect(hook.usesAnchor(ofOwnModel: false))
        #expect(hook.corrected([1, 1], weights: [2, 4], anchor: [1, 2]) == [1.5, 2])
    }

    @Test func `Ditto corrects the client's own model alone`() throws {
        let strategy = try Strategies.standard.named("ditto", ["lambda": "0.5"])
        let hook = try #require(StrategyCorrection(Setups.setup(strategy: strategy)))
        #expect(!hook.changesGradient(ofOwnModel: false) && !hook.usesAnchor(ofOwnModel: false))
        #expect(hook.changesGradient(ofOwnModel: true) && hook.usesAnchor(ofOwnModel: true))
        #expect(hook.corrected([1, 1], weights: [2, 4], anchor: [1, 2], ofOwnModel: true) == [1.5, 2])
    }

    @Test func `Strategies that correct nothing have no hook`() throws {
        for name in ["fedavg", "fedadam", "fednova"] {
            let strategy = try Strategies.standard.named(name)
            #expect(StrategyCorrection(Setups.setup(strategy: strategy)) == nil)
        }
    }

    @Test func `An attacker's labels are turned around, and the rest of the batch is left alone`() throws {
        let hook = try #require(
            Poisoning(Setups.setup(attack: try Attacks.standard.named("label-flip"), attackers: [1])))
        #expect(hook.changesSamples(of: 1) && !hook.changesSamples(of: 0))
        var images = [Float](repeating: 0.5, count: 6)
        var labels: [Int32] = [0, 9, 3]
        let samples: [UInt32] = [40, 41]
        var imageSpan = images.mutableSpan
        var labelSpan = labels.mutableSpan
        hook.prepare(&imageSpan, labels: &labelSpan, of: samples.span, in: Setups.turn)
        #expect(labels == [9, 0, 3] && images == [Float](repeating: 0.5, count: 6))
    }

    @Test func `A sample's trigger does not depend on its batch`() throws {
        let backdoor = try Attacks.standard.named("backdoor", ["size": "1", "target": "5"])
        let hook = try #require(Poisoning(Setups.setup(attack: backdoor, attackers: [1])))
        func labels(_ samples: [UInt32]) -> [Int32] {
            var images = [Float](repeating: 0, count: 2 * samples.count)
            var labels = [Int32](repeating: 1, count: samples.count)
            var imageSpan = images.mutableSpan
            var labelSpan = labels.mutableSpan
            hook.prepare(&imageSpan, labels: &labelSpan, of: samples.span, in: Setups.turn)
            for i in labels.indices { #expect(images[2 * i..<2 * i + 2] == (labels[i] == 5 ? [0, 1] : [0, 0])) }
            return labels
        }
        let samples = [UInt32](0..<20)
        let together = labels(samples)
        #expect(together.contains(5) && together.contains(1))
        #expect(together == samples.flatMap { labels([$0]) })
    }
}
