import FedCore
import Runtime

/// The server's copy of the weights as the clients have them, where weights go down in coded form: a message brings the
/// change since the one before, and what the codec takes away of it is still in the next, so that nothing is lost for
/// good. Clients train from this copy, and the server's own weights stay exact.
///
/// H. Tang et al., *DoubleSqueeze*, ICML 2019, arXiv:1905.05957 (errors of both directions are fed back);
/// C. Philippenko, A. Dieuleveut, *Preserved Central Model for Faster Bidirectional Compression in Distributed
/// Settings*, NeurIPS 2021, arXiv:2102.12528 (the server's model is kept apart from what is sent).
///
/// It depends on nothing but the rounds and their cohorts, so that a run has one digest at any number of ranks.
final class Downlink {
    /// What the clients have.
    private struct Copy {
        /// The numbers of a frame; empty before the first.
        var known: [Float] = []
        /// The clients that were asked last, ascending: the others have older weights.
        var informed: [Int] = []
    }

    private let format: DownlinkFormat
    /// Bytes of a frame without weights, for one client.
    private let frameBytes: Int
    private var current = Copy()
    /// The copy before the round that is under way; nil between rounds.
    private var before: Copy?

    /// Begins with clients that know nothing.
    /// - Parameters:
    ///   - format: how weights go down.
    ///   - frameBytes: bytes of a frame without weights, for one client.
    init(_ format: DownlinkFormat, frameBytes: Int) {
        self.format = format
        self.frameBytes = frameBytes
    }

    /// Prepares what a cohort gets, and takes it that all clients that are asked have it then.
    /// - Parameters:
    ///   - down: what the server has, `[floats]`.
    ///   - round: number and attempt.
    ///   - cohort: the clients that are asked, ascending.
    /// - Complexity: O(floats): an encoding and a decoding.
    func message(_ down: [Float], _ round: RoundID, to cohort: [Int]) -> DownMessage {
        if before == nil { before = current }
        let whole = frameBytes + 4 * down.count
        defer { current.informed = cohort }
        guard !current.known.isEmpty else { return send(down, whole, to: cohort) }
        let coded = format.encode(down.span, known: current.known.span, round)
        var known = current.known
        var span = known.mutableSpan
        // What cannot be encoded, or is not finite, goes down as it is: the next change must be of numbers.
        guard (try? format.decode(coded.span, into: &span, round)) != nil, span.span.firstNonFinite == nil else {
            return send(down, whole, to: cohort)
        }
        current.known = known
        let informed = Set(current.informed).intersection(cohort)
        return DownMessage(
            known, .coded, coded: coded,
            bytes: informed.count * (frameBytes + coded.count) + (cohort.count - informed.count) * whole,
            wholeBytes: whole, terms: RoundTerms(informed: informed, codedBytes: coded.count))
    }

    /// A message of the weights as they are, of which the next is a change.
    /// - Parameters:
    ///   - down: what the server has, `[floats]`.
    ///   - bytes: bytes of the frame and these, for one client.
    ///   - cohort: the clients that are asked.
    private func send(_ down: [Float], _ bytes: Int, to cohort: [Int]) -> DownMessage {
        current.known = down
        return DownMessage(down, .whole, coded: [], bytes: cohort.count * bytes, wholeBytes: bytes)
    }

    /// Ends a round: what it sent belongs to the state from here on.
    func endRound() { before = nil }

    // MARK: State

    /// The copy as it was when the last round ended: the clients' numbers (UInt32), how many first, then the weights
    /// (Float32); empty before the first round.
    var serverState: [UInt8] {
        let copy = before ?? current
        guard !copy.known.isEmpty else { return [] }
        var bytes = [UInt8](repeating: 0, count: 4 * (1 + copy.informed.count + copy.known.count))
        var span = bytes.mutableSpan
        span.store(UInt32(copy.informed.count), at: 0)
        for (i, client) in copy.informed.enumerated() { span.store(UInt32(client), at: 4 * (1 + i)) }
        let start = 4 * (1 + copy.informed.count)
        for (i, weight) in copy.known.enumerated() { span.store(weight.bitPattern, at: start + 4 * i) }
        return bytes
    }

    /// Takes back what ``serverState`` gave, so that the run continues with the same bits.
    /// - Parameter state: bytes from a file, which may be damaged or another run's.
    /// - Throws: `ConfigurationError` when they are not a copy of as many weights, or hold a number that is none.
    func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        guard !state.isEmpty else {
            current = Copy()
            return
        }
        let span = state.span
        let words = state.count / 4
        guard state.count % 4 == 0, words > format.floats else { throw refusal(of: state) }
        let informed = Int(span.load(UInt32.self, at: 0))
        guard words == 1 + informed + format.floats else { throw refusal(of: state) }
        var copy = Copy()
        copy.informed = (0..<informed).map { Int(span.load(UInt32.self, at: 4 * (1 + $0))) }
        copy.known = (0..<format.floats).map {
            Float(bitPattern: span.load(UInt32.self, at: 4 * (1 + informed + $0)))
        }
        guard copy.known.span.firstNonFinite == nil else { throw refusal(of: state) }
        current = copy
    }

    private func refusal(of state: [UInt8]) -> ConfigurationError {
        ConfigurationError("--compress-down cannot take back a state of \(state.count) bytes: it is not its own")
    }
}
