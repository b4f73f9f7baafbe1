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

    func faulted(_ fault: FaultRecord) {
        let (round, clients) = (fault.round, fault.clients)
        let rank = fault.rank.map { "rank \($0)" } ?? ""
        switch fault.kind {
        case .rankLost, .rankDropped:
            let fate = fault.kind == .rankLost ? "reassigned" : "dropped"
            let cost = clients.isEmpty ? "it owed nothing" : "\(fate) its clients \(clients)"
            logger.warning("round \(round): lost \(rank); \(cost)")
        case .rankReturned:
            logger.notice("round \(round): \(rank) is back")
        case .clientsLate:
            logger.warning("round \(round): \(rank) has not delivered; left out its clients \(clients)")
        case .updatesRejected:
            let whose = clients.map { "client \($0)" }.joined(separator: ", ")
            logger.warning("round \(round): left out the update of \(whose): \(fault.reason ?? "")")
        case .roundRepeated:
            logger.warning("\(fault.reason ?? ""); repeating it with another cohort")
        }
    }
}
