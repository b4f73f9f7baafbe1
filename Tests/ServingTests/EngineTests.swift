import Datasets
import FedCore
import Inference
import NeuralNet
import Runtime
import Serving
import Testing

/// Time that passes only when somebody says so.
final class ManualClock: ServingClock {
    var now = Duration.zero

    func wait(until moment: Duration) { now = max(now, moment) }

    func time<Failure: Error>(_ work: () throws(Failure) -> Void) throws(Failure) -> Duration {
        let start = now
        try work()
        return now - start
    }
}

/// Takes a time on a clock, and puts out the input's first element as the class.
final class ScriptedPlan: InferencePlan {
    let model = Model(name: "scripted", input: [1, 1, 4], classes: 4, layers: [Flatten(), Linear(4, 4)])
    let batch = 1
    let clock: ManualClock
    var milliseconds: Double
    private(set) var passes = 0
    private var input = [Float](repeating: 0, count: 4)
    private var output = [Float](repeating: 0, count: 4)

    init(_ clock: ManualClock, milliseconds: Double) {
        self.clock = clock
        self.milliseconds = milliseconds
    }

    func withInput<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try Self.lend(&input, body)
    }

    func forward(_ count: Int) throws(OneDNNError) {
        passes += 1
        clock.now += .microseconds(Int(1000 * milliseconds))
        output = [0, 0, 0, 0]
        output[Int(input[0])] = 1
    }

    func withOutput<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let output = output
        return try body(output.span)
    }

    private static func lend<Result, Failure: Error>(
        _ values: inout [Float], _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = values.mutableSpan
        return try body(&span)
    }
}

/// Images whose first pixel is their label.
struct Labelled: Dataset {
    let name = "labelled"
    let count = 400
    let shape = ImageShape(channels: 1, height: 1, width: 4)
    let classes = 4

    func label(_ sample: Int) -> Int { sample % 4 }

    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        for i in 0..<samples.count {
            labels[i] = Int32(samples[i] % 4)
            for j in 0..<4 { images[4 * i + j] = j == 0 ? Float(samples[i] % 4) : 0 }
        }
    }
}

@Suite struct EngineTests {
    private let images = Images(Array(0..<8), of: Labelled())

    private func engine(
        _ clock: ManualClock, milliseconds: [Double], target: Double = 0.1
    ) -> (AdaptiveInferenceEngine, [ScriptedPlan]) {
        let plans = milliseconds.map { ScriptedPlan(clock, milliseconds: $0) }
        let steps = plans.map {
            AdaptiveInferenceEngine.Step(name: "\($0.milliseconds) ms", plan: $0, service: $0.milliseconds / 1000)
        }
        return (AdaptiveInferenceEngine(steps, policy: AdaptationPolicy(target: target), clock: clock), plans)
    }

    @Test func `A prediction is the largest score's class, with the times of its pass`() throws {
        let clock = ManualClock()
        let (engine, _) = engine(clock, milliseconds: [20])
        clock.now = .milliseconds(50)
        let prediction = try engine.predict(images[3], arrival: .milliseconds(10))
        #expect(prediction.label == 3)
        #expect(prediction.service == .milliseconds(20))
        #expect(prediction.latency == .milliseconds(60))
        #expect(try engine.predict(images[2]).latency == .milliseconds(20))
    }

    @Test func `The benchmark leaves the first passes out`() throws {
        let clock = ManualClock()
        let plan = ScriptedPlan(clock, milliseconds: 4)
        var benchmark = LatencyBenchmarker()
        benchmark.warmUp = 7
        benchmark.passes = 100
        let result = try benchmark.run(plan, images: images, clock: clock)
        #expect(plan.passes == 107)
        #expect(result.latency.count == 100)
        #expect(abs(result.latency.mean - 0.004) < 1e-5)
        #expect(abs(result.fps - 250) < 1)
    }

    @Test func `The benchmark of a slow device ends early, but not before it has seen enough`() throws {
        let clock = ManualClock()
        let plan = ScriptedPlan(clock, milliseconds: 1000)
        let result = try LatencyBenchmarker().run(plan, images: images, clock: clock)
        #expect(result.latency.count == LatencyBenchmarker().leastPasses)
    }

    @Test func `One after another each request is as long as its pass`() throws {
        let clock = ManualClock()
        let (engine, _) = engine(clock, milliseconds: [20])
        var loop = RequestLoop(engine, images: images, clock: clock)
        let results = try loop.run(Load(phases: [Load.Phase(requests: 50)]), seed: 1, device: 0)
        #expect(results.count == 1)
        #expect(results[0].answered == 50)
        #expect(results[0].correct == 50)
        #expect(abs(results[0].seconds - 1) < 1e-9)
        #expect(abs(results[0].busySeconds - 1) < 1e-9)
        #expect(abs(results[0].latency.summary.mean - 0.02) < 1e-4)
    }

