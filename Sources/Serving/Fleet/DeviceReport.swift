import Inference
public import Runtime

/// The result of one device: tier, choice, and what came of its load. Made by the device's own process (or by rank 0
/// for a device that is missing), sent as JSON, shown in tables and written into `fleet.json`.
///
/// Times are seconds on the device's clock. ``figures`` says whether they were measured or simulated.
public struct DeviceReport: Sendable, Codable {
    /// How the latencies came about. Raw values stand in tables and files.
    public enum Figures: String, Sendable, Codable {
        /// Times of this machine, as it is.
        case measured
        /// Times of this machine, under a CPU share that the kernel keeps.
        case enforced
        /// Processor times of this machine, multiplied by ``DeviceReport/slowdown``.
        case simulated
    }

    /// What came of a phase of the load.
    public struct Phase: Sendable, Codable {
        /// Requests a second that came; nil: each came when the one before was answered.
        public let rate: Double?
        /// Requests that came: ``answered`` and ``refused`` are all of them.
        public let arrived: Int
        /// Requests that were answered.
        public let answered: Int
        /// Requests that were turned away because the queue was full.
        public let refused: Int
        /// Answers that were right.
        public let correct: Int
        /// Duration, in seconds.
        public let seconds: Double
        /// The part of ``seconds`` in which the device computed.
        public let busySeconds: Double
        /// Latency from arrival to answer, in seconds; nil: nothing was answered.
        public let latency: LatencyHistogram.Summary?
        /// Time of computing alone, in seconds; nil: nothing was answered.
        public let service: LatencyHistogram.Summary?
        /// Answers by each step of the ladder.
        public let answersByStep: [Int]

        init(_ result: RequestLoop.PhaseResult, steps: Int) {
            rate = result.rate
            arrived = result.arrived
            answered = result.answered
            refused = result.refused
            correct = result.correct
            seconds = result.seconds
            busySeconds = result.busySeconds
            latency = result.answered > 0 ? result.latency.summary : nil
            service = result.answered > 0 ? result.service.summary : nil
            // Steps of a release that came later have answered nothing in earlier phases.
            let missing = max(0, steps - result.answersByStep.count)
            answersByStep = result.answersByStep + [Int](repeating: 0, count: missing)
        }
    }

    /// Place in the fleet, from 0.
    public var index: Int
    /// The device, with the origin of each quantity.
    public var device: DeviceProfile
    /// The device's tier and why.
    public var tier: TierAssignment
    /// Why the device is missing or refused; nil: it has served.
    public var failure: String?
    /// Whether the failure is that no model fits, rather than that something went wrong.
    public var isRefused = false
    /// How the latencies came about.
    public var figures = Figures.measured
    /// Factor that measured processor times were multiplied by; 1: none.
    public var slowdown = 1.0
    /// Which limits the kernel kept, which were simulated, and why, as sentences.
    public var limits: [String] = []
    /// Every candidate with its benchmark and the reasons against it.
    public var verdicts: [ModelSelector.Verdict] = []
    /// The served candidates, the most accurate first: indices of ``verdicts``. Those of releases that came while it served follow, in the
    /// order in which they came.
    public var ladder: [Int] = []
    /// The budget that was applied, after the device's memory and the tier's size.
    public var budget: Budget?
    /// Results by phase of the load.
    public private(set) var phases: [Phase] = []
    /// Latency over all phases, from arrival to answer, in seconds; nil: nothing was answered.
    public private(set) var latency: LatencyHistogram.Summary?
    /// The latencies' course over time; empty where phases end after requests instead of seconds.
    public var slices: [RequestLoop.Slice] = []
    /// Changes of the variant, in order.
    public var switches: [VariantSwitch] = []
    /// Stretches of time by the releases that served and were tried; empty where none were followed.
    public var epochs: [ServingEpoch] = []
    /// What was measured of the releases that were tried here, by name.
    public var trials: [String: TrialReport] = [:]
    /// Bytes of the process's memory without the models' tensors.
    public var programBytes = 0
    /// The most bytes of memory that the process had at any time.
    public var peakBytes = 0

    /// A report of a device that has not served yet.
    public init(index: Int, device: DeviceProfile) {
        self.index = index
        self.device = device
        tier = TierAssignment(device)
    }

    /// Stores the results of a load, and the latency over all of it.
    mutating func take(_ results: [RequestLoop.PhaseResult]) {
        phases = results.map { Phase($0, steps: ladder.count) }
        var all = LatencyHistogram()
        for result in results { all.add(result.latency) }
        latency = all.count > 0 ? all.summary : nil
    }

    /// The step that answered most; the choice where nothing was answered; nil where nothing fits.
    public var mainStep: Int? {
        guard !ladder.isEmpty else { return nil }
        let answers = ladder.indices.map { step in phases.reduce(0) { $0 + $1.answersByStep[step] } }
        return answers.indices.max { (answers[$0], -$0) < (answers[$1], -$1) }
    }

    /// The most accurate candidate that fits: what the device chose before any load.
    public var choice: Candidate? { ladder.first.map { verdicts[$0].candidate } }

    /// The candidate that answered most.
    public var mainCandidate: Candidate? { mainStep.map { verdicts[ladder[$0]].candidate } }

    /// Requests that came, over all phases.
    public var arrived: Int { phases.reduce(0) { $0 + $1.arrived } }
    /// Answers over all phases.
    public var answered: Int { phases.reduce(0) { $0 + $1.answered } }
    /// Requests turned away over all phases.
    public var refusedRequests: Int { phases.reduce(0) { $0 + $1.refused } }
    /// Duration of all phases, in seconds.
    public var seconds: Double { phases.reduce(0) { $0 + $1.seconds } }
    /// Seconds of computing over all phases.
    public var busySeconds: Double { phases.reduce(0) { $0 + $1.busySeconds } }

    /// Answers a second over all phases; nil without any.
    public var fps: Double? { answered > 0 && seconds > 0 ? Double(answered) / seconds : nil }

    /// Share of the answers that were right, in [0, 1]; nil without any.
    public var answeredAccuracy: Double? {
        answered > 0 ? Double(phases.reduce(0) { $0 + $1.correct }) / Double(answered) : nil
    }

    /// The part of ``busySeconds`` in which a core computes; in the rest the device's CPU share keeps it idle. A
    /// simulated share stretches every pass evenly. One that the kernel keeps lets short passes run whole, so there it
    /// is an upper bound.
    public var computingSeconds: Double {
        figures == .simulated ? busySeconds * device.cpuShare : min(busySeconds, seconds * device.cpuShare)
    }

    /// Estimated energy of 1,000 answers in joules: the stated watts times the seconds in which a core computes and in
    /// which it does not. Always simulated, as nothing is metered; nil unless watts are stated.
    public var joulesPerThousand: Double? {
        guard let idle = device.idleWatts, let busy = device.busyWatts, answered > 0 else { return nil }
        let joules = busy * computingSeconds + idle * max(0, seconds - computingSeconds)
        return 1000 * joules / Double(answered)
    }
}
