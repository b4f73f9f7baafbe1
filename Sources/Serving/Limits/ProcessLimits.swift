import CProcess
import Foundation

/// Limits that any process can have the kernel put on itself, without privileges. They cannot be taken back.
public enum ProcessLimits {
    /// Bounds the memory that this process may write to: heap, stacks, data (`RLIMIT_DATA`, getrlimit(2)). Beyond it
    /// allocations fail, and a program that cannot go on without them ends.
    ///
    /// - Parameter megabytes: In MB of 10⁶ bytes, counting what is in use already.
    /// - Returns: Whether the process is held to that, or to less already.
    public static func limitMemory(toMegabytes megabytes: Double) -> Bool {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_DATA.rawValue)
        guard getrlimit(kind, &limit) == 0 else { return false }
        let bytes = rlim_t(1e6 * megabytes)
        guard bytes <= limit.rlim_max else { return true }  // held to less already
        limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
        return setrlimit(kind, &limit) == 0
    }

    /// Lets this process run on some of the cores that it may run on, and on no others (affinity).
    ///
    /// - Parameters:
    ///   - count: Number of cores, ≥ 1.
    ///   - first: Where to begin among the allowed cores; taken modulo their number. Devices that begin at different
    ///     cores disturb each other less.
    /// - Returns: Whether it has at most `count` cores from here on.
    public static func limitCores(to count: Int, from first: Int = 0) -> Bool {
        process_limit_cores(UInt32(clamping: count), UInt32(clamping: first))
    }

    /// Bytes of physical memory that the process uses, and the most that it used at any time, as `/proc/self/status`
    /// says; 0 where there is none.
    public static func residentBytes() -> (now: Int, peak: Int) {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return (0, 0) }
        func kibibytes(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return (1024 * kibibytes("VmRSS"), 1024 * kibibytes("VmHWM"))
    }
}
