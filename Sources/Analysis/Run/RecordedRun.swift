public import FedCore
import Files
public import Foundation
public import Recording
public import Records

/// A run as its folder tells it: finished, under way or killed, of this version or another.
///
/// All logs are read once, when it is made; what a run under way writes later is not in it. The round log alone is
/// required: every other file may be missing, cut off or damaged, and is then as if the run had not written it. The
/// folder may come from somebody else, so files are read as ``Files/ReceivedFile`` does.
public struct RecordedRun: Sendable {
    /// The run's folder, whose last part is the run's ``name``.
    public let folder: URL
    /// Settings in `config.json` by name, in alphabetical order.
    public private(set) var settings: [(name: String, value: String)] = []
    /// What else `config.json` tells, as texts by name: its group `environment` in alphabetical order, then the
    /// version, hosts and ranks.
    public private(set) var environment: [(name: String, value: String)] = []
    /// What each finished round came to.
    public let log: RoundLog
    /// How many samples of each class each client holds; nil without a readable `partition.csv`.
    public let partition: PartitionFile?
    /// What the ranks did with their time; empty with `--timing off`.
    public let timing: RunTiming
    /// What went wrong, in the order in which it was written down.
    public let faults: [FaultRecord]
    /// How the clients fared client by client, when they were asked last; nil when clients held nothing out.
    public let accuracies: ClientAccuracies?
    /// How often the run was continued: entries of `resumes.json`.
    public let resumes: Int
    /// What the run measured beside what every run does, in the order of the columns: metrics with a value in some
    /// round, those that `config.json` declares first.
    public private(set) var metrics: [Metric] = []
    /// Samples of the server's test set, for the intervals of accuracies; nil in a run of a version that did not tell.
    public private(set) var testSamples: Int?
    /// Names of the classes in the order of the labels; empty when they are called as their labels are.
    public private(set) var classNames: [String] = []
    /// Names of the clients in the order of their numbers; empty where they have none, or the run does not tell.
    public private(set) var clientNames: [String] = []
    /// The classes of the clients' devices, by ranges of clients in their order; empty without a fleet that counts them.
    public private(set) var clientClasses: [RunDescription.ClientClass] = []
    /// Bytes that travel with each turn because the client keeps them from round to round.
    public private(set) var clientStateBytes = 0
    /// What differential privacy promises, and what it leaves out, a line each; empty without it.
    public private(set) var privacy: [String] = []
    /// Rounds that the run was to have, as it was continued last; nil if that is not known.
    public private(set) var plannedRounds: Int?

    /// Reads a run by its path or its name; a path that is a folder wins.
    ///
    /// - Parameters:
    ///   - run: the path of its folder, or its name in `results`.
    ///   - results: the path of the folder of all runs; need not exist when `run` is a path.
    /// - Throws: `ConfigurationError` when there is no such folder, or it holds no run.
    /// - Complexity: O(bytes of the folder's logs).
    public init(_ run: String, results: String) throws(ConfigurationError) {
        let path = URL(fileURLWithPath: run, isDirectory: true)
        let named = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(run, isDirectory: true)
        var isFolder: ObjCBool = false
        let found = [path, named].first {
            !run.isEmpty && FileManager.default.fileExists(atPath: $0.path, isDirectory: &isFolder)
                && isFolder.boolValue
        }
        guard let found else {
            throw ConfigurationError("no run: neither '\(path.path)' nor '\(named.path)' is a folder")
        }
        try self.init(in: found)
    }

