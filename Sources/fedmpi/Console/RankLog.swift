import Federation
import Logging

/// Log lines on standard error, each with its rank.
struct RankLog: LogHandler {
    let rank: Int
    var logLevel: Logger.Level = .notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        Console.error("[rank \(rank)] \(event.level): \(event.message)")
    }
}

/// Logs what the tables have no column for.
final class EventLog: RoundObserver {
    private let logger: Logger

    init(rank: Int) {
        logger = Logger(label: "fedmpi") { _ in RankLog(rank: rank) }
    }

    func updateRejected(round: Int, client: Int, reason: String) {
        logger.warning("round \(round): left out the update of client \(client): \(reason)")
    }

    func roundRepeated(_ shortage: TooFewUpdates) {
        logger.warning("\(shortage); repeating it with another cohort")
    }

    func clientsLate(_ clients: [Int], onRank rank: Int, round: Int) {
        logger.warning("round \(round): rank \(rank) has not delivered; left out its clients \(clients)")
    }

    func rankLost(_ rank: Int, round: Int, clients: [Int], areDropped: Bool) {
        let fate =
            clients.isEmpty ? "it owed nothing" : "\(areDropped ? "dropped" : "reassigned") its clients \(clients)"
        logger.warning("round \(round): lost rank \(rank); \(fate)")
    }

    func rankReturned(_ rank: Int, round: Int) {
        logger.notice("round \(round): rank \(rank) is back")
    }
}
