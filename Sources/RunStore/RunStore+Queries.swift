import FedCore
import Foundation
public import Records

/// Which runs of a history are wanted, and in which order: the options of `fedmpi runs`. A field that is nil lets every
/// run through.
public struct RunFilter: Sendable {
    /// What runs are sorted by. Raw values are the values of `--sort`.
    public enum Order: String, Sendable, CaseIterable {
        /// The newest first, the most accurate first (runs without an accuracy last), the least traffic first, the
        /// shortest first.
        case date, accuracy, bytes, seconds
    }

    /// The strategy's name, compared letter by letter.
    public var strategy: String?
    /// The model's name, compared letter by letter.
    public var model: String?
    /// The data set's name, compared letter by letter.
    public var dataset: String?
    /// How the run stands, as seen at the moment of the query.
    public var status: StoredRun.Status?
    /// How the runs are sorted.
    public var order = Order.date
    /// The most runs to return, ≥ 0; nil: all.
    public var limit: Int?

    /// All runs, the newest first.
    public init() {}
}

extension RunStore {
    /// The runs that a filter lets through. A run that says `running` although its process is gone comes as
    /// `interrupted`, so the status is compared after the query, not in it.
    ///
    /// - Parameter filter: All runs, the newest first, unless told otherwise.
    /// - Throws: ``RunStoreError`` when the file cannot be read.
    /// - Complexity: O(runs in the history · log runs), in time and memory.
    public func runs(_ filter: RunFilter = RunFilter()) throws(RunStoreError) -> [StoredRun] {
        let order: SQL =
            switch filter.order {
            case .date: "started_at DESC, id DESC"
            // A run with no accuracy comes last: SQLite takes NULL for the smallest.
            case .accuracy: "accuracy DESC"
            case .bytes: "upload_bytes + download_bytes"
            case .seconds: "seconds"
            }
        let found: [StoredRun] = try read { db in
            try db.fetch(
                """
                SELECT * FROM runs
                WHERE strategy = ifnull(:strategy, strategy) AND model = ifnull(:model, model)
                  AND dataset = ifnull(:dataset, dataset)
                ORDER BY \(order)
                """,
                ["strategy": filter.strategy, "model": filter.model, "dataset": filter.dataset])
        }
        // Only now is it known who was interrupted.
        let now = Date.now
        let concluded = found.map { $0.concluded(at: now) }
            .filter { filter.status == nil || $0.status == filter.status }
        return filter.limit.map { Array(concluded.prefix($0)) } ?? concluded
    }

    /// Finds the run that a user means: by its number, by its folder's name (the newest of those that had it), or by
    /// the beginning of a name, if only one name begins so.
    ///
    /// - Parameter text: What the user typed. Of a path, such as `results/NAME`, the last component counts.
    /// - Throws: ``ConfigurationError`` when there is no such run, or several; ``RunStoreError``.
    /// - Complexity: O(runs in the history).
    public func find(_ text: String) throws -> StoredRun {
        let name = URL(fileURLWithPath: text).lastPathComponent
        let runs = try runs()
        let numbered = Int64(text).flatMap { id in runs.first { $0.id == id } }
        if let run = numbered ?? runs.first(where: { $0.name == text }) ?? runs.first(where: { $0.name == name }) {
            return run
        }
        let candidates = runs.filter { !text.isEmpty && ($0.name.hasPrefix(text) || $0.name.hasPrefix(name)) }
        let names = Set(candidates.map(\.name)).sorted()
        guard let run = candidates.first else {
            throw ConfigurationError("no run '\(text)'; `fedmpi runs` lists them")
        }
        guard names.count == 1 else {
            let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
            throw ConfigurationError("'\(text)' begins the names of \(names.count) runs: \(shown)")
        }
        return run
    }

    /// The newest run whose folder had this name; nil when there is none.
    ///
    /// - Throws: ``RunStoreError`` when the file cannot be read.
    public func newest(named name: String) throws(RunStoreError) -> StoredRun? {
        try read { db in try StoredRun.newest(named: name, in: db) }?.concluded(at: .now)
    }

    /// The finished rounds of a run, in order.
    ///
    /// - Throws: ``RunStoreError`` when the file cannot be read, or a row holds something else.
    /// - Complexity: O(rounds) memory.
    public func rounds(of run: StoredRun) throws(RunStoreError) -> [RoundRecord] {
        let rows: [StoredRound] = try rows(of: run, order: "round")
        return rows.map(\.record)
    }

    /// The faults of a run, in the order in which they happened.
    ///
    /// - Throws: ``RunStoreError`` when the file cannot be read.
    public func faults(of run: StoredRun) throws(RunStoreError) -> [FaultRecord] {
        try rows(of: run, order: "id")
    }

    /// The files that were in a run's folder when it ended, by name.
    ///
    /// - Throws: ``RunStoreError`` when the file cannot be read.
    public func artefacts(of run: StoredRun) throws(RunStoreError) -> [StoredArtefact] {
        try rows(of: run, order: "file")
    }

    /// The clients of a run, in order; empty for a federation that is too large to be listed (over 10,000 clients).
    ///
    /// - Throws: ``RunStoreError`` when the file cannot be read.
    public func clients(of run: StoredRun) throws(RunStoreError) -> [StoredClient] {
        try rows(of: run, order: "client")
    }

    /// Every column of all rounds of all runs as text, beside their runs' names: what `fedmpi runs export --rounds`
    /// writes.
    ///
    /// - Returns: A row with the columns' names, then a row for each round, by run and round; nil stands for NULL.
    /// - Throws: ``RunStoreError`` when the file cannot be read.
    /// - Complexity: O(rounds of all runs) memory.
    public func roundTable() throws(RunStoreError) -> [[String?]] {
        try read { db in
            let table = try db.execute(
                """
                SELECT runs.name AS run, rounds.* FROM rounds JOIN runs ON runs.id = rounds.run_id
                ORDER BY run_id, round
                """)
            return [table.columns] + table.rows.map { $0.map(\.shown) }
        }
    }

    /// The rows that one run has in a table, sorted.
    private func rows<Row: OwnedRow>(of run: StoredRun, order: SQL) throws(RunStoreError) -> [Row] {
        try read { db in
            try db.fetch("SELECT * FROM \(Row.table) WHERE run_id = ? ORDER BY \(order)", [run.id])
        }
    }

    /// Runs a query in a transaction; its errors get the file's name.
    private func read<Value>(_ body: (Database) throws -> Value) throws(RunStoreError) -> Value {
        do {
            return try database.read(body)
        } catch {
            throw RunStoreError(file: URL(fileURLWithPath: database.path), error)
        }
    }
}
