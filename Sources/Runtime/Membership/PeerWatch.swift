package import MPI
package import Records

/// Who of the peers is alive, by the rules of ``Liveness``. Each side sends a beat when it has been long since the last: a
/// question to the other, and an answer to it.
package final class PeerWatch {
    private let control: any Communicator
    /// Which nothing else uses on `control`.
    private let tag: Int
    private let state: (Int) -> ProcessState
    private let timeout: Int
    private var peers: [Int]
    /// By rank.
    private var liveness: Liveness
    /// By rank; nil of those that are not lost.
    private var losses: [Liveness.Loss?]
    private var lastBeat = 0
    private var lastLook = 0

    /// Between two looks.
    private static let interval = 20_000_000

    /// - Parameters:
    ///   - control: a communicator that only watches use for beats.
    ///   - tag: of the beats.
    ///   - timeout: in seconds.
    ///   - state: what can be seen of a rank's process.
    package init(
        _ peers: [Int], on control: any Communicator, tag: Int, timeout: Double, state: @escaping (Int) -> ProcessState
    ) {
        self.control = control
        self.tag = tag
        self.peers = peers
        self.state = state
        self.timeout = Int(timeout * 1e9)
        liveness = Liveness(peers: control.size, timeout: self.timeout, at: MonotonicClock.now)
        losses = [Liveness.Loss?](repeating: nil, count: control.size)
    }

    package func isLost(_ peer: Int) -> Bool { losses[peer] != nil }

    /// Why a peer is lost, and what the user can do about it.
    package func reason(of peer: Int) -> String {
        guard let loss = losses[peer] else { return "" }
        guard case .silent = loss else { return "\(loss)" }
        let longer = max(60, 6 * timeout / 1_000_000_000)
        return "\(loss); if its host is only busy, --failure-timeout \(longer) waits longer"
    }

    /// Something came from a peer.
    package func noteHeard(_ peer: Int) { liveness.hear(peer) }

    /// Watches further peers, who may need another time-out until they watch this rank.
    package func watch(alsoFor others: [Int]) {
        peers += others
        for peer in others { liveness.startAnew(peer, grace: timeout) }
    }

    /// Looks, if the last time is long enough ago.
    /// - Returns: whether somebody was lost.
    package func look(at now: Int) throws -> Bool {
        guard now - lastLook >= Self.interval else { return false }
        lastLook = now
        liveness.look(at: now)
        while let status = try control.iprobe(tag: tag) {
            var beat = Buffer<UInt8>(count: max(status.byteCount, 1))
            try control.receive(into: &beat, from: status.source, tag: tag)
            noteHeard(status.source)
        }
        if now - lastBeat >= timeout / 4 {
            lastBeat = now
            for peer in peers where !isLost(peer) {
                liveness.ask(peer)
                var beat = try control.startSend(Buffer<UInt8>(count: 1), to: peer, tag: tag)
                _ = try beat.test()
            }
        }
        var hasLost = false
        for peer in peers where !isLost(peer) {
            losses[peer] = liveness.loss(of: peer, seeing: state(peer))
            if isLost(peer) { hasLost = true }
        }
        return hasLost
    }
}

extension Communicator {
    fileprivate func iprobe(tag: Int) throws(MPIError) -> Status? { try iprobe(from: nil, tag: tag) }
}
