import FedCore
package import Federation
package import MPI
import NeuralNet
import Runtime

/// A message between the server and the devices, point to point: a header of 64 bytes, floats, words of 32 bits. Owns
/// its bytes, and is moved, never copied: it may hold all weights of a device's part.
///
/// ```
/// 0  magic "FDMS"   4  kind    8  round   12  attempt   16  issue   20  client   24  step   28  floats   32  words
/// 60 CRC-32C of the whole message, this field as 0      64 floats (Float32), then words (Int32)
/// ```
/// Little-endian. The issue counts how often work was dealt out, so that what belongs to work that was given up is
/// recognised. docs/SPLIT-TRAINING.md says what each kind holds.
package struct SplitTrainingMessage: ~Copyable {
    /// What a message is. Raw values are on the wire.
    package enum Kind: UInt32, Sendable {
        /// Down, once a round for each rank: floats are the weights of the devices' part, words the rank's clients.
        case order = 1
        /// Up, a step: floats are `[samples, features]` at the cut, words the samples' labels.
        case features = 2
        /// Down, the answer: floats are `[samples, features]`, the gradient of the mean loss with respect to the
        /// features.
        case gradient = 3
        /// Up, at the turn's end: floats are the change of the device's part.
        case part = 4
        /// Down: the run is over.
        case end = 5

        /// MPI's tag: one for all that goes down, and two for what comes up, so that the server can leave large parts
        /// unreceived until it can use them.
        var tag: Int {
            switch self {
            case .order, .gradient, .end: 1
            case .features: 2
            case .part: 3
            }
        }
    }

    /// The fields of the header that say what the message belongs to.
    package struct Header: Equatable, Sendable {
        /// What the message is.
        package var kind: Kind
        /// Round, from 1, and its attempt, from 0.
        package var round: RoundID
        /// How often work was dealt out in this run; 32 bits on the wire.
        package var issue: Int
        /// The client; 0 where it is about none.
        package var client: Int
        /// Step of the client's turn, from 0.
        package var step: Int

        /// A header; fields that a kind has no use for stay 0.
        package init(kind: Kind, round: RoundID = RoundID(0), issue: Int = 0, client: Int = 0, step: Int = 0) {
            self.kind = kind
            self.round = round
            self.issue = issue
            self.client = client
            self.step = step
        }
    }

    /// Offsets of the header's fields in bytes.
    private enum Field {
        static let magic = 0
        static let kind = 4
        static let round = 8
        static let attempt = 12
        static let issue = 16
        static let client = 20
        static let step = 24
        static let floats = 28
        static let words = 32
        static let checksum = 60
    }

    /// "FDMS" in ASCII, little-endian.
    private static let magic: UInt32 = 0x534D_4446
    /// Bytes before the floats.
    static let headerBytes = 64

    /// The message, sealed or not.
    private(set) var buffer: Buffer<UInt8>
    /// The header, as it stands in ``buffer``.
    package let header: Header
    /// Number of floats.
    package let floats: Int
    /// Number of words.
    package let words: Int

    /// Bytes of a message with so many floats and words.
    package static func byteCount(floats: Int, words: Int) -> Int { headerBytes + 4 * (floats + words) }

    /// Makes a message of zeros, to be filled and ``sealed()``.
    ///
    /// ```swift
    /// var message = SplitTrainingMessage(SplitTrainingMessage.Header(kind: .part, round: round, client: 3), floats: change.count)
    /// message.withMutableFloats { floats in for i in change.indices { floats[i] = change[i] } }
    /// let bytes = message.sealed()
    /// ```
    package init(_ header: Header, floats: Int = 0, words: Int = 0) {
        self.header = header
        self.floats = floats
        self.words = words
        buffer = Buffer(count: Self.byteCount(floats: floats, words: words))
        buffer.withMutableSpan(of: UInt8.self, at: 0, count: Self.headerBytes) { bytes in
            bytes.store(Self.magic, at: Field.magic)
            bytes.store(header.kind.rawValue, at: Field.kind)
            bytes.store(UInt32(header.round.number), at: Field.round)
            bytes.store(UInt32(header.round.attempt), at: Field.attempt)
            bytes.store(UInt32(truncatingIfNeeded: header.issue), at: Field.issue)
            bytes.store(UInt32(header.client), at: Field.client)
            bytes.store(UInt32(header.step), at: Field.step)
            bytes.store(UInt32(floats), at: Field.floats)
            bytes.store(UInt32(words), at: Field.words)
        }
    }

    /// Opens a message that was received: magic, checksum, kind and length are checked, before anything in it is used.
    ///
    /// - Throws: What is wrong with it.
    /// - Complexity: O(bytes), for the checksum.
    package init(_ buffer: consuming Buffer<UInt8>) throws(UpdateSlot.Defect) {
        let count = buffer.count
        guard count >= Self.headerBytes else { throw .wrongLength(expected: Self.headerBytes, actual: count) }
        (header, floats, words) = try buffer.withSpan(of: UInt8.self, at: 0, count: count) {
            (bytes) throws(UpdateSlot.Defect) in
            func word(_ field: Int) -> UInt32 { bytes.load(UInt32.self, at: field) }
            guard word(Field.magic) == Self.magic else { throw .notAnUpdate(magic: word(Field.magic)) }
            let computed = bytes.checksum(withFieldAt: Field.checksum)
            guard computed == word(Field.checksum) else {
                throw .wrongChecksum(expected: computed, actual: word(Field.checksum))
            }
            guard let kind = Kind(rawValue: word(Field.kind)) else { throw .notAnUpdate(magic: word(Field.kind)) }
            let (floats, words) = (Int(word(Field.floats)), Int(word(Field.words)))
            guard Self.byteCount(floats: floats, words: words) == count else {
                throw .wrongLength(expected: Self.byteCount(floats: floats, words: words), actual: count)
            }
            let header = Header(
                kind: kind, round: RoundID(Int(word(Field.round)), attempt: Int(word(Field.attempt))),
                issue: Int(word(Field.issue)), client: Int(word(Field.client)), step: Int(word(Field.step)))
            return (header, floats, words)
        }
        self.buffer = buffer
    }

    /// Gives the floats to a body; the span is valid during the call only.
    package func withFloats<R: ~Copyable, E: Error>(_ body: (Span<Float>) throws(E) -> R) throws(E) -> R {
        try buffer.withSpan(of: Float.self, at: Self.headerBytes, count: floats, body)
    }

    /// Lets a body write the floats.
    package mutating func withMutableFloats<R: ~Copyable, E: Error>(
        _ body: (inout MutableSpan<Float>) throws(E) -> R
    ) throws(E) -> R {
        try buffer.withMutableSpan(of: Float.self, at: Self.headerBytes, count: floats, body)
    }

    /// Gives the words to a body; the span is valid during the call only.
    package func withWords<R: ~Copyable, E: Error>(_ body: (Span<Int32>) throws(E) -> R) throws(E) -> R {
        try buffer.withSpan(of: Int32.self, at: Self.headerBytes + 4 * floats, count: words, body)
    }

    /// Lets a body write the words.
    package mutating func withMutableWords<R: ~Copyable, E: Error>(
        _ body: (inout MutableSpan<Int32>) throws(E) -> R
    ) throws(E) -> R {
        try buffer.withMutableSpan(of: Int32.self, at: Self.headerBytes + 4 * floats, count: words, body)
    }

    /// The bytes to send, with their checksum.
    ///
    /// - Complexity: O(bytes), without a copy.
    package consuming func sealed() -> Buffer<UInt8> {
        let count = buffer.count
        buffer.withMutableSpan(of: UInt8.self, at: 0, count: count) { bytes in
            bytes.store(bytes.span.checksum(withFieldAt: Field.checksum), at: Field.checksum)
        }
        return buffer
    }
}

