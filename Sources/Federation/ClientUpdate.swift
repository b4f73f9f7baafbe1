import MPI

/// What a client reports of its local training, besides the weights' change.
public struct LocalResult: Sendable, Equatable {
    /// Samples its mean weighs: the size of its data.
    public var samples = 0
    /// Optimizer steps taken.
    public var steps = 0
    /// Mean loss over the samples of the last epoch, each at the weights its batch saw.
    public var loss = 0.0

    public init(samples: Int = 0, steps: Int = 0, loss: Double = 0) {
        self.samples = samples
        self.steps = steps
        self.loss = loss
    }
}

/// One client's update as it crosses the wire: a 64-byte envelope, then the change of the flat weights as Float32.
///
/// ```
/// 0  magic "FDMU"   4  version   8  client   12  round   16  samples   24  steps   28  0   32  loss (Float64)
/// 40 payload bytes  48 … 63  0
/// ```
struct UpdateSlot {
    static let envelopeBytes = 64
    private static let magic: UInt32 = 0x554D_4446
    private static let version: UInt32 = 1

    /// Bytes of one update, a multiple of 64 so that every payload is aligned.
    static func byteCount(parameterCount: Int) -> Int {
        envelopeBytes + (parameterCount * 4).roundedUp(toMultipleOf: 64)
    }

    struct Envelope: Equatable {
        var client: Int
        var round: Int
        var result: LocalResult
        var payloadBytes: Int
    }

    /// Why an update was left out.
    enum Defect: Error, Equatable, CustomStringConvertible {
        case notAnUpdate
        case wrongRound(expected: Int, actual: Int)
        case wrongClient(expected: Int, actual: Int)
        case wrongLength(expected: Int, actual: Int)

        var description: String {
            switch self {
            case .notAnUpdate: "its envelope is broken"
            case .wrongRound(let expected, let actual): "it is of round \(actual), not \(expected)"
            case .wrongClient(let expected, let actual): "it is of client \(actual), not \(expected)"
            case .wrongLength(let expected, let actual): "it holds \(actual) bytes, not \(expected)"
            }
        }
    }

    static func writeEnvelope(_ envelope: Envelope, to buffer: inout Buffer<UInt8>, at offset: Int) {
        buffer.withMutableSpan(of: UInt32.self, at: offset, count: 16) { words in
            words[0] = magic
            words[1] = version
            words[2] = UInt32(envelope.client)
            words[3] = UInt32(envelope.round)
            words[4] = UInt32(truncatingIfNeeded: envelope.result.samples)
            words[5] = UInt32(truncatingIfNeeded: envelope.result.samples >> 32)
            words[6] = UInt32(truncatingIfNeeded: envelope.result.steps)
            words[7] = 0
            let loss = envelope.result.loss.bitPattern
            words[8] = UInt32(truncatingIfNeeded: loss)
            words[9] = UInt32(truncatingIfNeeded: loss >> 32)
            words[10] = UInt32(truncatingIfNeeded: envelope.payloadBytes)
            words[11] = UInt32(truncatingIfNeeded: envelope.payloadBytes >> 32)
            for i in 12..<16 { words[i] = 0 }
        }
    }

    /// Whose update a slot says it is, and of which round; nil when it has no envelope.
    static func address(_ buffer: borrowing Buffer<UInt8>, at offset: Int) -> (client: Int, round: Int)? {
        buffer.withSpan(of: UInt32.self, at: offset, count: 4) { words in
            words[0] == magic && words[1] == version ? (Int(words[2]), Int(words[3])) : nil
        }
    }

    /// Reads and checks an envelope against what this slot should hold.
    static func readEnvelope(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, client: Int, round: Int, payloadBytes: Int
    ) throws(Defect) -> Envelope {
        let envelope: Envelope? = buffer.withSpan(of: UInt32.self, at: offset, count: 16) { words in
            guard words[0] == magic, words[1] == version else { return nil }
            func long(_ i: Int) -> UInt64 { UInt64(words[i]) | UInt64(words[i + 1]) << 32 }
            guard let samples = Int(exactly: long(4)), let payload = Int(exactly: long(10)) else { return nil }
            let result = LocalResult(
                samples: samples, steps: Int(words[6]), loss: Double(bitPattern: long(8)))
            return Envelope(client: Int(words[2]), round: Int(words[3]), result: result, payloadBytes: payload)
        }
        guard let envelope else { throw .notAnUpdate }
        guard envelope.round == round else { throw .wrongRound(expected: round, actual: envelope.round) }
        guard envelope.client == client else { throw .wrongClient(expected: client, actual: envelope.client) }
        guard envelope.payloadBytes == payloadBytes else {
            throw .wrongLength(expected: payloadBytes, actual: envelope.payloadBytes)
        }
        return envelope
    }
}
