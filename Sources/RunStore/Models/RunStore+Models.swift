import Cryptography
public import FedCore
import Files
public import Foundation

extension RunStore {
    /// The folder of registered models' files, beside the history.
    private var modelFolder: URL {
        URL(fileURLWithPath: database.path).deletingLastPathComponent().appendingPathComponent("registered-models")
    }

    /// Registers a version: copies its file to the registry, and gives it the next number of its name. The same bytes under the same
    /// name are one version, however often they are registered.
    ///
    /// - Parameters:
    ///   - model: what is known of it.
    ///   - bytes: the file's, whose digest the model has.
    /// - Returns: the version, and whether it is new.
    /// - Throws: ``RunStoreError``; `FileError` when the file cannot be written.
    public func register(_ model: RegisteredModel, _ bytes: [UInt8]) throws -> (model: RegisteredModel, isNew: Bool) {
        precondition(bytes.count == model.bytes && SHA256.hash(bytes).hexadecimal == model.digest)
        try Folder.make(modelFolder.path)
        return try change { db in
            // The file comes first: a row never stands for one that is not there. Within the transaction, as they are deleted.
            try FileDraft.replace(file(of: model).path, with: bytes.span.bytes, isSynced: true)
            let known: [RegisteredModel] = try db.fetch(
                "SELECT * FROM models WHERE name = ? AND digest = ?", [model.name, model.digest])
            if let known = known.first { return (known, false) }
            var model = model
            model.version =
                1 + (try db.value("SELECT max(version) FROM models WHERE name = ?", [model.name]) ?? 0)
            try db.insert(RowEncoder(model), into: "models")
            model.id = db.lastInsertedRow
            return (model, true)
        }
    }

    /// Registered versions, by name, the newest first. O(versions) memory.
    ///
    /// - Parameter name: of one model; nil: of all.
    /// - Throws: ``RunStoreError``.
    public func models(named name: String? = nil) throws(RunStoreError) -> [RegisteredModel] {
        try read { db in
            try db.fetch(
                "SELECT * FROM models WHERE name = ifnull(?, name) ORDER BY name, version DESC", [name])
        }
    }

    /// The version that a reference means now. Who works with it for long asks once, and keeps the version.
    ///
    /// - Throws: `ConfigurationError` when there is none, or several; ``RunStoreError``.
    public func model(_ reference: ModelReference) throws -> RegisteredModel {
        let versions = try models(named: reference.name)
        guard let newest = versions.first else {
            throw ConfigurationError("no model is registered as '\(reference.name)'; `fedmpi models list` lists them")
        }
        let found: [RegisteredModel]
        switch reference.selector {
        case .latest: found = [newest]
        case .version(let version): found = versions.filter { $0.version == version }
        case .digest(let digits): found = versions.filter { $0.digest.hasPrefix(digits) }
        case .alias(let alias):
            let aliases = try aliases(of: reference.name)
            guard let version = aliases.first(where: { $0.alias == alias })?.version else {
                let known = aliases.map(\.alias).joined(separator: ", ")
                throw ConfigurationError(
                    "'\(reference.name)' has no alias '\(alias)'" + (known.isEmpty ? "" : "; it has \(known)"))
            }
            found = versions.filter { $0.version == version }
        }
        guard found.count <= 1 else {
            throw ConfigurationError("'\(reference)' begins the digests of \(found.count) versions: give more digits")
        }
        guard let model = found.first else {
            throw ConfigurationError(
                "there is no '\(reference)'; the newest version of '\(reference.name)' is \(newest.version)")
        }
        return model
    }

    /// The bytes of a version, which are checked against its digest.
    /// - Throws: `ConfigurationError` when the file is gone or has been changed.
    public func contents(of model: RegisteredModel) throws(ConfigurationError) -> [UInt8] {
        let file = file(of: model)
        let bytes: [UInt8]
        do {
            bytes = try ReceivedFile.contents(file)
        } catch {
            throw ConfigurationError("'\(model.reference)' cannot be read: \(error)")
        }
        guard SHA256.hash(bytes).hexadecimal == model.digest else {
            throw ConfigurationError(
                "'\(file.relativePath)' is not what was registered as '\(model.reference)': its SHA-256 is another; register "
                    + "the model again, or restore the file")
        }
        return bytes
    }

    /// The file of a version, which is there unless somebody has removed it. Who reads it goes through ``contents(of:)`` first.
    public func file(of model: RegisteredModel) -> URL { modelFolder.appendingPathComponent(model.fileName) }

    // MARK: Aliases

    /// The aliases of a model, by alphabet. A version that an alias means cannot be deleted.
    ///
    /// - Parameter name: nil: of all models.
    /// - Throws: ``RunStoreError``.
    public func aliases(of name: String? = nil) throws(RunStoreError) -> [ModelAlias] {
        try read { db in
            try db.fetch("SELECT * FROM model_aliases WHERE name = ifnull(?, name) ORDER BY name, alias", [name])
        }
    }

    /// What the aliases of a model have meant, the newest first. Stays when versions are deleted: who served which version when is
    /// asked long after.
    ///
    /// - Throws: ``RunStoreError``.
    public func moves(of name: String) throws(RunStoreError) -> [AliasMove] {
        try read { db in try db.fetch("SELECT * FROM alias_moves WHERE name = ? ORDER BY id DESC", [name]) }
    }

    /// The version that an alias means now; nil when it means none. One row is read: who follows an alias asks every second.
    ///
    /// - Throws: ``RunStoreError``.
    public func version(_ alias: String, of name: String) throws(RunStoreError) -> Int? {
        try read { db in
            try db.value("SELECT version FROM model_aliases WHERE name = ? AND alias = ?", [name, alias])
        }
    }

