import Foundation
public import Records

/// One page of a history's runs.
public struct RunOverview: Sendable {
    /// The runs of this page, as they stand now.
    public let runs: [StoredRun]
    /// How many the filter lets through in all.
    public let total: Int
}

/// The different values that filters can ask for, by alphabet.
public struct RunFilterChoices: Sendable {
    /// Names of strategies, models, data sets; tags.
    public let strategies, models, datasets, tags: [String]
}

/// The rounds of a run as a curve: what comparisons draw.
public struct RunCurve: Sendable {
    /// One evaluated round.
    public struct Point: Sendable, Equatable {
        /// Its number, from 1.
        public let round: Int
        /// On the test set, or in the mean over the clients where only they can tell, in [0, 1]; of a regression R².
        public let quality: Double
        /// Up and down until then.
        public let bytes: Int
        /// Sum over all rounds until then.
        public let seconds: Double
    }

    /// In order; of very many rounds at most as many as were asked for, the last among them.
    public let points: [Point]
}

// What a page that shows many runs asks for: nothing in it grows with the rounds of runs that are not shown.
extension RunStore {
    /// One page of the runs that a filter lets through, and their number.
    ///
    /// - Parameters:
    ///   - filter: its limit is the page's size.
    ///   - offset: runs to leave out at the beginning.
    /// - Throws: ``RunStoreError``.
    /// - Complexity: O(page) rows are read; those that are left out are counted by indexes.
    public func overview(_ filter: RunFilter, offset: Int = 0) throws(RunStoreError) -> RunOverview {
        // Of those that say that they run only a look at their processes tells which do.
        if filter.status == .running || filter.status == .interrupted {
            var all = filter
            all.limit = nil
            let runs = try self.runs(all)
            return RunOverview(
                runs: Array(runs.dropFirst(offset).prefix(filter.limit ?? .max)), total: runs.count)
        }
        return try read { db in
            // Found by the indexes first: rows are large.
            let runs: [StoredRun] = try db.fetch(
                """
                SELECT runs.* FROM (
                  SELECT id FROM runs WHERE \(filter.condition) ORDER BY \(filter.sorting) LIMIT :limit OFFSET :offset
                ) AS found JOIN runs ON runs.id = found.id ORDER BY \(filter.sorting)
                """,
                filter.arguments(["limit": filter.limit ?? -1, "offset": offset]))
            let total: Int =
                try db.value("SELECT count(*) FROM runs WHERE \(filter.condition)", filter.arguments()) ?? 0
            let now = Date.now
            return RunOverview(runs: runs.map { $0.concluded(at: now) }, total: total)
        }
    }

    /// The run of a number, as it stands now; nil when there is none.
    /// - Throws: ``RunStoreError``.
    public func run(_ id: Int64) throws(RunStoreError) -> StoredRun? {
        let runs: [StoredRun] = try read { db in try db.fetch("SELECT * FROM runs WHERE id = ?", [id]) }
        return runs.first?.concluded(at: .now)
    }

    /// What filters can ask for.
    /// - Throws: ``RunStoreError``.
    public func filterChoices() throws(RunStoreError) -> RunFilterChoices {
        try read { db in
            func values(_ sql: SQL) throws -> [String] { try db.execute(sql).rows.compactMap { $0.first?.shown } }
            return RunFilterChoices(
                strategies: try values("SELECT DISTINCT strategy FROM runs ORDER BY strategy"),
                models: try values("SELECT DISTINCT model FROM runs ORDER BY model"),
                datasets: try values("SELECT DISTINCT dataset FROM runs ORDER BY dataset"),
                tags: try values("SELECT DISTINCT tag FROM run_tags ORDER BY tag"))
        }
    }

    /// The rounds of a run behind a number, in order.
    ///
    /// - Parameters:
    ///   - round: the last that is left out; 0: none.
    ///   - limit: the most that are read.
    /// - Throws: ``RunStoreError``.
    public func rounds(of run: StoredRun, after round: Int, limit: Int) throws(RunStoreError) -> [RoundRecord] {
        let rows: [StoredRound] = try read { db in
            try db.fetch(
                "SELECT * FROM rounds WHERE run_id = ? AND round > ? ORDER BY round LIMIT ?", [run.id, round, limit])
        }
        return rows.map(\.record)
    }

    /// Rounds of a run at even distances, the last among them: all of them when there are few.
    ///
    /// - Parameter count: the most that are read, but for the last.
    /// - Throws: ``RunStoreError``.
    public func rounds(of run: StoredRun, thinnedTo count: Int) throws(RunStoreError) -> [RoundRecord] {
        let rows: [StoredRound] = try read { db in
            let last: Int = try db.value("SELECT max(round) FROM rounds WHERE run_id = ?", [run.id]) ?? 0
            let step = max(1, (last + count - 1) / max(1, count))
            return try db.fetch(
                "SELECT * FROM rounds WHERE run_id = ? AND (round % ? = 0 OR round = ?) ORDER BY round",
                [run.id, step, last])
        }
        return rows.map(\.record)
    }

    /// The newest faults of a run, the newest first, and how many there are.
    /// - Throws: ``RunStoreError``.
    public func newestFaults(
        of run: StoredRun, limit: Int
    ) throws(RunStoreError) -> (faults: [FaultRecord], total: Int) {
        try read { db in
            let faults: [FaultRecord] = try db.fetch(
                "SELECT * FROM faults WHERE run_id = ? ORDER BY id DESC LIMIT ?", [run.id, limit])
            return (faults, try db.value("SELECT count(*) FROM faults WHERE run_id = ?", [run.id]) ?? 0)
        }
    }

