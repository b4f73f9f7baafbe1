public import FedCore
import Files
public import Foundation
public import Records

/// The folder `results/<run>/`: what a run leaves behind.
///
/// - `config.json`: the resolved settings, versions, hosts, and the teacher of a run that distils; `fedmpi
///   --config` accepts it.
/// - `round_log.json`: an array with one `RoundRecord` a round, written as the rounds end.
/// - `client_accuracy.json`: with `--client-test`, each client's accuracy after the last evaluated round.
/// - `client_epsilon.json`: with local noise or DP-SGD, what each client has spent.
/// - `faults.json`: if something went wrong, an array of `FaultRecord`.
/// - `resumes.json`: if the run was continued, an array with an entry each time.
/// - `model.safetensors`: the final weights, keys and shapes as a PyTorch `state_dict`.
///
/// The logs grow at their end; every other file is replaced as a whole, so that a reader never sees half of
/// one. Only a model that cannot be written ends the run; anything else is tried again, and told of at the end
/// if it is still missing.
///
/// It exists on rank 0 only, as the first of the observers that write files, and is used on the thread of the
/// run. The others, such as ``CheckpointWriter``, ask it where the folder is: it may move.
public final class RunFolder: RoundObserver {
    /// The run's folder. It changes when the folder was deleted and another run has its name.
    public private(set) var url: URL
    /// The list of what could not be written, shared with all that write into the folder.
    public let troubles: OutputTroubles
    /// The libraries that the run's result or speed may depend on.
    private let environment: RunEnvironment
    /// `round_log.json` and `faults.json`.
    private let logs: RunLogs
    /// The files that are replaced as a whole.
    private let documents = RunDocuments()
    /// The end of the last write of the logs.
    private var lastWrite: ContinuousClock.Instant?
    /// The run, once it has started.
    private var description: RunDescription?
    /// Whether the folder was there before this job.
    private let isResumed: Bool
    /// Whether the final weights are in their file.
    private var isModelWritten = false
    /// The logs' states for the checkpoint of a run that was stopped, taken before an unevaluated round was added.
    private var logsAtStop: Result<(rounds: LogState, faults: LogState), any Error>?

    /// The shortest time between two writes: a log of many short rounds is not written at each of them.
    private static let writeInterval: Duration = .seconds(1)
    /// The final weights, in the safetensors format.
    public static let modelName = "model.safetensors"

    /// Makes the folder, and an empty round log in it.
    ///
    /// - Parameters:
    ///   - results: the folder of all runs; made when missing.
    ///   - name: the name of this run; nil takes the date and time.
    ///   - environment: what the run's result may depend on besides its settings.
    ///   - troubles: the list for what cannot be written later.
    /// - Throws: `ConfigurationError` when the folder cannot be made, the named run exists, or nothing can be
    ///   written into it.
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

    /// Opens the folder of a run that is continued: its logs go on after what the checkpoint has of them.
    ///
    /// Records behind the checkpoint's position are cut off: their rounds are done again.
    ///
    /// - Parameters:
    ///   - url: the run's folder.
    ///   - saved: the checkpoint from which the run is continued.
    ///   - environment: what the run's result may depend on besides its settings.
    ///   - troubles: the list for what cannot be written later.
    /// - Throws: `ConfigurationError` when the logs cannot be written.
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

    /// Brings the logs to their beginning, so that a folder into which nothing can be written is an error
    /// before the first round, not after it.
    private func begin() throws(ConfigurationError) {
        do throws(FileError) {
            try logs.begin()
        } catch {
            if !isResumed { rmdir(url.path) }
            throw ConfigurationError("cannot write into '\(url.relativePath)': \(error.reasonWithDisk)")
        }
    }

    /// The run's name: the last part of its folder's path.
    public var name: String { url.lastPathComponent }

    /// The classes' names; nil when classes are called as their labels are.
    private var classNames: [String]? {
        guard let names = description?.classNames, !names.isEmpty else { return nil }
        return names
    }

    /// The client ranks that were lost and have not come back.
    public var lostRanks: Set<Int> { logs.lostRanks }

    // MARK: RoundObserver

    /// Writes `config.json`, or notes in `resumes.json` that the run was continued, and writes it again where that made the run
    /// longer.
    public func runStarted(_ run: RunDescription) throws {
        description = run
        if isResumed { noteResume(run) }
        // A run that was made longer is repeated by what it has become.
        if !isResumed || configuredRounds != run.settings.rounds {
            try documents.put(
                Configuration(
                    fedmpi: Version.current, run: name, settings: run.settings, environment: environment.of(run),
                    ranks: run.ranks, hosts: run.distinctHosts, classNames: classNames,
                    // The names of very many clients would be most of the file; `fedmpi partition` has them.
                    clientNames: (1...10_000).contains(run.clientNames.count) ? run.clientNames : nil,
                    clientClasses: run.clientClasses.isEmpty ? nil : run.clientClasses,
                    clientStateBytes: run.clientStateBytes > 0 ? run.clientStateBytes : nil,
                    privacy: run.privacy.isEmpty ? nil : run.privacy,
                    testSamples: run.testSamples, teacher: run.teacher,
                    stages: run.stages.isEmpty ? nil : run.stages, metrics: run.metrics.isEmpty ? nil : run.metrics),
                as: "config.json")
        }
        write()
    }

