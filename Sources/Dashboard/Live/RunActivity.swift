import FedCore
import Foundation
import RunStore

/// What the ranks of a run spend their time on, by the ends of their timing logs.
struct RunActivity: Sendable, Encodable {
    /// A rank.
    struct Rank: Sendable, Encodable {
        let rank: Int
        let host: String
        /// The last one that its log has the whole of.
        let round: Int
        /// The largest shares in words: `train 81.20 %, wait 12.10 %`.
        let words: String
    }

    /// In their order; those without a log are left out.
    let ranks: [Rank]

    /// - Parameters:
    ///   - folder: the run's.
    ///   - count: ranks of the job; of more than 64 the first.
    /// - Returns: nil when no rank has a log there.
    init?(in folder: URL, ranks count: Int) {
        ranks = (0..<min(64, count)).compactMap { RankActivity(rank: $0, of: folder) }.map { activity in
            Rank(
                rank: activity.rank, host: activity.host, round: activity.round,
                words: activity.shares.prefix(3).map { "\($0.phase.rawValue) \(Words.percent($0.share))" }
                    .joined(separator: ", "))
        }
        if ranks.isEmpty { return nil }
    }
}
