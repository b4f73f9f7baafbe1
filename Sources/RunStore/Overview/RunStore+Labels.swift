public import FedCore
import Foundation

/// What people write beside a run.
public struct RunLabels: Sendable, Equatable {
    /// Words, by alphabet.
    public var tags: [String]
    /// A sentence or two; nil: none.
    public var note: String?

    /// Words and a sentence.
    public init(tags: [String], note: String?) {
        self.tags = tags
        self.note = note
    }

    /// Refuses what is no tag, or a note that is none.
    /// - Throws: `ConfigurationError`.
    public func checked() throws(ConfigurationError) -> RunLabels {
        for tag in tags {
            guard (1...50).contains(tag.count), tag.allSatisfy({ $0.isLetter || $0.isNumber || "-_.:".contains($0) })
            else {
                throw ConfigurationError(
                    "'\(tag.printable)' is no tag: take letters, digits, '-', '_', '.' and ':', 50 at most")
            }
        }
        guard tags.count <= 50 else { throw ConfigurationError("a run has at most 50 tags") }
        let note = note?.trimmingCharacters(in: .whitespacesAndNewlines)
        guard (note?.count ?? 0) <= 2000 else { throw ConfigurationError("a note has at most 2000 characters") }
        return RunLabels(tags: Set(tags).sorted(), note: note?.isEmpty == true ? nil : note?.printable)
    }
}

extension RunStore {
    /// The tags and the note of a run.
    /// - Throws: ``RunStoreError``.
    public func labels(of run: StoredRun) throws(RunStoreError) -> RunLabels {
        try read { db in
            let tags = try db.execute("SELECT tag FROM run_tags WHERE run_id = ? ORDER BY tag", [run.id]).rows
            let note: String? = try db.value("SELECT note FROM run_notes WHERE run_id = ?", [run.id])
            return RunLabels(tags: tags.compactMap { $0.first?.shown }, note: note)
        }
    }

    /// The tags of several runs, by the run's number.
    /// - Throws: ``RunStoreError``.
    public func tags(of runs: [StoredRun]) throws(RunStoreError) -> [Int64: [String]] {
        try read { db in
            var found: [Int64: [String]] = [:]
            for run in runs {
                let tags = try db.execute("SELECT tag FROM run_tags WHERE run_id = ? ORDER BY tag", [run.id]).rows
                if let id = run.id, !tags.isEmpty { found[id] = tags.compactMap { $0.first?.shown } }
            }
            return found
        }
    }

    /// Replaces the tags and the note of a run.
    /// - Throws: `ConfigurationError` for words that are none; ``RunStoreError``.
    public func label(_ run: StoredRun, _ labels: RunLabels) throws {
        let labels = try labels.checked()
        try change { db in
            try db.execute("DELETE FROM run_tags WHERE run_id = ?", [run.id])
            for tag in labels.tags {
                try db.execute("INSERT INTO run_tags (run_id, tag) VALUES (?, ?)", [run.id, tag])
            }
            try db.execute("DELETE FROM run_notes WHERE run_id = ?", [run.id])
            if let note = labels.note {
                try db.execute("INSERT INTO run_notes (run_id, note) VALUES (?, ?)", [run.id, note])
            }
        }
    }

    /// Gives a run another name, in all rows that tell of it: earlier runs that had its folder, requests of the queue, models that
    /// were registered from it.
    ///
    /// - Parameters:
    ///   - name: as it is.
    ///   - other: the new name.
    ///   - move: moves the folder, within the transaction: when it throws, nothing has changed.
    /// - Throws: ``RunStoreError``, also for what `move` throws.
    public func rename(_ name: String, to other: String, _ move: () throws -> Void) throws(RunStoreError) {
        try change { db in
            try db.execute("UPDATE runs SET name = ? WHERE name = ?", [other, name])
            try db.execute("UPDATE queue SET run = ? WHERE run = ?", [other, name])
            try db.execute(
                "UPDATE models SET run = json_set(run, '$.name', ?) WHERE json_extract(run, '$.name') = ?",
                [other, name])
            try move()
        }
    }

    /// Forgets a run, with its rounds, faults, clients and labels. Its folder stays as it is.
    /// - Throws: ``RunStoreError``.
    public func forget(_ run: StoredRun) throws(RunStoreError) {
        try change { db in try db.execute("DELETE FROM runs WHERE id = ?", [run.id]) }
    }
}
