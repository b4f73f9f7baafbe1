import FedCore
import Runtime
import SecureAggregation

/// What the server tells one client in a phase of secure aggregation, with what it has told it in the phases before, so that a rank
/// which takes the client over can make it again.
///
/// ```
/// 0   clients of the cohort   4   the client's place among them   8   the sum's nonce, 32 bytes
/// 40  lengths of what follows (UInt32 each; 0 for what is still to come)   56  list of keys │ sealed shares │ request │ ranges │ cohort
/// ```
///
/// Little-endian. The cohort, its clients' numbers in the run (UInt32 each), is there where keys are signed: by them a client knows whose they
/// must be. Ranges are the exponents by which values are rounded, a byte for each tensor. The messages are those of
/// docs/SECURE-AGGREGATION.md.
struct SecureLetter {
    /// Bytes of a sum's nonce.
    static let nonceBytes = 32
    private static let headBytes = 56

    /// Clients of the cohort.
    var clients: Int
    /// The client's place in it, ascending by number.
    var place: Int
    /// What the server has drawn for this sum.
    var nonce: [UInt8]
    /// The neighbours' public keys.
    var keyList: [UInt8] = []
    /// The neighbours' sealed shares.
    var inbox: [UInt8] = []
    /// Which neighbours have sent a vector.
    var request: [UInt8] = []
    /// By what values are rounded; empty for exact sums.
    var ranges: [UInt8] = []
    /// The cohort's clients, ascending; empty where keys are not signed.
    var cohort: [Int] = []

    /// A letter that says who the client is.
    init(clients: Int, place: Int, nonce: [UInt8]) {
        (self.clients, self.place, self.nonce) = (clients, place, nonce)
    }

    /// Reads a letter.
    /// - Throws: `SecureAggregationError.notAMessage` when it is cut off, or names a place that there is not.
    init(_ bytes: [UInt8]) throws(SecureAggregationError) {
        guard bytes.count >= Self.headBytes else { throw .notAMessage }
        let words = bytes.span
        func word(_ place: Int) -> Int { Int(words.load(UInt32.self, at: place)) }
        let lengths = [word(40), word(44), word(48), word(52)]
        let cohortBytes = bytes.count - lengths.reduce(Self.headBytes, +)
        guard cohortBytes == 0 || cohortBytes == 4 * word(0), word(4) < word(0) else { throw .notAMessage }
        self.init(clients: word(0), place: word(4), nonce: Array(bytes[8..<8 + Self.nonceBytes]))
        var rest = bytes[Self.headBytes...]
        func next(_ length: Int) -> [UInt8] {
            defer { rest = rest.dropFirst(length) }
            return Array(rest.prefix(length))
        }
        (keyList, inbox) = (next(lengths[0]), next(lengths[1]))
        (request, ranges) = (next(lengths[2]), next(lengths[3]))
        cohort = stride(from: bytes.count - cohortBytes, to: bytes.count, by: 4).map(word)
    }

    /// The letter as it crosses.
    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.headBytes)
        var head = bytes.mutableSpan
        head.store(UInt32(clients), at: 0)
        head.store(UInt32(place), at: 4)
        for i in nonce.indices { head[8 + i] = nonce[i] }
        head.store(UInt32(keyList.count), at: 40)
        head.store(UInt32(inbox.count), at: 44)
        head.store(UInt32(request.count), at: 48)
        head.store(UInt32(ranges.count), at: 52)
        bytes += keyList + inbox + request + ranges
        for client in cohort { bytes += (0..<4).map { UInt8(truncatingIfNeeded: client >> (8 * $0)) } }
        return bytes
    }
}

/// A message of a client as it lies in the slot of an answer: its length (UInt32), then its bytes.
enum SecureAnswer {
    /// Layout of an answer with a message of so many bytes at most.
    static func format(bytes: Int) -> AnswerFormat {
        AnswerFormat(updateFloats: (bytes + 7) / 4, code: .masked)
    }

    /// Writes a message; zeros behind it.
    static func write(_ message: [UInt8], to slot: inout MutableSpan<Float>) {
        slot.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt32(message.count).littleEndian, as: UInt32.self)
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[4...])
            rest.copyBytes(from: message)
            UnsafeMutableRawBufferPointer(rebasing: rest[message.count...]).initializeMemory(
                as: UInt8.self, repeating: 0)
        }
    }

    /// Reads a message; nil when its length is not one of the slot.
    static func message(in slot: Span<Float>) -> [UInt8]? {
        slot.withUnsafeBytes { bytes in
            guard bytes.count >= 4 else { return nil }
            let count = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
            guard count <= bytes.count - 4 else { return nil }
            return Array(bytes[4..<4 + count])
        }
    }
}

extension MutableSpan where Element == Float {
    /// Gives the memory to `body` as words of 64 bits, of which a masked vector consists.
    mutating func withWords<R, E: Error>(
        _ count: Int, _ body: (inout MutableSpan<Int64>) throws(E) -> R
    ) throws(E) -> R {
        precondition(2 * count <= self.count, "\(count) words in \(self.count) floats")
        return try withUnsafeMutableBufferPointer { floats throws(E) in
            guard let start = UnsafeMutableRawPointer(floats.baseAddress) else { preconditionFailure("no memory") }
            var words = MutableSpan<Int64>(_unsafeStart: start.assumingMemoryBound(to: Int64.self), count: count)
            return try body(&words)
        }
    }
}

extension Span where Element == Float {
    /// Gives the memory to `body` as words of 64 bits, of which a masked vector consists.
    func withWords<R, E: Error>(_ count: Int, _ body: (Span<Int64>) throws(E) -> R) throws(E) -> R {
        precondition(2 * count <= self.count, "\(count) words in \(self.count) floats")
        return try withUnsafeBufferPointer { floats throws(E) in
            guard let start = UnsafeRawPointer(floats.baseAddress) else { preconditionFailure("no memory") }
            return try body(Span<Int64>(_unsafeStart: start.assumingMemoryBound(to: Int64.self), count: count))
        }
    }
}
