import Foundation

extension RunStore {
    /// Undoes an alias' last move, because who follows it has refused the version: compare and swap, in one transaction. An alias that
    /// somebody has moved on since stays where it is. Either way its history says why, in a row with what the alias means then.
    ///
    /// - Parameters:
    ///   - alias: the alias.
    ///   - name: the model's name.
    ///   - refused: the version that was refused.
    ///   - version: the version that it shall mean again; nil leaves the alias where it is, and only notes the reason.
    ///   - note: why, for its history.
    /// - Returns: whether the alias was moved.
    /// - Throws: ``RunStoreError``.
    public func takeBack(
        _ alias: String, of name: String, from refused: Int, to version: Int?, note: String
    ) throws(RunStoreError) -> Bool {
        try change { db in
            let current: Int? = try db.value(
                "SELECT version FROM model_aliases WHERE name = ? AND alias = ?", [name, alias])
            // A version that was deleted meanwhile cannot be meant again.
            let target: Int? =
                if let version {
                    try db.value("SELECT version FROM models WHERE name = ? AND version = ?", [name, version])
                } else { nil }
            let now = Date.now
            let isMoved = current == refused && target != nil
            if isMoved {
                try db.execute(
                    "UPDATE model_aliases SET version = ?, moved_at = ? WHERE name = ? AND alias = ?",
                    [target, now, name, alias])
            }
            try db.execute(
                "INSERT INTO alias_moves (name, alias, version, moved_at, note) VALUES (?, ?, ?, ?, ?)",
                [name, alias, isMoved ? target : current, now, note])
            return isMoved
        }
    }
}
