package import Records

/// One side of a heartbeat between ranks: when it asks its peers, when it judges them, and by which clock.
///
/// The server has one towards its workers, a worker one towards the server (``Membership``, ``ServerContact``), and the ranks of
/// split inference and of fleets have one towards each other (``PeerWatch``). Who is lost is judged by ``Liveness``. What a beat is
/// on its way, and what follows from a loss, is the user's.
package final class Heartbeat {
    /// Which peers are asked.
    package enum Questions {
        /// Every one, each time so many nanoseconds have passed.
        case every(Int)
        /// One that has been silent for so many nanoseconds, and again after as many: it asks by itself, as long as it can.
        case whenSilent(Int)
    }

    /// Which peers are asked.
    private let questions: Questions
    /// Between two judgements, in nanoseconds: to look at a process takes some microseconds.
    private let judgementInterval: Int
    /// A clock that never goes back, in nanoseconds.
    private let clock: () -> Int
    /// What can be seen of a peer's process.
    private let state: (_ peer: Int) -> ProcessState
    private var liveness: Liveness
    /// Numbers of the peers.
    private let peers: Range<Int>
    /// By the clock, in nanoseconds.
    private var lastQuestions: Int
    /// By the clock, in nanoseconds.
    private var lastJudgement: Int

    /// How often peers were asked.
    package private(set) var questionRounds = 0

    /// - Parameters:
    ///   - timeout: the longest silence of a peer that cannot be seen, in nanoseconds.
    ///   - state: what can be seen of a peer's process, without asking the peer.
    package init(
        peers: Int, timeout: Int, questions: Questions, judgementInterval: Int,
        clock: @escaping () -> Int = { MonotonicClock.now }, state: @escaping (_ peer: Int) -> ProcessState
    ) {
        self.questions = questions
        self.judgementInterval = judgementInterval
        self.clock = clock
        self.state = state
        self.peers = 0..<peers
        let now = clock()
        liveness = Liveness(peers: peers, timeout: timeout, at: now)
        // Who asks asks at once; who only answers gives its peers the time to begin.
        if case .every(let interval) = questions { lastQuestions = now - interval } else { lastQuestions = now }
        lastJudgement = now - judgementInterval
    }

    /// Whether it is time to judge again.
    package var isJudgementDue: Bool { clock() - lastJudgement >= judgementInterval }

    /// Looks, takes in what has come, asks, and judges, each of them when it is due.
    ///
    /// In this order: what came while this rank did not look is heard before anybody's silence is judged, and a time without
    /// a look is nobody's silence.
    /// - Parameters:
    ///   - hear: takes in what has come; calls ``noteHeard(_:)`` for each sender.
    ///   - ask: sends a peer a question, if it is to have one. Returns whether it owes an answer.
    ///   - judged: the peers that are judged.
    ///   - judge: told of each of them what is seen of its process, and why it is lost; nil: it is not.
    package func beat(
        hear: () throws -> Void, ask: (_ peer: Int) throws -> Bool, judging judged: some Sequence<Int>,
        judge: (_ peer: Int, _ seen: ProcessState, _ loss: Liveness.Loss?) throws -> Void
    ) rethrows {
        let now = clock()
        liveness.look(at: now)
        try hear()
        try askWhoIsDue(at: now, ask)
        guard now - lastJudgement >= judgementInterval else { return }
        lastJudgement = now
        for peer in judged {
            let seen = state(peer)
            try judge(peer, seen, liveness.loss(of: peer, seeing: seen))
        }
    }

    /// Asks whom it is time to ask.
    private func askWhoIsDue(at now: Int, _ ask: (_ peer: Int) throws -> Bool) rethrows {
        switch questions {
        case .every(let interval):
            guard now - lastQuestions >= interval else { return }
            lastQuestions = now
            questionRounds += 1
            for peer in peers where try ask(peer) { liveness.ask(peer) }
        case .whenSilent(let interval):
            guard now - lastQuestions > interval else { return }
            for peer in peers where liveness.silence(of: peer) > interval {
                lastQuestions = now
                if try ask(peer) { liveness.ask(peer) }
            }
        }
    }

    /// Something came from a peer: whatever it was asked is answered.
    package func noteHeard(_ peer: Int) { liveness.hear(peer) }

    /// How long nothing was heard of a peer while this rank looked, in nanoseconds.
    package func silence(of peer: Int) -> Int { liveness.silence(of: peer) }

    /// A peer's silence counts from here.
    /// - Parameter grace: nanoseconds that do not count yet.
    package func startAnew(_ peer: Int, grace: Int = 0) { liveness.startAnew(peer, grace: grace) }

    /// Everybody's silence counts from here, and who is asked regularly is asked at once: this rank did something else for a
    /// while.
    package func startAnew() {
        let now = clock()
        liveness.look(at: now)
        liveness.startAnew()
        if case .every(let interval) = questions { lastQuestions = now - interval }
    }
}

/// A limit to a wait in which only the time counts that this rank looks: when it was stopped itself, nobody was late.
package struct WaitLimit {
    private var liveness: Liveness
    private let clock: () -> Int

    /// Counts from here.
    package init(seconds: Double, clock: @escaping () -> Int = { MonotonicClock.now }) {
        self.clock = clock
        liveness = Liveness(peers: 1, timeout: Int(seconds * 1e9), leastQuestions: 0, at: clock())
    }

    /// Looks.
    /// - Returns: whether the wait has lasted too long.
    package mutating func isOver() -> Bool {
        liveness.look(at: clock())
        return liveness.loss(of: 0, seeing: .unseen) != nil
    }
}

/// How long ranks are waited for, in seconds, where a run says how long a lost one may be silent (`--failure-timeout`).
package enum Patience {
    /// For what every living rank does soon.
    package static func living(_ failureTimeout: Double) -> Double { max(60, 6 * failureTimeout) }

    /// For rank 0, by the others: where it is really dead, the launcher ends the job.
    package static func server(_ failureTimeout: Double) -> Double { max(600, 60 * failureTimeout) }
}
