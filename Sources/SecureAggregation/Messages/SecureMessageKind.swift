/// The messages of a round, in their order.
public enum SecureMessageKind: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    /// A client's public keys, to the server.
    case advertisement = 1
    /// The keys of a client's neighbours, to the client.
    case keyList = 2
    /// A client's sealed shares for its neighbours, to the server.
    case keyShares = 3
    /// The neighbours' sealed shares for a client, to the client.
    case shareInbox = 4
    /// A client's masked vector, to the server.
    case maskedInput = 5
    /// Who has survived and who has not, to a client.
    case unmaskRequest = 6
    /// Shares of the survivors' seeds and of the others' keys, to the server.
    case unmaskAnswer = 7

    /// The name in words.
    public var description: String {
        switch self {
        case .advertisement: "advertised keys"
        case .keyList: "list of keys"
        case .keyShares: "sealed shares"
        case .shareInbox: "shares for a client"
        case .maskedInput: "masked input"
        case .unmaskRequest: "request to unmask"
        case .unmaskAnswer: "answer to unmask"
        }
    }
}
