import FedCore

/// The 40 bytes that every message begins with.
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 4 | `FMSA` |
/// | 4 | 4 | kind (``SecureMessageKind``) |
/// | 8 | 16 | the first bytes of the round's identity |
/// | 24 | 4 | the client that sends or receives it |
/// | 28 | 4 | entries of the list that follows, or elements of the vector |
/// | 32 | 4 | CRC-32C of the whole message, taken with zeros here |
/// | 36 | 4 | 0 |
struct MessageHead {
    /// Bytes of a head.
    static let byteCount = 40
    /// Bytes of the round's identity in a head: enough that no other round has the same.
    static let tagBytes = 16
    /// `FMSA`.
    private static let magic: UInt32 = 0x4153_4D46
    private static let checksumPlace = 32

    /// Who sends or receives the message.
    let client: Int
    /// Entries of its list, or elements of its vector.
    let count: Int

    /// Reads and checks the head and the checksum of a message. O(bytes).
    /// - Throws: what is wrong with it.
    init(_ bytes: Span<UInt8>, _ kind: SecureMessageKind, _ round: SecureRound) throws(SecureAggregationError) {
        guard bytes.count >= Self.byteCount, Self.word(bytes, 0) == Self.magic else { throw .notAMessage }
        guard Self.checksum(of: bytes) == Self.word(bytes, Self.checksumPlace), Self.word(bytes, 36) == 0 else {
            throw .damaged
        }
        for i in 0..<Self.tagBytes where bytes[8 + i] != round.identity[i] { throw .otherRound }
        guard Self.word(bytes, 4) == kind.rawValue else {
            throw .wrongKind(expected: kind, actual: Self.word(bytes, 4))
        }
        client = Int(Self.word(bytes, 24))
        count = Int(Self.word(bytes, 28))
        guard client < round.clients else { throw .unexpectedClient(client) }
    }

    /// Begins a message: its head, without the checksum, and room for what follows.
    static func begin(
        _ kind: SecureMessageKind, _ round: SecureRound, client: Int, count: Int, bodyBytes: Int
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + bodyBytes)
        bytes.append(littleEndian: magic)
        bytes.append(littleEndian: kind.rawValue)
        bytes += round.identity[..<tagBytes]
        bytes.append(littleEndian: UInt32(client))
        bytes.append(littleEndian: UInt32(count))
        bytes.append(littleEndian: UInt64(0))
        return bytes
    }

    /// Ends a message: writes the checksum.
    static func seal(_ bytes: inout [UInt8]) {
        let checksum = checksum(of: bytes.span)
        for i in 0..<4 { bytes[checksumPlace + i] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * i)) }
    }

    private static func checksum(of bytes: Span<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes.extracting(..<checksumPlace))
        checksum.update([UInt8](repeating: 0, count: 4).span)
        checksum.update(bytes.extracting((checksumPlace + 4)...))
        return checksum.value
    }

    private static func word(_ bytes: Span<UInt8>, _ place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
    }
}
