import Cryptography

/// A client's public keys of a round: 32 bytes for sealing shares, 32 for masks, and, where the server may lie, the client's signature of both,
/// 64 bytes.
struct KeyAdvertisement {
    /// Whose keys they are.
    let client: Int
    /// Public key for what is sealed for the client or by it.
    let sealingKey: [UInt8]
    /// Public key for masks in common.
    let maskKey: [UInt8]
    /// Empty where the server is curious only.
    private let signature: [UInt8]

    /// Bytes of the keys and the signature.
    static func byteCount(_ round: SecureRound) -> Int {
        2 * X25519PrivateKey.byteCount + (round.identities.isEmpty ? 0 : SigningKey.signatureBytes)
    }

    /// The keys and the signature, as they stand in messages.
    var content: [UInt8] { sealingKey + maskKey + signature }

    /// Takes a client's own keys.
    init(client: Int, sealingKey: [UInt8], maskKey: [UInt8], signature: [UInt8]) {
        (self.client, self.sealingKey, self.maskKey, self.signature) = (client, sealingKey, maskKey, signature)
    }

    /// Reads what another client has advertised.
    /// - Parameter content: as many bytes as ``byteCount(_:)`` says.
    /// - Throws: ``SecureAggregationError/badKey(client:)`` when both keys are the same;
    ///   ``SecureAggregationError/badSignature(client:)``.
    init(client: Int, _ content: [UInt8], _ round: SecureRound) throws(SecureAggregationError) {
        self.client = client
        sealingKey = Array(content[..<32])
        maskKey = Array(content[32..<64])
        signature = Array(content[64...])
        guard sealingKey != maskKey else { throw .badKey(client: client) }
        guard !round.identities.isEmpty else { return }
        let text = Self.signedText(client, sealingKey, maskKey, round)
        guard SigningKey.isValid(signature, of: text, by: round.identities[client]) else {
            throw .badSignature(client: client)
        }
    }

    /// What a client signs: its keys, for this round alone.
    static func signedText(
        _ client: Int, _ sealingKey: [UInt8], _ maskKey: [UInt8], _ round: SecureRound
    ) -> [UInt8] {
        round.info(.signature, client) + sealingKey + maskKey
    }
}
