import Cryptography
import FedCore
public import Foundation
public import Recording
public import Records

/// Keeps a run in the history of its results folder as it goes.
///
/// A history that cannot be written gets one warning and costs the run nothing: the run only appends to a list, and a
/// thread of low priority does the rest.
public final class RunHistory: RoundObserver {
    private let folder: URL
    private let results: URL
    private let environment: RunEnvironment
    private let clients: [Int]
    private let earlier: EarlierRecords?
    /// Those of the round under way that are not written yet.
    private var faults: [FaultRecord] = []
    private let troubles: OutputTroubles
    private var writer: HistoryWriter?

    /// Larger federations have no rows of their clients.
    private static let listedClients = 10_000
    /// Larger files have no digest.
    private static let hashedBytes = 16_000_000

    /// - Parameters:
    ///   - folder: of the run.
    ///   - results: the folder of the history, above the run's; nil: beside it. In it a run is known by its path.
    ///   - clients: the training samples of each.
    ///   - earlier: of a run that is continued, what it had before.
    ///   - troubles: is told when the history cannot be written.
    public init(
        of folder: URL, in results: URL? = nil, environment: RunEnvironment, clients: [Int],
        resuming earlier: EarlierRecords?, troubles: OutputTroubles
    ) {
        self.folder = folder
        self.results = results ?? folder.deletingLastPathComponent()
        self.environment = environment
        self.clients = clients
        self.earlier = earlier
        self.troubles = troubles
    }

    public func runStarted(_ run: RunDescription) throws {
        let row = try row(of: run)
        let clients = clients.count <= Self.listedClients ? clients : []
        let writer = HistoryWriter(
            file: results.appendingPathComponent(RunStore.fileName),
            begin: { [earlier] db in
                let id = try Self.begin(row, isResumed: earlier != nil, in: db)
                let rows = clients.enumerated().map { StoredClient(client: $0.offset, samples: $0.element) }
                for row in rows { try db.insert(row, of: id) }
                // A run may be continued from an earlier round than it had reached, or have had no history before.
                let known = try earlier.map { try Self.knownRounds(of: id, $0, in: db) } ?? 0
                try db.execute("DELETE FROM rounds WHERE run_id = ? AND round > ?", [id, known])
                try db.execute("DELETE FROM faults WHERE run_id = ?", [id])
                try earlier?.forEachRound(from: known + 1) { try db.insert(StoredRound($0), of: id) }
                try earlier?.forEachFault { try db.insert($0, of: id) }
                if earlier != nil { try RunTotals.recount(id, in: db) }
                return id
            },
            troubles)
        writer.start()
        self.writer = writer
    }

    /// - Returns: the number of the run's row.
    private static func begin(_ row: StoredRun, isResumed: Bool, in db: Database) throws -> Int64 {
        var row = row
        if isResumed, let known = try StoredRun.newest(named: row.name, in: db), let id = known.id {
            row.startedAt = known.startedAt
            row.resumes = known.resumes + 1
            try row.update(id, in: db)
            return id
        }
        row.resumes = isResumed ? 1 : 0
        return try row.insert(in: db)
    }

    /// Rounds that the history has as the log has them: a run that is continued for the tenth time need not be written anew.
    private static func knownRounds(of run: Int64, _ earlier: EarlierRecords, in db: Database) throws -> Int {
        let within: SQL = "FROM rounds WHERE run_id = ? AND round <= ?"
        let arguments: Arguments = [run, earlier.lastRound]
        let count: Int? = try db.value("SELECT count(*) \(within)", arguments)
        guard let last: Int = try db.value("SELECT max(round) \(within)", arguments), last == count else { return 0 }
        // Nothing better is left of rounds from before a log that was moved away.
        guard let record = try earlier.record(of: last) else { return last }
        let seconds: Double? = try db.value("SELECT seconds FROM rounds WHERE run_id = ? AND round = ?", [run, last])
        return seconds == record.seconds ? last : 0
    }

