import FedCore
import Foundation

/// The runs below one folder, such as those of a sweep.
public struct SweepOverview: Sendable, Encodable {
    /// The folder.
    public let name: String
    /// All runs, and those that have come to their end.
    public let runs, finished: Int
    /// The highest last accuracy, and the run that has it.
    public let best: Double?
    public let bestRun: String?
    /// Bytes of all runs, up and down.
    public let bytes: Int
    /// Seconds of all runs.
    public let seconds: Double
}

extension RunStore {
    /// Runs below one folder, as one row for each folder, by name.
    /// - Throws: ``RunStoreError``.
    public func sweeps() throws(RunStoreError) -> [SweepOverview] {
        struct Row: Decodable {
            let name: String
            let runs, finished, bytes: Int
            let best: Double?
            let seconds: Double
        }
        return try read { db in
            let rows: [Row] = try db.fetch(
                """
                SELECT substr(name, 1, instr(name, '/') - 1) AS name, count(*) AS runs,
                  sum(status = 'finished') AS finished, max(accuracy) AS best,
                  sum(upload_bytes + download_bytes) AS bytes, sum(seconds) AS seconds
                FROM runs WHERE name LIKE '%/%' GROUP BY 1 ORDER BY max(started_at) DESC
                """)
            return try rows.map { row in
                let best: String? = try db.value(
                    "SELECT name FROM runs WHERE name >= ? AND name < ? ORDER BY accuracy DESC LIMIT 1",
                    [row.name + "/", row.name + "0"])
                return SweepOverview(
                    name: row.name, runs: row.runs, finished: row.finished, best: row.best, bestRun: best,
                    bytes: row.bytes, seconds: row.seconds)
            }
        }
    }

    /// The runs below a folder, in the order of their names.
    /// - Throws: ``RunStoreError``.
    public func runs(below folder: String, limit: Int) throws(RunStoreError) -> [StoredRun] {
        let runs: [StoredRun] = try read { db in
            // The character behind the slash ends the range of names.
            try db.fetch(
                "SELECT * FROM runs WHERE name >= ? AND name < ? ORDER BY name LIMIT ?",
                [folder + "/", folder + "0", limit])
        }
        let now = Date.now
        return runs.map { $0.concluded(at: now) }
    }

    /// The newest runs that have a setting, with its value.
    /// - Throws: ``RunStoreError``.
    public func runs(with setting: String, limit: Int) throws(RunStoreError) -> [(run: StoredRun, value: String)] {
        try read { db in
            let path = "$.\"\(setting)\""
            let rows = try db.execute(
                """
                SELECT id, json_extract(settings, ?1) FROM runs WHERE json_extract(settings, ?1) IS NOT NULL
                ORDER BY started_at DESC, id DESC LIMIT ?2
                """, [path, limit]
            ).rows
            return try rows.compactMap { row in
                let runs: [StoredRun] = try db.fetch("SELECT * FROM runs WHERE id = ?", [Int64(row[0])])
                return runs.first.map { ($0.concluded(at: .now), row[1].shown ?? "") }
            }
        }
    }
}
