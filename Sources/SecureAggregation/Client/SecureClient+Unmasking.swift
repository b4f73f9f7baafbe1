import Cryptography

extension SecureClient {
    /// The fourth message: of each neighbour that has sent its masked vector the share of its seed, of each other the share of its key. O(k).
    ///
    /// The client answers one request. To the same bytes it gives the same answer again; any other is refused, for it could ask for the
    /// other secret of a neighbour.
    /// - Parameter request: who has survived and who has not, as the server says.
    /// - Returns: the message to the server.
    /// - Throws: ``SecureAggregationError``: ``SecureAggregationError/deniedInput`` when the server says that this client has sent
    ///   no vector, ``SecureAggregationError/bothSecrets`` for a second request,
    ///   ``SecureAggregationError/belowThreshold(needed:actual:)`` when too few neighbours are left for the sum to hide anybody, or
    ///   what is wrong with the message. Nothing is revealed then.
    public mutating func unmaskAnswer(to request: [UInt8]) throws(SecureAggregationError) -> [UInt8] {
        guard phase == .masking || phase == .unmasking else { throw .outOfTurn }
        guard phase == .masking || request == answered else { throw .bothSecrets }
        let list = try MessageList(request, .unmaskRequest, round, contentBytes: 4)
        guard list.client == client else { throw .unexpectedClient(list.client) }

        let holdsOwn = round.parameters.isComplete
        let expected = holdsOwn ? (senders + [client]).sorted() : senders
        var wanted: [(client: Int, kind: HeldShares.Kind)] = []
        for entry in list.entries {
            guard let kind = HeldShares.Kind(rawValue: entry.content.word(at: 0)) else { throw .badList }
            guard entry.client != client || kind == .seed else { throw .deniedInput }
            guard holdsOwn || entry.client != client else { throw .unexpectedClient(client) }
            wanted.append((entry.client, kind))
        }
        // A client that is left out may be asked for elsewhere, with either word: every one has to be said.
        guard wanted.map(\.client) == expected else { throw .badList }
        let survivors = wanted.count { $0.kind == .seed }
        let needed = round.parameters.threshold
        guard survivors >= needed else { throw .belowThreshold(needed: needed, actual: survivors) }

        var entries: [(client: Int, content: [UInt8])] = []
        for (owner, kind) in wanted {
            let place = senders.firstIndex(of: owner) ?? senders.count
            var content: [UInt8] = []
            content.append(littleEndian: kind.rawValue)
            for i in kind.places { content.append(held.span[place * HeldShares.byteCount + i]) }
            entries.append((owner, content))
        }
        answered = request
        phase = .unmasking
        return MessageList(client: client, entries: entries).bytes(.unmaskAnswer, round)
    }
}
