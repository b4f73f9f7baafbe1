/// Why a secure aggregation refuses parameters, a message or a sum. Each is one line, and none says anything about a secret.
public enum SecureAggregationError: Error, Equatable, CustomStringConvertible {
    // Parameters.
    /// There is no sum to hide a client in.
    case tooFewClients(Int)
    /// No degree and threshold are secure and succeed under these assumptions.
    case infeasible(clients: Int, corrupt: Double, dropout: Double)
    /// No graph or no sharing has these parameters.
    case badParameters(clients: Int, degree: Int, threshold: Int)
    /// A sum does not fit into a ring of 64 bits, or a part has no bits.
    case ringTooSmall(valueBits: Int, weightBits: Int, clients: Int)
    /// A weight is not in 1 … 2^(weight bits).
    case badWeight(Int, most: Int)
    /// A value to be rounded is NaN or infinite.
    case notFinite(index: Int)
    /// A vector has another length than the round's, or words of another size than the ring's.
    case wrongVector(expected: Int, actual: Int)
    /// A semi-malicious server was assumed, and there is not one public key for each client.
    case identities(expected: Int, actual: Int)

    // Bytes.
    /// The bytes are no message of this protocol, or cut off.
    case notAMessage
    /// It is a message of another phase.
    case wrongKind(expected: SecureMessageKind, actual: UInt32)
    /// The length is not what the message's head says.
    case wrongLength(expected: Int, actual: Int)
    /// The checksum does not fit.
    case damaged
    /// It belongs to another run, round or attempt, or to one with other parameters.
    case otherRound
    /// It is from, for or about a client that this round does not have, or that has no part in this phase.
    case unexpectedClient(Int)
    /// Clients are not listed in ascending order, each once, or a word of the list is none of those allowed.
    case badList
    /// A share is no element of the field.
    case badShare(client: Int)

    // Protocol.
    /// The client or the server is in another phase.
    case outOfTurn
    /// The client has sent this before.
    case duplicate(client: Int)
    /// A client's public keys are unfit: points of small order, or keys that appear twice.
    case badKey(client: Int)
    /// A client's keys are not signed by it.
    case badSignature(client: Int)
    /// A client's sealed shares cannot be opened.
    case sealedShares(client: Int)
    /// The server says that this client dropped out, which it did not: with its answer both its secrets would be known.
    case deniedInput
    /// The server asks for another secret of a client than before.
    case bothSecrets
    /// Fewer clients are left than a secret needs.
    case belowThreshold(needed: Int, actual: Int)
    /// The clients that are left are not connected: the sum of a part of them would be seen.
    case disconnected
    /// Shares of a client's secret do not give what it committed itself to.
    case inconsistentShares(client: Int)

    /// The reason on one line.
    public var description: String {
        switch self {
        case .tooFewClients(let clients): "secure aggregation needs 2 clients at least, not \(clients)"
        case .infeasible(let clients, let corrupt, let dropout):
            "no threshold is secure and succeeds for \(clients) clients with \(corrupt) corrupt and \(dropout) dropped out"
        case .badParameters(let clients, let degree, let threshold):
            "\(clients) clients cannot have \(degree) neighbours each and a threshold of \(threshold)"
        case .ringTooSmall(let valueBits, let weightBits, let clients):
            "values of \(valueBits) bits with weights of \(weightBits) from \(clients) clients fit into no ring of 64 bits"
        case .badWeight(let weight, let most): "the weight is \(weight), not 1 … \(most)"
        case .notFinite(let index): "element \(index) is not a finite number"
        case .wrongVector(let expected, let actual): "the vector has \(actual) elements, not \(expected)"
        case .identities(let expected, let actual): "there are public keys of \(actual) clients, not of \(expected)"
        case .notAMessage: "it is no message of secure aggregation"
        case .wrongKind(let expected, let actual):
            "it is a message of kind \(actual), not \(expected.rawValue) (\(expected))"
        case .wrongLength(let expected, let actual): "it has \(actual) bytes, not \(expected)"
        case .damaged: "its checksum does not fit"
        case .otherRound: "it belongs to another run, round or attempt"
        case .unexpectedClient(let client): "client \(client) has no part in it"
        case .badList: "its list is not in order"
        case .badShare(let client): "the share of client \(client)'s secret is no element of the field"
        case .outOfTurn: "it comes out of turn"
        case .duplicate(let client): "client \(client) has sent this before"
        case .badKey(let client): "the public keys of client \(client) are unfit"
        case .badSignature(let client): "the keys of client \(client) are not signed by it"
        case .sealedShares(let client): "the shares from client \(client) cannot be opened"
        case .deniedInput: "the server says that this client dropped out, which it did not"
        case .bothSecrets: "the server asks for both secrets of a client"
        case .belowThreshold(let needed, let actual): "\(actual) clients are left where \(needed) are needed"
        case .disconnected: "the clients that are left are not connected"
        case .inconsistentShares(let client): "the shares of client \(client)'s secret contradict what it said"
        }
    }
}
