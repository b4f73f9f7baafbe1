import Inference
public import Runtime

/// What became of one device.
public struct DeviceReport: Sendable, Codable {
    /// How the latencies came about.
    public enum Figures: String, Sendable, Codable {
        /// On this machine, as it is.
        case measured
        /// On this machine, under limits that the kernel keeps.
        case enforced
        /// Measured here, and multiplied.
        case simulated
    }

    /// What came of a phase of the load.
    public struct Phase: Sendable, Codable {
        /// Requests a second that came; nil: each came when the one before was answered.
        public let rate: Double?
        public let answered: Int
        /// Turned away because the queue was full.
        public let refused: Int
        public let correct: Int
        /// On the device's clock; computing is `busySeconds` of it.
        public let seconds: Double
        public let busySeconds: Double
        /// From arrival to answer, and computing alone; nil: nothing was answered.
        public let latency: LatencyHistogram.Summary?
        public let service: LatencyHistogram.Summary?
        public let answersByStep: [Int]

        init(_ result: RequestLoop.PhaseResult) {
            rate = result.rate
            answered = result.answered
            refused = result.refused
            correct = result.correct
            seconds = result.seconds
            busySeconds = result.busySeconds
            latency = result.answered > 0 ? result.latency.summary : nil
            service = result.answered > 0 ? result.service.summary : nil
            answersByStep = result.answersByStep
        }
    }

    public var index: Int
    public var device: DeviceProfile
    public var tier: TierAssignment
    /// Nil: the device has served.
    public var failure: String?
    /// Whether the failure is that nothing fits, rather than that something went wrong.
    public var isRefused = false
    public var figures = Figures.measured
    /// By how much measured times were multiplied.
    public var slowdown = 1.0
    /// What the kernel kept, and what was not kept and why, as sentences.
    public var limits: [String] = []
    public var verdicts: [ModelSelector.Verdict] = []
    /// The served candidates, the most accurate first: indices of `verdicts`.
    public var ladder: [Int] = []
    /// The budget that counted, with the device's memory and the tier's size.
    public var budget: Budget?
    public private(set) var phases: [Phase] = []
    /// Latency over all phases, from arrival to answer; nil: nothing was answered.
    public private(set) var latency: LatencyHistogram.Summary?
    /// The latencies' course; empty unless the phases' seconds were given.
    public var slices: [RequestLoop.Slice] = []
    public var switches: [VariantSwitch] = []
    /// Bytes of the process's memory: without the models' tensors, and the most of all.
    public var programBytes = 0
    public var peakBytes = 0

    public init(index: Int, device: DeviceProfile) {
        self.index = index
        self.device = device
        tier = TierAssignment(device)
    }

    /// Takes over what a load came to.
    mutating func take(_ results: [RequestLoop.PhaseResult]) {
        phases = results.map { Phase($0) }
        var all = LatencyHistogram()
        for result in results { all.add(result.latency) }
        latency = all.count > 0 ? all.summary : nil
    }

    /// The variant that answered most; the choice where nothing was answered.
    public var mainStep: Int? {
        guard !ladder.isEmpty else { return nil }
        let answers = ladder.indices.map { step in phases.reduce(0) { $0 + $1.answersByStep[step] } }
        return answers.indices.max { (answers[$0], -$0) < (answers[$1], -$1) }
    }

    /// What the device chose, before any load.
    public var choice: Candidate? { ladder.first.map { verdicts[$0].candidate } }

    /// The candidate that answered most.
    public var mainCandidate: Candidate? { mainStep.map { verdicts[ladder[$0]].candidate } }

    public var answered: Int { phases.reduce(0) { $0 + $1.answered } }
    public var refusedRequests: Int { phases.reduce(0) { $0 + $1.refused } }
    public var seconds: Double { phases.reduce(0) { $0 + $1.seconds } }
    public var busySeconds: Double { phases.reduce(0) { $0 + $1.busySeconds } }

    /// Answers a second over all phases; nil without any.
    public var fps: Double? { answered > 0 && seconds > 0 ? Double(answered) / seconds : nil }

    /// Share of the answers that were right, in [0, 1]; nil without any.
    public var answeredAccuracy: Double? {
        answered > 0 ? Double(phases.reduce(0) { $0 + $1.correct }) / Double(answered) : nil
    }

    /// Part of `busySeconds` in which a core computes; in the others the device's share keeps it idle. A simulated share
    /// stretches every pass evenly. One that the kernel keeps lets short passes run whole: this is the most it allows.
    public var computingSeconds: Double {
        figures == .simulated ? busySeconds * device.cpuShare : min(busySeconds, seconds * device.cpuShare)
    }

    /// Joules of 1,000 answers: the stated watts times the seconds in which a core computes and in which it does not. An
    /// estimate; nil unless watts are stated.
    public var joulesPerThousand: Double? {
        guard let idle = device.idleWatts, let busy = device.busyWatts, answered > 0 else { return nil }
        let joules = busy * computingSeconds + idle * max(0, seconds - computingSeconds)
        return 1000 * joules / Double(answered)
    }
}
