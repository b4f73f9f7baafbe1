public import FedCore

/// The way of a round's weights and sums between the ranks (`--topology`).
public enum Topology: Sendable, Equatable {
    /// Between rank 0 and each rank, as the library does it.
    case flat
    /// By host first: one rank of each host exchanges with the others, for all of its host.
    case node
    /// By groups of so many consecutive ranks, these by groups of as many, and so on; at least 2.
    case tree(Int)

    /// Ranks of a group when no number is given.
    private static let usualSize = 4
    /// The numbers that a group may have.
    private static let sizes = 2...65_536

    /// The words that name one, to end the sentence "it must be …".
    static let words = "flat, node, tree or tree:K, groups of K ranks, from \(sizes.lowerBound) to \(sizes.upperBound)"
}

extension Topology: LosslessStringConvertible {
    /// Reads `flat`, `node`, `tree` or `tree:8`; nil for any other text.
    public init?(_ text: String) {
        switch text {
        case "flat": self = .flat
        case "node": self = .node
        case "tree": self = .tree(Self.usualSize)
        default:
            guard text.hasPrefix("tree:"), let size = Int(text.dropFirst(5)), Self.sizes.contains(size) else {
                return nil
            }
            self = .tree(size)
        }
    }

    public var description: String {
        switch self {
        case .flat: "flat"
        case .node: "node"
        case .tree(let size): "tree:\(size)"
        }
    }
}

extension Topology: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let topology = Topology(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "it must be \(Self.words)")
        }
        self = topology
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Topology: SettingValue {
    public typealias Content = Topology
    public static var kind: SettingKind { .text }

    public static func read(
        _ value: GivenSettings.Value, _ unit: SettingUnit?
    ) throws(ConfigurationError) -> Topology? {
        guard case .text(let text) = value else { return nil }
        guard let topology = Topology(text) else {
            throw ConfigurationError("'\(text.printable)' is none; it must be \(words)")
        }
        return topology
    }
}
