#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// What the kernel says of a process of this host.
package enum ProcessState: Equatable {
    /// It has ended; its parent may not have noticed yet.
    case ended
    /// By SIGSTOP and the like: it does nothing until it gets SIGCONT.
    case stopped
    /// It computes, or waits.
    case alive

    /// - Parameter id: of the process. One that cannot be looked at has ended.
    package init(of id: Int32) {
        var text = [UInt8](repeating: 0, count: 512)
        let file = open("/proc/\(id)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            self = .ended
            return
        }
        let count = read(file, &text, text.count)
        close(file)
        self.init(stat: text.prefix(max(0, count)))
    }

    /// - Parameter stat: `/proc/PID/stat`: the process's number, its name in parentheses, which may hold any, its state.
    init(stat: some BidirectionalCollection<UInt8>) {
        guard let end = stat.lastIndex(of: UInt8(ascii: ")")),
            let state = stat[end...].dropFirst(2).first
        else {
            self = .ended
            return
        }
        self =
            switch state {
            case UInt8(ascii: "Z"), UInt8(ascii: "X"), UInt8(ascii: "x"): .ended
            case UInt8(ascii: "T"): .stopped
            default: .alive
            }
    }
}
