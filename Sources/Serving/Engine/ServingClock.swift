import Foundation

/// The time that a device lives in, from 0.
public protocol ServingClock: AnyObject {
    var now: Duration { get }

    /// Lets time pass until this moment; none if it is over.
    func wait(until moment: Duration)

    /// Does some work, which takes time.
    /// - Returns: how long it took on this clock.
    func time<Failure: Error>(_ work: () throws(Failure) -> Void) throws(Failure) -> Duration
}

/// The machine's own time.
public final class RealClock: ServingClock {
    private let start = ContinuousClock.now

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
    /// In seconds.
    public var inSeconds: Double { self / .seconds(1) }
}

/// The simulated time of a slower device: work takes so many times the processor time that it takes here, and nobody waits.
/// Not the time that passes here: what other processes take from this one would be multiplied, too.
public final class SlowedClock: ServingClock {
    public private(set) var now = Duration.zero
    /// At least 1.
    public let factor: Double

    public init(factor: Double) {
        self.factor = factor
    }

    public func wait(until moment: Duration) {
        now = max(now, moment)
    }

    public func time<Failure: Error>(_ work: () throws(Failure) -> Void) throws(Failure) -> Duration {
        let start = ProcessorTime.ofThread
        try work()
        let duration = (ProcessorTime.ofThread - start) * factor
        now += duration
        return duration
    }
}

/// What the processor has done, whatever else ran meanwhile.
enum ProcessorTime {
    /// Processor time of the calling thread, from its start.
    static var ofThread: Duration { read(CLOCK_THREAD_CPUTIME_ID) }

    /// Processor time of all threads of this process.
    static var ofProcess: Duration { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
