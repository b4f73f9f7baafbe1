extension SecureServer {
    /// Takes a client's public keys. O(1).
    /// - Returns: the client.
    /// - Throws: ``SecureAggregationError``, what is wrong with the message.
    @discardableResult
    public mutating func receive(advertisement bytes: [UInt8]) throws(SecureAggregationError) -> Int {
        guard phase == .advertising else { throw .outOfTurn }
        let keyBytes = KeyAdvertisement.byteCount(round)
        let message = try MessageList(bytes, .advertisement, round, prefaceBytes: keyBytes, contentBytes: 0)
        guard message.entries.isEmpty else { throw .badList }
        // The neighbours check it, too: they do not believe the server.
        let keys = try KeyAdvertisement(client: message.client, message.preface, round)
        guard records[message.client].keys == nil else { throw .duplicate(client: message.client) }
        records[message.client].keys = keys.content
        return message.client
    }

    /// Ends the first phase.
    /// - Returns: the clients that get a list of keys: those that have advertised keys and have enough neighbours that did.
    /// - Throws: ``SecureAggregationError/belowThreshold(needed:actual:)`` when nobody has; the server still waits for keys then.
    public mutating func endAdvertising() throws(SecureAggregationError) -> [Int] {
        guard phase == .advertising else { throw .outOfTurn }
        let members = try enough(clients { $0.keys != nil })
        for client in Set(records.indices).subtracting(members) { records[client].keys = nil }
        phase = .sharing
        return members
    }

    /// The keys of a client's neighbours, as a message to it. O(k log k).
    /// - Precondition: the first phase has ended.
    public func keyList(for client: Int) -> [UInt8] {
        precondition(phase != .advertising, "keys are still being advertised")
        let entries = round.graph.neighbours(of: client).compactMap { neighbour in
            records[neighbour].keys.map { (client: neighbour, content: $0) }
        }
        return MessageList(client: client, entries: entries).bytes(.keyList, round)
    }

    /// Takes a client's sealed shares. O(k).
    /// - Returns: the client.
    /// - Throws: ``SecureAggregationError``, what is wrong with the message.
    @discardableResult
    public mutating func receive(keyShares bytes: [UInt8]) throws(SecureAggregationError) -> Int {
        guard phase == .sharing else { throw .outOfTurn }
        let message = try MessageList(
            bytes, .keyShares, round, prefaceBytes: 32, contentBytes: HeldShares.sealedBytes)
        let client = message.client
        guard records[client].keys != nil else { throw .unexpectedClient(client) }
        guard records[client].commitment == nil else { throw .duplicate(client: client) }
        let receivers = round.graph.neighbours(of: client).filter { records[$0].keys != nil }
        guard message.entries.map(\.client) == receivers else { throw .badList }
        records[client].commitment = message.preface
        for entry in message.entries { records[entry.client].inbox.append((client, entry.content)) }
        return client
    }

    /// Ends the second phase.
    /// - Returns: the clients that get others' shares: those that have sent shares and have enough neighbours that did.
    /// - Throws: ``SecureAggregationError/belowThreshold(needed:actual:)`` when nobody has; the server still waits for shares
    ///   then.
    public mutating func endSharing() throws(SecureAggregationError) -> [Int] {
        guard phase == .sharing else { throw .outOfTurn }
        let members = try enough(clients { $0.commitment != nil })
        var isMember = [Bool](repeating: false, count: round.clients)
        for client in members { isMember[client] = true }
        for client in records.indices {
            if !isMember[client] { records[client].commitment = nil }
            records[client].inbox.removeAll { !isMember[$0.client] || !isMember[client] }
            records[client].inbox.sort { $0.client < $1.client }
        }
        phase = .input
        return members
    }

    /// The neighbours' sealed shares for a client, as a message to it. O(k).
    /// - Precondition: the second phase has ended, and the third has not.
    public func shareInbox(for client: Int) -> [UInt8] {
        precondition(phase == .input, "there are no shares to hand on")
        return MessageList(client: client, entries: records[client].inbox).bytes(.shareInbox, round)
    }

    /// Those of some clients with enough neighbours among them, if there are any.
    private func enough(_ candidates: [Int]) throws(SecureAggregationError) -> [Int] {
        let members = connected(candidates)
        guard !members.isEmpty else {
            throw .belowThreshold(needed: round.parameters.neededNeighbours + 1, actual: candidates.count)
        }
        return members
    }
}