    /// Lets an alias mean another version, at once for all readers, or removes it.
    ///
    /// - Parameters:
    ///   - alias: a word, ``ModelReference/checked(alias:)``.
    ///   - name: the model's.
    ///   - version: nil: removes the alias.
    ///   - note: why, for its history.
    /// - Returns: the version that it meant before; nil when it was new.
    /// - Throws: `ConfigurationError` when there is no such version or alias; ``RunStoreError``.
    public func move(_ alias: String, of name: String, to version: Int?, note: String?) throws -> Int? {
        let missing: String? = version.map { "there is no '\(name)@\($0)'" } ?? "'\(name)' has no alias '\(alias)'"
        let outcome: (isFound: Bool, before: Int?) = try change { db in
            let before: Int? = try db.value(
                "SELECT version FROM model_aliases WHERE name = ? AND alias = ?", [name, alias])
            let now = Date.now
            if let version {
                let found: Int? = try db.value(
                    "SELECT version FROM models WHERE name = ? AND version = ?", [name, version])
                guard found != nil else { return (false, nil) }
                try db.execute(
                    "INSERT OR REPLACE INTO model_aliases (name, alias, version, moved_at) VALUES (?, ?, ?, ?)",
                    [name, alias, version, now])
            } else {
                guard before != nil else { return (false, nil) }
                try db.execute("DELETE FROM model_aliases WHERE name = ? AND alias = ?", [name, alias])
            }
            try db.execute(
                "INSERT INTO alias_moves (name, alias, version, moved_at, note) VALUES (?, ?, ?, ?, ?)",
                [name, alias, version, now, note])
            return (true, before)
        }
        guard outcome.isFound else { throw ConfigurationError(missing ?? "") }
        return outcome.before
    }

    // MARK: Tags

    /// The tags of a version, by key: what users note of it, in the place of stages that a program would have to know.
    /// - Throws: ``RunStoreError``.
    public func tags(of model: RegisteredModel) throws(RunStoreError) -> [String: String] {
        let rows = try read { db in
            try db.execute("SELECT key, value FROM model_tags WHERE model_id = ? ORDER BY key", [model.id]).rows
        }
        return Dictionary(rows.map { ($0[0].shown ?? "", $0[1].shown ?? "") }) { _, last in last }
    }

    /// Sets a tag of a version, or removes it. A version with a tag is not collected (``unusedModels(beside:)``).
    ///
    /// - Parameter value: nil: removes it.
    /// - Throws: ``RunStoreError``.
    public func tag(_ model: RegisteredModel, _ key: String, _ value: String?) throws(RunStoreError) {
        try change { db in
            if let value {
                try db.execute(
                    "INSERT OR REPLACE INTO model_tags (model_id, key, value) VALUES (?, ?, ?)", [model.id, key, value])
            } else {
                try db.execute("DELETE FROM model_tags WHERE model_id = ? AND key = ?", [model.id, key])
            }
        }
    }

    // MARK: Collection

    /// Versions that nothing refers to: no alias means them, no fleet serves them, no tag is on them, no other version that is kept was made from them, and
    /// they are not among the newest of their name.
    /// - Parameter newest: versions of each name that are kept in any case.
    /// - Throws: ``RunStoreError``.
    public func unusedModels(beside newest: Int) throws(RunStoreError) -> [RegisteredModel] {
        let all = try models()
        let named = Set(
            try aliases().map { "\($0.name)@\($0.version)" }
                + served().filter { $0.isServed(at: .now) }.map { "\($0.name)@\($0.version)" })
        let tagged: [RegisteredModel] = try read { db in
            try db.fetch("SELECT * FROM models WHERE id IN (SELECT model_id FROM model_tags)")
        }
        let withTags = Set(tagged.map(\.id))
        // What is kept for itself, then what that was made from, and so on.
        var next = Dictionary(grouping: all, by: \.name).values.flatMap { versions in
            versions.enumerated().filter { place, model in
                place < newest || named.contains(model.reference) || withTags.contains(model.id)
            }.map(\.element)
        }
        let byDigest = Dictionary(grouping: all, by: \.digest)
        var kept: Set<Int64?> = []
        while let model = next.popLast() {
            guard kept.insert(model.id).inserted, let parent = model.parent else { continue }
            next += byDigest[parent, default: []]
        }
        return all.filter { !kept.contains($0.id) }
    }

    /// Deletes versions, and the files that no version has any more. One that an alias means by now, or a fleet serves, stays.
    ///
    /// - Parameter models: what ``unusedModels(beside:)`` has found.
    /// - Returns: bytes of the files that were deleted.
    /// - Throws: ``RunStoreError``.
    @discardableResult
    public func delete(_ models: [RegisteredModel]) throws(RunStoreError) -> Int {
        try change { db in
            var bytes = 0
            let served = try Self.served(nil, in: db).filter { $0.isServed(at: .now) }
            for model in models where !served.contains(where: { $0.name == model.name && $0.version == model.version })
            {
                // One that an alias means by now stays.
                try db.execute(
                    """
                    DELETE FROM models WHERE id = ? AND NOT EXISTS
                      (SELECT 1 FROM model_aliases AS a WHERE a.name = models.name AND a.version = models.version)
                    """, [model.id])
                let left: Int? = try db.value("SELECT count(*) FROM models WHERE digest = ?", [model.digest])
                if left == 0, (try? FileManager.default.removeItem(at: file(of: model))) != nil { bytes += model.bytes }
            }
            return bytes
        }
    }
}