    /// Reads the run in a folder.
    ///
    /// - Parameter folder: The run's folder.
    /// - Throws: `ConfigurationError` when the folder holds no run: its round log is missing, cannot be read, or has no
    ///   round but damage. An empty log is a run's that has not finished its first round.
    /// - Complexity: O(bytes of the folder's logs).
    public init(in folder: URL) throws(ConfigurationError) {
        self.folder = folder
        let logName = RecordFormat.roundLogName
        guard let bytes = try? ReceivedFile.contents(folder.appendingPathComponent(logName)) else {
            throw ConfigurationError(
                "'\(folder.path)' is not a run's folder: \(RunFolder.otherKind(of: folder) ?? "it has no readable \(logName)")"
            )
        }
        guard let log = RoundLog(bytes) else {
            throw ConfigurationError("'\(folder.path)' is not a run's folder: its \(logName) has no rounds")
        }
        self.log = log
        partition = PartitionFile(in: folder)
        timing = RunTiming(in: folder.appendingPathComponent(TimingFiles.folder, isDirectory: true))
        faults = Self.faults(in: folder)
        accuracies = Self.accuracies(in: folder)
        let continued = try? ReceivedFile.data(folder.appendingPathComponent("resumes.json"))
        let starts = continued.flatMap { try? JSONDecoder().decode([Continuation].self, from: $0) } ?? []
        resumes = starts.count
        let configuration = try? ReceivedFile.data(folder.appendingPathComponent("config.json"))
        readConfiguration(configuration)
        metrics = Metric.describing(
            Set(log.rounds.flatMap(\.metrics.keys)), by: Self.declaredMetrics(in: configuration))
        classNames =
            [partition?.classNames, accuracies?.classNames, classNames].compactMap { $0 }.first { !$0.isEmpty } ?? []
        plannedRounds = starts.last?.rounds ?? setting("rounds").flatMap { Int($0) }
    }

    /// The run's name: that of its folder.
    public var name: String { folder.standardizedFileURL.lastPathComponent }

    /// A setting by its option's name, without hyphens in front.
    ///
    /// - Parameter name: e.g. `real-delays`.
    /// - Returns: the value as text; nil when the run's version had no such option, or `config.json` cannot be read.
    /// - Complexity: O(settings).
    public func setting(_ name: String) -> String? { settings.first { $0.name == name }?.value }

    /// Whether the log has simulated times that nobody slept through: some round has one, and `--real-delays` was not
    /// given.
    public var isVirtual: Bool {
        guard setting("real-delays") != "true" else { return false }
        return log.rounds.contains { $0.simulatedSeconds != nil }
    }

