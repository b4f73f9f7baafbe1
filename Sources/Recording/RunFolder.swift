public import FedCore
import Files
public import Foundation
public import Records

/// `results/<run>/`: what a run leaves behind.
///
/// - `config.json`: the resolved settings, versions, hosts, and the teacher of a run that distils; `fedmpi --config` accepts
///   it.
/// - `round_log.json`: an array with one `RoundRecord` a round, a line each, written as the rounds end.
/// - `client_accuracy.json`: with `--client-test`, each client's accuracy after the last evaluated round.
/// - `faults.json`: if something went wrong, an array of `FaultRecord`, a line each.
/// - `resumes.json`: if the run was continued, an array with an entry each time.
/// - `model.safetensors`: the final weights, keys and shapes as a PyTorch `state_dict`.
///
/// The logs grow at their end; every other file is replaced as a whole, so that a reader never sees half of one. Only a model that
/// cannot be written ends the run; anything else is tried again, and told of at the end if it is still missing.
public final class RunFolder: RoundObserver {
    public private(set) var url: URL
    public let troubles: OutputTroubles
    private let environment: RunEnvironment
    private let logs: RunLogs
    private let documents = RunDocuments()
    private var lastWrite: ContinuousClock.Instant?
    private var description: RunDescription?
    private let isResumed: Bool
    private var isModelWritten = false
    /// What a checkpoint of the run that was stopped needs of them.
    private var logsAtStop: Result<(rounds: LogState, faults: LogState), any Error>?

    /// A log of many short rounds is not written at each of them.
    private static let writeInterval: Duration = .seconds(1)
    public static let modelName = "model.safetensors"
    public static let roundLogName = RunLogs.roundsName
    public static let faultsName = RunLogs.faultsName

    /// Makes the folder.
    /// - Parameters:
    ///   - results: the folder of all runs; made when missing.
    ///   - name: of this run; nil takes the date and time.
    /// - Throws: `ConfigurationError` when the folder cannot be made or the named run exists.
    public init(
        results: String, name: String?, environment: RunEnvironment, troubles: OutputTroubles
    ) throws(ConfigurationError) {
        self.environment = environment
        self.troubles = troubles
        isResumed = false
        url = try Self.make(results: results, name: name)
        logs = RunLogs(in: url, troubles)
        try begin()
    }

    /// The folder of a run that is continued: its logs go on after what the checkpoint has of them.
    /// - Throws: `ConfigurationError` when they cannot be written.
    public init(
        resuming url: URL, from saved: SavedRun, environment: RunEnvironment, troubles: OutputTroubles
    ) throws(ConfigurationError) {
        self.url = url
        self.environment = environment
        self.troubles = troubles
        isResumed = true
        do {
            logs = try RunLogs(in: url, from: saved, troubles)
        } catch {
            throw ConfigurationError("cannot go on in '\(url.relativePath)': \(error)")
        }
        try begin()
    }

    /// That nothing can be written is said before the first round, not after it.
    private func begin() throws(ConfigurationError) {
        do throws(FileError) {
            try logs.begin()
        } catch {
            if !isResumed { rmdir(url.path) }
            throw ConfigurationError("cannot write into '\(url.relativePath)': \(error.reasonWithDisk)")
        }
    }

    public var name: String { url.lastPathComponent }

    /// Nil when classes are called as their labels are.
    private var classNames: [String]? {
        guard let names = description?.classNames, !names.isEmpty else { return nil }
        return names
    }

    /// The client ranks that were lost and have not come back.
    public var lostRanks: Set<Int> { logs.lostRanks }

    // MARK: RoundObserver

    public func runStarted(_ run: RunDescription) throws {
        description = run
        if isResumed {
            noteResume(run)
        } else {
            try documents.put(
                Configuration(
                    fedmpi: Version.current, run: name, settings: run.settings, environment: environment,
                    ranks: run.ranks, hosts: run.distinctHosts, classNames: classNames, teacher: run.teacher,
                    stages: run.stages.isEmpty ? nil : run.stages, metrics: run.metrics.isEmpty ? nil : run.metrics),
                as: "config.json")
        }
        write()
    }

    /// A file of its own, written with the logs; what has its name is replaced.
    public func put(_ bytes: [UInt8], as name: String) {
        documents.put(bytes: bytes, as: name)
    }

    public func faulted(_ fault: FaultRecord) {
        logs.add(fault)
    }

    public func clientsEvaluated(_ table: ClientAccuracies) throws {
        var table = table
        table.classNames = classNames
        try documents.put(table, as: "client_accuracy.json")
    }

