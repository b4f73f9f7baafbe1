public import FedCore
public import Foundation
public import Records

/// A run as the history has it.
public struct StoredRun: Codable, Sendable, Equatable {
    /// How a run stands.
    public enum Status: String, Codable, Sendable, CaseIterable, SQLConvertible {
        case running, finished
        /// By a signal.
        case stopped
        /// By an error on rank 0.
        case failed
        /// It was killed, or its machine was: it is not there any more and has not said why. Never in the file: it is
        /// concluded by who reads.
        case interrupted
    }

    public var id: Int64?
    /// Name of its folder: its path in the results folder.
    public var name: String
    public var status: Status
    /// Why it stopped or failed.
    public var reason: String?
    public var startedAt: Date
    public var finishedAt: Date?
    /// When its process last wrote here; it does so every half a minute at least.
    public var heartbeatAt: Date
    /// As `ProcessIdentity` writes it.
    var process: String
    /// How often it was continued.
    public var resumes: Int
    /// Version of fedmpi.
    public var version: String
    public var mpi: String
    public var oneDNN: String
    /// Host of rank 0.
    public var host: String
    /// Distinct hosts.
    public var hosts: Int
    public var ranks: Int
    public var strategy: String
    public var model: String
    /// Parameters of the model.
    public var parameters: Int
    public var dataset: String
    public var trainingSamples: Int
    public var testSamples: Int
    public var clients: Int
    /// As text: it has 64 bits and no sign, which SQLite's integers do not hold.
    public var seed: String
    /// The `RunSettings` as JSON.
    public var settings: String
    public var plannedRounds: Int
    /// Finished rounds.
    public var rounds: Int
    /// Accuracy in the last round that was evaluated, in [0, 1].
    public var accuracy: Double?
    public var bestAccuracy: Double?
    /// On the test set, of the last round that was evaluated.
    public var loss: Double?
    public var uploadBytes: Int
    public var downloadBytes: Int
    /// While the run goes on, of its finished rounds.
    public var seconds: Double
    /// Digest of the final weights, as `weightsDigest` gives it.
    public var digest: String?
    /// What the run measures beside what every run does; nil in rows of earlier versions.
    public var metrics: [Metric]?

    private enum CodingKeys: String, CodingKey {
        case id, name, status, reason, process, resumes, version, mpi, host, hosts, ranks, strategy, model, parameters
        case dataset, clients, seed, settings, rounds, accuracy, loss, seconds, digest, metrics
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case heartbeatAt = "heartbeat_at"
        case oneDNN = "onednn"
        case trainingSamples = "training_samples"
        case testSamples = "test_samples"
        case plannedRounds = "planned_rounds"
        case bestAccuracy = "best_accuracy"
        case uploadBytes = "upload_bytes"
        case downloadBytes = "download_bytes"
    }

    /// A running run whose process is gone, or on another machine silent for two minutes, was interrupted.
    func concluded(at now: Date) -> StoredRun {
        guard status == .running else { return self }
        let isAlive = ProcessIdentity.isAlive(process) ?? (now.timeIntervalSince(heartbeatAt) < 120)
        var run = self
        if !isAlive { run.status = .interrupted }
        return run
    }
}

extension StoredRun {
    /// The newest run of this name.
    static func newest(named name: String, in db: Database) throws -> StoredRun? {
        let runs: [StoredRun] = try db.fetch("SELECT * FROM runs WHERE name = ? ORDER BY id DESC LIMIT 1", [name])
        return runs.first
    }

    /// Writes a new row.
    /// - Returns: its number.
    func insert(in db: Database) throws -> Int64 {
        try db.insert(RowEncoder(self), into: "runs")
        return db.lastInsertedRow
    }

    /// Overwrites the row of this number.
    func update(_ id: Int64, in db: Database) throws {
        var run = self
        run.id = id
        let row = try RowEncoder(run)
        // Not one more row in its place: what belongs to it would go with it.
        try db.execute(
            "UPDATE runs SET (\(columns: row.columns)) = (\(parameters: row.columns.count)) WHERE id = ?",
            Arguments(row.values + [id.sql]))
    }
}

/// A row of one of the tables in which each run has some.
protocol OwnedRow: Codable, Sendable {
    static var table: SQL { get }
}

extension Database {
    /// Writes a row of a run, in the place of one with the same key.
    func insert(_ row: some OwnedRow, of run: Int64) throws {
        let columns = try RowEncoder(row)
        columns.add("run_id", run.sql)
        try insert(columns, into: type(of: row).table)
    }
}

/// A file that a run left in its folder.
public struct StoredArtefact: Codable, Sendable, Equatable, OwnedRow {
    static let table: SQL = "artefacts"

    /// Its path in the run's folder.
    public var file: String
    public var bytes: Int
    /// In hexadecimal; nil of a file that is too large to hash in passing.
    public var sha256: String?
}

/// A client and the training samples it holds.
public struct StoredClient: Codable, Sendable, Equatable, OwnedRow {
    static let table: SQL = "clients"

    public var client: Int
    public var samples: Int
}

/// A round's record. Metrics that have a column of their own from before there were others are in it; the others are JSON in
/// one column.
struct StoredRound: Codable, Sendable, OwnedRow {
    static let table: SQL = "rounds"
    private static let columns: Set<String> = [
        "attack_success", "simulated_seconds", "staleness_mean", "staleness_max",
    ]

    let record: RoundRecord

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case run = "run_id"
        case metrics
    }

    init(_ record: RoundRecord) { self.record = record }

    init(from decoder: any Decoder) throws {
        var record = try RoundRecord(from: decoder)
        for key in CodingKeys.allCases { record.metrics[key.rawValue] = nil }
        let others = try decoder.container(keyedBy: CodingKeys.self)
            .decodeIfPresent([String: Double].self, forKey: .metrics)
        record.metrics.merge(others ?? [:], uniquingKeysWith: { $1 })
        self.record = record
    }

    func encode(to encoder: any Encoder) throws {
        var own = record
        own.metrics = record.metrics.filter { Self.columns.contains($0.key) }
        try own.encode(to: encoder)
        let others = record.metrics.filter { !Self.columns.contains($0.key) }
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encodeIfPresent(others.isEmpty ? nil : others, forKey: .metrics)
    }
}

/// Its clients are a JSON array in one column.
extension FaultRecord: OwnedRow {
    static var table: SQL { "faults" }
}

extension FaultRecord.Kind: SQLConvertible {}
