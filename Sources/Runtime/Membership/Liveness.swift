package import Records

/// Judges which of a rank's peers are lost, by three rules.
///
/// - A process that can be seen is judged by what is seen. One that has ended is lost at once; one that is stopped, when it
///   was silent for the time-out; one that lives is never lost, however busy it or the machine is.
/// - Of others silence is all there is. It counts only while this rank looks: in the time in which it computed, was stopped
///   itself or waited for a processor, nobody could be heard.
/// - One clock is not enough. Several questions must have been left unanswered, and the time-out grows with the lateness
///   that was observed: of this rank's own looks, and of the peer's answers.
///
/// A value without a clock: all times are nanoseconds of one that never goes back. What a peer says counts as heard at the
/// last look, so a look comes first, then what has come is taken in, then it is judged.
package struct Liveness {
    /// Why a peer is lost.
    package enum Loss: Error, Sendable, Equatable, CustomStringConvertible {
        case ended
        case stopped(seconds: Double)
        case silent(seconds: Double, questions: Int)

        /// What became of it; the subject is the rank.
        package var description: String {
            switch self {
            case .ended: "its process has ended"
            case .stopped(let seconds):
                "its process has been stopped for \(Self.text(seconds)) (kill -CONT lets it go on)"
            case .silent(let seconds, 0): "it was silent for \(Self.text(seconds))"
            case .silent(let seconds, let questions):
                "it was silent for \(Self.text(seconds)), and \(questions) questions are not answered"
            }
        }

        private static func text(_ seconds: Double) -> String {
            seconds < 10 ? "\((seconds * 10).rounded() / 10) s" : "\(Int(seconds)) s"
        }
    }

    private struct Peer {
        /// On the clock of what was watched.
        var heard = 0
        /// When the first question was asked that is not answered, on the same clock.
        var asked: Int?
        var questions = 0
        /// The longest that an answer took, less what has passed since.
        var lateness = 0
    }

    /// The longest silence of a peer that cannot be seen, while nothing is late.
    private let timeout: Int
    /// Questions that must be unanswered.
    private let leastQuestions: Int
    /// What a time without a look counts at most: several looks are a time-out.
    private let longestLook: Int
    private var peers: [Peer]
    private var lastLook: Int
    /// The time in which this rank has looked.
    private var watched = 0
    /// The longest that a look came late, less what has passed since.
    private var lateness = 0

    /// A lateness is forgotten in so many times its length.
    private static let memory = 8
    /// How often an observed lateness must fit into a silence.
    private static let caution = 4
    /// The time-out grows no further than to so many times its length.
    private static let mostPatience = 6

    /// - Parameters:
    ///   - timeout: in nanoseconds.
    ///   - leastQuestions: 0 where peers are not asked.
    package init(peers: Int, timeout: Int, leastQuestions: Int = 4, at now: Int) {
        self.timeout = timeout
        self.leastQuestions = leastQuestions
        longestLook = max(1, timeout / 4)
        lastLook = now
        self.peers = [Peer](repeating: Peer(), count: peers)
    }

    /// This rank looks at what has come.
    package mutating func look(at now: Int) {
        let gap = max(0, now - lastLook)
        lastLook = max(now, lastLook)
        watched += min(gap, longestLook)
        lateness = max(gap - longestLook, lateness - gap / Self.memory, 0)
        for peer in peers.indices where peers[peer].lateness > 0 {
            peers[peer].lateness = max(0, peers[peer].lateness - gap / Self.memory)
        }
    }

    /// A peer was asked something that it answers when it can.
    package mutating func ask(_ peer: Int) {
        peers[peer].questions += 1
        if peers[peer].asked == nil { peers[peer].asked = watched }
    }

    /// Something came from a peer: whatever it was asked is answered.
    package mutating func hear(_ peer: Int) {
        if let asked = peers[peer].asked { peers[peer].lateness = max(peers[peer].lateness, watched - asked) }
        startAnew(peer)
    }

    /// A peer's silence counts from here.
    /// - Parameter grace: nanoseconds that do not count yet.
    package mutating func startAnew(_ peer: Int, grace: Int = 0) {
        peers[peer].heard = watched + grace
        peers[peer].asked = nil
        peers[peer].questions = 0
    }

    /// Everybody's silence counts from here.
    package mutating func startAnew() {
        for peer in peers.indices { startAnew(peer) }
    }

    /// How long nothing was heard of a peer while this rank looked, in nanoseconds.
    package func silence(of peer: Int) -> Int { watched - peers[peer].heard }

    /// How long a peer that cannot be seen may be silent, in nanoseconds.
    package func patience(with peer: Int) -> Int {
        min(timeout + Self.caution * max(lateness, peers[peer].lateness), Self.mostPatience * timeout)
    }

    /// Whether a peer is lost, as far as can be judged by the last look.
    package func loss(of peer: Int, seeing state: ProcessState) -> Loss? {
        let silence = silence(of: peer)
        let questions = peers[peer].questions
        switch state {
        case .ended: return .ended
        case .alive: return nil
        case .stopped: return silence > timeout ? .stopped(seconds: Double(silence) / 1e9) : nil
        case .unseen:
            guard silence > patience(with: peer), questions >= leastQuestions else { return nil }
            return .silent(seconds: Double(silence) / 1e9, questions: questions)
        }
    }
}
