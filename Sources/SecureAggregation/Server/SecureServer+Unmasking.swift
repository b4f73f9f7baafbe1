import Cryptography
import FedCore

extension SecureServer {
    /// Which of its neighbours have sent a vector and which have not, as a message to a survivor. O(k).
    /// - Precondition: the third phase has ended.
    public func unmaskRequest(for client: Int) -> [UInt8] {
        precondition(phase == .unmasking, "vectors are still being taken")
        let entries = asked(of: client).map { owner, kind in
            var word: [UInt8] = []
            word.append(littleEndian: kind.rawValue)
            return (client: owner, content: word)
        }
        return MessageList(client: client, entries: entries).bytes(.unmaskRequest, round)
    }

    /// Takes a survivor's shares of others' secrets. O(k).
    /// - Returns: the client.
    /// - Throws: ``SecureAggregationError``, what is wrong with the message.
    @discardableResult
    public mutating func receive(unmaskAnswer bytes: [UInt8]) throws(SecureAggregationError) -> Int {
        guard phase == .unmasking else { throw .outOfTurn }
        let message = try MessageList(bytes, .unmaskAnswer, round, contentBytes: 4 + SecretSharing.shareBytes)
        let client = message.client
        guard records[client].hasSentInput else { throw .unexpectedClient(client) }
        guard !records[client].hasAnswered else { throw .duplicate(client: client) }
        let asked = asked(of: client)
        guard message.entries.count == asked.count else { throw .badList }
        for (entry, (owner, kind)) in zip(message.entries, asked) {
            guard entry.client == owner, entry.content.word(at: 0) == kind.rawValue else { throw .badList }
            guard SecretSharing.isShare(entry.content.span.extracting(4...)) else { throw .badShare(client: owner) }
        }
        for entry in message.entries where records[entry.client].points.count < round.parameters.threshold {
            records[entry.client].points.append(SecureRound.point(of: client))
            records[entry.client].shares += entry.content[4...]
        }
        records[client].hasAnswered = true
        return client
    }

    /// Takes the masks off the sum. O((survivors + dropped · k) · m) bytes of key stream, and an agreement on a curve for each
    /// pair of a dropped client and a surviving neighbour.
    /// - Throws: ``SecureAggregationError/belowThreshold(needed:actual:)`` when too few have answered so far;
    ///   ``SecureAggregationError/inconsistentShares(client:)`` when shares are not those of a secret that the client
    ///   committed itself to. The sum stays masked then.
    public mutating func sum() throws(SecureAggregationError) -> SecureSum {
        guard phase == .unmasking else { throw .outOfTurn }
        var unmasking = Unmasking()
        let survivors = clients(where: \.hasSentInput)
        let dropped = clients { $0.commitment != nil && !$0.hasSentInput }
        for client in survivors { try collectSelfMask(of: client, &unmasking) }
        for client in dropped { try collectPairMasks(of: client, &unmasking) }
        if round.ring.isNarrow {
            var sums = narrow.mutableSpan
            unmasking.apply(to: &sums)
        } else {
            var sums = wide.mutableSpan
            unmasking.apply(to: &sums)
        }
        phase = .done
        return SecureSum(elements: takeElements(), survivors: survivors, dropped: dropped)
    }

    /// The masks that the sum still has.
    private struct Unmasking: ~Copyable {
        /// Keys of masks, 32 bytes each, and whether they were added by their clients.
        var keys: [MaskKey] = []

        /// Takes them off, some at a time.
        mutating func apply<Word: FixedWidthInteger & BitwiseCopyable>(to words: inout MutableSpan<Word>) {
            for start in stride(from: 0, to: keys.count, by: MaskStreams.most) {
                var masks = MaskStreams()
                for key in keys[start..<min(start + MaskStreams.most, keys.count)] {
                    masks.append(key: key.bytes, isSubtracted: key.wasAdded)
                }
                masks.apply(to: &words)
            }
            keys = []
        }
    }

    /// A class, because arrays hold no noncopyable values.
    private final class MaskKey {
        let bytes: SecretBytes
        let wasAdded: Bool

        init(_ bytes: consuming SecretBytes, wasAdded: Bool) {
            self.bytes = bytes
            self.wasAdded = wasAdded
        }
    }

    /// Puts together a survivor's seed, and with it its own mask.
    private func collectSelfMask(
        of client: Int, _ unmasking: inout Unmasking
    ) throws(SecureAggregationError) {
        let seed = try secret(of: client)
        guard SecureClient.commitment(to: seed, of: client, round) == records[client].commitment else {
            throw .inconsistentShares(client: client)
        }
        let key = HKDF.derive(KeyStream.keyBytes, from: seed, info: round.info(.selfMask, client))
        unmasking.keys.append(MaskKey(key, wasAdded: true))
    }

    /// Puts together the key of a client without a vector, and with it the masks that its surviving neighbours have in common with it.
    private func collectPairMasks(
        of client: Int, _ unmasking: inout Unmasking
    ) throws(SecureAggregationError) {
        let neighbours = round.graph.neighbours(of: client).filter { records[$0].hasSentInput }
        guard !neighbours.isEmpty else { return }
        let key = X25519PrivateKey(try secret(of: client))
        guard let keys = records[client].keys, Array(keys[32..<64]) == key.publicKey else {
            throw .inconsistentShares(client: client)
        }
        for neighbour in neighbours {
            guard let theirs = records[neighbour].keys else { preconditionFailure("a survivor without keys") }
            let mask = try key.pairMaskKey(of: client, with: Array(theirs[32..<64]), of: neighbour, round)
            unmasking.keys.append(MaskKey(mask, wasAdded: neighbour < client))
        }
    }

    /// Puts together the one secret of a client that was asked for.
    private func secret(of client: Int) throws(SecureAggregationError) -> SecretBytes {
        let (record, needed) = (records[client], round.parameters.threshold)
        guard record.points.count == needed else {
            throw .belowThreshold(needed: needed, actual: record.points.count)
        }
        guard let secret = SecretSharing.secret(points: record.points, shares: SecretBytes(copying: record.shares))
        else { throw .inconsistentShares(client: client) }
        return secret
    }

    /// What a survivor is asked for: of each neighbour whose shares it keeps, and in a complete graph of itself, one secret; ascending.
    private func asked(of client: Int) -> [(client: Int, kind: HeldShares.Kind)] {
        var owners = records[client].inbox.map(\.client)
        if round.parameters.isComplete { owners = (owners + [client]).sorted() }
        return owners.map { ($0, records[$0].hasSentInput ? .seed : .key) }
    }

    /// The sum as numbers with signs.
    private mutating func takeElements() -> [Int64] {
        defer { (wide, narrow) = ([], []) }
        guard round.ring.bits < 64 else { return wide }
        guard round.ring.isNarrow else { return wide.map { round.ring.sum(of: UInt64(bitPattern: $0)) } }
        return narrow.map { round.ring.sum(of: UInt64($0)) }
    }
}
