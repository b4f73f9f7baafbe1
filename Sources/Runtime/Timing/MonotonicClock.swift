#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The machine's clock that never goes back. A reading takes some 25 ns, half of what `ContinuousClock` with its
/// 128-bit durations takes; it is read at every change of phase.
package enum MonotonicClock {
    /// Nanoseconds since some moment in the past, the same for all processes of a host.
    package static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// Unix time in microseconds; it may jump when somebody sets the clock.
    package static var unixMicroseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    }
}
