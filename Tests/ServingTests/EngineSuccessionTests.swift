import FedCore
import NeuralNet
import Synchronization
import Testing

@testable import Serving

/// Releases that follow each other on one device, with scripted plans on a clock that only work moves.
@Suite struct EngineSuccessionTests {
    private final class Wire: Sendable {
        let desk = Mutex<ReleaseDesk?>(nil)
        let news = Mutex<[ReleaseNews]>([])
    }

    private let images = Images(Array(0..<400), of: Labelled())

    private func selector(_ name: String, milliseconds: Double) -> ModelSelector {
        ModelSelector(
            [
                Candidate(
                    name: name, parameters: 1, storedBytes: 1, memoryBytes: 1, accuracy: 1, p95: milliseconds / 1000,
                    mean: milliseconds / 1000)
            ], budget: Budget(latency: 1, storedMegabytes: 1), programBytes: 1)
    }

    /// Serves 3,000 requests at 200 a second by a plan of 1 ms, and has a release offered that takes so long.
    ///
    /// - Parameter decide: What rank 0 says to the verdict.
    private func run(
        milliseconds: Double?, decide: @escaping @Sendable (TrialReport) -> ReleaseOrder = { _ in .adopt(1) }
    ) throws -> (RequestLoop.PhaseResult, EngineSuccession, [ReleaseNews]) {
        let clock = ManualClock()
        let wire = Wire()
        let desk = ReleaseDesk { news in
            wire.news.withLock { $0.append(news) }
            guard case .tried(_, let report) = news else { return }
            wire.desk.withLock { $0?.post(decide(report)) }
        }
        wire.desk.withLock { $0 = desk }
        let first = selector("m@1", milliseconds: 1)
        let policy = AdaptationPolicy(target: 1)
        let engine = AdaptiveInferenceEngine(
            [AdaptiveInferenceEngine.Step(name: "m@1", plan: ScriptedPlan(clock, milliseconds: 1), service: 0.001)],
            policy: policy, clock: clock)
        let engines = EngineSuccession(
            engine, first, clock: clock,
            follow: EngineSuccession.Follow(
                desk: desk,
                load: { release in
                    guard let milliseconds else { return desk.put(.failed(release.number, "no such file")) }
                    desk.put(
                        .loaded(
                            LoadedRelease(
                                release, selector("m@2", milliseconds: milliseconds),
                                [ScriptedPlan(clock, milliseconds: milliseconds)])))
                }, policy: policy, name: "m@1", seed: 3, device: 0))
        desk.post(
            .offer(Release(number: 1, name: "m@2", models: [], trial: TrialRules(share: 0.25, requests: 200))))
        var loop = RequestLoop(engines, images: images, clock: clock, sliceSeconds: nil)
        let load = Load(phases: [Load.Phase(rate: 200, requests: 3000)], longestQueue: 1000)
        let result = try loop.run(load, seed: 3, device: 0)[0]
        engines.finish()
        wire.desk.withLock { $0 = nil }
        return (result, engines, wire.news.withLock { $0 })
    }

    private func checkCounts(_ result: RequestLoop.PhaseResult, _ engines: EngineSuccession) {
        #expect(result.arrived == 3000 && result.answered + result.refused == 3000 && result.refused == 0)
        #expect(result.correct == 3000)
        #expect(result.answersByStep.reduce(0, +) == 3000)
        #expect(engines.epochs.reduce(0) { $0 + $1.answered } == 3000)
    }

    @Test func `A release that is no worse takes over between two requests, and none is lost`() throws {
        let (result, engines, news) = try run(milliseconds: 1.1)
        checkCounts(result, engines)
        #expect(engines.epochs.map(\.kind) == [.serving, .loading, .trying, .serving])
        #expect(engines.epochs.map(\.release) == ["m@1", "m@1", "m@1", "m@2"])
        #expect(news.first == .answered(1) && news.last == .tookOver(1) && news.count == 3)
        let tried = engines.epochs[2]
        #expect(tried.answeredByOther >= 200 && tried.answeredByOther <= 201)
        // A quarter of the requests were its own, drawn four in turn: 800 on average, with a standard deviation of 98; three of them.
        #expect((506...1094).contains(tried.answered))
        #expect(result.answersByStep[1] == tried.answeredByOther + engines.epochs[3].answered)
        #expect(engines.switches.map(\.reason) == ["m@2 takes over from m@1"])
        #expect(engines.switches[0].from == 0 && engines.switches[0].to == 1)
        #expect(engines.verdicts.map(\.candidate.name) == ["m@1", "m@2"] && engines.ladder == [0, 1])
    }

    @Test func `One that is dropped answers nothing from then on`() throws {
        let (result, engines, news) = try run(milliseconds: 3) { report in
            report.refusals.count == 2 ? .drop(1) : .adopt(1)
        }
        checkCounts(result, engines)
        #expect(engines.epochs.map(\.release) == ["m@1", "m@1", "m@1", "m@1"])
        #expect(engines.epochs.last?.kind == .serving && engines.epochs.last?.answeredByOther == 0)
        #expect(result.answersByStep[1] == engines.epochs[2].answeredByOther && engines.switches.isEmpty)
        #expect(!news.contains(.tookOver(1)))
    }

    @Test func `One that cannot be loaded is said to be, and what serves goes on`() throws {
        let (result, engines, news) = try run(milliseconds: nil)
        checkCounts(result, engines)
        #expect(news == [.unfit(1, "no such file")])
        #expect(result.answersByStep == [3000])
    }
}
