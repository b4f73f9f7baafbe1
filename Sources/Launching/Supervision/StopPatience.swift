import Foundation

/// How long a guardian lets its rank be stopped (SIGSTOP): what a stopped rank owes the others nobody else can do, and none of
/// them would notice where they wait for it in a collective.
struct StopPatience {
    /// What the rank has last said of itself.
    enum Phase: UInt8 {
        /// Others may wait for it in a collective, without a time limit.
        case needed = 0x30  // "0"
        /// Rounds are under way: the server judges its silence, and takes it in again.
        case inRounds = 0x31  // "1"
        /// Nothing is expected of it any longer; but the launcher waits for its end.
        case released = 0x32  // "2"
    }

    enum Verdict: Equatable {
        case none
        /// It is to be ended, as one that can be spared.
        case spare
        /// It is to be ended, and the job with it, because the others would wait for ever.
        case fail
    }

    /// Seconds.
    static let whileNeeded = 60.0
    static let afterRelease = 5.0

    /// Between two looks no more than this counts: whoever stops all processes stops the guardian, too.
    private static let longestStep = 2.0

    private var lastLook: Double?
    private var seconds = 0.0
    private let allowed: Double

    /// - Parameter whileNeeded: seconds that a rank may be stopped while others may wait for it.
    init(whileNeeded: Double = StopPatience.whileNeeded) {
        allowed = whileNeeded
    }

    /// - Parameter now: in seconds.
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

/// What a guardian hears of its rank: the end of a pipe.
final class PhaseReports {
    private let pipe: Int32
    private var phase = StopPatience.Phase.needed

    init(_ pipe: Int32) {
        self.pipe = pipe
        _ = fcntl(pipe, F_SETFL, O_NONBLOCK)
    }

    /// The last one. Does not block.
    func read() -> StopPatience.Phase {
        var byte: UInt8 = 0
        while Foundation.read(pipe, &byte, 1) == 1 { phase = StopPatience.Phase(rawValue: byte) ?? phase }
        return phase
    }
}
