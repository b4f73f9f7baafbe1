import FedCore
package import MPI
import Runtime

/// What became of a client's work in a round. The raw values cross in the envelope.
public enum UpdateStatus: UInt16, Sendable, CaseIterable {
    /// All of its local epochs are in the update.
    case complete = 0
    /// The deadline came before the end; the update is what there was by then, weighted by the samples seen.
    case partial = 1
    /// There was nothing by the deadline, or what there was is not wanted (`--late-policy drop`).
    case late = 2
    /// The client does not answer: simulated.
    case dropped = 3
    /// Left out of a partial sum by its own rank: an element is NaN or infinite.
    case notFinite = 4
    /// Left out of a partial sum by its own rank: an element is too large to be summed exactly.
    case tooLarge = 5
    /// Left out of a partial sum by its own rank: its result cannot be weighed; what is wrong with it stands in its
    /// envelope.
    case unusable = 6
    /// All of its local epochs are in the update, and its device, which has gone away, keeps it: it counts in the round in
    /// which it is sent. Simulated: only devices of a fleet go away.
    case held = 7
    /// Left out by its edge: its norm, or the loss with it, is beyond the edge's limit.
    case refused = 8
    /// Its edge had too few updates for its rule.
    case tooFew = 9

    /// Whether there is an update to weigh in the round.
    package var hasUpdate: Bool { self == .complete || self == .partial }
}

/// What a client reports of its local training, beside the change of its weights: the numbers of its envelope.
public struct LocalResult: Sendable, Equatable {
    /// What became of the work.
    public var status = UpdateStatus.complete
    /// Samples that the update weighs in the mean: those that the client holds, or those it has seen of them.
    public var samples = 0
    /// Optimizer steps taken in the round.
    public var steps = 0
    /// Mean loss over the samples of the last epoch in nats, each at the weights that its batch saw.
    public var loss = 0.0
    /// Simulated seconds from the round's start until the update is at the server; 0 when no time is simulated.
    public var simulatedSeconds = 0.0
    /// Simulated seconds of sending a byte, by which the time of an update in coded form is put right; does not cross.
    var secondsPerByte = 0.0

    /// Ends a training early. It weighs the samples it has seen, if that was in the first epoch, and all of the client's
    /// afterwards; with a number of steps that was given it weighs the share of them that it has done.
    /// - Parameters:
    ///   - held: samples that the client holds.
    ///   - lastStep: the number of steps that was given; nil where epochs were.
    ///   - seen: samples seen in the first epoch; nil after it.
    mutating func endEarly(holding held: Int, lastStep: Int?, seen: Int?) {
        status = .partial
        if let lastStep {
            samples = max(1, held * steps / lastStep)
        } else if let seen {
            samples = seen
        }
    }

    /// A result of complete work.
    public init(samples: Int = 0, steps: Int = 0, loss: Double = 0) {
        self.samples = samples
        self.steps = steps
        self.loss = loss
    }
}

/// The code in an envelope that says how the payload of the update is written: by an ``UpdateCodec``, or by none.
package struct PayloadCode: RawRepresentable, Equatable, Sendable {
    /// The code: 0 for none, 1 for a sum, from 2 on a codec's own, and the largest for what is masked.
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The code of a codec.
    init(_ codec: any UpdateCodec) { rawValue = codec.code }

    /// Each float as Float32, little-endian, in the canonical order.
    package static let float32 = PayloadCode(rawValue: 0)
    /// No payload: the update is in a partial sum.
    package static let summed = PayloadCode(rawValue: 1)
    /// A message of secure aggregation, or a masked vector.
    static let masked = PayloadCode(rawValue: .max)
}

