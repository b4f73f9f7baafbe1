import Foundation

/// `round_log.json`, read as far as it goes: what stands behind a cut or a damaged place does not hide what stands before.
public struct RoundLog: Sendable, Equatable {
    public static let fileName = "round_log.json"
    /// In order; where a round is logged twice, as it was logged last. Totals are filled in where the log has none.
    public private(set) var rounds: [LoggedRound] = []
    /// Entries that are no rounds, a cut-off one included.
    public private(set) var damagedEntries = 0

    /// Nil when it is no round log at all: no array, or an array without one round.
    public init?(_ bytes: [UInt8]) {
        guard bytes.first(where: { !Self.isSpace($0) }) == UInt8(ascii: "[") else { return nil }
        let (entries, isCut) = Self.entries(bytes)
        let decoder = JSONDecoder()
        var byRound: [Int: LoggedRound] = [:]
        damagedEntries = isCut ? 1 : 0
        for entry in entries {
            if let round = try? decoder.decode(LoggedRound.Entry.self, from: Data(bytes[entry])).round, round.round >= 1
            {
                byRound[round.round] = round
            } else {
                damagedEntries += 1
            }
        }
        if byRound.isEmpty, damagedEntries > 0 { return nil }
        rounds = byRound.values.sorted { $0.round < $1.round }
        fillTotals()
    }

    /// The places of the objects in the array, and whether the last one has no end.
    static func entries(_ bytes: [UInt8]) -> (whole: [Range<Int>], isCut: Bool) {
        var whole: [Range<Int>] = []
        var depth = 0
        var start = 0
        var isInString = false
        var isEscaped = false
        for (i, byte) in bytes.enumerated() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"):
                if depth == 0 { start = i }
                depth += 1
            case UInt8(ascii: "}") where depth > 0:
                depth -= 1
                if depth == 0 { whole.append(start..<(i + 1)) }
            default: break
            }
        }
        return (whole, depth > 0)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    private mutating func fillTotals() {
        var upload = 0
        var download = 0
        for i in rounds.indices {
            upload = rounds[i].totalUploadBytes ?? upload + (rounds[i].uploadBytes ?? 0)
            download = rounds[i].totalDownloadBytes ?? download + (rounds[i].downloadBytes ?? 0)
            rounds[i].totalUploadBytes = upload
            rounds[i].totalDownloadBytes = download
        }
    }

    /// Bytes of all updates.
    public var uploadBytes: Int { rounds.last?.totalUploadBytes ?? 0 }
    /// Bytes of all frames that clients received.
    public var downloadBytes: Int { rounds.last?.totalDownloadBytes ?? 0 }
}
