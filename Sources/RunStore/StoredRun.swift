public import FedCore
public import Foundation
public import Records

/// A run as the history holds it: a row of the table `runs`. Coding keys are the columns.
public struct StoredRun: Codable, Sendable, Equatable {
    /// How a run stands. Raw values stand in the file.
    public enum Status: String, Codable, Sendable, CaseIterable, SQLConvertible {
        /// A run under way; a run that has come to its end, planned or early.
        case running, finished
        /// A run ended by a signal; it can be continued.
        case stopped
        /// A run ended by an error on rank 0.
        case failed
        /// A run that was killed, or whose machine was: its process is gone and has not said why. Never in the file;
        /// readers conclude it (``StoredRun/concluded(at:)``).
        case interrupted
    }

    /// Number of the row; nil until it is inserted.
    public var id: Int64?
    /// Path of its folder below the results folder. Several runs may have had the same one after another.
    public var name: String
    /// How it stands, as it wrote itself.
    public var status: Status
    /// Why it stopped or failed.
    public var reason: String?
    /// When it began, for a continued run the first time.
    public var startedAt: Date
    /// When it ended; nil while it runs and when it was killed.
    public var finishedAt: Date?
    /// When its process last wrote here: every half a minute at least.
    public var heartbeatAt: Date
    /// Identity of rank 0's process, as `ProcessIdentity` writes it.
    var process: String
    /// How often it was continued.
    public var resumes: Int
    /// Version of fedmpi.
    public var version: String
    /// Version of the MPI library.
    public var mpi: String
    /// Version of oneDNN.
    public var oneDNN: String
    /// Host of rank 0.
    public var host: String
    /// Number of distinct hosts.
    public var hosts: Int
    /// MPI ranks, the server included.
    public var ranks: Int
    /// The strategy's name.
    public var strategy: String
    /// The model's name.
    public var model: String
    /// Number of parameters of the model.
    public var parameters: Int
    /// The data set's name.
    public var dataset: String
    /// Samples that the clients share out.
    public var trainingSamples: Int
    /// Samples of the server's test set.
    public var testSamples: Int
    /// Clients of the federation.
    public var clients: Int
    /// The seed as decimal text: it has 64 bits and no sign, which SQLite's integers cannot hold.
    public var seed: String
    /// All settings, `RunSettings` as JSON.
    public var settings: String
    /// Rounds that it was to have.
    public var plannedRounds: Int
    /// The last finished round.
    public var rounds: Int
    /// Accuracy in the last round that was evaluated, in [0, 1].
    public var accuracy: Double?
    /// The best accuracy of any round, in [0, 1].
    public var bestAccuracy: Double?
    /// Mean loss on the test set in the last round that was evaluated.
    public var loss: Double?
    /// Bytes from clients to the server, in all rounds.
    public var uploadBytes: Int
    /// Bytes from the server to clients, in all rounds.
    public var downloadBytes: Int
    /// Duration; while the run goes on, that of its finished rounds.
    public var seconds: Double
    /// Digest of the final weights, as `weightsDigest` gives it; nil unless it finished.
    public var digest: String?
    /// The metrics that the run declares beyond those of every run; nil when there are none, and in rows of earlier
    /// versions.
    public var metrics: [Metric]?
    /// Share of the round under way that is trained, in [0, 1]; nil between rounds, and in rows of earlier versions.
    public var roundProgress: Double?

    /// Columns of the table, where they differ from the properties' names.
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
        case roundProgress = "round_progress"
    }

    /// The run as a reader sees it: one that says `running` is `interrupted` if its process is gone (on this host) or
    /// has been silent for two minutes (on another).
    func concluded(at now: Date) -> StoredRun {
        guard status == .running else { return self }
        let isAlive = ProcessIdentity.isAlive(process) ?? (now.timeIntervalSince(heartbeatAt) < 120)
        var run = self
        if !isAlive { (run.status, run.roundProgress) = (.interrupted, nil) }
        return run
    }
}

