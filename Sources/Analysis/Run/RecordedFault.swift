import Files
import Foundation

/// Something that went wrong in a run: an entry of `faults.json`, as far as it tells.
public struct RecordedFault: Decodable, Sendable, Equatable {
    static let fileName = "faults.json"

    public let round: Int
    /// What happened, e.g. `rank_lost`.
    public let kind: String
    public let rank: Int?
    public let clients: [Int]?
    public let reason: String?

    /// The kind as words.
    public var name: String { kind.replacingOccurrences(of: "_", with: " ") }

    /// None where the file is missing or damaged.
    static func all(in folder: URL) -> [RecordedFault] {
        let bytes = try? ReceivedFile.data(folder.appendingPathComponent(fileName))
        return bytes.flatMap { try? JSONDecoder().decode([RecordedFault].self, from: $0) } ?? []
    }
}
