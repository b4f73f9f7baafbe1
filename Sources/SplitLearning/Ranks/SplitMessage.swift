import FedCore
package import Federation
package import MPI
import NeuralNet
import Runtime

/// What crosses between the server and the devices, point to point: a header of 64 bytes, floats, words of 32 bits.
///
/// ```
/// 0  magic "FDMS"   4  kind    8  round   12  attempt   16  issue   20  client   24  step   28  floats   32  words
/// 60 CRC-32C of the whole message, this field as 0      64 floats (Float32), then words (Int32)
/// ```
/// Little-endian. The issue counts how often work was dealt out, so that what belongs to work that was given up is seen as
/// such. docs/SPLIT-TRAINING.md says what each kind holds.
package struct SplitMessage: ~Copyable {
    package enum Kind: UInt32, Sendable {
        /// Down, once a round for each rank: the weights of the devices' part; words: the clients.
        case order = 1
        /// Up: `[samples, features]` in front of the cut; words: the labels.
        case features = 2
        /// Down: the gradient of the loss with respect to the features.
        case gradient = 3
        /// Up, at the turn's end: how the device's part has changed.
        case part = 4
        /// Down: the run is over.
        case end = 5

        /// MPI's tag: one for what goes down, and two for what comes up, so that large parts wait until there is a place for them.
        var tag: Int {
            switch self {
            case .order, .gradient, .end: 1
            case .features: 2
            case .part: 3
            }
        }
    }

    package struct Header: Equatable, Sendable {
        package var kind: Kind
        package var round: RoundID
        package var issue: Int
        package var client: Int
        /// From 0.
        package var step: Int

        package init(kind: Kind, round: RoundID = RoundID(0), issue: Int = 0, client: Int = 0, step: Int = 0) {
            self.kind = kind
            self.round = round
            self.issue = issue
            self.client = client
            self.step = step
        }
    }

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

    private static let magic: UInt32 = 0x534D_4446
    static let headerBytes = 64

    private(set) var buffer: Buffer<UInt8>
    package let header: Header
    package let floats: Int
    package let words: Int

    package static func byteCount(floats: Int, words: Int) -> Int { headerBytes + 4 * (floats + words) }

    /// A message of zeros, to be filled and sealed.
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

    /// A message that has come.
    /// - Throws: what is wrong with it.
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

    package func withFloats<R: ~Copyable, E: Error>(_ body: (Span<Float>) throws(E) -> R) throws(E) -> R {
        try buffer.withSpan(of: Float.self, at: Self.headerBytes, count: floats, body)
    }

    package mutating func withMutableFloats<R: ~Copyable, E: Error>(
        _ body: (inout MutableSpan<Float>) throws(E) -> R
    ) throws(E) -> R {
        try buffer.withMutableSpan(of: Float.self, at: Self.headerBytes, count: floats, body)
    }

    package func withWords<R: ~Copyable, E: Error>(_ body: (Span<Int32>) throws(E) -> R) throws(E) -> R {
        try buffer.withSpan(of: Int32.self, at: Self.headerBytes + 4 * floats, count: words, body)
    }

    package mutating func withMutableWords<R: ~Copyable, E: Error>(
        _ body: (inout MutableSpan<Int32>) throws(E) -> R
    ) throws(E) -> R {
        try buffer.withMutableSpan(of: Int32.self, at: Self.headerBytes + 4 * floats, count: words, body)
    }

    /// The bytes to send, with their checksum. O(bytes)
    package consuming func sealed() -> Buffer<UInt8> {
        let count = buffer.count
        buffer.withMutableSpan(of: UInt8.self, at: 0, count: count) { bytes in
            bytes.store(bytes.span.checksum(withFieldAt: Field.checksum), at: Field.checksum)
        }
        return buffer
    }
}

extension SplitMessage {
    /// Refuses features that cannot be trained on. O(message)
    /// - Parameters:
    ///   - step: that is due.
    ///   - samples: of that step.
    ///   - width: floats of a sample.
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
extension SplitMessage {
    static func orderBytes(_ split: SplitModel) -> Int { byteCount(floats: split.front.parameterCount, words: 1) }

    static func featureBytes(_ split: SplitModel, count: Int) -> Int {
        byteCount(floats: count * split.features, words: count)
    }

    static func gradientBytes(_ split: SplitModel, count: Int) -> Int {
        byteCount(floats: count * split.features, words: 0)
    }

    static func partBytes(_ split: SplitModel) -> Int { byteCount(floats: split.front.parameterCount, words: 0) }
}
