package import FedCore
package import Foundation
import Recording

/// What a rank has lately spent its time on, by the end of its timing log.
package struct RankActivity: Equatable {
    package struct Share: Equatable {
        package let phase: Phase
        /// Share of the time, in [0, 1].
        package var share: Double
    }

    package let rank: Int
    package let host: String
    /// The last one that the log has the whole of, or the one it begins with.
    package let round: Int
    /// In that round, the largest first.
    package let shares: [Share]

    /// Enough for some hundred events: a log of hours is not read again each second.
    private static let tailBytes: UInt64 = 32_768
    private static let headBytes = 1_024

    /// Nil where there is no log, or nothing in it yet.
    package init?(rank: Int, of run: URL) {
        let file = run.appendingPathComponent(TimingFiles.folder).appendingPathComponent(TimingFiles.events(rank: rank))
        guard let bytes = Self.ends(of: file) else { return nil }
        var decoder = TimingDecoder()
        decoder.decode(bytes)
        guard let header = decoder.sessions.last?.header, let events = decoder.sessions.last?.events,
            let last = events.last
        else { return nil }
        let round = events.last { $0.round < last.round }?.round ?? last.round
        var spent: [Phase: Int] = [:]
        for event in events where event.round == round { spent[event.phase, default: 0] += event.duration }
        let total = max(1, spent.values.reduce(0, +))
        self.rank = rank
        self.host = header.host
        self.round = round
        shares = Self.sorted(spent.mapValues { Double($0) / Double(total) })
    }

    /// Over several ranks.
    package static func mean(of activities: [RankActivity]) -> [Share] {
        var sums: [Phase: Double] = [:]
        for share in activities.flatMap(\.shares) { sums[share.phase, default: 0] += share.share }
        return sorted(sums.mapValues { $0 / Double(activities.count) })
    }

    private static func sorted(_ shares: [Phase: Double]) -> [Share] {
        shares.map { Share(phase: $0, share: $1) }.sorted {
            ($0.share, $1.phase.rawValue) > ($1.share, $0.phase.rawValue)
        }
    }

    /// The file's beginning, which says whose it is, and its last whole lines.
    private static func ends(of file: URL) -> [UInt8]? {
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            let head = try handle.read(upToCount: headBytes) ?? Data()
            let size = try handle.seekToEnd()
            guard size > tailBytes + UInt64(headBytes) else {
                try handle.seek(toOffset: 0)
                return try handle.readToEnd().map { [UInt8]($0) }
            }
            try handle.seek(toOffset: size - tailBytes)
            let tail = try handle.readToEnd() ?? Data()
            let newline = UInt8(ascii: "\n")
            guard let end = head.lastIndex(of: newline), let start = tail.firstIndex(of: newline) else { return nil }
            return [UInt8](head[...end]) + [UInt8](tail[(start + 1)...])
        } catch {
            // The rank writes no log, or not here.
            return nil
        }
    }
}
