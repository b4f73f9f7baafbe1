package import FedCore
import Foundation

/// What the process and the machine's processors have done until a moment: two of them tell what they did between.
package struct ProcessorReading: Sendable {
    /// Nanoseconds of the clock that never goes back.
    private let now: Int
    /// Microseconds that this process has computed.
    private let own: Int
    /// Microseconds of all processors: busy, stolen, and in all.
    private let machine: (busy: Int, stolen: Int, all: Int)

    /// Reads them now. Nil where there is no `/proc/stat` to read. Takes some ten microseconds.
    package init?() {
        guard let file = try? FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/stat")) else { return nil }
        defer { try? file.close() }
        // The first line is that of all processors together.
        guard let bytes = try? file.read(upToCount: 512),
            let machine = Self.machine(String(decoding: bytes, as: UTF8.self))
        else { return nil }
        self.machine = machine
        now = MonotonicClock.now
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        own = time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    }

    /// The times of the first line of `/proc/stat`, in microseconds; nil when it is none.
    ///
    /// The columns are user, nice, system, idle, waiting for disks, interrupts of two kinds, and stolen, in ticks (Linux,
    /// *Documentation/filesystems/proc.rst*). What guests ran is part of the first two.
    package static func machine(_ text: String) -> (busy: Int, stolen: Int, all: Int)? {
        let words = text.prefix { $0 != "\n" }.split(separator: " ")
        guard words.first == "cpu", words.count >= 9 else { return nil }
        let tick = 1_000_000 / max(1, sysconf(Int32(_SC_CLK_TCK)))
        let times = words[1...8].compactMap { Int($0) }.map { $0 * tick }
        guard times.count == 8 else { return nil }
        let all = times.reduce(0, +)
        return (all - times[3] - times[4] - times[7], times[7], all)
    }

    /// What happened since an earlier reading; nil without one.
    package func use(since earlier: ProcessorReading?) -> ProcessorUse? {
        guard let earlier else { return nil }
        return ProcessorUse(
            wall: (now - earlier.now) / 1_000, own: own - earlier.own, busy: machine.busy - earlier.machine.busy,
            stolen: machine.stolen - earlier.machine.stolen, machine: machine.all - earlier.machine.all)
    }
}
