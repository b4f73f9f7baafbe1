import Foundation

/// The log of a run's rounds, read as far as it goes: what stands behind a cut or a damaged place does not hide what stands
/// before.
public struct RoundLog: Sendable, Equatable {
    /// In order; where a round is logged twice, as it was logged last. Totals are filled in where the log has none.
    public private(set) var rounds: [RoundRecord] = []
    /// Entries that are no rounds, a cut-off one included.
    public private(set) var damagedEntries = 0

    /// Reads the contents of a log. O(bytes)
    ///
    /// Nil when it is no round log at all: no array, or an array without one round.
    public init?(_ bytes: [UInt8]) {
        guard RecordFormat.opensArray(bytes) else { return nil }
        let (entries, isCut) = RecordFormat.places(in: bytes.span)
        let decoder = RecordFormat.decoder()
        var byRound: [Int: RoundRecord] = [:]
        damagedEntries = isCut ? 1 : 0
        for entry in entries {
            if let round = try? decoder.decode(RoundRecord.self, from: Data(bytes[entry])), round.round >= 1,
                (try? round.validate()) != nil
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

    /// A total of 0 behind bytes is one that an earlier version did not write.
    private mutating func fillTotals() {
        var upload = 0
        var download = 0
        for i in rounds.indices {
            // A log that somebody made up may add up to more than there are numbers.
            if rounds[i].totalUploadBytes == 0 { rounds[i].totalUploadBytes = upload &+ rounds[i].uploadBytes }
            if rounds[i].totalDownloadBytes == 0 { rounds[i].totalDownloadBytes = download &+ rounds[i].downloadBytes }
            upload = rounds[i].totalUploadBytes
            download = rounds[i].totalDownloadBytes
        }
    }

    /// Bytes of all updates.
    public var uploadBytes: Int { rounds.last?.totalUploadBytes ?? 0 }
    /// Bytes of all frames that clients received.
    public var downloadBytes: Int { rounds.last?.totalDownloadBytes ?? 0 }
}
