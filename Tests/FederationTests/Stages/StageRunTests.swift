import FedCore
import MPI
import MPITesting
import Recording
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// Whole runs with stages and hooks that are in no catalog: what a stage keeps for a client goes with the client.
@Suite(.tags(.wholeRun), .unlessQuick) struct StageRunTests {
    /// Sends every other coordinate, in turns, and keeps the rest for later: error feedback, as sparsification has it.
    struct Alternating: UpdateStage {
        static let name = "alternating"
        static let summary = "sends half of what it has"
        static let halves: StageHalves = .client
        let parameters: Int

        init?(_ setup: StageSetup) { parameters = setup.layout.parameters }

        var clientVectors: Int { 1 }

        mutating func onClient(
            _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
        ) {
            for i in 0..<parameters {
                let sum = message[i] + state[i]
                (message[i], state[i]) = (i + turn.round) % 2 == 0 ? (sum, 0) : (0, sum)
            }
        }
    }

    /// Keeps a vector that it does nothing with.
    struct Keeping: UpdateStage {
        static let name = "keeping"
        static let summary = "keeps a vector"
        static let halves: StageHalves = .client

        init?(_ setup: StageSetup) {}

        var clientVectors: Int { 1 }
    }

    /// Counts rounds, and adds their number to the first weight.
    struct Counting: UpdateStage {
        static let name = "counting"
        static let summary = "moves a weight by how many rounds it has seen"
        static let halves: StageHalves = .server
        var rounds: UInt8 = 0

        init?(_ setup: StageSetup) {}

        var metrics: [Metric] { [Metric("rounds_seen", title: "rounds seen", decimals: 0, better: .higher)] }
        var measurements: [String: Double] { ["rounds_seen": Double(rounds)] }

        mutating func onServer(
            _ mean: inout MutableSpan<Float>, weights: Span<Float>, in round: AggregatedRound
        ) {
            rounds += 1
            mean[0] += Float(rounds)
        }

        var serverState: [UInt8] { [rounds] }
        mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
            guard state.count == 1 else { throw ConfigurationError("not a number of rounds") }
            rounds = state[0]
        }
    }

    /// Adds noise of the turn to each gradient.
    struct Noise: StepHook {
        static let name = "noise"
        static let summary = "adds noise"

        init?(_ setup: StageSetup) {}

        func changesGradient(ofOwnModel: Bool) -> Bool { true }

        func correct(
            _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>,
            in step: TrainingStep
        ) {
            var random = RandomStream(
                seed: step.turn.seed, .attack, round: step.turn.round, client: step.turn.client, salt: step.number)
            for i in gradient.indices { gradient[i] += 0.01 * Float(random.normal()) }
        }
    }

    /// The standard catalogs and these behind them.
    static func plugins(
        stages: [any UpdateStage.Type], hooks: [any StepHook.Type] = []
    ) throws(ConfigurationError) -> Plugins {
        var plugins = Plugins.standard
        for stage in stages { try plugins.stages.add(stage) }
        for hook in hooks { try plugins.stepHooks.add(hook) }
        return plugins
    }

    static func run(
        _ settings: RunSettings, stages: [any UpdateStage.Type] = [], hooks: [any StepHook.Type] = [], ranks: Int,
        from state: RunState? = nil, folder: String = ""
    ) throws -> StrategyRunTests.Outcome {
        try ThreadRanks.run(ranks) { communicator in
            let recorder = StrategyRunTests.Recorder()
            let timekeeper = Timekeeper(communicator, isOn: false, sink: { _, _ in nil })
            timekeeper.folder = folder
            let isServer = communicator.rank == 0
            try Session.run(
                isServer ? settings : nil, plugins: plugins(stages: stages, hooks: hooks),
                resuming: isServer ? state : nil, on: communicator, timekeeper: timekeeper,
                observers: { _ in [recorder] })
            return recorder.outcome
        }[0]
    }

    static let settings = StrategyRunTests.settings("scaffold")

    @Test func `What a stage keeps for each client lies behind the strategy's`() throws {
        let job = try Job(Self.settings, plugins: Self.plugins(stages: [Alternating.self, Keeping.self]))
        let parameters = 7850
        #expect(job.vectors.state == 3 * parameters)
        #expect(job.vectors.stageStates == [parameters..<2 * parameters, 2 * parameters..<3 * parameters])
    }

    @Test func `A stage that keeps something for each client gives the same bits on any ranks and when resumed`() throws
    {
        try StrategyRunTests.withFolder { folder in
            let whole = try Self.run(Self.settings, stages: [Alternating.self], ranks: 1, folder: folder)
            #expect(whole.digest != nil)
            #expect(try Self.run(Self.settings, ranks: 1).digest != whole.digest)
            for ranks in [2, 4] {
                #expect(try Self.run(Self.settings, stages: [Alternating.self], ranks: ranks).digest == whole.digest)
            }
            let rest = try Self.run(
                Self.settings, stages: [Alternating.self], ranks: 3, from: whole.states[1], folder: folder)
            #expect(rest.digest == whole.digest)
        }
    }

    @Test func `No update that comes to the server is longer than the norm of --clip-updates, the same on any ranks`()
        throws
    {
        func longest(_ settings: RunSettings) throws -> Double {
            let updates = try SeenByServer(settings).answers.filter { $0.samples > 0 }
            #expect(updates.count == 2 * 10)
            return updates.map { $0.floats.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }.max() ?? 0
        }
        let free = SecureRunTests.settings()
        let clipped = SecureRunTests.settings { $0.clipUpdates = 0.1 }
        #expect(try longest(free) > 0.2)
        // Each number is rounded to a Float.
        #expect(abs(try longest(clipped) - 0.1) < 1e-6)
        let digests = try [1, 2, 4].map { try StrategyRunTests.run(clipped, ranks: $0).digest }
        #expect(digests[0] != nil && Set(digests).count == 1)
        #expect(digests[0] != (try StrategyRunTests.run(free, ranks: 1).digest))
    }

    @Test func `A lost rank takes nothing of what a stage keeps with it`() throws {
        let whole = try Self.run(Self.settings, stages: [Alternating.self], ranks: 1)
        var disturbed = Self.settings
        disturbed.failureTimeout = 1
        disturbed.inject = ["delay:rank=2@round=2,phase=train,seconds=4"]
        #expect(try Self.run(disturbed, stages: [Alternating.self], ranks: 3).digest == whole.digest)
    }

    @Test func `What a stage remembers at the server is in every state`() throws {
        let settings = StrategyRunTests.settings("fedavg")
        let whole = try Self.run(settings, stages: [Counting.self], ranks: 1)
        #expect(whole.states.map { $0[PartName.stage("counting")] } == [[1], [2], [3], [4]])
        let rest = try Self.run(settings, stages: [Counting.self], ranks: 2, from: whole.states[1])
        #expect(rest.digest == whole.digest)
        #expect(throws: ConfigurationError.self) { try Self.run(settings, ranks: 1, from: whole.states[1]) }
    }

    @Test func `What a stage measures is declared by the run, and in the record of each round`() throws {
        final class Observer: RoundObserver {
            var metrics: [Metric] = []
            var values: [Double?] = []
            func runStarted(_ run: RunDescription) { metrics = run.metrics }
            func roundFinished(_ record: RoundRecord) { values.append(record.metrics["rounds_seen"]) }
        }
        let (metrics, values) = try ThreadRanks.run(1) { communicator in
            let observer = Observer()
            try Session.run(
                SessionTests.settings(), plugins: Self.plugins(stages: [Counting.self]), on: communicator,
                observers: { _ in [observer] })
            return (observer.metrics, observer.values)
        }[0]
        #expect(metrics.map(\.name) == ["rounds_seen"])
        #expect(values == [1, 2, 3])
    }

    @Test func `A hook changes each step, the same on any ranks`() throws {
        let whole = try Self.run(Self.settings, hooks: [Noise.self], ranks: 1)
        #expect(try Self.run(Self.settings, ranks: 1).digest != whole.digest)
        #expect(try Self.run(Self.settings, hooks: [Noise.self], ranks: 3).digest == whole.digest)
    }

    @Test func `A stage that keeps something for each client needs a wire and rounds that carry it`() {
        var settings = SessionTests.settings()
        settings.wire = "reduce"
        #expect(
            throws: ConfigurationError(
                "stage 'alternating' keeps a state for each client, which --wire reduce does not carry; use --wire gatherv"
            )
        ) { try Job(settings, plugins: Self.plugins(stages: [Alternating.self])) }
        settings.wire = "gatherv"
        settings.strategy = "fedbuff"
        #expect(throws: ConfigurationError.self) {
            try Job(settings, plugins: Self.plugins(stages: [Alternating.self]))
        }
    }
}
