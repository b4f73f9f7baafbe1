import Cryptography
import FedCore
public import Foundation
public import Recording
public import Records

/// The observer that keeps a run in the history of its results folder, row by row as it goes. Made by `fedmpi` on rank
/// 0 unless `--no-history` is given.
///
/// The history is a convenience and must not cost a run anything: calls only append to a list in memory, and a thread
/// of low priority writes it once a second (``HistoryWriter``). A history that cannot be written gets one warning, is
/// tried again, and never ends the run.
///
/// Calls come from the thread of the round loop; the class is not thread-safe.
public final class RunHistory: RoundObserver {
    /// The run's folder.
    private let folder: URL
    /// The folder that holds the history.
    private let results: URL
    /// Versions of the libraries.
    private let environment: RunEnvironment
    /// Training samples of each client.
    private let clients: [Int]
    /// What the logs of a continued run hold; nil for a new run.
    private let earlier: EarlierRecords?
    /// Faults of the round under way that may still be joined by others, and are not passed to the writer yet.
    private var faults: [FaultRecord] = []
    /// The last round that has a record.
    private var lastRound = 0
    /// Is told when the history cannot be written; the same object serves all files of a run.
    private let troubles: OutputTroubles
    /// Set when the run starts.
    private var writer: HistoryWriter?

    /// The largest number of clients that get a row each: a million would make every run's history larger than its
    /// weights.
    private static let listedClients = 10_000
    /// Bytes of the largest file that is hashed when a run ends; larger ones would delay its end.
    private static let hashedBytes = 16_000_000

    /// Prepares the observer; the file is opened when the run starts.
    ///
    /// - Parameters:
    ///   - folder: The run's folder.
    ///   - results: The folder of the history, above the run's; nil: the folder that the run's is in. The run is known
    ///     by its path below it.
    ///   - environment: Versions of MPI and oneDNN, which are stored with the run.
    ///   - clients: Training samples of each client.
    ///   - earlier: The records in the logs of a run that is continued; nil for a new run.
    ///   - troubles: Is told when the history cannot be written.
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

    /// Queues the run's row: a new one, or the row that a continued run has, whose rounds are brought into agreement
    /// with its log.
    ///
    /// - Throws: An encoding error of the settings; errors of the file go to `troubles` instead.
    public func runStarted(_ run: RunDescription) throws {
        lastRound = run.finishedRounds
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

    /// Inserts the run's row, or updates that of the newest run of this name if the run is continued.
    ///
    /// - Returns: The number of the run's row.
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

    /// The number of rounds for which the history agrees with the log, so that they need not be written again: a run
    /// that is continued for the tenth time adds only what is new.
    ///
    /// Rounds agree if none is missing and the last has the same duration to the bit; a run of the same name that took
    /// other rounds would differ there.
    ///
    /// - Parameters:
    ///   - run: Number of the run's row.
    ///   - earlier: The log of the continued run.
    /// - Returns: The last round that agrees; 0 when all must be written.
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

    /// The run's row as it starts: no rounds, no accuracy.
    private func row(of run: RunDescription) throws -> StoredRun {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let settings = run.settings
        return StoredRun(
            id: nil, name: name, status: .running, reason: nil, startedAt: .now, finishedAt: nil,
            heartbeatAt: .now, process: ProcessIdentity.ofThisProcess, resumes: 0, version: Version.current,
            mpi: environment.mpi, oneDNN: environment.of(run).oneDNN, host: run.hosts.first ?? "",
            hosts: run.distinctHosts.count, ranks: run.ranks, strategy: settings.strategy, model: run.model,
            parameters: run.layout.count, dataset: settings.dataset, trainingSamples: run.trainingSamples,
            testSamples: run.testSamples, clients: settings.clients, seed: "\(settings.seed)",
            settings: String(decoding: try encoder.encode(settings), as: UTF8.self), plannedRounds: settings.rounds,
            rounds: 0, accuracy: nil, bestAccuracy: nil, loss: nil, uploadBytes: 0, downloadBytes: 0, seconds: 0,
            digest: nil, metrics: run.metrics.isEmpty ? nil : run.metrics, roundProgress: nil)
    }

    /// The folder's path below the results folder, by which the history knows the run; just its name if it is
    /// elsewhere.
    private var name: String {
        let above = results.standardizedFileURL.pathComponents
        let path = folder.standardizedFileURL.pathComponents
        guard path.count > above.count, path.starts(with: above) else { return folder.lastPathComponent }
        return path.dropFirst(above.count).joined(separator: "/")
    }

    /// A round may take an hour: whoever looks sees that it goes on.
    public var progressInterval: Duration? { .seconds(1) }

    /// Leaves the share of the round under way for the next turn of the writer. While the round before is still being
    /// evaluated, its record is not there, and nothing is said of the next.
    public func progressed(round: Int, fraction: Double) {
        if round == lastRound + 1 { writer?.note(progress: fraction) }
    }

    /// Queues the round's row, and adds it to the totals in the run's row.
    public func roundFinished(_ record: RoundRecord) {
        addFaults()
        lastRound = record.round
        writer?.note(progress: nil)
        writer?.append { db, run in
            try db.insert(StoredRound(record), of: run)
            var totals = RunTotals()
            totals.add(record)
            try totals.save(of: run, in: db)
        }
    }

    /// Queues a fault. Updates rejected in one round for one reason share a row (`add`), so these are held back until
    /// the round ends or another kind of fault comes.
    public func faulted(_ fault: FaultRecord) {
        faults.add(fault)
        // Others of this round may share its row.
        if fault.kind != .updatesRejected { addFaults() }
    }

    /// Passes held-back faults to the writer.
    private func addFaults() {
        for fault in faults {
            writer?.append { db, run in try db.insert(fault, of: run) }
        }
        faults = []
    }

    /// Marks the run as finished, with the digest of its weights, and waits up to 10 s until everything is written.
    public func runFinished(_ summary: RunSummary, weights: Span<Float>) {
        end(.finished, seconds: summary.seconds, digest: weightsDigest(weights), patience: 10)
    }

    /// Marks the run as stopped or failed, and lists its files. Waits at most 0.5 s after a signal, because whoever
    /// sent it may kill the process next, and 2 s after an error.
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

    /// Queues the run's last row and waits until everything is written.
    ///
    /// - Parameters:
    ///   - status: How the run ended.
    ///   - reason: Why it stopped or failed.
    ///   - seconds: Duration of the run.
    ///   - digest: Digest of the final weights; nil unless the run finished.
    ///   - patience: Seconds to wait at most.
    private func end(
        _ status: StoredRun.Status, because reason: String? = nil, seconds: Double, digest: String? = nil,
        patience: Double
    ) {
        addFaults()
        writer?.note(progress: nil)
        writer?.append { db, run in
            try db.execute(
                "UPDATE runs SET status = ?, reason = ?, finished_at = ?, seconds = ?, digest = ? WHERE id = ?",
                [status, reason, Date.now, seconds, digest, run])
        }
        writer?.finish(within: patience)
    }

    /// Lists the files in the run's folder with sizes and digests; called when nothing is written there any more. Waits
    /// up to 10 s. Reads each file of up to 16 MB.
    public func noteFiles() {
        addFiles()
        writer?.finish(within: 10)
    }

    /// Queues the rows of the files, in the place of those from before.
    private func addFiles() {
        let artefacts = artefacts()
        writer?.append { db, run in
            try db.execute("DELETE FROM artefacts WHERE run_id = ?", [run])
            for artefact in artefacts { try db.insert(artefact, of: run) }
        }
    }

    /// The regular files in the run's folder and the folders in it; links are left out.
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
