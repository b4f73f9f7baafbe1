import Federation
import MPI

/// Who of the peers is alive: a peer is lost when its process is known to be gone, or when nothing was heard of it for the
/// time-out. Each side sends a beat when it has been long since the last, so that silence means something.
final class PeerWatch {
    private let control: any Communicator
    private let isGone: (Int) -> Bool
    private let timeout: Int
    private var peers: [Int]
    /// By rank; nanoseconds of `MonotonicClock`.
    private var heard: [Int]
    private var lost: [Bool]
    private var lastBeat = 0
    private var lastLook = 0

    /// Between two looks.
    private static let interval = 20_000_000

    /// - Parameters:
    ///   - control: a communicator that only watches use for beats.
    ///   - timeout: in seconds.
    ///   - isGone: whether a rank's process is known to have ended.
    init(
        _ peers: [Int], on control: any Communicator, timeout: Double, isGone: @escaping (Int) -> Bool
    ) {
        self.control = control
        self.peers = peers
        self.isGone = isGone
        self.timeout = Int(timeout * 1e9)
        heard = [Int](repeating: MonotonicClock.now, count: control.size)
        lost = [Bool](repeating: false, count: control.size)
    }

    func isLost(_ peer: Int) -> Bool { lost[peer] }

    var lostPeers: [Int] { peers.filter { lost[$0] } }

    /// Something came from a peer.
    func noteHeard(_ peer: Int, at now: Int) { heard[peer] = max(heard[peer], now) }

    /// Watches further peers, who may need another time-out until they watch this rank.
    func watch(alsoFor others: [Int], at now: Int) {
        peers += others
        for peer in others { heard[peer] = now + timeout }
    }

    private func forgive(at now: Int) {
        for peer in peers { heard[peer] = max(heard[peer], now) }
    }

    /// Looks, if the last time is long enough ago.
    /// - Returns: whether somebody was lost.
    func look(at now: Int) throws -> Bool {
        guard now - lastLook >= Self.interval else { return false }
        // This process was stopped itself, or not asked to look: that was nobody's silence.
        if now - lastLook > timeout / 2 { forgive(at: now) }
        lastLook = now
        while let status = try control.iprobe(tag: SplitTag.beat) {
            var beat = Buffer<UInt8>(count: max(status.byteCount, 1))
            try control.receive(into: &beat, from: status.source, tag: SplitTag.beat)
            noteHeard(status.source, at: now)
        }
        if now - lastBeat >= timeout / 4 {
            lastBeat = now
            for peer in peers where !lost[peer] {
                var beat = try control.startSend(Buffer<UInt8>(count: 1), to: peer, tag: SplitTag.beat)
                _ = try beat.test()
            }
        }
        var hasLost = false
        for peer in peers where !lost[peer] && (now - heard[peer] > timeout || isGone(peer)) {
            lost[peer] = true
            hasLost = true
        }
        return hasLost
    }
}

extension Communicator {
    fileprivate func iprobe(tag: Int) throws(MPIError) -> Status? { try iprobe(from: nil, tag: tag) }
}
