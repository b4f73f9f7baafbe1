import Inference
public import NeuralNet
public import Runtime

/// Has an engine answer a load, in the order of arrival.
///
/// In an open loop a latency counts from the moment at which the request came, not from when the engine turned to it: a
/// slow answer is charged to all that waited for it (G. Tene, *How NOT to Measure Latency*, 2013: coordinated omission).
public struct RequestLoop {
    /// What came of a phase.
    public struct PhaseResult: Sendable {
        public var rate: Double?
        /// Answered, and turned away because the queue was full.
        public var answered = 0
        public var refused = 0
        public var correct = 0
        /// On the device's clock; computing is `busySeconds` of it.
        public var seconds = 0.0
        public var busySeconds = 0.0
        /// From arrival to answer, and computing alone.
        public var latency = LatencyHistogram()
        public var service = LatencyHistogram()
        /// Answers by each step of the ladder.
        public var answersByStep: [Int]
    }

    /// The answers of a slice of time, for a picture.
    public struct Slice: Sendable, Codable {
        /// Middle of the slice, since serving began.
        public let seconds: Double
        public internal(set) var answered = 0
        /// Seconds: the longest, and all together.
        public internal(set) var longestLatency = 0.0
        public internal(set) var totalLatency = 0.0
        /// Step of the ladder at its last answer.
        public internal(set) var step = 0
    }

    private let engine: AdaptiveInferenceEngine
    private let images: Images
    private let clock: any ServingClock
    private var requests = 0
    private var begin = Duration.zero
    private let sliceSeconds: Double?
    public private(set) var slices: [Slice] = []

    /// - Parameter sliceSeconds: nil: no slices are kept.
    public init(
        _ engine: AdaptiveInferenceEngine, images: Images, clock: any ServingClock, sliceSeconds: Double? = nil
    ) {
        self.engine = engine
        self.images = images
        self.clock = clock
        self.sliceSeconds = sliceSeconds
    }

    /// - Parameters:
    ///   - seed, device: decide when requests come.
    public mutating func run(_ load: Load, seed: UInt64, device: Int) throws(OneDNNError) -> [PhaseResult] {
        var results: [PhaseResult] = []
        begin = clock.now
        for (index, phase) in load.phases.enumerated() {
            if let rate = phase.rate {
                let arrivals = PoissonArrivals(
                    rate: rate, from: clock.now, seed: seed, device: device, phase: index)
                results.append(try runOpen(phase, arrivals, longestQueue: load.longestQueue))
            } else {
                results.append(try runClosed(phase))
            }
        }
        return results
    }

    private mutating func runClosed(_ phase: Load.Phase) throws(OneDNNError) -> PhaseResult {
        var result = PhaseResult(answersByStep: engine.steps.map { _ in 0 })
        let start = clock.now
        while result.answered < phase.requests ?? .max, (clock.now - start).inSeconds < phase.seconds ?? .infinity {
            try answer(nil, &result)
        }
        result.seconds = (clock.now - start).inSeconds
        return result
    }

    /// Requests of a phase that are still waiting at its end are answered, and counted, before the next begins.
    private mutating func runOpen(
        _ phase: Load.Phase, _ arrivals: PoissonArrivals, longestQueue: Int
    ) throws(OneDNNError) -> PhaseResult {
        var result = PhaseResult(rate: phase.rate, answersByStep: engine.steps.map { _ in 0 })
        var arrivals = arrivals
        var queue = ArrivalQueue()
        var arrived = 0
        let start = clock.now
        let end = phase.seconds.map { start + .seconds($0) }
        func isOver() -> Bool {
            if let end, arrivals.next >= end { return true }
            return arrived >= phase.requests ?? .max
        }
        while true {
            let now = clock.now
            while !isOver(), arrivals.next <= now {
                if queue.count < longestQueue {
                    queue.append(arrivals.next)
                } else {
                    result.refused += 1
                }
                arrived += 1
                arrivals.advance()
            }
            if let arrival = queue.popFirst() {
                try answer(arrival, &result)
            } else if isOver() {
                break
            } else {
                clock.wait(until: arrivals.next)
            }
        }
        // The last distance belongs to the phase, too.
        if let end { clock.wait(until: end) }
        result.seconds = (clock.now - start).inSeconds
        return result
    }

    private mutating func answer(_ arrival: Duration?, _ result: inout PhaseResult) throws(OneDNNError) {
        let index = requests % images.count
        requests += 1
        let prediction = try engine.predict(images[index], arrival: arrival)
        result.answered += 1
        if prediction.label == Int(images.labels[index]) { result.correct += 1 }
        result.busySeconds += prediction.service.inSeconds
        result.latency.record(prediction.latency)
        result.service.record(prediction.service)
        result.answersByStep[prediction.step] += 1
        noteSlice(of: prediction)
    }

    private mutating func noteSlice(of prediction: AdaptiveInferenceEngine.Prediction) {
        guard let sliceSeconds else { return }
        let middle = (((clock.now - begin).inSeconds / sliceSeconds).rounded(.down) + 0.5) * sliceSeconds
        if slices.last?.seconds != middle { slices.append(Slice(seconds: middle)) }
        let last = slices.count - 1
        let latency = prediction.latency.inSeconds
        slices[last].answered += 1
        slices[last].longestLatency = max(slices[last].longestLatency, latency)
        slices[last].totalLatency += latency
        slices[last].step = prediction.step
    }
}

/// First in, first out.
private struct ArrivalQueue {
    private var moments: [Duration] = []
    private var first = 0

    var count: Int { moments.count - first }

    mutating func append(_ moment: Duration) { moments.append(moment) }

    mutating func popFirst() -> Duration? {
        guard first < moments.count else { return nil }
        defer {
            first += 1
            if first == moments.count {
                moments.removeAll(keepingCapacity: true)
                first = 0
            } else if first >= 4096 {
                moments.removeFirst(first)
                first = 0
            }
        }
        return moments[first]
    }
}
