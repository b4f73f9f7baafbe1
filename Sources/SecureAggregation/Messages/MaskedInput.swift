import FedCore

/// A masked vector as a message: the head, then its elements as the ring packs them.
enum MaskedInput {
    /// Bytes of a message.
    static func byteCount(_ round: SecureRound) -> Int {
        MessageHead.byteCount + round.ring.packedBytes(count: round.vectorLength)
    }

    /// Makes a message of masked elements. O(elements).
    @inline(__always)
    static func bytes<Word: FixedWidthInteger>(_ elements: Span<Word>, client: Int, _ round: SecureRound) -> [UInt8] {
        let length = round.ring.packedBytes(count: elements.count)
        var bytes = MessageHead.begin(.maskedInput, round, client: client, count: elements.count, bodyBytes: length)
        bytes += repeatElement(0, count: length)
        var whole = bytes.mutableSpan
        var body = whole.part(MessageHead.byteCount...)
        round.ring.pack(elements, into: &body)
        MessageHead.seal(&bytes)
        return bytes
    }

    /// Checks a message. O(bytes).
    /// - Returns: whose it is; behind the head are the elements.
    /// - Throws: what is wrong with it.
    static func check(_ bytes: Span<UInt8>, _ round: SecureRound) throws(SecureAggregationError) -> Int {
        let head = try MessageHead(bytes, .maskedInput, round)
        let expected = byteCount(round)
        guard bytes.count == expected else { throw .wrongLength(expected: expected, actual: bytes.count) }
        guard head.count == round.vectorLength else {
            throw .wrongVector(expected: round.vectorLength, actual: head.count)
        }
        return head.client
    }
}
