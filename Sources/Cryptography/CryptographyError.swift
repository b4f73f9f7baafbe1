/// Why bytes of somebody else were refused. No case says anything about a key.
public enum CryptographyError: Error, Equatable, CustomStringConvertible {
    /// A key, a signature or a sealed text has the wrong number of bytes.
    case wrongLength(expected: Int, actual: Int)
    /// A public key with which every agreement gives the same, known secret (a point of small order, RFC 7748, 6.1).
    case weakKey
    /// A sealed text is not what was sealed with this key and these associated data.
    case notAuthentic

    /// The reason in a few words.
    public var description: String {
        switch self {
        case .wrongLength(let expected, let actual): "it has \(actual) bytes, not \(expected)"
        case .weakKey: "the public key is a point of small order"
        case .notAuthentic: "it is damaged, or sealed with another key"
        }
    }
}
