#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// How to wait without taking the core from those who compute: test often at first, then sleep between tests.
///
/// MPI's own blocking calls spin. A wait that ends soon is found by the first tests; a long one costs a test and a
/// sleep each `longestSleep`.
public struct Backoff: Sendable {
    /// The tests before the first sleep.
    public var tests = 200
    /// When a test and a yield take longer than this, others want the core: a yield lets all of them go first, while who
    /// sleeps is woken before those who compute. So the sleeps begin.
    public var longestTest = Duration.microseconds(500)
    public var firstSleep = Duration.microseconds(20)
    /// Sleeps grow by a quarter up to this.
    public var longestSleep = Duration.milliseconds(1)

    public static let `default` = Backoff()

    public init() {}

    /// Calls `condition` until it returns true or the deadline is past, with sleeps in between.
    ///
    /// - Parameter deadline: nil waits without end.
    /// - Returns: whether the condition came true; it is tested at least once.
    public func wait<E: Error>(
        until deadline: ContinuousClock.Instant? = nil, for condition: () throws(E) -> Bool
    ) throws(E) -> Bool {
        var last: ContinuousClock.Instant?
        for _ in 0..<max(1, tests) {
            if try condition() { return true }
            let now = ContinuousClock.now
            if let deadline, now >= deadline { return false }
            if let last, now - last > longestTest { break }
            last = now
            // More ranks than cores: the one that is waited for may need this core.
            sched_yield()
        }
        var pause = firstSleep
        while true {
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline)
                if left <= .zero { return try condition() }
                Self.sleep(min(pause, left))
            } else {
                Self.sleep(pause)
            }
            if try condition() { return true }
            pause = min(pause + pause / 4, longestSleep)
        }
    }

    /// Waits until a request is complete or something else says that it will not be.
    ///
    /// - Returns: whether it was given up; if not, `wait()` of the request returns at once.
    public func wait<Payload: ~Copyable>(
        for request: inout Request<Payload>, unless giveUp: () throws -> Bool
    ) throws -> Bool {
        var isGivenUp = false
        _ = try wait { () throws in
            if try request.test() { return true }
            isGivenUp = try giveUp()
            return isGivenUp
        }
        return isGivenUp
    }

    private static func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: time_t(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}
