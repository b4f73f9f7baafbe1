import FedCore
import Federation
import Foundation
import NeuralNet

/// `results/<run>/`: what a run leaves behind. Every file is replaced as a whole, so a reader never sees half of one.
///
/// - `config.json`: the resolved settings, versions, hosts, and the teacher of a run that distils; `fedmpi --config` accepts
///   it.
/// - `round_log.json`: an array with one `RoundRecord` a round.
/// - `client_accuracy.json`: with `--client-test`, each client's accuracy after the last evaluated round.
/// - `faults.json`: if something went wrong, an array of `FaultRecord`.
/// - `resumes.json`: if the run was continued, an array with an entry each time.
/// - `model.safetensors`: the final weights, keys and shapes as a PyTorch `state_dict`.
public final class RunFolder: RoundObserver {
    public let url: URL
    private let environment: RunEnvironment
    private var records: [RoundRecord] = []
    private var faults: [FaultRecord] = []
    private var accuracies: ClientAccuracies?
    private var areFaultsWritten = true
    /// Why the logs could not be written when the run was stopped.
    public private(set) var errorOfStop: (any Error)?
    private var lastWrite: ContinuousClock.Instant?
    private var model: Model?
    private var datasetMetadata: [String: String] = [:]
    private let isResumed: Bool

    /// A log of many short rounds is not rewritten at each of them.
    private static let writeInterval: Duration = .seconds(1)

    /// Makes the folder.
    /// - Parameters:
    ///   - results: the folder of all runs; made when missing.
    ///   - name: of this run; nil takes the date and time.
    /// - Throws: `ConfigurationError` when the folder cannot be made or the named run exists.
    public init(results: String, name: String?, environment: RunEnvironment) throws(ConfigurationError) {
        self.environment = environment
        isResumed = false
        let parent = URL(fileURLWithPath: results, isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationError("cannot make the results folder '\(results)': \(error.reasonLine)")
        }
        if let name {
            let name = try FolderName(name, option: "--run-name").text
            url = parent.appendingPathComponent(name, isDirectory: true)
            guard try Self.make(url) else {
                throw ConfigurationError("the run '\(url.path)' exists; choose another --run-name")
            }
        } else {
            url = try Self.makeDated(in: parent)
        }
    }

    /// The folder of a run that is continued: its logs go on after these records.
    public init(
        resuming url: URL, after records: [RoundRecord], _ faults: [FaultRecord], environment: RunEnvironment
    ) {
        self.url = url
        self.records = records
        self.faults = faults
        areFaultsWritten = faults.isEmpty
        self.environment = environment
        isResumed = true
    }

