import FedCore
import Foundation
public import Records

/// Which runs, in which order.
public struct RunFilter: Sendable {
    /// What to sort by: the best first, and of `date` the newest.
    public enum Order: String, Sendable, CaseIterable {
        case date, accuracy, bytes, seconds
    }

    public var strategy: String?
    public var model: String?
    public var dataset: String?
    public var status: StoredRun.Status?
    public var order = Order.date
    /// At most so many; nil is all.
    public var limit: Int?

    /// All runs, the newest first.
    public init() {}
}

extension RunStore {
    /// The runs that a filter lets through. `O(runs)`
    /// - Throws: `RunStoreError`
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

    /// The run of a number, of a folder's name (the newest of those that had it), or of the only name that begins so.
    /// - Parameter text: a path's last component counts.
    /// - Throws: `ConfigurationError` when there is none or there are several; `RunStoreError`
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

    /// The newest run whose folder had this name.
    /// - Throws: `RunStoreError`
    public func newest(named name: String) throws(RunStoreError) -> StoredRun? {
        try read { db in try StoredRun.newest(named: name, in: db) }?.concluded(at: .now)
    }

    /// A run's rounds, in order.
    /// - Throws: `RunStoreError`
    public func rounds(of run: StoredRun) throws(RunStoreError) -> [RoundRecord] {
        let rows: [StoredRound] = try rows(of: run, order: "round")
        return rows.map(\.record)
    }

    /// A run's faults, in the order in which they happened.
    /// - Throws: `RunStoreError`
    public func faults(of run: StoredRun) throws(RunStoreError) -> [FaultRecord] {
        try rows(of: run, order: "id")
    }

    /// The files that a run had left when it ended, by name.
    /// - Throws: `RunStoreError`
    public func artefacts(of run: StoredRun) throws(RunStoreError) -> [StoredArtefact] {
        try rows(of: run, order: "file")
    }

    /// A run's clients, in order; none of a federation that is too large to be listed.
    /// - Throws: `RunStoreError`
    public func clients(of run: StoredRun) throws(RunStoreError) -> [StoredClient] {
        try rows(of: run, order: "client")
    }

    /// Every column of all rounds of all runs, in order, beside their runs' names: titles, then a line a round.
    /// - Throws: `RunStoreError`
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

    private func rows<Row: OwnedRow>(of run: StoredRun, order: SQL) throws(RunStoreError) -> [Row] {
        try read { db in
            try db.fetch("SELECT * FROM \(Row.table) WHERE run_id = ? ORDER BY \(order)", [run.id])
        }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws(RunStoreError) -> Value {
        do {
            return try database.read(body)
        } catch {
            throw RunStoreError(file: URL(fileURLWithPath: database.path), error)
        }
    }
}
