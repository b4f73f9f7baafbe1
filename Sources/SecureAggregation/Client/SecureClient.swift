public import Cryptography

/// One client's side of one secured sum: four messages to the server, in the order in which they are declared.
///
/// ```swift
/// var client = SecureClient(round: round, client: 17, secret: secret)
/// send(client.advertisement())
/// send(try client.keyShares(answering: keyList))
/// send(try client.maskedInput(vector, inbox: inbox))
/// send(try client.unmaskAnswer(to: request))
/// ```
///
/// Whatever the server asks for, a client reveals one of its two secrets at most, by its neighbours' shares: the seed of its own mask if
/// its vector counts, the key of the masks in common with others if not. Each is worthless without the other.
///
/// All of a client's keys, seeds and coefficients follow from one secret, so that the client can be made again, on another
/// rank, from this secret and the messages that it received (``secret(master:round:client:)``). Its vector must then
/// be the same; for another one the round takes a new attempt.
///
/// K. Bonawitz et al., *Practical Secure Aggregation for Privacy-Preserving Machine Learning*, CCS 2017; J. Bell et al., *Secure
/// Single-Server Aggregation with (Poly)Logarithmic Overhead*, CCS 2020.
public struct SecureClient: ~Copyable {
    /// Bytes of a client's secret.
    public static let secretBytes = 32

    /// How far the client is.
    enum Phase {
        case advertising, sharing, masking, unmasking
    }

    /// Whether the client has shared its secrets and masked no vector yet.
    public var canMask: Bool { phase == .sharing }

    /// The sum that it takes part in.
    public let round: SecureRound
    /// Its number in the round.
    public let client: Int

    /// The key of the agreements with which shares are sealed. Nobody ever gets a share of it.
    let sealingKey: X25519PrivateKey
    /// The key of the agreements that make masks in common.
    let maskKey: X25519PrivateKey
    /// The private half of `maskKey`, of which others get shares.
    let maskKeyBytes: SecretBytes
    /// The seed of the client's own mask.
    let seed: SecretBytes
    /// The key of the stream that the coefficients of its shares come from.
    let coefficientKey: SecretBytes

    /// What the client does next; a message of another phase is refused.
    var phase = Phase.advertising
    /// The neighbours that have advertised keys, ascending.
    var peers: [KeyAdvertisement] = []
    /// What was agreed on with each peer for sealing, 32 bytes each.
    var agreed = SecretBytes(zeros: 0)
    /// The peers whose shares this client keeps, ascending.
    var senders: [Int] = []
    /// Their shares, 80 bytes each; in a complete graph the client's own come last.
    var held = SecretBytes(zeros: 0)
    /// The client's own shares, in a complete graph.
    var ownShares = SecretBytes(zeros: 0)
    /// The request that was answered.
    var answered: [UInt8] = []

    /// Makes a client. Two multiplications on a curve, some 0.1 ms.
    /// - Parameters:
    ///   - round: the sum.
    ///   - client: its number, 0 ..< n.
    ///   - secret: 32 bytes. A deployment draws them for each round and each attempt (`SecretBytes.random`) and keeps them on the
    ///     device; a simulation derives them (``secret(master:round:client:)``).
    public init(round: SecureRound, client: Int, secret: borrowing SecretBytes) {
        precondition((0..<round.clients).contains(client), "client \(client) of \(round.clients)")
        precondition(secret.count == Self.secretBytes, "a client's secret of \(secret.count) bytes")
        self.round = round
        self.client = client
        sealingKey = X25519PrivateKey(HKDF.derive(32, from: secret, info: round.info(.sealingKey, client)))
        maskKeyBytes = HKDF.derive(32, from: secret, info: round.info(.maskKey, client))
        maskKey = X25519PrivateKey(maskKeyBytes)
        seed = HKDF.derive(SecretSharing.secretBytes, from: secret, info: round.info(.seed, client))
        coefficientKey = HKDF.derive(KeyStream.keyBytes, from: secret, info: round.info(.coefficients, client))
    }

    /// The secret of a client in a simulation: it follows from a secret of the run, so that whichever rank takes over the client makes the
    /// same one.
    ///
    /// This is for one operator who owns all ranks and could look at every update anyway; there, secure aggregation shows what
    /// it costs and that the sum is right. Who has the master secret can unmask every client.
    /// - Parameters:
    ///   - master: 32 bytes or more, for the run.
    ///   - round: bound in by its identity, so that every round and attempt has other secrets.
    ///   - client: its number in the round.
    public static func secret(master: borrowing SecretBytes, round: SecureRound, client: Int) -> SecretBytes {
        HKDF.derive(secretBytes, from: master, info: round.info(.clientSecret, client))
    }

    /// The key of a client's signatures in a simulation. It follows from the secret of the run, too, and is the same in all rounds, as
    /// the key that a device is known by is.
    /// - Parameter client: its number in the run.
    public static func signingKey(master: borrowing SecretBytes, client: Int) -> SigningKey {
        SigningKey(HKDF.derive(SigningKey.byteCount, from: master, info: SecureRound.runInfo(.signingKey, client)))
    }

    /// The first message: the client's public keys. The same at every call.
    /// - Precondition: the round is against a curious server only; else keys are signed.
    public borrowing func advertisement() -> [UInt8] {
        precondition(round.identities.isEmpty, "keys have to be signed in this round")
        return advertisement(signature: [])
    }

    /// The first message with the client's signature, against a server that may lie.
    /// - Parameter key: the private half of the client's entry in the round's `identities`.
    /// - Precondition: the round has identities, and the key is this client's.
    public borrowing func advertisement(signedBy key: borrowing SigningKey) -> [UInt8] {
        precondition(
            !round.identities.isEmpty && round.identities[client] == key.publicKey, "the key is not client \(client)'s")
        let text = KeyAdvertisement.signedText(client, sealingKey.publicKey, maskKey.publicKey, round)
        return advertisement(signature: key.signature(of: text))
    }

    private borrowing func advertisement(signature: [UInt8]) -> [UInt8] {
        let keys = KeyAdvertisement(
            client: client, sealingKey: sealingKey.publicKey, maskKey: maskKey.publicKey, signature: signature)
        return MessageList(client: client, preface: keys.content, entries: []).bytes(.advertisement, round)
    }
}
