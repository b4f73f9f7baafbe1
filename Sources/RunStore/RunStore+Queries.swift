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
    /// A part of the name, in capitals or not.
    public var search: String?
    /// The sweep, or another folder of runs, that the run belongs to.
    public var sweep: String?
    /// A tag that the run has.
    public var tag: String?
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
    /// `interrupted`, so of these two the status is compared after the query as well.
    ///
    /// - Parameter filter: All runs, the newest first, unless told otherwise.
    /// - Throws: ``RunStoreError`` when the file cannot be read.
    /// - Complexity: O(runs that are returned) memory; of other runs, nothing but what they are sorted by is read. With
    ///   status `running` or `interrupted`, O(runs that have not said that they ended).
    public func runs(_ filter: RunFilter = RunFilter()) throws(RunStoreError) -> [StoredRun] {
        let isConcluded = filter.status == .running || filter.status == .interrupted
        var asked = filter
        if isConcluded { asked.status = .running }
        let query = asked
        let found: [StoredRun] = try read { db in
            try db.fetch(
                "SELECT * FROM runs WHERE \(query.condition) ORDER BY \(query.sorting) LIMIT :limit",
                query.arguments(["limit": isConcluded ? -1 : filter.limit ?? -1]))
        }
        // Only now is it known who was interrupted.
        let now = Date.now
        let concluded = found.map { $0.concluded(at: now) }
            .filter { filter.status == nil || $0.status == filter.status }
        return filter.limit.map { Array(concluded.prefix($0)) } ?? concluded
    }

    /// The order of runs where nothing else is asked for.
    private static let newestFirst: SQL = "started_at DESC, id DESC"

    /// Finds the run that a user means: by its number, by its folder's name (the newest of those that had it), or by
    /// the beginning of a name, if only one name begins so.
    ///
    /// - Parameter text: What the user typed. Of a path, such as `results/NAME`, the last component counts.
    /// - Throws: ``ConfigurationError`` when there is no such run, or several; ``RunStoreError``.
    /// - Complexity: O(log(runs in the history) + runs that have this name, or names that begin so): by indexes.
    public func find(_ text: String) throws -> StoredRun {
        let name = URL(fileURLWithPath: text).lastPathComponent
        if let id = Int64(text), let run = try first("id = ?", [id]) { return run }
        if let run = try first("name = ?", [text]) ?? first("name = ?", [name]) { return run }

        let names = text.isEmpty ? [] : try Set([text, name].flatMap(names(beginningWith:))).sorted()
        guard names.count <= 1 else {
            let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
            throw ConfigurationError("'\(text)' begins the names of \(names.count) runs: \(shown)")
        }
        guard let found = names.first, let run = try first("name = ?", [found]) else {
            throw ConfigurationError("no run '\(text)'; `fedmpi runs` lists them")
        }
        return run
    }

    /// The newest run of a condition, as it stands now.
    private func first(_ condition: SQL, _ arguments: Arguments) throws(RunStoreError) -> StoredRun? {
        let runs: [StoredRun] = try read { db in
            try db.fetch("SELECT * FROM runs WHERE \(condition) ORDER BY \(Self.newestFirst) LIMIT 1", arguments)
        }
        return runs.first?.concluded(at: .now)
    }

    /// The different names of runs that begin with a text.
    private func names(beginningWith text: String) throws(RunStoreError) -> [String] {
        // A range and not LIKE, which would not use the index.
        let rows = try read { db in
            try db.execute(
                "SELECT DISTINCT name FROM runs WHERE name >= ? AND name < ?", [text, text + "\u{10FFFF}"]
            ).rows
        }
        return rows.compactMap { $0.first?.shown }
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
    func read<Value>(_ body: (Database) throws -> Value) throws(RunStoreError) -> Value {
        try naming { try database.read(body) }
    }

    /// Runs changes in a transaction; its errors get the file's name.
    @discardableResult
    func change<Value>(_ body: (Database) throws -> Value) throws(RunStoreError) -> Value {
        try naming { try database.write(body) }
    }

    /// Runs a body whose errors get the file's name.
    private func naming<Value>(_ body: () throws -> Value) throws(RunStoreError) -> Value {
        do {
            return try body()
        } catch {
            throw RunStoreError(file: URL(fileURLWithPath: database.path), error)
        }
    }
}
