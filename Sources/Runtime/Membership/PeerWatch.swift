package import MPI
package import Records

/// Who of the peers is alive. Each side sends beats of one byte: each is a question to the other, and an answer to it
/// (``Heartbeat``).
package final class PeerWatch {
    /// Where beats travel.
    private let control: any Communicator
    /// Which nothing else uses on `control`.
    private let tag: Int
    /// What can be seen of a rank's process, by rank.
    private let state: (Int) -> ProcessState
    /// In seconds.
    private let timeout: Double
    /// Whether a peer that is heard again is no longer lost.
    private let areTakenBack: Bool
    /// Ranks that are watched.
    private var peers: [Int]
    /// By rank.
    private let heartbeat: Heartbeat
    /// By rank; nil of those that are not lost.
    private var losses: [Liveness.Loss?]

    /// Between two looks, in nanoseconds.
    private static let interval = 20_000_000

    /// - Parameters:
    ///   - control: a communicator that only watches use for beats.
    ///   - tag: of the beats.
    ///   - timeout: the longest silence of a peer that cannot be seen, in seconds.
    ///   - beatInterval: in seconds; nil: a quarter of the time-out.
    ///   - takesBack: whether a peer that is heard again is no longer lost.
    ///   - state: what can be seen of a rank's process.
    package init(
        _ peers: [Int], on control: any Communicator, tag: Int, timeout: Double, beatInterval: Double? = nil,
        takesBack: Bool = false, state: @escaping (Int) -> ProcessState
    ) {
        self.control = control
        self.tag = tag
        self.peers = peers
        self.state = state
        self.timeout = timeout
        areTakenBack = takesBack
        heartbeat = Heartbeat(
            peers: control.size, timeout: Int(timeout * 1e9),
            questions: .every(Int((beatInterval ?? timeout / 4) * 1e9)), judgementInterval: Self.interval, state: state)
        losses = [Liveness.Loss?](repeating: nil, count: control.size)
    }

    /// Whether a peer is lost, and has not been taken back.
    package func isLost(_ peer: Int) -> Bool { losses[peer] != nil }

    /// Why a peer is lost; nil: it is not.
    package func loss(of peer: Int) -> Liveness.Loss? { losses[peer] }

    /// Why a peer is lost, and what the user can do about it.
    package func reason(of peer: Int) -> String {
        guard let loss = losses[peer] else { return "" }
        guard case .silent = loss else { return "\(loss)" }
        return "\(loss); if its host is only busy, --failure-timeout \(Int(Patience.living(timeout))) waits longer"
    }

    /// Something came from a peer.
    package func noteHeard(_ peer: Int) {
        heartbeat.noteHeard(peer)
        if areTakenBack { losses[peer] = nil }
    }

    /// Watches further peers, who may need another time-out until they watch this rank.
    package func watch(alsoFor others: [Int]) {
        peers += others
        for peer in others { heartbeat.startAnew(peer, grace: Int(timeout * 1e9)) }
    }

    /// Looks, if the last time is long enough ago.
    /// - Returns: whether somebody was lost.
    package func look() throws -> Bool {
        guard heartbeat.isJudgementDue else { return false }
        var hasLost = false
        let judged = peers.lazy.filter { self.areTakenBack || !self.isLost($0) }
        try heartbeat.beat(hear: hear, ask: sendBeat, judging: judged) { peer, _, loss in
            guard let loss else { return }
            if !isLost(peer) { hasLost = true }
            losses[peer] = loss
        }
        return hasLost
    }

    private func hear() throws {
        while let status = try control.iprobe(from: nil, tag: tag) {
            var beat = Buffer<UInt8>(count: max(status.byteCount, 1))
            try control.receive(into: &beat, from: status.source, tag: tag)
            noteHeard(status.source)
        }
    }

    private func sendBeat(to peer: Int) throws -> Bool {
        guard peers.contains(peer), areTakenBack ? state(peer) != .ended : !isLost(peer) else { return false }
        var beat = try control.startSend(Buffer<UInt8>(count: 1), to: peer, tag: tag)
        _ = try beat.test()
        return true
    }
}
