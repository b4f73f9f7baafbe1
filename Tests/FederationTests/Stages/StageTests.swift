import Aggregation
import FedCore
import Federation
import Strategies
import Testing

@testable import Records

/// Each stage by hand, on five parameters.
@Suite struct StageTests {
    @Test func `The server's rate scales the update, and nothing beside it`() throws {
        var settings = RunSettings()
        settings.serverLr = 0.5
        var stage = try #require(ServerRate(Setups.setup(settings)))
        var mean: [Float] = [2, 4, 0, -2, 8, 7]
        let weights = [Float](repeating: 0, count: 5)
        var span = mean.mutableSpan
        stage.onServer(&span, weights: weights.span, in: Setups.round)
        #expect(mean == [1, 2, 0, -1, 4, 7])
    }

    @Test func `The strategy sees no running statistics, and they are sent as they were trained`() throws {
        let stage = try #require(RunningStatistics(Setups.setup(statistics: [1..<3])))
        let sent = stage.sent([1, 2, 3, 4, 5]) { update in
            #expect(update == [1, 0, 0, 4, 5])
            for i in update.indices { update[i] = 10 * update[i] + 1 }
        }
        #expect(sent == [11, 2, 3, 41, 51])
    }

    @Test func `Of a scaled update the running statistics are sent behind it`() throws {
        let stage = try #require(RunningStatistics(Setups.setup(isScaled: true, statistics: [1..<3])))
        // Behind five scaled floats two statistics and the exponent.
        #expect(stage.sent([1, 2, 3, 4, 5], beside: [0, 0, 6]) == [1, 0, 0, 4, 5, 2, 3, 6])
    }

    @Test(arguments: [false, true]) func `Running statistics move by their mean change, whatever the strategy does`(
        isScaled: Bool
    ) throws {
        var stage = try #require(RunningStatistics(Setups.setup(isScaled: isScaled, statistics: [1..<3])))
        let mean: [Float] = isScaled ? [1, 0, 0, 4, 5, 2, 3] : [1, 2, 3, 4, 5]
        let weights = stage.stepped(mean, from: [10, 20, 30, 40, 50]) { _, weights in
            weights = [-1, -1, -1, -1, -1]
        }
        #expect(weights == [-1, 22, 33, -1, -1])
    }

    @Test func `A mixture of models takes running statistics along`() throws {
        let mixing = try Strategies.standard.named("fedasync")
        #expect(RunningStatistics(Setups.setup(strategy: mixing, statistics: [1..<3])) == nil)
        var settings = RunSettings()
        settings.serverLr = 2  // past the client's model: no mixture any longer
        #expect(RunningStatistics(Setups.setup(settings, strategy: mixing, statistics: [1..<3])) != nil)
    }

    @Test func `A longer update is scaled down to the norm, a shorter one is left, and so is what is beside it`() throws
    {
        var settings = RunSettings()
        settings.clipUpdates = 2.5
        let stage = try #require(try UpdateNorm(Setups.setup(settings)))
        // Of norm 5: half of it.
        #expect(stage.sent([3, 0, -4, 0, 0], beside: [7]) == [1.5, 0, -2, 0, 0, 7])
        for short: [Float] in [[1.5, 0, -2, 0, 0], [0.1, 0.2, 0.3, 0.4, 0.5], [0, 0, 0, 0, 0]] {
            #expect(stage.sent(short, beside: [7]) == short + [7])
        }
        // What is no number is left to be refused.
        #expect(stage.sent([.nan, 1, 1, 1, 1])[0].isNaN && stage.sent([.infinity, 1, 1, 1, 1])[0].isNaN)
    }

    @Test func `A norm of updates is refused where something else clips them, or scales them by their losses`() throws {
        func refusal(_ change: (inout RunSettings) -> Void) -> String {
            let settings = SessionTests.settings {
                $0.clipUpdates = 1
                change(&$0)
            }
            return #expect(throws: ConfigurationError.self) { try Job(settings) }?.description ?? ""
        }
        for privacy in [RunSettings.Privacy.central, .ftrl, .local, .distributed] {
            #expect(
                refusal { ($0.privacy, $0.noise) = (privacy, 1) }
                    == "--clip-updates does not go with --privacy \(privacy.rawValue), which clips updates itself: give --clip"
            )
        }
        #expect(refusal { $0.strategy = "qfedavg" }.hasPrefix("--clip-updates does not go with strategy 'qfedavg'"))
        #expect(
            refusal { ($0.strategy, $0.strategyOptions, $0.clientTest) = ("fedmd", ["public": "50"], 0.2) }.contains(
                "--clip-updates is not for clients with models of their own"))
    }

    @Test func `An attacker's update is forged, and nobody else's, and nothing beside it`() throws {
        let attack = try Attacks.standard.named("sign-flip", ["scale": "2"])
        let stage = try #require(ForgedUpdate(Setups.setup(attack: attack, attackers: [1])))
        #expect(stage.sent([1, -2, 0, 4, 5], beside: [7]) == [-2, 4, 0, -8, -10, 7])
        var honest = Setups.turn
        honest.client = 0
        #expect(stage.sent([1, -2, 0, 4, 5], beside: [7], in: honest) == [1, -2, 0, 4, 5, 7])
    }

    @Test func `Forged noise is that of the turn, and another when the round is repeated`() throws {
        let attack = try Attacks.standard.named("scaled-noise")
        let stage = try #require(ForgedUpdate(Setups.setup(attack: attack, attackers: [1])))
        var repeated = Setups.turn
        repeated.attempt = 1
        #expect(stage.sent([1, 2, 3, 4, 5]) == stage.sent([1, 2, 3, 4, 5]))
        #expect(stage.sent([1, 2, 3, 4, 5]) != stage.sent([1, 2, 3, 4, 5], in: repeated))
    }

    @Test func `Attacks on data and on whole cohorts forge no single update`() throws {
        for name in ["label-flip", "backdoor", "alie"] {
            let attack = try Attacks.standard.named(name)
            #expect(ForgedUpdate(Setups.setup(attack: attack, attackers: [1])) == nil)
        }
    }
}
