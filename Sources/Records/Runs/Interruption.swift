/// The error by which a rank leaves when the run was asked to stop.
///
/// Rank 0 saves and aborts the job with ``exitCode``; the others leave when they see the stop between two batches.
public struct Interruption: Error, Equatable, CustomStringConvertible {
    /// The signal's number.
    public let signal: Int32

    /// Stopped by a signal of this number.
    public init(signal: Int32) {
        self.signal = signal
    }

    /// The exit code of the job, as a shell reports a process that a signal ended: 128 + the signal.
    public var exitCode: Int { 128 + Int(signal) }

    /// One line with the signal's name.
    public var description: String {
        switch signal {
        case 2: "stopped by SIGINT"
        case 15: "stopped by SIGTERM"
        default: "stopped by signal \(signal)"
        }
    }
}