    @Test func `A load that rises and falls is answered by the small model while it is high`() throws {
        let clock = ManualClock()
        let (engine, _) = engine(clock, milliseconds: [20, 5])
        var loop = RequestLoop(engine, images: images, clock: clock)
        // 20 ms carry 50 a second at most, 5 ms 200.
        let load = Load(phases: [20, 120, 20].map { Load.Phase(rate: $0, seconds: 30) })
        let results = try loop.run(load, seed: 1, device: 0)
        #expect(results[0].answersByStep[1] == 0)
        #expect(results[1].answersByStep[1] > 9 * results[1].answersByStep[0])
        #expect(results[2].answersByStep[0] > 4 * results[2].answersByStep[1])
        #expect(engine.switches.map(\.to) == [1, 0])
        #expect(results.allSatisfy { $0.refused == 0 })
        // The rates of the Poisson processes, within four standard deviations.
        for (result, rate) in zip(results, [20.0, 120, 20]) {
            let expected = 30 * rate
            #expect(abs(Double(result.answered) - expected) < 4 * expected.squareRoot())
        }
    }

    @Test func `The mean wait is that of a queue with one server`() throws {
        let clock = ManualClock()
        let (engine, _) = engine(clock, milliseconds: [10], target: 1000)
        var loop = RequestLoop(engine, images: images, clock: clock)
        let result = try loop.run(
            Load(phases: [Load.Phase(rate: 50, seconds: 4000)]), seed: 3, device: 0)[0]
        // M/D/1 at load 0.5: the mean wait is 0.5 / (2 (1 − 0.5)) of a service, 5 ms (Pollaczek–Khinchine).
        let wait = result.latency.summary.mean - 0.01
        #expect(abs(wait - 0.005) < 0.0003)
        #expect(abs(result.busySeconds / result.seconds - 0.5) < 0.01)
    }

    @Test func `A full queue turns requests away instead of growing`() throws {
        let clock = ManualClock()
        let (engine, _) = engine(clock, milliseconds: [100])
        var loop = RequestLoop(engine, images: images, clock: clock)
        let load = Load(phases: [Load.Phase(rate: 100, seconds: 20)], longestQueue: 10)
        let result = try loop.run(load, seed: 1, device: 0)[0]
        #expect(abs(result.answered - 200) <= 12)
        #expect(result.refused > 1500)
        // Ten before it, and its own turn.
        #expect(result.latency.summary.max <= 1.2)
    }

    @Test func `Equal seeds ask at equal times, and devices at their own`() throws {
        func latencies(seed: UInt64, device: Int) throws -> Double {
            let clock = ManualClock()
            let (engine, _) = engine(clock, milliseconds: [10])
            var loop = RequestLoop(engine, images: images, clock: clock)
            let load = Load(phases: [Load.Phase(rate: 50, seconds: 5)])
            return try loop.run(load, seed: seed, device: device)[0].latency.summary.mean
        }
        #expect(try latencies(seed: 1, device: 0) == latencies(seed: 1, device: 0))
        #expect(try latencies(seed: 1, device: 0) != latencies(seed: 1, device: 1))
        #expect(try latencies(seed: 1, device: 0) != latencies(seed: 2, device: 0))
    }

    @Test func `A slowed clock charges work by its factor and waits for nobody`() {
        let clock = SlowedClock(factor: 1000)
        let begin = ContinuousClock.now
        clock.wait(until: .seconds(100))
        #expect(clock.now == .seconds(100))
        clock.wait(until: .seconds(50))
        #expect(clock.now == .seconds(100))
        var sum = 0.0
        let took = clock.time { for i in 0..<100_000 { sum += Double(i).squareRoot() } }
        #expect(sum > 0)
        #expect(clock.now == .seconds(100) + took)
        #expect(took > .zero)
        #expect(ContinuousClock.now - begin < .seconds(20))
    }

    @Test func `A paced clock is also waited for`() {
        let clock = SlowedClock(factor: 1000, isPaced: true)
        let begin = ContinuousClock.now
        clock.wait(until: .milliseconds(30))
        #expect(clock.now == .milliseconds(30) && ContinuousClock.now - begin >= .milliseconds(30))
        // What comes first after a sleep is done three times more, and then counted.
        var times = 0
        _ = clock.time { times += 1 }
        #expect(times == 4)
        var sum = 0.0
        _ = clock.time { for i in 0..<10_000 { sum += Double(i).squareRoot() } }
        #expect(sum > 0 && ContinuousClock.now - begin >= clock.now - .milliseconds(20))
    }
}
