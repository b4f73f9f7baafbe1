import Inference
public import NeuralNet
public import Runtime

/// Has an engine answer a load, one request at a time, in the order of arrival, and measures it.
///
/// In an open loop a latency counts from the moment at which the request came, not from when the engine turned to it: a
/// slow answer is charged to all that waited for it (G. Tene, *How NOT to Measure Latency*, 2013: coordinated
/// omission).
public struct RequestLoop {
    /// The measurements of one phase. Times are on the device's clock: simulated where that clock is.
    public struct PhaseResult: Sendable {
        /// Requests a second that came; nil in a closed loop.
        public var rate: Double?
        /// Requests that came: ``answered`` and ``refused`` are all of them.
        public var arrived = 0
        /// Requests that were answered.
        public var answered = 0
        /// Requests that were turned away because the queue was full.
        public var refused = 0
        /// Answers that were right.
        public var correct = 0
        /// Duration in seconds, with the requests that waited at its end.
        public var seconds = 0.0
        /// The part of ``seconds`` in which the engine computed.
        public var busySeconds = 0.0
        /// Latencies from arrival to answer.
        public var latency = LatencyHistogram()
        /// Times of computing alone.
        public var service = LatencyHistogram()
        /// Answers by each step of the ladder; grows with a release that brings steps of its own.
        public var answersByStep: [Int]
    }

    /// The answers of a slice of time, and what was turned away in it: a point of a picture.
    public struct Slice: Sendable, Codable {
        /// Middle of the slice, in seconds since serving began.
        public let seconds: Double
        /// Answers in the slice.
        public internal(set) var answered = 0
        /// The longest latency, in seconds.
        public internal(set) var longestLatency = 0.0
        /// Sum of the latencies, in seconds.
        public internal(set) var totalLatency = 0.0
        /// Step of the ladder at its last answer.
        public internal(set) var step = 0
        /// Requests that were turned away because the queue was full.
        public internal(set) var refused = 0
    }

    private let engines: EngineSuccession
    private let images: Images
    private let clock: any ServingClock
    /// Requests answered so far, which choose the next image.
    private var requests = 0
    /// When serving began, on the clock.
    private var begin = Duration.zero
    /// Length of a slice in seconds; nil: slices are not recorded.
    private let sliceSeconds: Double?
    /// Slices with an answer or a request that was turned away, in order.
    public private(set) var slices: [Slice] = []

    /// Prepares a loop.
    ///
    /// - Parameters:
    ///   - engine: Answers the requests.
    ///   - images: Requests take them in turn.
    ///   - clock: The same clock as the engine's.
    ///   - sliceSeconds: Length of a slice of ``slices``, in seconds; nil: slices are not recorded.
    public init(
        _ engine: AdaptiveInferenceEngine, images: Images, clock: any ServingClock, sliceSeconds: Double? = nil
    ) {
        self.init(
            EngineSuccession(engine, nil, clock: clock, follow: nil), images: images, clock: clock,
            sliceSeconds: sliceSeconds)
    }

    /// Prepares a loop over engines that follow each other.
    init(_ engines: EngineSuccession, images: Images, clock: any ServingClock, sliceSeconds: Double?) {
        self.engines = engines
        self.images = images
        self.clock = clock
        self.sliceSeconds = sliceSeconds
    }

    /// Answers a load. Blocks until the last phase is over; on a simulated clock no longer than computing takes.
    ///
    /// - Parameters:
    ///   - load: The phases.
    ///   - seed: The run's seed, which decides when requests come.
    ///   - device: The device's index, so that devices have different arrivals.
    /// - Returns: A result for each phase.
    /// - Throws: `OneDNNError`.
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

    /// One request after another; what arrives never waits.
    private mutating func runClosed(_ phase: Load.Phase) throws(OneDNNError) -> PhaseResult {
        var result = PhaseResult(answersByStep: [Int](repeating: 0, count: engines.stepCount))
        let start = clock.now
        while result.answered < phase.requests ?? .max, (clock.now - start).inSeconds < phase.seconds ?? .infinity {
            result.arrived += 1
            try answer(nil, &result)
        }
        result.seconds = (clock.now - start).inSeconds
        return result
    }

    /// Requests at their own times. Those that still wait at the end of the phase are answered, and counted in it,
    /// before the next begins.
    private mutating func runOpen(
        _ phase: Load.Phase, _ arrivals: PoissonArrivals, longestQueue: Int
    ) throws(OneDNNError) -> PhaseResult {
        var result = PhaseResult(rate: phase.rate, answersByStep: [Int](repeating: 0, count: engines.stepCount))
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
                    noteSlice { $0.refused += 1 }
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
        result.arrived = arrived
        result.seconds = (clock.now - start).inSeconds
        return result
    }

    /// Answers one request and records it.
    ///
    /// - Parameter arrival: When it came, on the clock; nil in a closed loop.
    private mutating func answer(_ arrival: Duration?, _ result: inout PhaseResult) throws(OneDNNError) {
        let index = requests % images.count
        requests += 1
        let prediction = try engines.predict(index, of: images, arrival: arrival)
        result.answered += 1
        if prediction.label == Int(images.labels[index]) { result.correct += 1 }
        result.busySeconds += prediction.service.inSeconds
        result.latency.record(prediction.latency)
        result.service.record(prediction.service)
        while result.answersByStep.count <= prediction.step { result.answersByStep.append(0) }
        result.answersByStep[prediction.step] += 1
        noteSlice { slice in
            let latency = prediction.latency.inSeconds
            slice.answered += 1
            slice.longestLatency = max(slice.longestLatency, latency)
            slice.totalLatency += latency
            slice.step = prediction.step
        }
    }

    /// Adds an answer, or a request that was turned away, to the slice of this moment.
    private mutating func noteSlice(_ change: (inout Slice) -> Void) {
        guard let sliceSeconds else { return }
        let middle = (((clock.now - begin).inSeconds / sliceSeconds).rounded(.down) + 0.5) * sliceSeconds
        if slices.last?.seconds != middle { slices.append(Slice(seconds: middle)) }
        change(&slices[slices.count - 1])
    }
}

/// Arrivals of the requests that wait, first in, first out; appending and removing are O(1) amortised.
private struct ArrivalQueue {
    private var moments: [Duration] = []
    /// Index of the oldest in `moments`.
    private var first = 0

    /// Requests that wait.
    var count: Int { moments.count - first }

    mutating func append(_ moment: Duration) { moments.append(moment) }

    /// Removes the oldest; nil when none waits. Memory before it is given back from time to time.
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