extension StoredRun {
    /// The newest run of a name, as the file has it.
    static func newest(named name: String, in db: Database) throws -> StoredRun? {
        let runs: [StoredRun] = try db.fetch("SELECT * FROM runs WHERE name = ? ORDER BY id DESC LIMIT 1", [name])
        return runs.first
    }

    /// Inserts a row. ``id`` must be nil, so that SQLite numbers it.
    ///
    /// - Returns: The row's number.
    func insert(in db: Database) throws -> Int64 {
        try db.insert(RowEncoder(self), into: "runs")
        return db.lastInsertedRow
    }

    /// Overwrites the row of a number, and keeps that number. `INSERT OR REPLACE` would delete the old row first, and
    /// with it, by foreign keys, the rounds of the run.
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

/// A row of a table in which each run has any number of rows: rounds, faults, files, clients. The column `run_id` is
/// added when it is written.
protocol OwnedRow: Codable, Sendable {
    /// Name of the table.
    static var table: SQL { get }
}

extension Database {
    /// Writes a row of a run, in the place of one with the same key.
    ///
    /// - Parameters:
    ///   - row: The row, without its run.
    ///   - run: Number of the run's row.
    func insert(_ row: some OwnedRow, of run: Int64) throws {
        let columns = try RowEncoder(row)
        columns.add("run_id", run.sql)
        try insert(columns, into: type(of: row).table)
    }
}

/// A file that a run left in its folder.
public struct StoredArtefact: Codable, Sendable, Equatable, OwnedRow {
    static let table: SQL = "artefacts"

    /// Path in the run's folder.
    public var file: String
    /// Size in bytes.
    public var bytes: Int
    /// SHA-256 in hexadecimal; nil for files over 16 MB, which are not hashed.
    public var sha256: String?
}

/// A client of a run.
public struct StoredClient: Codable, Sendable, Equatable, OwnedRow {
    static let table: SQL = "clients"

    /// Number of the client, from 0.
    public var client: Int
    /// Training samples that it holds.
    public var samples: Int
}

/// A round's record as a row. Metrics that had a column of their own before there were metrics by name are in it; the
/// others are a JSON object in the column `metrics`, so that a new metric needs no new column.
struct StoredRound: Codable, Sendable, OwnedRow {
    static let table: SQL = "rounds"
    /// Metrics with columns of their own.
    private static let columns: Set<String> = [
        "attack_success", "simulated_seconds", "staleness_mean", "staleness_max",
    ]

    /// The round as the rest of the program knows it.
    let record: RoundRecord

    /// Columns that are not the record's.
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case run = "run_id"
        case metrics
    }

    init(_ record: RoundRecord) { self.record = record }

    /// Reads the record's own columns, then merges the metrics by name into it. The decoder offers every column as a
    /// metric; those that are none are removed.
    init(from decoder: any Decoder) throws {
        var record = try RoundRecord(from: decoder)
        for key in CodingKeys.allCases { record.metrics[key.rawValue] = nil }
        let others = try decoder.container(keyedBy: CodingKeys.self)
            .decodeIfPresent([String: Double].self, forKey: .metrics)
        record.metrics.merge(others ?? [:], uniquingKeysWith: { $1 })
        self.record = record
    }

    /// Writes the record's own columns, then the other metrics as JSON; NULL when there are none.
    func encode(to encoder: any Encoder) throws {
        var own = record
        own.metrics = record.metrics.filter { Self.columns.contains($0.key) }
        try own.encode(to: encoder)
        let others = record.metrics.filter { !Self.columns.contains($0.key) }
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encodeIfPresent(others.isEmpty ? nil : others, forKey: .metrics)
    }
}

/// Faults are rows as they are; the clients are a JSON array in one column.
extension FaultRecord: OwnedRow {
    static var table: SQL { "faults" }
}

extension FaultRecord.Kind: SQLConvertible {}