    public func roundFinished(_ record: RoundRecord) throws {
        try logs.add(record)
        let now = ContinuousClock.now
        if let lastWrite, now - lastWrite < Self.writeInterval { return }
        write()
        lastWrite = .now
    }

    /// The model comes before the last checkpoint: on a disk that is nearly full it is what should have the room.
    public func stateReached(round: Int, isLast: Bool, state: () -> RunState) throws {
        guard isLast else { return }
        write()
        isModelWritten = troubles.attempt(Self.modelName) { try writeModel(state().weights.span) }
    }

    public func runFinished(_ summary: RunSummary, weights: Span<Float>) throws {
        write()
        if !isModelWritten { try saveModel(weights) }
    }

    /// A round that is still to be evaluated is in the log, and not in the checkpoint: a run that is continued evaluates it.
    public func runStopped(_ stop: RunStop) {
        write()
        logsAtStop = Result { try logs.state() }
        guard let record = stop.unevaluated else { return }
        troubles.attempt(RunLogs.roundsName) { try logs.add(record) }
        write()
    }

    /// What a checkpoint is to hold.
    func saved(_ state: RunState) throws -> SavedRun {
        var saved = SavedRun(state)
        (saved.rounds, saved.faults) = try logsAtStop?.get() ?? logs.state()
        return saved
    }

    /// Logs and documents, as far as they can be written.
    private func write() {
        makeAgainIfGone()
        logs.flush()
        documents.flush(into: url, troubles)
        troubles.tell()
    }

    /// Whoever deletes the folder of a run does not mean its result, or is surprised; and another run may have its name.
    private func makeAgainIfGone() {
        let isTaken: Bool
        switch logs.place {
        case .here: return
        case .gone: isTaken = false
        case .taken: isTaken = true
        }
        do {
            let old = url
            if isTaken { url = Self.free(beside: url) }
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            try logs.remake(in: url)
            documents.writeAgain()
            troubles.note(
                "'\(old.relativePath)' \(isTaken ? "is another run's now" : "was deleted"); the run goes on in "
                    + "'\(url.relativePath)', which was made again")
        } catch {
            troubles.failed(RunLogs.roundsName, error)
        }
    }

    private static func free(beside url: URL) -> URL {
        var attempt = 2
        while true {
            let other = url.deletingLastPathComponent()
                .appendingPathComponent("\(url.lastPathComponent)-\(attempt)", isDirectory: true)
            if !FileManager.default.fileExists(atPath: other.path) { return other }
            attempt += 1
        }
    }

    /// The finished model is the most valuable file of a run: the older of two checkpoints gives way to it.
    private func saveModel(_ weights: Span<Float>) throws {
        do {
            try writeModel(weights)
        } catch let error as FileError where error.isForWantOfRoom {
            guard CheckpointFiles(in: url).removePrevious(freeing: 4 * weights.count) else { throw error }
            try writeModel(weights)
        }
        troubles.written(Self.modelName)
        isModelWritten = true
    }

    private func writeModel(_ weights: Span<Float>) throws {
        guard let description else { return }
        let file = Safetensors(
            description.layout, weights: weights,
            metadata: description.modelMetadata.merging(["model": description.model, "fedmpi": Version.current]) { $1 })
        let bytes = try file.encoded()
        try FileDraft.replace(
            url.appendingPathComponent(Self.modelName).path, with: bytes.span.bytes, isSynced: true)
    }

    /// A list that cannot be read is set aside: it must not keep a good checkpoint from being continued.
    private func noteResume(_ run: RunDescription) {
        let name = "resumes.json"
        let file = url.appendingPathComponent(name)
        var resumes: [Resume] = []
        if FileManager.default.fileExists(atPath: file.path) {
            do {
                resumes = try JSONDecoder().decode([Resume].self, from: Data(ReceivedFile.contents(file)))
            } catch {
                let aside = name + ".damaged"
                let isMoved = rename(file.path, url.appendingPathComponent(aside).path) == 0
                troubles.note(
                    "'\(file.relativePath)' is damaged, and begun anew"
                        + (isMoved ? "; what it held is in '\(aside)'" : ""))
            }
        }
        resumes.append(
            Resume(
                fedmpi: Version.current, date: Date.now.formatted(.iso8601), afterRound: run.finishedRounds,
                rounds: run.settings.rounds, ranks: run.ranks, hosts: run.distinctHosts))
        troubles.attempt(name) { try documents.put(resumes, as: name) }
    }
}
