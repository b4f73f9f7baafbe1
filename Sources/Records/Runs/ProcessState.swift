/// The state of a process, as far as the kernel says.
package enum ProcessState: Sendable, Equatable {
    /// Nothing: it is on another machine, or its number means another process here.
    case unseen
    /// It has ended; its parent may not have noticed yet.
    case ended
    /// It is stopped by SIGSTOP or the like: it does nothing until it gets SIGCONT.
    case stopped
    /// It computes, waits for a processor, or sleeps.
    case alive

    /// Asks the kernel.
    ///
    /// - Parameter id: the number of a process of this place. One that cannot be looked at has ended.
    package init(of id: Int32) {
        self = ProcessIdentity.Status(of: id)?.state ?? .ended
    }

    /// Reads a state of the kernel.
    ///
    /// - Parameter letter: the state in `/proc/PID/stat`, as proc(5) lists them. A debugger's `t` lets the
    ///   process go on.
    init(letter: UInt8) {
        switch letter {
        case UInt8(ascii: "T"): self = .stopped
        case UInt8(ascii: "Z"), UInt8(ascii: "X"), UInt8(ascii: "x"): self = .ended
        default: self = .alive
        }
    }
}