    /// Whether the run came to its end: its model is written then. Looks into the folder at each call.
    ///
    /// A run that had finished and is being continued still has the model of its former end.
    public var isFinished: Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.safetensors").path)
    }

    /// The interval of a round's accuracy on the test set; nil where only clients evaluated, or the size of the test set
    /// is not known.
    ///
    /// - Parameter round: one of the log's.
    func accuracyInterval(of round: RoundRecord) -> WilsonInterval? {
        guard let accuracy = round.serverAccuracy, let testSamples else { return nil }
        return WilsonInterval(accuracy, of: testSamples)
    }

    /// Whether weights and sums went through groups of ranks (`--topology`).
    var hasTopology: Bool { setting("topology").map { $0 != "flat" } ?? false }

    /// Ranks whose log ends rounds before the run does, or before it was stopped; none of a run that was killed, where all
    /// logs do.
    ///
    /// The run's end is the last round of the rank whose log goes furthest. A rank that logged its own end is not
    /// silent, however early that was, nor is one that had no part in the last start of a run that was continued on fewer
    /// ranks.
    public var silentRanks: [RankTiming] {
        guard isFinished || timing.server?.isComplete ?? false else { return [] }
        return zip(timing.ranks, timing.silentFrom).filter { $1 != nil }.map(\.0)
    }

    /// Refuses a run that has no timing files with anything in them.
    ///
    /// - Throws: `ConfigurationError` that says what leaves them.
    public func requireTiming() throws(ConfigurationError) {
        guard timing.ranks.contains(where: { !$0.events.isEmpty }) else {
            throw ConfigurationError(
                "'\(folder.relativePath)' has no timing files: a run leaves them with --timing on")
        }
    }

    /// What went wrong, as far as it can be read; nothing where the file is missing. An entry that cannot be decoded is
    /// left out, and so is one that a kill cut off.
    private static func faults(in folder: URL) -> [FaultRecord] {
        guard let bytes = try? ReceivedFile.contents(folder.appendingPathComponent(RecordFormat.faultsName)) else {
            return []
        }
        let decoder = RecordFormat.decoder()
        return RecordFormat.places(in: bytes.span).whole.compactMap {
            try? decoder.decode(FaultRecord.self, from: Data(bytes[$0]))
        }
    }

    /// Reads what `client_accuracy.json` has. Nil when the run has none that can be read, or no client in it.
    private static func accuracies(in folder: URL) -> ClientAccuracies? {
        let file = folder.appendingPathComponent(RecordFormat.clientAccuraciesName)
        guard let data = try? ReceivedFile.data(file),
            let read = try? RecordFormat.decoder().decode(ClientAccuracies.self, from: data), !read.clients.isEmpty
        else { return nil }
        return read
    }

    /// An entry of `resumes.json`.
    private struct Continuation: Decodable {
        /// Rounds that the run was to have from then on; nil in a file of another version.
        let rounds: Int?
    }

    /// The metrics that `config.json` declares; none in a file of another version.
    private static func declaredMetrics(in configuration: Data?) -> [Metric] {
        struct Declarations: Decodable { let metrics: [Metric]? }
        return configuration.flatMap { try? JSONDecoder().decode(Declarations.self, from: $0) }?.metrics ?? []
    }

    /// Fills in ``settings`` and ``environment``; leaves both empty where `config.json` is missing or no object.
    private mutating func readConfiguration(_ data: Data?) {
        guard let all = data.flatMap({ try? JSONDecoder().decode([String: ConfigurationValue].self, from: $0) }) else {
            return
        }
        settings = all["settings"].map(Self.entries) ?? []
        environment = all["environment"].map(Self.entries) ?? []
        if case .one(let count) = all["test_samples"] { testSamples = Int(count).flatMap { $0 > 0 ? $0 : nil } }
        func texts(_ key: String) -> [String]? {
            if case .list(let texts) = all[key] { texts.map(\.text) } else { nil }
        }
        classNames = texts("class_names") ?? classNames
        clientNames = texts("client_names") ?? []
        privacy = texts("privacy") ?? []
        if case .one(let bytes) = all["client_state_bytes"] { clientStateBytes = Int(bytes) ?? 0 }
        let kept = data.flatMap { try? JSONDecoder().decode(ClientParts.self, from: $0) }
        clientClasses = kept?.clientClasses ?? []
        for key in ["fedmpi", "hosts", "ranks"] {
            if let value = all[key] { environment.append((key, value.text)) }
        }
    }

    /// The part of `config.json` that has more than texts.
    private struct ClientParts: Decodable {
        let clientClasses: [RunDescription.ClientClass]?

        private enum CodingKeys: String, CodingKey { case clientClasses = "client_classes" }
    }

    /// The class of a client's device; nil where the run does not tell.
    func deviceClass(of client: Int) -> String? {
        var end = 0
        return clientClasses.first { kind in
            end += kind.clients
            return client < end
        }?.name
    }

    /// The pairs of a group in alphabetical order of their names; none when the value is no group.
    private static func entries(_ value: ConfigurationValue) -> [(name: String, value: String)] {
        guard case .group(let values) = value else { return [] }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.text) }
    }
}

/// Any value of a `config.json`, whatever version wrote it.
private enum ConfigurationValue: Decodable {
    /// A text, a number, true, false or null, as text.
    case one(String)
    /// An array.
    case list([ConfigurationValue])
    /// An object.
    case group([String: ConfigurationValue])

    /// Takes what fits first. Booleans come before numbers, and whole numbers before others, so that `1` does not
    /// become `1.0`; `UInt64` is for seeds beyond the largest `Int`. Null, which nothing fits, is `none`.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            self = .one(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .one("\(value)")
        } else if let value = try? container.decode(Int.self) {
            self = .one("\(value)")
        } else if let value = try? container.decode(UInt64.self) {
            self = .one("\(value)")
        } else if let value = try? container.decode(Double.self) {
            self = .one("\(value)")
        } else if let value = try? container.decode([ConfigurationValue].self) {
            self = .list(value)
        } else if let value = try? container.decode([String: ConfigurationValue].self) {
            self = .group(value)
        } else {
            self = .one("none")
        }
    }

    /// The value on one line: lists with commas, groups as pairs in alphabetical order, without brackets; an empty list
    /// is `none`.
    var text: String {
        switch self {
        case .one(let value): value
        case .list(let values): values.isEmpty ? "none" : values.map(\.text).joined(separator: ", ")
        case .group(let values):
            values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text)" }.joined(separator: ", ")
        }
    }
}