    /// The rounds that `config.json` has; nil where it cannot be read.
    private var configuredRounds: Int? {
        struct Configured: Decodable {
            struct Settings: Decodable { let rounds: Int }
            let settings: Settings
        }
        let data = try? Data(contentsOf: url.appendingPathComponent("config.json"))
        return data.flatMap { try? JSONDecoder().decode(Configured.self, from: $0) }?.settings.rounds
    }

    /// Puts a file into the folder, written with the logs; what has its name is replaced.
    public func put(_ bytes: [UInt8], as name: String) {
        documents.put(bytes: bytes, as: name)
    }

    /// Adds to the log of faults, which is written with the next round.
    public func faulted(_ fault: FaultRecord) {
        logs.add(fault)
    }

    /// Keeps the latest table of the clients' accuracies, written with the logs.
    public func clientsEvaluated(_ table: ClientAccuracies) throws {
        var table = table
        table.classNames = classNames
        documents.put(bytes: try RecordFormat.text(of: table), as: RecordFormat.clientAccuraciesName)
    }

    /// Adds to the log of rounds, and writes if the last write is a second ago. Nothing is lost by waiting but
    /// at a crash.
    public func roundFinished(_ record: RoundRecord) throws {
        try logs.add(record)
        let now = ContinuousClock.now
        if let lastWrite, now - lastWrite < Self.writeInterval { return }
        write()
        lastWrite = .now
    }

    /// Writes the model, and before it the logs, when no round follows.
    ///
    /// The model comes before the last checkpoint: on a disk that is nearly full it is what should have the room.
    public func stateReached(round: Int, isLast: Bool, state: () -> RunState) throws {
        guard isLast else { return }
        write()
        isModelWritten = troubles.attempt(Self.modelName) { try writeModel(state().weights.span) }
    }

    /// Writes what is there, and the model if it was not written with the last state.
    ///
    /// - Throws: the error of a model that cannot be written: the only file that ends a run.
    public func runFinished(_ summary: RunSummary, weights: Span<Float>) throws {
        if !summary.clientEpsilons.isEmpty {
            documents.put(bytes: try RecordFormat.text(of: summary.clientEpsilons), as: RecordFormat.clientEpsilonsName)
        }
        write()
        if !isModelWritten { try saveModel(weights) }
    }

    /// Writes what is there. A round that is still to be evaluated comes into the log and not into the
    /// checkpoint, so that a run that is continued evaluates it.
    public func runStopped(_ stop: RunStop) {
        write()
        logsAtStop = Result { try logs.state() }
        guard let record = stop.unevaluated else { return }
        troubles.attempt(RecordFormat.roundLogName) { try logs.add(record) }
        write()
    }

    /// The contents of a checkpoint: the state given, and how far the logs are on the disk. Syncs the logs.
    func saved(_ state: RunState) throws -> SavedRun {
        var saved = SavedRun(state)
        (saved.rounds, saved.faults) = try logsAtStop?.get() ?? logs.state()
        return saved
    }

    /// Writes logs and documents, as far as they can be written, and tells what could not.
    private func write() {
        makeAgainIfGone()
        logs.flush()
        documents.flush(into: url, troubles)
        troubles.tell()
    }

    /// Makes the folder again if somebody deleted it, beside it if another run has its name.
    ///
    /// A run that is deleted while it works still has a result, and its model must not be lost.
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
            troubles.failed(RecordFormat.roundLogName, error)
        }
    }

    /// A path beside a folder that nothing has: its name and a number.
    private static func free(beside url: URL) -> URL {
        var attempt = 2
        while true {
            let other = url.deletingLastPathComponent()
                .appendingPathComponent("\(url.lastPathComponent)-\(attempt)", isDirectory: true)
            if !FileManager.default.fileExists(atPath: other.path) { return other }
            attempt += 1
        }
    }

    /// Writes the model, the most valuable file of a run: the older of two checkpoints gives way to it.
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

    /// Writes weights with the model's name and the program's version, synced.
    ///
    /// - Parameters:
    ///   - name: the file's name in the folder.
    ///   - more: further metadata.
    func writeModel(_ weights: Span<Float>, as name: String = modelName, _ more: [String: String] = [:]) throws {
        guard let description else { return }
        let own = ["model": description.model].merging(description.modelMetadata) { $1 }
        let metadata = own.merging(more) { $1 }.merging(["fedmpi": Version.current]) { $1 }
        let file: Safetensors
        if let frozen = description.frozen {
            file = Safetensors(frozen.layout, weights: frozen.whole(weights).span, metadata: metadata)
        } else {
            file = Safetensors(description.layout, weights: weights, metadata: metadata)
        }
        let bytes = try file.encoded()
        try FileDraft.replace(
            url.appendingPathComponent(name).path, with: bytes.span.bytes, isSynced: true)
    }

    /// Adds an entry to `resumes.json`. A list that cannot be read is set aside: it must not keep a good
    /// checkpoint from being continued.
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
                rounds: run.settings.rounds, ranks: run.ranks, hosts: run.distinctHosts,
                environment: environment.of(run)))
        troubles.attempt(name) { try documents.put(resumes, as: name) }
    }
}
