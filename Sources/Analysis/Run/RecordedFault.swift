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

    /// Those that can be read; none where the file is missing.
    static func all(in folder: URL) -> [RecordedFault] {
        guard let data = try? ReceivedFile.data(folder.appendingPathComponent(fileName)) else { return [] }
        let bytes = [UInt8](data)
        let decoder = JSONDecoder()
        return RoundLog.entries(bytes).whole.compactMap {
            try? decoder.decode(RecordedFault.self, from: Data(bytes[$0]))
        }
    }
}