    /// Finds a run's folder.
    /// - Parameter run: the path of its folder, or its name in `results`.
    /// - Throws: `ConfigurationError` when neither is there.
    public static func find(_ run: String, results: String) throws(ConfigurationError) -> URL {
        let path = URL(fileURLWithPath: run, isDirectory: true)
        let named = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(run, isDirectory: true)
        for url in [path, named] where !run.isEmpty {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
                return url
            }
        }
        throw ConfigurationError("no run '\(run)': neither '\(path.path)' nor '\(named.path)' is a folder")
    }

    public var name: String { url.lastPathComponent }

    /// The client ranks that were lost and have not come back.
    public var lostRanks: Set<Int> {
        faults.reduce(into: []) { lost, fault in
            guard let rank = fault.rank else { return }
            switch fault.kind {
            case .rankLost, .rankDropped: lost.insert(rank)
            case .rankReturned: lost.remove(rank)
            case .rankSilent, .clientsLate, .updatesRejected, .roundRepeated: break
            }
        }
    }

    /// False when the folder is there already.
    private static func make(_ url: URL) throws(ConfigurationError) -> Bool {
        guard !FileManager.default.fileExists(atPath: url.path) else { return false }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
            return true
        } catch {
            throw ConfigurationError("cannot make the run's folder '\(url.path)': \(error.reasonLine)")
        }
    }

    /// The date and time, to name a run by.
    public static var datedName: String {
        let format = Date.ISO8601FormatStyle(timeZone: .current)
            .year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: false).timeSeparator(.omitted)
        return Date.now.formatted(format)
    }

    private static func makeDated(in parent: URL) throws(ConfigurationError) -> URL {
        let name = datedName
        var attempt = 1
        while true {
            let url = parent.appendingPathComponent(attempt == 1 ? name : "\(name)-\(attempt)", isDirectory: true)
            if try make(url) { return url }
            attempt += 1
        }
    }

    // MARK: RoundObserver

    public func runStarted(_ run: RunDescription) throws {
        model = run.model
        datasetMetadata = run.settings.datasetMetadata
        if isResumed {
            try noteResume(run)
        } else {
            try write(
                Configuration(
                    fedmpi: Version.current, run: name, settings: run.settings, environment: environment,
                    ranks: run.ranks, hosts: run.distinctHosts, teacher: run.teacher.map(Teacher.init)),
                to: "config.json")
        }
        try writeLogs()
    }

    public func faulted(_ fault: FaultRecord) {
        faults.add(fault)
        areFaultsWritten = false
    }

    public func clientsEvaluated(_ table: ClientAccuracies) {
        accuracies = table
    }

    public func roundFinished(_ record: RoundRecord) throws {
        records.append(record)
        let now = ContinuousClock.now
        if let lastWrite, now - lastWrite < Self.writeInterval { return }
        try writeLogs()
        lastWrite = now
    }

    public func runFinished(_ summary: RunSummary, weights: Span<Float>) throws {
        try writeLogs()
        guard let model else { return }
        let file = Safetensors(
            model.parameterLayout, weights: weights,
            metadata: datasetMetadata.merging(["model": model.name, "fedmpi": Version.current]) { $1 })
        try Data(try file.encoded()).write(to: url.appendingPathComponent("model.safetensors"), options: .atomic)
    }

    public func runStopped(_ stop: RunStop) {
        do {
            if let record = stop.unevaluated { records.append(record) }
            try writeLogs()
        } catch {
            errorOfStop = error
        }
    }

    private func writeLogs() throws {
        try write(records, to: "round_log.json")
        if let accuracies { try write(accuracies, to: "client_accuracy.json") }
        guard !areFaultsWritten else { return }
        try write(faults, to: "faults.json")
        areFaultsWritten = true
    }

    private struct Configuration: Encodable {
        let fedmpi: String
        let run: String
        let settings: RunSettings
        let environment: RunEnvironment
        let ranks: Int
        let hosts: [String]
        let teacher: Teacher?
    }

    private struct Teacher: Codable {
        let model: String
        let weightsSHA256: String

        init(_ teacher: TrainedModel) {
            model = teacher.model.name
            weightsSHA256 = weightsDigest(teacher.weights.span)
        }

        private enum CodingKeys: String, CodingKey {
            case model
            case weightsSHA256 = "weights_sha256"
        }
    }

    /// The digest of the weights that a run's clients learnt from; nil without a teacher, or without a `config.json`.
    public static func teacherDigest(in folder: URL) -> String? {
        struct Part: Decodable { let teacher: Teacher? }
        guard let data = try? Data(contentsOf: folder.appendingPathComponent("config.json")) else { return nil }
        return (try? JSONDecoder().decode(Part.self, from: data))?.teacher?.weightsSHA256
    }

    private struct Resume: Codable {
        let fedmpi: String
        let date: String
        /// The last round that was finished before.
        let afterRound: Int
        /// Of the whole run.
        let rounds: Int
        let ranks: Int
        let hosts: [String]

        private enum CodingKeys: String, CodingKey {
            case fedmpi, date, rounds, ranks, hosts
            case afterRound = "after_round"
        }
    }

    private func noteResume(_ run: RunDescription) throws {
        let file = url.appendingPathComponent("resumes.json")
        var resumes: [Resume] = []
        if FileManager.default.fileExists(atPath: file.path) {
            resumes = try JSONDecoder().decode([Resume].self, from: Data(contentsOf: file))
        }
        resumes.append(
            Resume(
                fedmpi: Version.current, date: Date.now.formatted(.iso8601), afterRound: run.finishedRounds,
                rounds: run.settings.rounds, ranks: run.ranks, hosts: run.distinctHosts))
        try write(resumes, to: "resumes.json")
    }

    private func write(_ value: some Encodable, to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(value).write(to: url.appendingPathComponent(file), options: .atomic)
    }
}
