#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The time that a thread has had a processor: what ranks that share a core take from each other does not count.
/// Measured where a slower device is simulated from work done here.
package enum ProcessorClock {
    /// Processor time of the calling thread, in nanoseconds.
    package static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
