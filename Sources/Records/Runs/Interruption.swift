/// The run was asked to stop, and did.
public struct Interruption: Error, Equatable, CustomStringConvertible {
    /// The signal's number.
    public let signal: Int32

    /// Stopped by a signal of this number.
    public init(signal: Int32) {
        self.signal = signal
    }

    /// What a shell reports of a process that a signal ended.
    public var exitCode: Int { 128 + Int(signal) }

    public var description: String {
        switch signal {
        case 2: "stopped by SIGINT"
        case 15: "stopped by SIGTERM"
        default: "stopped by signal \(signal)"
        }
    }
}
