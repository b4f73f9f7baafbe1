public import FedCore
import Files
public import Foundation
public import Recording
public import Records

/// A run as its folder tells it: finished, under way or killed, of this version or another.
public struct RecordedRun: Sendable {
    public let folder: URL
    /// Settings in `config.json` by name, in alphabetical order.
    public private(set) var settings: [(name: String, value: String)] = []
    /// What else `config.json` tells: versions, ranks, hosts.
    public private(set) var environment: [(name: String, value: String)] = []
    public let log: RoundLog
    public let partition: PartitionFile?
    public let timing: RunTiming
    public let faults: [FaultRecord]
    /// Nil when clients held nothing out.
    public let accuracies: ClientAccuracies?
    /// How often the run was continued.
    public let resumes: Int
    /// What the run measured beside what every run does, in the order of the columns.
    public private(set) var metrics: [Metric] = []
    /// Rounds that the run was to have, if it is known.
    public private(set) var plannedRounds: Int?

    /// - Parameters:
    ///   - run: the path of its folder, or its name in `results`.
    /// - Throws: `ConfigurationError` when there is no such folder, or it holds no run.
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

    /// - Throws: `ConfigurationError` when the folder holds no run.
    public init(in folder: URL) throws(ConfigurationError) {
        self.folder = folder
        let logName = RecordFormat.roundLogName
        guard let bytes = try? ReceivedFile.contents(folder.appendingPathComponent(logName)) else {
            throw ConfigurationError("'\(folder.path)' is not a run's folder: it has no readable \(logName)")
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
        plannedRounds = starts.last?.rounds ?? setting("rounds").flatMap { Int($0) }
    }

    public var name: String { folder.standardizedFileURL.lastPathComponent }

    /// A setting by its option's name.
    public func setting(_ name: String) -> String? { settings.first { $0.name == name }?.value }

    /// Whether the log has simulated times that nobody slept through.
    public var isVirtual: Bool {
        guard setting("real-delays") != "true" else { return false }
        return log.rounds.contains { $0.simulatedSeconds != nil }
    }

    /// Whether the run came to its end.
    public var isFinished: Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.safetensors").path)
    }

    /// Ranks whose log ends rounds before the run does; none of a run that was killed, where all logs do.
    public var silentRanks: [RankTiming] {
        guard isFinished else { return [] }
        let rounds = timing.ranks.map { $0.events.last?.round ?? 0 }
        return zip(timing.ranks, rounds).filter { !$0.isComplete && $1 < rounds.max() ?? 0 }.map(\.0)
    }

    /// What went wrong, as far as it can be read; nothing where the file is missing.
    private static func faults(in folder: URL) -> [FaultRecord] {
        guard let bytes = try? ReceivedFile.contents(folder.appendingPathComponent(RecordFormat.faultsName)) else {
            return []
        }
        let decoder = RecordFormat.decoder()
        return RecordFormat.places(in: bytes.span).whole.compactMap {
            try? decoder.decode(FaultRecord.self, from: Data(bytes[$0]))
        }
    }

    /// Nil when the run has none that can be read.
    private static func accuracies(in folder: URL) -> ClientAccuracies? {
        let file = folder.appendingPathComponent(RecordFormat.clientAccuraciesName)
        guard let data = try? ReceivedFile.data(file),
            let read = try? RecordFormat.decoder().decode(ClientAccuracies.self, from: data), !read.clients.isEmpty
        else { return nil }
        return read
    }

    /// An entry of `resumes.json`.
    private struct Continuation: Decodable {
        let rounds: Int?
    }

    /// The metrics that `config.json` declares; none in a file of another version.
    private static func declaredMetrics(in configuration: Data?) -> [Metric] {
        struct Declarations: Decodable { let metrics: [Metric]? }
        return configuration.flatMap { try? JSONDecoder().decode(Declarations.self, from: $0) }?.metrics ?? []
    }

    private mutating func readConfiguration(_ data: Data?) {
        guard let all = data.flatMap({ try? JSONDecoder().decode([String: ConfigurationValue].self, from: $0) }) else {
            return
        }
        settings = all["settings"].map(Self.entries) ?? []
        environment = all["environment"].map(Self.entries) ?? []
        for key in ["fedmpi", "hosts", "ranks"] {
            if let value = all[key] { environment.append((key, value.text)) }
        }
    }

    private static func entries(_ value: ConfigurationValue) -> [(name: String, value: String)] {
        guard case .group(let values) = value else { return [] }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.text) }
    }
}

/// Any value of a `config.json`, whatever version wrote it.
private enum ConfigurationValue: Decodable {
    case one(String)
    case list([ConfigurationValue])
    case group([String: ConfigurationValue])

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

    var text: String {
        switch self {
        case .one(let value): value
        case .list(let values): values.isEmpty ? "none" : values.map(\.text).joined(separator: ", ")
        case .group(let values):
            values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text)" }.joined(separator: ", ")
        }
    }
}
