import Foundation
import Testing

@testable import RunStore

@Suite struct DatabaseTests {
    private let history: History
    private let database: Database

    init() throws {
        history = try History()
        database = try Database(path: history.file.path, patience: 1)
        try database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL)")
        try database.execute("INSERT INTO t VALUES (1, 'one')")
    }

    private struct Refusal: Error {}

    private func count() throws -> Int? { try database.value("SELECT count(*) FROM t") }

    @Test func `What threw an error has written nothing, and the next one writes`() throws {
        #expect(throws: Refusal.self) {
            try database.write {
                try database.execute("INSERT INTO t VALUES (2, 'two')")
                #expect(try count() == 2)
                throw Refusal()
            }
        }
        #expect(try count() == 1)
        _ = try database.write { try database.execute("INSERT INTO t VALUES (3, 'three')") }
        #expect(try Database(path: history.file.path, patience: 1).value("SELECT count(*) FROM t") == 2)
    }

    @Test func `A statement that fails takes the whole transaction with it, and says why in one line`() throws {
        let error = #expect(throws: DatabaseError.self) {
            try database.write {
                try database.execute("INSERT INTO t VALUES (2, 'two')")
                try database.execute("INSERT INTO t VALUES (1, 'again')")
            }
        }
        #expect(error?.description == "UNIQUE constraint failed: t.a")
        #expect(error?.code == 19, "https://www.sqlite.org/rescode.html#constraint")
        #expect(try count() == 1)
        #expect(throws: DatabaseError.self) { try database.execute("SELECT nothing FROM nowhere") }
    }

    @Test func `A statement runs again with other arguments`() throws {
        for number in 2...5 { try database.execute("INSERT INTO t VALUES (?, ?)", [number, "\(number)"]) }
        let table = try database.execute("SELECT b AS name, a FROM t WHERE a > ? ORDER BY a DESC", [3])
        #expect(table.columns == ["name", "a"])
        #expect(table.rows == [[.text("5"), .integer(5)], [.text("4"), .integer(4)]])
    }

    @Test func `An argument with a name is given once, wherever it stands`() throws {
        let table = try database.execute(
            "SELECT :b || :a, :a, :b WHERE :a IS NOT NULL", ["a": "x", "b": Optional("y")])
        #expect(table.rows == [[.text("yx"), .text("x"), .text("y")]])
    }

    @Test func `Texts are arguments, whatever they contain`() throws {
        let text = "'); DROP TABLE t; --"
        try database.execute("INSERT INTO t VALUES (2, ?)", [text])
        #expect(try database.value("SELECT b FROM t WHERE b = ?", [text]) == text)
        let name: SQL = "\(columns: ["a", "b\"; c"])"
        #expect(name.text == #""a", "b""; c""#)
    }

    @Test func `Who finds it locked waits for a while, and then says so in one line`() throws {
        let other = try Database(path: history.file.path, patience: 0.3)
        try database.execute("BEGIN IMMEDIATE")
        let start = ContinuousClock.now
        let error = #expect(throws: DatabaseError.self) { try other.write {} }
        let elapsed = ContinuousClock.now - start
        #expect(error?.description == "database is locked")
        #expect(elapsed > .milliseconds(250) && elapsed < .seconds(10), "\(elapsed)")
        // Readers do not mind a writer that has not come to its end.
        #expect(try other.read { try other.value("SELECT count(*) FROM t") } == 1)
        try database.execute("COMMIT")
        _ = try other.write { try other.execute("DELETE FROM t") }
        #expect(try count() == 0)
    }

    @Test func `What is no database, or cannot be opened, is refused in one line`() throws {
        let file = history.results.appendingPathComponent("other").path
        try Data(repeating: 7, count: 5_000).write(to: URL(fileURLWithPath: file))
        let garbage = #expect(throws: DatabaseError.self) {
            try Database(path: file, patience: 1).execute("SELECT * FROM sqlite_master")
        }
        #expect(garbage?.description == "file is not a database")
        let folder = #expect(throws: DatabaseError.self) { try Database(path: history.results.path, patience: 1) }
        #expect(folder?.description == "unable to open database file")
    }

    @Test func `Tables that another connection changed are seen as they are`() throws {
        #expect(try database.execute("SELECT * FROM t").columns == ["a", "b"])
        try Database(path: history.file.path, patience: 1).execute("ALTER TABLE t ADD COLUMN c TEXT")
        let table = try database.execute("SELECT * FROM t")
        #expect(table.columns == ["a", "b", "c"] && table.rows == [[.integer(1), .text("one"), .null]])
    }

    @Test func `Threads take turns`() async throws {
        try database.execute("INSERT INTO t VALUES (0, '')")
        let shared = try SharedDatabase(path: history.file.path, patience: 1)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<25 {
                        // Read and written apart: without a turn of its own it would lose counts.
                        #expect(throws: Never.self) {
                            try shared.write { db in
                                let before: String? = try db.value("SELECT b FROM t WHERE a = 0")
                                try db.execute("UPDATE t SET b = ? WHERE a = 0", [(before ?? "") + "x"])
                            }
                        }
                    }
                }
            }
        }
        #expect(try database.value("SELECT length(b) FROM t WHERE a = 0") == 100)
    }
}