    /// The faults of a run behind a number, with their numbers, in order.
    /// - Throws: ``RunStoreError``.
    public func faults(of run: StoredRun, after id: Int64) throws(RunStoreError) -> [(id: Int64, fault: FaultRecord)] {
        struct Numbered: Decodable { let id: Int64 }
        return try read { db in
            let arguments: Arguments = [run.id, id]
            let numbers: [Numbered] = try db.fetch(
                "SELECT id FROM faults WHERE run_id = ? AND id > ? ORDER BY id", arguments)
            let faults: [FaultRecord] = try db.fetch(
                "SELECT * FROM faults WHERE run_id = ? AND id > ? ORDER BY id", arguments)
            return zip(numbers, faults).map { ($0.id, $1) }
        }
    }

    /// A run's evaluated rounds as a curve.
    ///
    /// - Parameter count: the most points.
    /// - Throws: ``RunStoreError``.
    /// - Complexity: O(rounds) time, one row after the other; of each only numbers are read.
    public func curve(of run: StoredRun, points count: Int) throws(RunStoreError) -> RunCurve {
        let rows = try read { db in
            try db.execute(
                """
                SELECT round, seconds, total_upload_bytes + total_download_bytes,
                  coalesce(server_accuracy, json_extract(client_evaluation, '$.personal.mean'),
                    json_extract(client_evaluation, '$.global.mean'), json_extract(metrics, '$.r2'))
                FROM rounds WHERE run_id = ? ORDER BY round
                """, [run.id]
            ).rows
        }
        var seconds = 0.0
        var points: [RunCurve.Point] = []
        for row in rows {
            seconds += Double(row[1]) ?? 0
            guard let round = Int(row[0]), let quality = Double(row[3]) else { continue }
            points.append(.init(round: round, quality: quality, bytes: Int(row[2]) ?? 0, seconds: seconds))
        }
        let step = max(1, (points.count + count - 1) / max(1, count))
        let kept = points.indices.filter { $0 % step == step - 1 || $0 == points.count - 1 || $0 == 0 }
        return RunCurve(points: kept.map { points[$0] })
    }

    /// The settings of runs by name, as texts: numbers as they are written, lists and options as JSON.
    ///
    /// - Parameter runs: numbers of runs.
    /// - Returns: of each run that has settings, by its number.
    /// - Throws: ``RunStoreError``.
    public func settings(of runs: [Int64]) throws(RunStoreError) -> [Int64: [String: String]] {
        try read { db in
            var found: [Int64: [String: String]] = [:]
            for run in runs {
                let rows = try db.execute(
                    """
                    SELECT j.key, CASE j.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE j.value END, seed
                    FROM runs, json_each(runs.settings) AS j WHERE runs.id = ? AND j.type <> 'null'
                    """, [run]
                ).rows
                var settings: [String: String] = [:]
                for row in rows { settings[row[0].shown ?? ""] = row[1].shown }
                // 64 bits without a sign: more than SQLite's numbers have.
                if let seed = rows.first?[2].shown { settings["seed"] = seed }
                found[run] = settings
            }
            return found
        }
    }
}

extension RunFilter {
    /// The condition as SQL; `arguments(_:)` has its values.
    var condition: SQL {
        var parts: SQL = "1"
        if strategy != nil { parts = "\(parts) AND strategy = :strategy" }
        if model != nil { parts = "\(parts) AND model = :model" }
        if dataset != nil { parts = "\(parts) AND dataset = :dataset" }
        if status != nil { parts = "\(parts) AND status = :status" }
        if search != nil { parts = "\(parts) AND instr(lower(name), lower(:search)) > 0" }
        // The character behind the slash ends the range of names.
        if sweep != nil { parts = "\(parts) AND name >= :sweep || '/' AND name < :sweep || '0'" }
        if tag != nil { parts = "\(parts) AND id IN (SELECT run_id FROM run_tags WHERE tag = :tag)" }
        return parts
    }

    /// The order as SQL. A run with no accuracy comes last: SQLite takes NULL for the smallest.
    var sorting: SQL {
        switch order {
        case .date: "started_at DESC, id DESC"
        case .accuracy: "accuracy DESC"
        case .bytes: "upload_bytes + download_bytes"
        case .seconds: "seconds"
        }
    }

    /// The values of the condition's parameters, beside others.
    func arguments(_ others: [String: Int] = [:]) -> Arguments {
        var values: [(name: String?, value: SQLValue)] = others.map { (":" + $0.key, $0.value.sql) }
        let own: [(String, String?)] = [
            ("strategy", strategy), ("model", model), ("dataset", dataset), ("status", status?.rawValue),
            ("search", search), ("sweep", sweep), ("tag", tag),
        ]
        for (name, value) in own { if let value { values.append((":" + name, .text(value))) } }
        return Arguments(named: values)
    }
}

extension RunStore {
    /// The number of a run's last round; 0 before the first.
    /// - Throws: ``RunStoreError``.
    public func lastRound(of run: StoredRun) throws(RunStoreError) -> Int {
        try read { db in try db.value("SELECT max(round) FROM rounds WHERE run_id = ?", [run.id]) ?? 0 }
    }

    /// How many runs say of themselves how they stand; one that was killed says that it runs.
    /// - Throws: ``RunStoreError``.
    public func statusCounts() throws(RunStoreError) -> [String: Int] {
        let rows = try read { db in try db.execute("SELECT status, count(*) FROM runs GROUP BY status").rows }
        return Dictionary(rows.map { ($0[0].shown ?? "", Int($0[1]) ?? 0) }) { first, _ in first }
    }

    /// The number of a run's last fault; 0 when it has none.
    /// - Throws: ``RunStoreError``.
    public func lastFault(of run: StoredRun) throws(RunStoreError) -> Int64 {
        try read { db in try db.value("SELECT max(id) FROM faults WHERE run_id = ?", [run.id]) ?? 0 }
    }
}
