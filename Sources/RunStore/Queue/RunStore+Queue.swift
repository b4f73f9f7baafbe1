extension RunStore {
    /// Requests, the newest first.
    ///
    /// - Parameters:
    ///   - states: only those that stand so; nil: all.
    ///   - limit: the most to return; nil: all.
    /// - Throws: ``RunStoreError``.
    public func queuedRuns(
        _ states: Set<QueuedRun.State>? = nil, limit: Int? = nil
    ) throws(RunStoreError) -> [QueuedRun] {
        let wanted = (states ?? Set(QueuedRun.State.allCases)).map(\.rawValue)
        return try read { db in
            try db.fetch(
                """
                SELECT * FROM queue WHERE state IN (\(parameters: wanted.count)) ORDER BY id DESC LIMIT ?
                """, Arguments(wanted.map(\.sql) + [(limit ?? -1).sql]))
        }
    }

    /// The request of a number; nil when there is none.
    ///
    /// - Throws: ``RunStoreError``.
    public func queuedRun(_ id: Int64) throws(RunStoreError) -> QueuedRun? {
        let found: [QueuedRun] = try read { db in try db.fetch("SELECT * FROM queue WHERE id = ?", [id]) }
        return found.first
    }

    /// The requests for a run of this name, the newest first: one that started it, and any that continued it.
    ///
    /// - Throws: ``RunStoreError``.
    public func queuedRuns(named run: String) throws(RunStoreError) -> [QueuedRun] {
        try read { db in try db.fetch("SELECT * FROM queue WHERE run = ? ORDER BY id DESC", [run]) }
    }

    /// Enters a request under a number that no other has had.
    ///
    /// - Parameter make: makes the row of that number.
    /// - Returns: the row.
    /// - Throws: ``RunStoreError``.
    package func enqueue(_ make: (_ id: Int64) -> QueuedRun) throws(RunStoreError) -> QueuedRun {
        try change { db in
            let last: Int64? = try db.value("SELECT seq FROM sqlite_sequence WHERE name = 'queue'")
            let queued = make((last ?? 0) + 1)
            try db.insert(RowEncoder(queued), into: "queue")
            return queued
        }
    }

    /// Writes a request's row as it stands.
    ///
    /// - Throws: ``RunStoreError``.
    package func update(_ queued: QueuedRun) throws(RunStoreError) {
        try change { db in
            let row = try RowEncoder(queued)
            try db.execute(
                "UPDATE queue SET (\(columns: row.columns)) = (\(parameters: row.columns.count)) WHERE id = ?",
                Arguments(row.values + [queued.id.sql]))
        }
    }

    /// Removes all rows of a run: its history, and the requests for it. Models that were registered of it stay.
    ///
    /// - Parameter name: the name of its folder.
    /// - Returns: whether there were any.
    /// - Throws: ``RunStoreError``.
    @discardableResult
    package func removeRows(ofRunNamed name: String) throws(RunStoreError) -> Bool {
        try change { db in
            let rows: Int? = try db.value(
                "SELECT (SELECT count(*) FROM runs WHERE name = ?) + (SELECT count(*) FROM queue WHERE run = ?)",
                [name, name])
            // Rounds, faults, clients and files go with it, by foreign keys.
            try db.execute("DELETE FROM runs WHERE name = ?", [name])
            try db.execute("DELETE FROM queue WHERE run = ?", [name])
            return rows ?? 0 > 0
        }
    }
}
