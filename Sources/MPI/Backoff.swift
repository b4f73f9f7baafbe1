#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// How to wait without taking the core from those who compute: test often at first, then sleep between tests.
///
/// MPI's own blocking calls spin, which costs the ranks that train a core for each rank that waits. Here a wait
/// that ends soon is found by the first tests; a long one costs a test and a sleep each `longestSleep`. The
/// price is latency: the end of a long wait is seen up to `longestSleep` late.
public struct Backoff: Sendable {
    /// The number of tests before the first sleep.
    public var tests = 200
    /// The time between two tests, with a yield between them, that shows that others want the core; then the
    /// sleeps begin.
    ///
    /// A yield lets all of the others go first, while one who sleeps is woken before those who compute.
    public var longestTest = Duration.microseconds(500)
    /// The length of the first sleep.
    public var firstSleep = Duration.microseconds(20)
    /// The longest sleep; from `firstSleep` they grow by a quarter each, which takes some 18 sleeps.
    public var longestSleep = Duration.milliseconds(1)

    /// 200 tests, then sleeps from 20 µs to 1 ms: for waits inside a round.
    public static let `default` = Backoff()

    /// Makes the default backoff, to be changed.
    public init() {}

    /// Calls `condition` until it returns true or the deadline is past, with sleeps in between; blocks the thread.
    ///
    /// - Parameters:
    ///   - deadline: the moment to give up; nil waits without end.
    ///   - condition: is called some hundred times without a sleep, so it should be cheap.
    /// - Returns: whether the condition came true; it is tested at least once.
    /// - Throws: what `condition` throws.
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

    /// Waits until a request is complete or something else says that it will not be, such as the death of a peer.
    ///
    /// - Parameters:
    ///   - request: the request to test.
    ///   - shouldAbort: is called after each test that fails; true ends the wait.
    /// - Returns: whether it was given up; if not, `wait()` of the request returns at once.
    public func wait<Payload: ~Copyable>(
        for request: inout Request<Payload>, unless shouldAbort: () throws -> Bool
    ) throws -> Bool {
        var isAborted = false
        _ = try wait { () throws in
            if try request.test() { return true }
            isAborted = try shouldAbort()
            return isAborted
        }
        return isAborted
    }

    private static func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: time_t(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}
