import Foundation

/// How long a rank may be stopped (SIGSTOP) before its guardian ends it.
///
/// Nobody else can do what a stopped rank owes to the others, and none of them would notice where they wait for it in a
/// collective: to MPI a stopped process is merely slow. It is a pure state machine over observations, so that tests
/// need no processes.
struct StopPatience {
    /// What the rank has last said of itself; the raw value is the byte in the pipe to its guardian.
    enum Phase: UInt8 {
        /// Others may wait for it in a collective, without a time limit.
        case needed = 0x30  // "0"
        /// Rounds are under way: the server judges the rank's silence, and takes it in again when it returns.
        case inRounds = 0x31  // "1"
        /// Nothing is expected of it any longer, but the launcher waits for its end.
        case released = 0x32  // "2"
    }

    /// What the guardian has to do.
    enum Verdict: Equatable {
        /// Nothing.
        case none
        /// Kill the rank as one that the others can do without; the job survives.
        case spare
        /// Kill the rank, and the job with it, because the others would wait for ever.
        case fail
    }

    /// Seconds that a rank may be stopped while others may wait for it.
    static let whileNeeded = 60.0
    /// Seconds that a rank may be stopped after its release.
    static let afterRelease = 5.0

    /// The most seconds that count between two looks: whoever stops all processes of a job stops the guardian, too, and
    /// that time must not be held against the rank.
    private static let longestStep = 2.0

    /// Time of the last look at which the rank was stopped, in seconds; nil when it was running.
    private var lastLook: Double?
    /// Seconds that it has been stopped without a break, as far as they count.
    private var seconds = 0.0
    /// Seconds allowed in the phase ``Phase/needed``.
    private let allowed: Double

    /// Makes a patience that has seen nothing.
    ///
    /// - Parameter whileNeeded: seconds that a rank may be stopped while others may wait for it.
    init(whileNeeded: Double = StopPatience.whileNeeded) {
        allowed = whileNeeded
    }

    /// Takes one observation.
    ///
    /// - Parameters:
    ///   - isStopped: whether the rank's process is stopped.
    ///   - phase: what the rank last said of itself.
    ///   - now: monotonic time in seconds, not before that of the last look.
    /// - Returns: what is to be done; the same verdict is repeated until the rank runs again.
    mutating func look(isStopped: Bool, _ phase: Phase, at now: Double) -> Verdict {
        defer { lastLook = isStopped ? now : nil }
        guard isStopped else {
            seconds = 0
            return .none
        }
        seconds += lastLook.map { min(max(0, now - $0), Self.longestStep) } ?? 0
        switch phase {
        case .inRounds: return .none
        case .needed: return seconds >= allowed ? .fail : .none
        case .released: return seconds >= Self.afterRelease ? .spare : .none
        }
    }
}

/// The guardian's end of the pipe in which its rank reports its phases.
final class PhaseReports {
    /// The descriptor, set not to block.
    private let pipe: Int32
    /// The last phase that was read; at first the others need the rank.
    private var phase = StopPatience.Phase.needed

    /// Takes over the descriptor.
    init(_ pipe: Int32) {
        self.pipe = pipe
        _ = fcntl(pipe, F_SETFL, O_NONBLOCK)
    }

    /// The latest phase. Does not block; a byte that is no phase is ignored.
    func read() -> StopPatience.Phase {
        var byte: UInt8 = 0
        while Foundation.read(pipe, &byte, 1) == 1 { phase = StopPatience.Phase(rawValue: byte) ?? phase }
        return phase
    }
}
