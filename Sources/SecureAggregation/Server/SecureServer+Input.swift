import FedCore

extension SecureServer {
    /// Takes a client's masked vector and adds it to the sum. O(m), no copy.
    /// - Returns: the client.
    /// - Throws: ``SecureAggregationError``, what is wrong with the message.
    @discardableResult
    public mutating func receive(maskedInput bytes: Span<UInt8>) throws(SecureAggregationError) -> Int {
        guard phase == .input else { throw .outOfTurn }
        let client = try MaskedInput.check(bytes, round)
        try note([client])
        let (body, ring) = (bytes.extracting(MessageHead.byteCount...), round.ring)
        if ring.isNarrow {
            var sums = narrow.mutableSpan
            ring.addPacked(body, to: &sums)
        } else {
            var sums = wide.mutableSpan
            ring.addPacked(body, to: &sums)
        }
        return client
    }

    /// Adds masked vectors that came in another format: one, or the sum of several, such as a rank's partial sum. O(m).
    /// - Parameters:
    ///   - masked: `[m]`, what `SecureClient.mask` left; of several clients, their sum with wrap-around.
    ///   - clients: whose they are, each once.
    /// - Throws: ``SecureAggregationError``, why it is not added.
    public mutating func add(masked: Span<Int64>, from clients: [Int]) throws(SecureAggregationError) {
        guard phase == .input else { throw .outOfTurn }
        guard masked.count == wide.count else { throw .wrongVector(expected: wide.count, actual: masked.count) }
        try note(clients)
        var sums = wide.mutableSpan
        for i in 0..<masked.count { sums[unchecked: i] &+= masked[unchecked: i] }
    }

    /// The same for a ring of 32 bits or fewer.
    public mutating func add(masked: Span<UInt32>, from clients: [Int]) throws(SecureAggregationError) {
        guard phase == .input else { throw .outOfTurn }
        guard masked.count == narrow.count else { throw .wrongVector(expected: narrow.count, actual: masked.count) }
        try note(clients)
        var sums = narrow.mutableSpan
        for i in 0..<masked.count { sums[unchecked: i] &+= masked[unchecked: i] }
    }

    /// Ends the third phase: from here on nobody's vector is taken, and nobody else's is asked for.
    /// - Returns: the survivors, ascending; each gets a request to unmask.
    /// - Throws: ``SecureAggregationError/belowThreshold(needed:actual:)`` when too few are left to unmask the sum, or
    ///   ``SecureAggregationError/disconnected`` when it would consist of sums that are seen apart; the server still waits for vectors then, and
    ///   nothing has been revealed.
    public mutating func endInput() throws(SecureAggregationError) -> [Int] {
        guard phase == .input else { throw .outOfTurn }
        let survivors = clients(where: \.hasSentInput)
        let needed = round.parameters.threshold
        // In a complete graph that also keeps single vectors from being unmasked: the threshold is 2 at least.
        guard survivors.count >= needed else { throw .belowThreshold(needed: needed, actual: survivors.count) }
        var isLeft = [Bool](repeating: false, count: round.clients)
        for client in survivors { isLeft[client] = true }
        for (client, record) in records.enumerated() where record.commitment != nil {
            let neighbours = neighbours(of: client, among: isLeft, all: survivors.count)
            // A client without a vector has masks in common with its neighbours only.
            guard record.hasSentInput || neighbours > 0 else { continue }
            let holders = neighbours + (round.parameters.isComplete && record.hasSentInput ? 1 : 0)
            guard holders >= needed else { throw .belowThreshold(needed: needed, actual: holders) }
        }
        guard round.graph.areConnected(survivors) else { throw .disconnected }
        phase = .unmasking
        return survivors
    }

    /// Notes that clients have sent vectors.
    private mutating func note(_ clients: [Int]) throws(SecureAggregationError) {
        guard !clients.isEmpty else { throw .badList }
        var seen: Set<Int> = []
        for client in clients {
            guard records.indices.contains(client), records[client].commitment != nil else {
                throw .unexpectedClient(client)
            }
            guard !records[client].hasSentInput, seen.insert(client).inserted else { throw .duplicate(client: client) }
        }
        for client in clients { records[client].hasSentInput = true }
    }
}