/// One client's answer as it crosses the wire: a 64-byte envelope, then the update, then the client's state.
///
/// ```
/// 0  magic "FDMU"   4  version   8  client   12  round   16  samples   20  floats of the state   24  steps   28  codec
/// 32 loss (Float64)   40 update bytes (UInt64)   48 CRC-32C of envelope, update and state, this field as 0
/// 52 status (UInt16)   54 attempt (UInt16)   56 simulated seconds (Float64)
/// ```
///
/// Little-endian; docs/WIRE.md describes it byte by byte, with a program in Python that writes one. Bytes from
/// elsewhere are not believed: readers return nil or throw ``Defect``, and never trap.
package enum UpdateSlot {
    /// Bytes of an envelope: a cache line, so that what follows is aligned as the slot is.
    package static let envelopeBytes = 64

    /// An envelope's fields.
    package struct Envelope: Equatable, Sendable {
        /// Number of the client.
        package var client: Int
        /// The round and the attempt that the answer belongs to.
        package var round: RoundID
        /// What the client reports.
        package var result: LocalResult
        /// Bytes of the update as it is written; of one that is summed, bytes of the client's answers to its edge.
        package var payloadBytes: Int
        /// Floats of the client's state behind it.
        package var stateFloats = 0
        /// How the update is written.
        package var codec = PayloadCode.float32

        /// An envelope without a state, of an update that is written as it is.
        package init(client: Int, round: RoundID, result: LocalResult, payloadBytes: Int) {
            self.client = client
            self.round = round
            self.result = result
            self.payloadBytes = payloadBytes
        }

        /// Bytes of the envelope and of all that its checksum covers.
        fileprivate var messageBytes: Int {
            UpdateSlot.messageBytes(codec == .summed ? 0 : payloadBytes, stateFloats)
        }

        /// Refuses a result that cannot be weighed: without samples, with more than the client holds, with a loss that
        /// is NaN or infinite, or at an impossible simulated time. One without an update is not weighed, and needs no
        /// samples.
        /// - Parameter samplesHeld: samples that the client trains on.
        /// - Throws: ``Defect`` with the first thing that is wrong.
        package func checkResult(samplesHeld: Int) throws(Defect) {
            guard result.simulatedSeconds >= 0, result.simulatedSeconds.isFinite else {
                throw .badSimulatedTime(result.simulatedSeconds)
            }
            guard result.status.hasUpdate || result.status == .held else { return }
            guard result.samples > 0 else { throw .noSamples }
            guard result.samples <= samplesHeld else {
                throw .tooManySamples(atMost: samplesHeld, actual: result.samples)
            }
            guard result.loss.isFinite else { throw .lossNotFinite(result.loss) }
        }
    }

    /// `FDMU`, read as a little-endian word.
    private static let magic: UInt32 = 0x554D_4446
    /// Version of the format.
    private static let version: UInt32 = 4

    /// Offsets of the fields, in bytes from the start of the envelope.
    private enum Field {
        static let magic = 0
        static let version = 4
        static let client = 8
        static let round = 12
        static let samples = 16
        static let stateFloats = 20
        static let steps = 24
        static let codec = 28
        static let loss = 32
        static let payloadBytes = 40
        static let checksum = 48
        static let status = 52
        static let attempt = 54
        static let simulatedSeconds = 56
    }

    /// Bytes of an envelope, an update, and the state at the next multiple of 4.
    private static func messageBytes(_ payloadBytes: Int, _ stateFloats: Int) -> Int {
        envelopeBytes + payloadBytes.roundedUp(toMultipleOf: 4) + 4 * stateFloats
    }

    /// Writes the envelope of an update and a state that already lie behind it. O(both): the checksum covers all.
    /// - Parameters:
    ///   - envelope: the fields.
    ///   - buffer: the message.
    ///   - offset: where the slot begins, in bytes.
    package static func writeEnvelope(_ envelope: Envelope, to buffer: inout Buffer<UInt8>, at offset: Int) {
        buffer.withMutableSpan(of: UInt8.self, at: offset, count: envelope.messageBytes) { message in
            message.store(magic, at: Field.magic)
            message.store(version, at: Field.version)
            message.store(UInt32(envelope.client), at: Field.client)
            message.store(UInt32(envelope.round.number), at: Field.round)
            message.store(UInt32(clamping: envelope.result.samples), at: Field.samples)
            message.store(UInt32(envelope.stateFloats), at: Field.stateFloats)
            message.store(UInt32(envelope.result.steps), at: Field.steps)
            message.store(envelope.codec.rawValue, at: Field.codec)
            message.store(envelope.result.loss.bitPattern, at: Field.loss)
            message.store(UInt64(envelope.payloadBytes), at: Field.payloadBytes)
            message.store(envelope.result.status.rawValue, at: Field.status)
            message.store(UInt16(envelope.round.attempt), at: Field.attempt)
            message.store(envelope.result.simulatedSeconds.bitPattern, at: Field.simulatedSeconds)
            message.store(checksum(message.span), at: Field.checksum)
        }
    }

    /// The client and the round that a slot names; nil when it has no envelope. The checksum is not looked at.
    static func address(_ buffer: borrowing Buffer<UInt8>, at offset: Int) -> (client: Int, round: RoundID)? {
        buffer.withSpan(of: UInt8.self, at: offset, count: envelopeBytes) { bytes in
            guard bytes.load(UInt32.self, at: Field.magic) == magic,
                bytes.load(UInt32.self, at: Field.version) == version
            else { return nil }
            let round = RoundID(
                Int(bytes.load(UInt32.self, at: Field.round)),
                attempt: Int(bytes.load(UInt16.self, at: Field.attempt)))
            return (Int(bytes.load(UInt32.self, at: Field.client)), round)
        }
    }

    /// The client and the round of an undamaged slot, and the length of its update in bytes; nil of a damaged one.
    /// O(slot): the checksum covers all.
    static func owner(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int
    ) -> (client: Int, round: RoundID, payloadBytes: Int)? {
        guard let address = address(buffer, at: offset) else { return nil }
        let (payloadBytes, stateFloats) = buffer.withSpan(of: UInt8.self, at: offset, count: envelopeBytes) {
            ($0.load(UInt64.self, at: Field.payloadBytes), Int($0.load(UInt32.self, at: Field.stateFloats)))
        }
        let available = buffer.count - offset
        let isSummed = codec(buffer, at: offset) == .summed
        guard isSummed || payloadBytes <= UInt64(available) else { return nil }
        let byteCount = messageBytes(isSummed ? 0 : Int(payloadBytes), stateFloats)
        guard byteCount <= available else { return nil }
        let isIntact = buffer.withSpan(of: UInt8.self, at: offset, count: byteCount) {
            $0.load(UInt32.self, at: Field.checksum) == checksum($0)
        }
        return isIntact ? (address.client, address.round, Int(clamping: payloadBytes)) : nil
    }

    /// The code of a slot's payload; nothing lies behind the envelope of one that is summed.
    private static func codec(_ buffer: borrowing Buffer<UInt8>, at offset: Int) -> PayloadCode {
        buffer.withSpan(of: UInt8.self, at: offset, count: envelopeBytes) {
            PayloadCode(rawValue: $0.load(UInt32.self, at: Field.codec))
        }
    }

    /// Reads an envelope and checks it against what this slot should hold, in the order of the rules of docs/WIRE.md.
    ///
    /// What the checksum covers is judged after it, so that damage is called damage. Of the result only the form is
    /// checked, see ``Envelope/checkResult(samplesHeld:)``.
    ///
    /// - Parameters:
    ///   - buffer: the message.
    ///   - offset: where the slot begins, in bytes.
    ///   - client: the client whose answer should be here.
    ///   - round: the round and the attempt under way.
    ///   - accepted: lengths in bytes that the update can have.
    ///   - stateFloats: length that the state should have.
    ///   - codec: how the update should be written.
    /// - Throws: ``Defect``.
    /// - Complexity: O(update and state).
    package static func readEnvelope(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, client: Int, round: RoundID,
        payloadBytes accepted: ClosedRange<Int>, stateFloats: Int = 0, codec: PayloadCode = .float32
    ) throws(Defect) -> Envelope {
        let available = buffer.count - offset
        let isSummed = codec == .summed
        let least = messageBytes(isSummed ? 0 : accepted.lowerBound, stateFloats)
        guard available >= least else { throw .wrongLength(expected: least, actual: available) }
        let payloadBytes = buffer.withSpan(of: UInt8.self, at: offset, count: envelopeBytes) {
            Int(clamping: $0.load(UInt64.self, at: Field.payloadBytes))
        }
        // A length that cannot be is refused below, behind what says whether this is an update at all.
        let wanted = accepted.contains(payloadBytes) && !isSummed ? messageBytes(payloadBytes, stateFloats) : least
        guard available >= wanted else { throw .wrongLength(expected: wanted, actual: available) }
        return try buffer.withSpan(of: UInt8.self, at: offset, count: wanted) { message throws(Defect) in
            func word(_ field: Int) -> UInt32 { message.load(UInt32.self, at: field) }
            func long(_ field: Int) -> UInt64 { message.load(UInt64.self, at: field) }

            guard word(Field.magic) == magic else { throw .notAnUpdate(magic: word(Field.magic)) }
            guard word(Field.version) == version else {
                throw .wrongVersion(expected: version, actual: word(Field.version))
            }
            guard accepted.contains(payloadBytes) else {
                throw .wrongLength(expected: accepted.upperBound, actual: payloadBytes)
            }
            guard Int(word(Field.stateFloats)) == stateFloats else {
                throw .wrongState(expected: stateFloats, actual: Int(word(Field.stateFloats)))
            }
            let computed = checksum(message)
            guard word(Field.checksum) == computed else {
                throw .wrongChecksum(expected: computed, actual: word(Field.checksum))
            }
            guard word(Field.codec) == codec.rawValue else {
                throw .wrongCodec(expected: codec.rawValue, actual: word(Field.codec))
            }
            let named = RoundID(Int(word(Field.round)), attempt: Int(message.load(UInt16.self, at: Field.attempt)))
            guard named == round else { throw .wrongRound(expected: round, actual: named) }
            let code = message.load(UInt16.self, at: Field.status)
            guard let status = UpdateStatus(rawValue: code) else { throw .unknownStatus(code) }
            guard Int(word(Field.client)) == client else {
                throw .wrongClient(expected: client, actual: Int(word(Field.client)))
            }
            var result = LocalResult(
                samples: Int(word(Field.samples)), steps: Int(word(Field.steps)),
                loss: Double(bitPattern: long(Field.loss)))
            result.status = status
            result.simulatedSeconds = Double(bitPattern: long(Field.simulatedSeconds))
            var envelope = Envelope(client: client, round: round, result: result, payloadBytes: payloadBytes)
            envelope.stateFloats = stateFloats
            envelope.codec = codec
            return envelope
        }
    }

    /// The CRC-32C of a message, which is an envelope and what lies behind it, with the checksum's own field as 0.
    private static func checksum(_ message: Span<UInt8>) -> UInt32 {
        message.checksum(withFieldAt: Field.checksum)
    }
}
