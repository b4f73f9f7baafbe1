import Datasets
import Logging
import Records

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
    private let place: String
    private let data: DatasetPair
    private var repeated = RepeatedWarnings()

    /// - Parameters:
    ///   - data: whose warnings are said once.
    ///   - run: its name, where there are several at a time.
    init(rank: Int, data: DatasetPair, run: String? = nil) {
        logger = Logger(label: "fedmpi") { _ in RankLog(rank: rank) }
        self.data = data
        place = run.map { "\($0): " } ?? ""
    }

    func runStarted(_ run: RunDescription) {
        for warning in DataLines.newWarnings(of: data) { logger.warning("\(warning)") }
    }

    func faulted(_ fault: FaultRecord) {
        let (round, clients) = (fault.round, fault.clients)
        let rank = fault.rank.map { "rank \($0)" } ?? ""
        switch fault.kind {
        case .rankLost, .rankDropped:
            let fate = fault.kind == .rankLost ? "reassigned" : "dropped"
            let cost = clients.isEmpty ? "it owed nothing" : "\(fate) its clients \(clients)"
            logger.warning("\(place)round \(round): lost \(rank): \(fault.reason ?? "it is silent"); \(cost)")
        case .rankReturned:
            logger.notice("\(place)round \(round): \(rank) is back")
        case .rankSilent:
            logger.warning("\(place)round \(round): \(rank): \(fault.reason ?? "")")
        case .clientsLate:
            gather("\(rank) has not delivered; left out its clients \(Self.list(clients))", "late", fault)
        case .updatesRejected:
            let whose =
                clients.count == 1
                ? "update of client \(clients[0])" : "updates of \(clients.count) clients (\(Self.list(clients)))"
            let reason = fault.reason ?? ""
            gather("left out the \(whose): \(reason)", reason, fault)
        case .roundRepeated:
            logger.warning("\(place)\(fault.reason ?? ""); repeating it with another cohort")
        case .other(let kind):
            logger.warning("\(place)round \(round): \(kind)\(fault.reason.map { ": \($0)" } ?? "")")
        }
    }

    func runStopped(_ stop: RunStop) { conclude() }

    func runFinished(_ summary: RunSummary, weights: Span<Float>) { conclude() }

    private func gather(_ text: String, _ kind: String, _ fault: FaultRecord) {
        let line = repeated.add(text, kind: kind, items: fault.clients.count, round: fault.round)
        if let line { logger.warning("\(place)\(line)") }
    }

    private func conclude() {
        for line in repeated.conclude() { logger.warning("\(place)\(line)") }
    }

    /// The first of them.
    private static func list(_ clients: [Int]) -> String {
        clients.prefix(10).map { "\($0)" }.joined(separator: ", ") + (clients.count > 10 ? ", …" : "")
    }
}
