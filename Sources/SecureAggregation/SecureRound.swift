import Cryptography

/// What all sides of one secured sum agree on: who takes part, who shares with whom, what is added up.
///
/// A round of training is one such value for each attempt. Everything that is derived for it, each key, each mask, each sealed text, is bound to
/// its ``identity``, so that no two rounds share a seed, and a message of one is refused in every other.
///
/// ```swift
/// let parameters = try SharingParameters(clients: 100, corrupt: 0.05, dropout: 0.33)
/// let round = try SecureRound(
///     run: runID, round: 3, attempt: 1, parameters: parameters, vectorLength: 1_200_000, randomness: beacon)
/// ```
public struct SecureRound: Sendable {
    /// Neighbours of a client, and the threshold.
    public let parameters: SharingParameters
    /// Who is whose neighbour.
    public let graph: SharingGraph
    /// Elements of a client's vector, m.
    public let vectorLength: Int
    /// What elements are added in.
    public let ring: RingFormat
    /// The clients' public keys for signatures, 32 bytes each; none where the server is curious only.
    public let identities: [[UInt8]]
    /// 32 bytes that no other round has: the SHA-256 of all that makes it.
    public let identity: [UInt8]

    /// Clients of the round, n; they are called 0 ..< n here, whatever their numbers in the run.
    public var clients: Int { parameters.clients }

    /// Describes a round. O(n).
    /// - Parameters:
    ///   - run: bytes that tell runs apart; at least as unlikely to come twice as a key.
    ///   - round: the round of training.
    ///   - attempt: counts how often the round was begun. It must be another one whenever a client may send a second vector, for two
    ///     vectors under the same masks reveal their difference.
    ///   - parameters: of the sharing.
    ///   - vectorLength: m, at least 1.
    ///   - ring: ``RingFormat/exact``, or one for `parameters.clients` terms at least.
    ///   - randomness: public bytes that decide who is whose neighbour.
    ///   - identities: of a semi-malicious round, each client's public key; they must come from someone other than the server.
    /// - Throws: ``SecureAggregationError/identities(expected:actual:)``, or
    ///   ``SecureAggregationError/ringTooSmall(valueBits:weightBits:clients:)`` when the ring is for fewer clients.
    public init(
        run: [UInt8], round: Int, attempt: Int, parameters: SharingParameters, vectorLength: Int,
        ring: RingFormat = .exact, randomness: [UInt8], identities: [[UInt8]] = []
    ) throws(SecureAggregationError) {
        precondition((1...Int(UInt32.max)).contains(vectorLength), "a vector of \(vectorLength) elements")
        let signers = parameters.adversary == .semiMaliciousServer ? parameters.clients : 0
        guard identities.count == signers, identities.allSatisfy({ $0.count == SigningKey.byteCount }) else {
            throw .identities(expected: signers, actual: identities.count)
        }
        guard ring == .exact || ring.clients >= parameters.clients else {
            throw .ringTooSmall(valueBits: ring.valueBits, weightBits: ring.weightBits, clients: parameters.clients)
        }
        self.parameters = parameters
        self.vectorLength = vectorLength
        self.ring = ring
        self.identities = identities
        graph = SharingGraph(parameters, randomness: randomness)
        var text = Array("fedmpi secure aggregation 1".utf8)
        // Of what has no fixed length, the length comes first: two rounds never have the same text.
        for part in [run, randomness, identities.flatMap { $0 }] {
            text.append(littleEndian: UInt64(part.count))
            text += part
        }
        let numbers = [
            round, attempt, parameters.clients, parameters.degree, parameters.threshold,
            parameters.adversary == .curiousServer ? 0 : 1, vectorLength, ring.valueBits, ring.weightBits, ring.bits,
        ]
        for number in numbers { text.append(littleEndian: UInt64(bitPattern: Int64(number))) }
        identity = SHA256.hash(text)
    }

    /// What keys are derived for. The raw values are part of the protocol.
    enum Purpose: UInt32 {
        case clientSecret = 1
        case sealingKey = 2
        case maskKey = 3
        case seed = 4
        case coefficients = 5
        case sealing = 6
        case pairMask = 7
        case selfMask = 8
        case commitment = 9
        case signature = 10
        case signingKey = 11
    }

    /// The text that binds a derived key to the round, its purpose, and the one or two clients that it is for.
    func info(_ purpose: Purpose, _ first: Int, _ second: Int = 0) -> [UInt8] {
        Self.info(identity, purpose, first, second)
    }

    /// The text of what a client has for a whole run: zeros are in the place of a round's identity.
    static func runInfo(_ purpose: Purpose, _ client: Int) -> [UInt8] {
        info([UInt8](repeating: 0, count: 32), purpose, client, 0)
    }

    private static func info(_ identity: [UInt8], _ purpose: Purpose, _ first: Int, _ second: Int) -> [UInt8] {
        var info = identity
        info.reserveCapacity(identity.count + 12)
        info.append(littleEndian: purpose.rawValue)
        info.append(littleEndian: UInt32(first))
        info.append(littleEndian: UInt32(second))
        return info
    }

    /// The point at which a client's shares are taken: never 0, where the secret is.
    static func point(of client: Int) -> UInt64 { UInt64(client) + 1 }
}

extension [UInt8] {
    /// Appends a number, the lowest byte first.
    mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
        for i in 0..<Number.bitWidth / 8 { append(UInt8(truncatingIfNeeded: number >> Number(8 * i))) }
    }

    /// The number of 32 bits at a place, the lowest byte first.
    func word(at place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(self[place + $1]) << UInt32(8 * $1) }
    }
}
