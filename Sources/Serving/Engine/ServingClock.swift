import Foundation

/// The time that a served device lives in, from 0. Benchmarks, latencies and phases of a load are all on it, so that a
/// slower device can be simulated by another clock.
public protocol ServingClock: AnyObject {
    /// The present moment, since the clock was made.
    var now: Duration { get }

    /// Lets time pass until a moment; returns at once if it is over.
    func wait(until moment: Duration)

    /// Does some work, which takes time on this clock. A clock may do it more than once, and count one.
    ///
    /// - Returns: How long it took, on this clock.
    /// - Throws: What the work throws.
    func time<Failure: Error>(_ work: () throws(Failure) -> Void) throws(Failure) -> Duration
}

/// The machine's own time: figures are measured. Waiting sleeps.
public final class RealClock: ServingClock {
    private let start = ContinuousClock.now

    /// Starts the clock at 0.
    public init() {}

    public var now: Duration { ContinuousClock.now - start }

    public func wait(until moment: Duration) {
        // Interrupted by a signal it sleeps on.
        while moment > now {
            let (seconds, attoseconds) = (moment - now).components
            var rest = timespec(tv_sec: Int(max(0, seconds)), tv_nsec: Int(max(0, attoseconds) / 1_000_000_000))
            nanosleep(&rest, nil)
        }
    }

    public func time<Failure: Error>(_ work: () throws(Failure) -> Void) throws(Failure) -> Duration {
        let start = now
        try work()
        return now - start
    }
}

extension Duration {
    /// The duration in seconds.
    public var inSeconds: Double { self / .seconds(1) }
}

/// The simulated, virtual time of a slower device: work takes `factor` times the processor time that it takes here, and
/// waiting takes no real time at all, unless the clock is paced: it is then never ahead of the real time by more than 20
/// milliseconds, so that what happens outside meets the device in its midst. What a processor takes longer for after it has
/// slept, with cold caches, is this machine's and not the device's, and would be multiplied: work is done a few times
/// before it is timed then.
///
/// Processor time is multiplied, not the time that passes here: otherwise what other processes take from this one would
/// be multiplied, too. Caches, memory and instruction sets of the real device are not simulated.
public final class SlowedClock: ServingClock {
    /// The virtual moment, which only work and waiting move.
    public private(set) var now = Duration.zero
    /// Ratio of the device's time to this machine's, ≥ 1.
    public let factor: Double
    /// The real time since the clock was made, where it is paced.
    private let pace: RealClock?
    /// How often work is done before it is timed, after a sleep: once fills the caches, the processor's clock takes longer.
    private static let warmings = 3
    /// Whether it has slept since work was done last.
    private var isCold = false

    /// Starts the clock at 0.
    ///
    /// - Parameters:
    ///   - factor: ratio of the device's time to this machine's, ≥ 1.
    ///   - isPaced: whether the time that it tells is also waited for.
    public init(factor: Double, isPaced: Bool = false) {
        self.factor = factor
        pace = isPaced ? RealClock() : nil
    }

    public func wait(until moment: Duration) {
        now = max(now, moment)
        keepPace()
    }

    /// Sleeps while the clock is ahead of the real time.
    private func keepPace() {
        guard let pace, now - pace.now > .milliseconds(20) else { return }
        pace.wait(until: now)
        isCold = true
    }

    public func time<Failure: Error>(_ work: () throws(Failure) -> Void) throws(Failure) -> Duration {
        if isCold { for _ in 0..<Self.warmings { try work() } }
        isCold = false
        let start = ProcessorTime.ofThread
        try work()
        let duration = (ProcessorTime.ofThread - start) * factor
        now += duration
        keepPace()
        return duration
    }
}

/// Processor time, which does not count what other processes do meanwhile.
enum ProcessorTime {
    /// Processor time of the calling thread, since it started.
    static var ofThread: Duration { read(CLOCK_THREAD_CPUTIME_ID) }

    /// Processor time of all threads of this process, since it started.
    static var ofProcess: Duration { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
