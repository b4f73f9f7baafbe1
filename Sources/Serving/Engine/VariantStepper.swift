/// Decides from the responses' latencies which variant serves: a state machine that knows neither models nor clocks, so
/// that its decisions can be tested on made-up latencies.
///
/// It is kept from going back and forth by two thresholds and two times: it steps down when the 95th percentile of the
/// latest responses passes the target, and up only when the better variant is expected to stay well below it, after a
/// longer time. A step up that has to be taken back doubles that time; one that lasts resets it. While a queue drains
/// fast it waits: the variant that serves copes already.
public struct VariantStepper: Sendable {
    /// One response as the stepper sees it. All times in seconds on the device's clock.
    public struct Response: Sendable {
        /// When it was given, since serving began.
        public var end: Double
        /// Seconds from the request's arrival to the response.
        public var latency: Double
        /// The part of the latency that was computing.
        public var service: Double
        /// When the request came; nil when it came because the one before was answered.
        public var arrival: Double?

        public init(end: Double, latency: Double, service: Double, arrival: Double? = nil) {
            self.end = end
            self.latency = latency
            self.service = service
            self.arrival = arrival
        }
    }

    /// The step of the ladder that serves: 0 is the most accurate variant.
    public private(set) var step = 0
    /// All changes so far, in order.
    public private(set) var switches: [VariantSwitch] = []

    private let policy: AdaptationPolicy
    /// Mean seconds of one image, by step: as benchmarked, and for steps that have served, as last observed.
    private var services: [Double]
    /// The latest responses of the variant that serves, oldest first.
    private var window: [Response] = []
    /// When the variant that serves began to, in seconds.
    private var since = 0.0
    /// Seconds before the next step up, after doubling.
    private var patience: Double
    /// Whether the latest switch was upward and has not lasted yet.
    private var wentUp = false
    /// Responses since the window was last evaluated.
    private var responsesSinceCheck = 0

    /// Responses between two evaluations of the window, which cost a sort.
    private static let responsesPerCheck = 8

    /// Begins with the most accurate variant, unless told otherwise.
    ///
    /// - Parameters:
    ///   - policy: Thresholds and times.
    ///   - services: Expected seconds of one image for each step, falling.
    ///   - step: The step that serves first.
    ///   - since: When it begins to, in seconds.
    /// - Precondition: There is a step, and `leastResponses` is at most `window`.
    public init(_ policy: AdaptationPolicy, services: [Double], step: Int = 0, since: Double = 0) {
        precondition(!services.isEmpty, "a ladder has a step")
        precondition(policy.leastResponses <= policy.window, "a window that is never full enough")
        self.policy = policy
        self.services = services
        self.step = step
        self.since = since
        patience = policy.patience
        window.reserveCapacity(policy.window + 1)
    }

    /// Takes a response into account.
    ///
    /// - Parameter response: The latest, with `end` not before the one before.
    /// - Returns: The switch to make before the next request; nil for none.
    /// - Complexity: O(window log window) every eighth time, else O(window).
    public mutating func observe(_ response: Response) -> VariantSwitch? {
        window.append(response)
        if window.count > policy.window { window.removeFirst() }
        responsesSinceCheck += 1
        guard responsesSinceCheck >= Self.responsesPerCheck, window.count >= policy.leastResponses else { return nil }
        responsesSinceCheck = 0
        services[step] = window.reduce(0) { $0 + $1.service } / Double(window.count)
        let p95 = percentile95
        let stay = response.end - since
        if wentUp, p95 <= policy.target, stay >= 4 * max(patience, policy.shortestStay) {
            // The step up has held.
            patience = policy.patience
            wentUp = false
        }
        if p95 > policy.target, step + 1 < services.count, stay >= policy.shortestStay, !isDraining {
            return stepDown(at: response.end, p95: p95, stay: stay)
        }
        guard step > 0, stay >= patience, p95 <= policy.target else { return nil }
        return stepUp(at: response.end, p95: p95)
    }

    /// Changes to the next faster variant. If the last change was upward, it was a mistake: patience doubles.
    private mutating func stepDown(at end: Double, p95: Double, stay: Double) -> VariantSwitch {
        var reason = "p95 \(Quantity.milliseconds(p95)) is over \(Quantity.milliseconds(policy.target))"
        if wentUp {
            // What was asked for is never shortened; none at all would stay none.
            patience = min(2 * max(patience, policy.shortestStay), max(policy.longestPatience, policy.patience))
            reason += "; \(Quantity.text(patience)) s until the next try"
        }
        wentUp = false
        return move(to: step + 1, at: end, reason)
    }

    /// Changes to the next more accurate variant if it is expected to cope: its percentile is this one's, times the
    /// ratio of their mean times, and its utilisation is rate times its mean time.
    ///
    /// - Returns: The switch; nil when the better variant would not cope.
    private mutating func stepUp(at end: Double, p95: Double) -> VariantSwitch? {
        let expected = p95 * services[step - 1] / services[step]
        guard expected <= policy.headroom * policy.target else { return nil }
        var reason = "p95 \(Quantity.milliseconds(p95)), \(Quantity.milliseconds(expected)) expected above"
        if let rate {
            let utilisation = rate * services[step - 1]
            guard utilisation <= policy.largestUtilisation else { return nil }
            reason += " at \(Quantity.text(100 * utilisation)) % load"
        }
        wentUp = true
        return move(to: step - 1, at: end, reason)
    }

    /// Changes the step and forgets the other variant's responses.
    private mutating func move(to next: Int, at end: Double, _ reason: String) -> VariantSwitch {
        let change = VariantSwitch(seconds: end, from: step, to: next, reason: reason)
        switches.append(change)
        step = next
        since = end
        window.removeAll(keepingCapacity: true)
        return change
    }

    /// 95th percentile of the window's latencies by nearest rank, in seconds.
    private var percentile95: Double {
        let sorted = window.map(\.latency).sorted()
        return sorted[max(0, (95 * sorted.count + 99) / 100 - 1)]
    }

    /// Whether the queue will be gone within `longestDrain`, if it goes on shrinking as it did over the window. The
    /// waits of the oldest and the newest quarter of the window give the slope.
    private var isDraining: Bool {
        let quarter = window.count / 4
        func means(_ responses: ArraySlice<Response>) -> (wait: Double, end: Double) {
            let sums = responses.reduce((0.0, 0.0)) { ($0.0 + $1.latency - $1.service, $0.1 + $1.end) }
            return (sums.0 / Double(responses.count), sums.1 / Double(responses.count))
        }
        let (oldest, newest) = (means(window.prefix(quarter)), means(window.suffix(quarter)))
        let shrinking = (oldest.wait - newest.wait) / (newest.end - oldest.end)
        return shrinking > 0 && newest.wait / shrinking <= policy.longestDrain
    }

    /// Requests a second that came of themselves, over the window; nil in a closed loop.
    private var rate: Double? {
        guard let first = window.first?.arrival, let last = window.last?.arrival, last > first else { return nil }
        return Double(window.count - 1) / (last - first)
    }
}
