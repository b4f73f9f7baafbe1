import Codecs
import FedCore
import Strategies
import Testing

@testable import Federation
@testable import Records

@Suite struct ErrorFeedbackTests {
    /// The stage of a run with a codec; nil when it wants none.
    static func stage(
        _ codec: String, _ feedback: RunSettings.Switch? = nil, strategy: any Strategy = FedAvg(),
        isScaled: Bool = false, _ change: (inout RunSettings) -> Void = { _ in }
    ) throws -> ErrorFeedback? {
        var settings = RunSettings()
        settings.errorFeedback = feedback
        change(&settings)
        return try ErrorFeedback(Setups.compressed(codec, settings, strategy: strategy, isScaled: isScaled))
    }

    @Test func `It is there where the codec is biased, or where it is asked for`() throws {
        for codec in ["topk 2", "int8", "sign", "randk 2 scale=false"] {
            #expect(try Self.stage(codec) != nil, "\(codec)")
            #expect(try Self.stage(codec, .off) == nil, "\(codec)")
        }
        for codec in ["f16", "bf16", "randk 2", "qsgd 4", "eden 2"] {
            #expect(try Self.stage(codec) == nil, "\(codec)")
            #expect(try Self.stage(codec, .on) != nil, "\(codec)")
        }
        #expect(try Self.stage("deflate") == nil)
        #expect(try Self.stage("topk 2", strategy: Strategies.standard.named("fedbuff")) == nil)
    }

    @Test func `It is refused where there is nothing to feed back, or no unit to keep it in`() throws {
        for feedback in [RunSettings.Switch.on, .off] {
            #expect(throws: ConfigurationError.self) { try Self.stage("deflate", feedback) }
            var settings = RunSettings()
            settings.errorFeedback = feedback
            #expect(throws: ConfigurationError.self) { try ErrorFeedback(Setups.setup(settings)) }
        }
        #expect(throws: ConfigurationError.self) { try Self.stage("topk 2", .on, isScaled: true) }
        #expect(try Self.stage("topk 2", isScaled: true) == nil)
    }

    /// By hand, with the two largest of five: what is left out comes when it has grown.
    @Test func `What was left out is added to the next update`() throws {
        var stage = try #require(try Self.stage("topk 2"))
        #expect(stage.clientVectors == 1)
        var state = [Float](repeating: 0, count: 5)
        func send(_ change: [Float]) -> [Float] {
            var message = change
            var messageSpan = message.mutableSpan
            var stateSpan = state.mutableSpan
            stage.onClient(&messageSpan, state: &stateSpan, in: Setups.turn)
            return message
        }
        #expect(send([4, 1, -3, 2, 0]) == [4, 1, -3, 2, 0])
        #expect(state == [0, 1, 0, 2, 0])
        #expect(send([1, 1, 1, 1, 1]) == [1, 2, 1, 3, 1])
        #expect(state == [1, 0, 1, 0, 1])
        // Nothing of an update that is not finite is kept: the server leaves it out.
        _ = send([.nan, 1, 1, 1, 1])
        #expect(state == [1, 0, 1, 0, 1])
    }

    /// Sends changes of five numbers, one after the other.
    /// - Returns: what is encoded of each, and what is kept after the last.
    static func send(_ changes: [[Float]], by stage: ErrorFeedback) -> (messages: [[Float]], state: [Float]) {
        var stage = stage
        var state = [Float](repeating: 0, count: 5 * stage.clientVectors)
        let messages = changes.map { change in
            var message = change
            var messageSpan = message.mutableSpan
            var stateSpan = state.mutableSpan
            stage.onClient(&messageSpan, state: &stateSpan, in: Setups.turn)
            return message
        }
        return (messages, state)
    }

    /// By hand: half of [0, 1, 0, 2, 0].
    @Test func `A share of what was left out stays`() throws {
        let stage = try #require(try Self.stage("topk 2") { $0.errorFeedbackKeep = 0.5 })
        let (messages, state) = Self.send([[4, 1, -3, 2, 0], [1, 1, 1, 1, 1]], by: stage)
        #expect(messages[1] == [1, 1.5, 1, 2, 1])
        #expect(state == [1, 0, 1, 0, 1])
    }

    /// By hand, with the two largest of five. Of the first, 4 and −3 are sent: residual and sum are [0, 1, 0, 2, 0]. Of the
    /// second the sum is [1, 1.5, 1, 2, 1], and with the residual [1, 2.5, 1, 4, 1] is to be sent.
    @Test func `With a momentum sums are added up, and begin anew where something was sent`() throws {
        let stage = try #require(try Self.stage("topk 2") { $0.errorFeedbackMomentum = 0.5 })
        #expect(stage.clientVectors == 2)
        let (messages, state) = Self.send([[4, 1, -3, 2, 0], [1, 1, 1, 1, 1], [.nan, 1, 1, 1, 1]], by: stage)
        #expect(messages[1] == [1, 2.5, 1, 4, 1])
        #expect(state == [1, 0, 1, 0, 1, 1, 0, 1, 0, 1])
    }

    @Test func `What is said of residuals is refused where there are none`() throws {
        for codec in ["deflate", "eden 1"] {
            #expect(throws: ConfigurationError.self) { try Self.stage(codec) { $0.errorFeedbackKeep = 0.5 } }
            #expect(throws: ConfigurationError.self) { try Self.stage(codec) { $0.errorFeedbackMomentum = 0.5 } }
        }
        #expect(try Self.stage("eden 1", .on) { $0.errorFeedbackKeep = 0.5 } != nil)
    }
}
