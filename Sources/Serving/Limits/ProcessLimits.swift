import CProcess
import Foundation

/// What the kernel holds this process to, without privileges.
public enum ProcessLimits {
    /// Bounds the memory that this process may write to (its heap, its stacks, its data; `RLIMIT_DATA`). What would pass the
    /// limit is not given, and a program that cannot go on without it ends.
    /// - Returns: whether the kernel took the limit.
    public static func limitMemory(toMegabytes megabytes: Double) -> Bool {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_DATA.rawValue)
        guard getrlimit(kind, &limit) == 0 else { return false }
        let bytes = rlim_t(1e6 * megabytes)
        guard bytes <= limit.rlim_max else { return true }  // held to less already
        limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
        return setrlimit(kind, &limit) == 0
    }

    /// Lets this process run on so many of the cores that it may run on, and no others.
    /// - Parameter first: of these cores, where to begin; taken modulo their number.
    /// - Returns: whether it has at most so many cores from here on.
    public static func limitCores(to count: Int, from first: Int = 0) -> Bool {
        process_limit_cores(UInt32(clamping: count), UInt32(clamping: first))
    }

    /// Bytes of memory that are in use, and the most that were at any time.
    public static func residentBytes() -> (now: Int, peak: Int) {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return (0, 0) }
        func kibibytes(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return (1024 * kibibytes("VmRSS"), 1024 * kibibytes("VmHWM"))
    }
}