    private func row(of run: RunDescription) throws -> StoredRun {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let settings = run.settings
        return StoredRun(
            id: nil, name: name, status: .running, reason: nil, startedAt: .now, finishedAt: nil,
            heartbeatAt: .now, process: ProcessIdentity.ofThisProcess, resumes: 0, version: Version.current,
            mpi: environment.mpi, oneDNN: environment.oneDNN, host: run.hosts.first ?? "",
            hosts: run.distinctHosts.count, ranks: run.ranks, strategy: settings.strategy, model: run.model,
            parameters: run.layout.count, dataset: settings.dataset, trainingSamples: run.trainingSamples,
            testSamples: run.testSamples, clients: settings.clients, seed: "\(settings.seed)",
            settings: String(decoding: try encoder.encode(settings), as: UTF8.self), plannedRounds: settings.rounds,
            rounds: 0, accuracy: nil, bestAccuracy: nil, loss: nil, uploadBytes: 0, downloadBytes: 0, seconds: 0,
            digest: nil, metrics: run.metrics.isEmpty ? nil : run.metrics)
    }

    /// The folder's path below the results folder.
    private var name: String {
        let above = results.standardizedFileURL.pathComponents
        let path = folder.standardizedFileURL.pathComponents
        guard path.count > above.count, path.starts(with: above) else { return folder.lastPathComponent }
        return path.dropFirst(above.count).joined(separator: "/")
    }

    public func roundFinished(_ record: RoundRecord) {
        addFaults()
        writer?.append { db, run in
            try db.insert(StoredRound(record), of: run)
            var totals = RunTotals()
            totals.add(record)
            try totals.save(of: run, in: db)
        }
    }

    public func faulted(_ fault: FaultRecord) {
        faults.add(fault)
        // Others of this round may share its row.
        if fault.kind != .updatesRejected { addFaults() }
    }

    private func addFaults() {
        for fault in faults {
            writer?.append { db, run in try db.insert(fault, of: run) }
        }
        faults = []
    }

    public func runFinished(_ summary: RunSummary, weights: Span<Float>) {
        end(.finished, seconds: summary.seconds, digest: weightsDigest(weights), patience: 10)
    }

    public func runStopped(_ stop: RunStop) {
        if let record = stop.unevaluated { roundFinished(record) }
        addFiles()
        // Who sent the signal kills next.
        switch stop.cause {
        case .interruption(let interruption):
            end(.stopped, because: "\(interruption)", seconds: stop.state.seconds, patience: 0.5)
        case .failure(let reason):
            end(.failed, because: reason, seconds: stop.state.seconds, patience: 2)
        }
    }

    private func end(
        _ status: StoredRun.Status, because reason: String? = nil, seconds: Double, digest: String? = nil,
        patience: Double
    ) {
        addFaults()
        writer?.append { db, run in
            try db.execute(
                "UPDATE runs SET status = ?, reason = ?, finished_at = ?, seconds = ?, digest = ? WHERE id = ?",
                [status, reason, Date.now, seconds, digest, run])
        }
        writer?.finish(within: patience)
    }

    /// Lists the files that are in the run's folder; call it when nothing is written there any more.
    public func noteFiles() {
        addFiles()
        writer?.finish(within: 10)
    }

    private func addFiles() {
        let artefacts = artefacts()
        writer?.append { db, run in
            try db.execute("DELETE FROM artefacts WHERE run_id = ?", [run])
            for artefact in artefacts { try db.insert(artefact, of: run) }
        }
    }

    /// The files in the run's folder.
    private func artefacts() -> [StoredArtefact] {
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return paths.compactMap { path in
            let file = folder.appendingPathComponent(path)
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: file.path),
                attributes[.type] as? FileAttributeType == .typeRegular,
                let bytes = (attributes[.size] as? NSNumber)?.intValue
            else { return nil }
            let data = bytes <= Self.hashedBytes ? try? Data(contentsOf: file) : nil
            let digest = data.map { SHA256.hash($0).hexadecimal }
            return StoredArtefact(file: path, bytes: bytes, sha256: digest)
        }
    }
}
