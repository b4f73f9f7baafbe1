import Cryptography
import FedCore

extension SecureClient {
    /// The second message: shares of both secrets for each neighbour, sealed so that the server can hand them on but not read
    /// them, and a commitment to the seed. O(k · (t + k)) and one agreement on a curve for each neighbour.
    /// - Parameter keyList: what the server says the neighbours have advertised.
    /// - Returns: the message to the server.
    /// - Throws: ``SecureAggregationError``: what is wrong with the list. The client is then as it was before, and can take
    ///   a better one.
    public mutating func keyShares(answering keyList: [UInt8]) throws(SecureAggregationError) -> [UInt8] {
        guard phase == .advertising else { throw .outOfTurn }
        let peers = try readPeers(keyList)
        let agreed = try agree(with: peers)
        var random = KeyStream(key: coefficientKey)
        let threshold = round.parameters.threshold
        let seedSharing = SecretSharing(of: seed, threshold: threshold, random: &random)
        let keySharing = SecretSharing(of: maskKeyBytes, threshold: threshold, random: &random)

        func shares(for holder: Int) -> SecretBytes {
            var shares = SecretBytes(zeros: HeldShares.byteCount)
            var bytes = shares.mutableSpan
            bytes.split(at: SecretSharing.shareBytes) { front, rear in
                seedSharing.write(at: SecureRound.point(of: holder), into: &front)
                keySharing.write(at: SecureRound.point(of: holder), into: &rear)
            }
            return shares
        }
        var entries: [(client: Int, content: [UInt8])] = []
        for (i, peer) in peers.enumerated() {
            let content = shares(for: peer.client)
            let secret = agreed.part(32 * i..<32 * i + 32)
            let sealed = HeldShares.seal(content.span, agreed: secret, from: client, to: peer.client, round)
            entries.append((peer.client, sealed))
        }
        ownShares = shares(for: client)
        self.peers = peers
        self.agreed = agreed
        phase = .sharing
        let commitment = Self.commitment(to: seed, of: client, round)
        return MessageList(client: client, preface: commitment, entries: entries).bytes(.keyShares, round)
    }

    /// 32 bytes that a seed is recognised by when it is put together from shares, and that tell nothing about it.
    static func commitment(to seed: borrowing SecretBytes, of client: Int, _ round: SecureRound) -> [UInt8] {
        let bytes = HKDF.derive(32, from: seed, info: round.info(.commitment, client))
        return bytes.span.indices.map { bytes.span[$0] }
    }

    /// The neighbours of a list, if it is one that an honest server may send.
    private func readPeers(_ keyList: [UInt8]) throws(SecureAggregationError) -> [KeyAdvertisement] {
        let list = try MessageList(keyList, .keyList, round, contentBytes: KeyAdvertisement.byteCount(round))
        guard list.client == client else { throw .unexpectedClient(list.client) }
        var peers: [KeyAdvertisement] = []
        var keys: Set = [sealingKey.publicKey, maskKey.publicKey]
        for entry in list.entries {
            guard round.graph.areNeighbours(client, entry.client) else { throw .unexpectedClient(entry.client) }
            let peer = try KeyAdvertisement(client: entry.client, entry.content, round)
            // A key that is there twice is that of one client under two names.
            guard keys.insert(peer.sealingKey).inserted, keys.insert(peer.maskKey).inserted else {
                throw .badKey(client: entry.client)
            }
            peers.append(peer)
        }
        let needed = round.parameters.neededNeighbours
        guard peers.count >= needed else { throw .belowThreshold(needed: needed, actual: peers.count) }
        return peers
    }

    /// What is agreed on with each peer, one behind the other, 32 bytes each.
    private func agree(with peers: [KeyAdvertisement]) throws(SecureAggregationError) -> SecretBytes {
        var agreed = SecretBytes(zeros: 32 * peers.count)
        for (i, peer) in peers.enumerated() {
            let secret = try sealingKey.agreement(with: peer.sealingKey, of: peer.client)
            var bytes = agreed.mutableSpan
            for j in 0..<32 { bytes[32 * i + j] = secret.span[j] }
        }
        return agreed
    }
}

extension X25519PrivateKey {
    /// What this key's owner and a client agree on.
    /// - Throws: ``SecureAggregationError/badKey(client:)``.
    func agreement(with peer: [UInt8], of client: Int) throws(SecureAggregationError) -> SecretBytes {
        do throws(CryptographyError) {
            return try agreement(with: peer)
        } catch {
            throw .badKey(client: client)
        }
    }
}