extension SplitTrainingMessage {
    /// Refuses features that cannot be trained on. One NaN in a shared server part would spoil it for all clients, and
    /// a label that is no class has no loss.
    ///
    /// - Parameters:
    ///   - step: The step that is due.
    ///   - samples: Samples of that step.
    ///   - width: Floats of a sample.
    ///   - classes: Classes of the model.
    /// - Throws: What is wrong with them.
    /// - Complexity: O(bytes).
    package func checkFeatures(step: Int, samples: Int, width: Int, classes: Int) throws(UpdateSlot.Defect) {
        guard header.step == step, words == samples, floats == samples * width else {
            throw .wrongLength(
                expected: Self.byteCount(floats: samples * width, words: samples),
                actual: Self.byteCount(floats: floats, words: words))
        }
        let areFinite = withFloats { $0.firstNonFinite == nil }
        guard areFinite else { throw .refused(.notFinite) }
        let areLabels = withWords { labels in labels.indices.allSatisfy { 0..<classes ~= Int(labels[$0]) } }
        guard areLabels else { throw .badLabels(classes: classes) }
    }
}

// What a client's messages weigh, on a device of its own.
extension SplitTrainingMessage {
    /// Bytes of an order for one client.
    static func orderBytes(_ split: SplitModel) -> Int { byteCount(floats: split.front.parameterCount, words: 1) }

    /// Bytes of a step's features and labels.
    static func featureBytes(_ split: SplitModel, count: Int) -> Int {
        byteCount(floats: count * split.features, words: count)
    }

    /// Bytes of a step's gradient.
    static func gradientBytes(_ split: SplitModel, count: Int) -> Int {
        byteCount(floats: count * split.features, words: 0)
    }

    /// Bytes of the change of a device's part.
    static func partBytes(_ split: SplitModel) -> Int { byteCount(floats: split.front.parameterCount, words: 0) }
}
