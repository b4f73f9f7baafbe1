import Datasets
import Logging
import Records
import Telemetry

/// Log lines on standard error, each with its rank: mpirun mixes the output of all ranks.
struct RankLog: LogHandler {
    /// The rank that speaks.
    let rank: Int
    var logLevel: Logger.Level = .notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line; metadata are not shown.
    func log(event: LogEvent) {
        Console.error("[rank \(rank)] \(event.level): \(event.message)")
    }
}

/// An observer that logs what the tables have no column for: lost and late ranks, updates that are left out, repeated
/// rounds.
///
/// Warnings that may come each round are gathered by ``RepeatedWarnings``. Lines go to standard error, so that a
/// program that reads `--json` is not disturbed.
final class EventLog: RoundObserver {
    private let logger: Logger
    /// The run's name with a colon, or nothing.
    private let place: String
    /// The data, whose warnings are printed when the run starts; nil where they have been.
    private let data: DatasetPair?
    /// Gets each line, too, with its round where it has one; nil when nobody else listens.
    private let copy: ((OTLPLogRecord.Severity, _ text: String, _ round: Int?) -> Void)?
    /// The warnings that come again and again.
    private var repeated = RepeatedWarnings()

    /// Makes the observer.
    ///
    /// - Parameters:
    ///   - rank: the rank that each line names.
    ///   - data: the data, whose warnings are printed once for each process, as every command prints them; nil prints none.
    ///   - run: the run's name, where there are several at a time; nil otherwise.
    ///   - copy: gets each line, too, with its round where it has one.
    init(
        rank: Int, data: DatasetPair?, run: String? = nil,
        copy: ((OTLPLogRecord.Severity, _ text: String, _ round: Int?) -> Void)? = nil
    ) {
        self.copy = copy
        logger = Logger(label: "fedmpi") { _ in RankLog(rank: rank) }
        self.data = data
        place = run.map { "\($0): " } ?? ""
    }

    func runStarted(_ run: RunDescription) {
        guard let data else { return }
        for warning in DataLines.warn(of: data) { copy?(.warning, warning, nil) }
    }

    func faulted(_ fault: FaultRecord) {
        let (round, clients) = (fault.round, fault.clients)
        let rank = fault.rank.map { "rank \($0)" } ?? ""
        switch fault.kind {
        case .rankLost, .rankDropped:
            let fate = fault.kind == .rankLost ? "reassigned" : "dropped"
            let cost = clients.isEmpty ? "it owed nothing" : "\(fate) its clients \(clients)"
            say(.warning, "round \(round): lost \(rank): \(fault.reason ?? "it is silent"); \(cost)", round)
        case .rankLostBelow:
            say(.warning, "round \(round): lost \(rank): \(fault.reason ?? "")", round)
        case .rankReturned:
            say(.notice, "round \(round): \(rank) is back", round)
        case .rankSilent:
            say(.warning, "round \(round): \(rank): \(fault.reason ?? "")", round)
        case .clientsLate:
            gather("\(rank) has not delivered; left out its clients \(Self.list(clients))", "late", fault)
        case .updatesRejected:
            let whose =
                clients.count == 1
                ? "update of client \(clients[0])" : "updates of \(clients.count) clients (\(Self.list(clients)))"
            let reason = fault.reason ?? ""
            gather("left out the \(whose): \(reason)", reason, fault)
        case .roundRepeated:
            say(.warning, "\(fault.reason ?? ""); repeating it with another cohort", round)
        case .noiseMissing: gather(fault.reason ?? "", "noise", fault)
        case .other(let kind):
            say(.warning, "round \(round): \(kind)\(fault.reason.map { ": \($0)" } ?? "")", round)
        }
    }

    func noted(_ text: String, round: Int) { say(.notice, "round \(round): \(text)", round) }

    func runStopped(_ stop: RunStop) { conclude() }

    func runFinished(_ summary: RunSummary, weights: Span<Float>) { conclude() }

    /// Logs a line.
    private func say(_ severity: OTLPLogRecord.Severity, _ text: String, _ round: Int? = nil) {
        logger.log(level: severity == .notice ? .notice : .warning, "\(place)\(text)")
        copy?(severity, text, round)
    }

    /// Logs a warning that may come in many rounds, if its line is due.
    ///
    /// - Parameters:
    ///   - text: the warning.
    ///   - kind: what all warnings of its kind have in common.
    ///   - fault: the fault it is about.
    private func gather(_ text: String, _ kind: String, _ fault: FaultRecord) {
        let line = repeated.add(text, kind: kind, items: fault.clients.count, round: fault.round)
        if let line { say(.warning, line, fault.round) }
    }

    /// Logs how often the gathered warnings have come in all.
    private func conclude() {
        for line in repeated.conclude() { say(.warning, line) }
    }

    /// The first ten clients of a list.
    private static func list(_ clients: [Int]) -> String {
        clients.prefix(10).map { "\($0)" }.joined(separator: ", ") + (clients.count > 10 ? ", …" : "")
    }
}
