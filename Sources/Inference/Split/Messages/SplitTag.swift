/// The MPI tags of split inference. `docs/SPLIT.md` describes every message byte by byte, for other programs.
///
/// Features, answers and pings use the run's communicator, which may be a simulated slow link; the others use the
/// control communicator, which is never slowed.
enum SplitTag {
    /// Features of a batch, device to server.
    static let features = 1
    /// Predictions for a batch, server to device.
    static let answers = 2
    /// A sign of life of one byte, both ways (control).
    static let beat = 3
    /// A device's report at the end, as JSON (control).
    static let report = 4
    /// One byte from the rank that has collected the reports: whether ranks were lost (control).
    static let verdict = 5
    /// Ping-pong that measures the link, before the run.
    static let ping = 6
    /// A device has received the verdict, one byte (control).
    static let shutdownAcknowledged = 7
}

/// A peer has sent bytes that are no message of the protocol. The server treats such a device as lost, and the job
/// continues without it; on a device the error ends the job, since there is no other server.
struct MalformedMessage: Error, CustomStringConvertible {
    /// What was wrong, as the end of "it sent …".
    let description: String
}
