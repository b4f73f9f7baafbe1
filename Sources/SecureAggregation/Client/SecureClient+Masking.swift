import Cryptography
import FedCore

extension SecureClient {
    /// The third message: the client's vector under its own mask and one mask in common with each neighbour that has sent shares. O(k
    /// · m) bytes of key stream, and an agreement on a curve for each neighbour.
    /// - Parameters:
    ///   - vector: `[m]`, words as `ExactSum` adds them, or elements of a ring of more than 32 bits.
    ///   - inbox: the sealed shares that the server hands on.
    /// - Returns: the message to the server.
    /// - Throws: ``SecureAggregationError``: what is wrong with the inbox or the vector's length. The client is then as it was
    ///   before.
    public mutating func maskedInput(_ vector: consuming [Int64], inbox: [UInt8]) throws(SecureAggregationError)
        -> [UInt8]
    {
        var words = vector
        var span = words.mutableSpan
        try mask(&span, inbox: inbox)
        return MaskedInput.bytes(words.span, client: client, round)
    }

    /// The third message, of elements of a ring of 32 bits or fewer.
    public mutating func maskedInput(_ vector: consuming [UInt32], inbox: [UInt8]) throws(SecureAggregationError)
        -> [UInt8]
    {
        var words = vector
        var span = words.mutableSpan
        try mask(&span, inbox: inbox)
        return MaskedInput.bytes(words.span, client: client, round)
    }

    /// Masks a vector in place, for messages of another format than this protocol's, such as partial sums of a rank. Where a ring
    /// has fewer bits than a word, only these matter.
    /// - Throws: as ``maskedInput(_:inbox:)``; the vector is then as it was before.
    public mutating func mask(
        _ words: inout MutableSpan<Int64>, inbox: [UInt8]
    ) throws(SecureAggregationError) {
        guard !round.ring.isNarrow else { throw .wrongVector(expected: round.vectorLength, actual: 0) }
        try maskWords(&words, inbox)
    }

    /// The same for a ring of 32 bits or fewer.
    public mutating func mask(
        _ words: inout MutableSpan<UInt32>, inbox: [UInt8]
    ) throws(SecureAggregationError) {
        guard round.ring.isNarrow else { throw .wrongVector(expected: round.vectorLength, actual: 0) }
        try maskWords(&words, inbox)
    }

    /// Brings a client that was made again to where it was when its vector had been sent: it keeps its neighbours' shares and answers a
    /// request next. O(k), without a mask.
    ///
    /// What the client had answered before is not known any more: whoever makes it again has to know that it has not answered.
    /// - Parameter inbox: the message that the vector was masked by.
    /// - Throws: ``SecureAggregationError``: what is wrong with the inbox.
    public mutating func rejoin(inbox: [UInt8]) throws(SecureAggregationError) {
        guard phase == .sharing else { throw .outOfTurn }
        senders = try readInbox(inbox).sorted()
        phase = .masking
    }

    /// The third phase, for words of either size.
    @inline(__always)
    private mutating func maskWords<Word: FixedWidthInteger & BitwiseCopyable>(
        _ words: inout MutableSpan<Word>, _ inbox: [UInt8]
    ) throws(SecureAggregationError) {
        guard phase == .sharing else { throw .outOfTurn }
        guard words.count == round.vectorLength else {
            throw .wrongVector(expected: round.vectorLength, actual: words.count)
        }
        let senders = try readInbox(inbox)
        var masks = MaskStreams()
        masks.append(
            key: HKDF.derive(KeyStream.keyBytes, from: seed, info: round.info(.selfMask, client)), isSubtracted: false)
        for peer in peers where senders.contains(peer.client) {
            // All that can be refused is refused before the first word is changed.
            let key = try maskKey.pairMaskKey(of: client, with: peer.maskKey, of: peer.client, round)
            masks.append(key: key, isSubtracted: client > peer.client)
        }
        masks.apply(to: &words)
        self.senders = senders.sorted()
        phase = .masking
    }

    /// Opens the shares of an inbox, to keep them.
    private mutating func readInbox(_ inbox: [UInt8]) throws(SecureAggregationError) -> Set<Int> {
        let list = try MessageList(inbox, .shareInbox, round, contentBytes: HeldShares.sealedBytes)
        guard list.client == client else { throw .unexpectedClient(list.client) }
        let needed = round.parameters.neededNeighbours
        guard list.entries.count >= needed else { throw .belowThreshold(needed: needed, actual: list.entries.count) }
        var places: [Int: Int] = [:]
        for (place, peer) in peers.enumerated() { places[peer.client] = place }
        var shares = SecretBytes(zeros: (list.entries.count + 1) * HeldShares.byteCount)
        for (i, entry) in list.entries.enumerated() {
            guard let place = places[entry.client] else { throw .unexpectedClient(entry.client) }
            let opened = try HeldShares.open(
                entry.content, agreed: agreed.part(32 * place..<32 * place + 32), from: entry.client, to: client, round)
            Self.keep(opened, at: i, in: &shares)
        }
        Self.keep(ownShares, at: list.entries.count, in: &shares)
        held = shares
        return Set(list.entries.map(\.client))
    }

    /// Copies a peer's shares to their place among all.
    private static func keep(_ shares: borrowing SecretBytes, at place: Int, in all: inout SecretBytes) {
        var bytes = all.mutableSpan
        for i in 0..<HeldShares.byteCount { bytes[place * HeldShares.byteCount + i] = shares.span[i] }
    }
}

extension X25519PrivateKey {
    /// The key of the mask that two clients have in common. The one with the lower number adds it, the other subtracts it.
    /// - Parameters:
    ///   - owner: whose private key this is.
    ///   - peer: the other's public key.
    ///   - other: the other's number.
    /// - Throws: ``SecureAggregationError/badKey(client:)``.
    func pairMaskKey(
        of owner: Int, with peer: [UInt8], of other: Int, _ round: SecureRound
    ) throws(SecureAggregationError) -> SecretBytes {
        let info = round.info(.pairMask, min(owner, other), max(owner, other))
        return HKDF.derive(KeyStream.keyBytes, from: try agreement(with: peer, of: other), info: info)
    }
}
