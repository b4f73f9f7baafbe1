import FedCore
import Foundation
import Testing

@testable import Federation
@testable import Records
@testable import RunStore

/// A database of another program.
enum Foreign {
    static func make(at file: URL) throws {
        let database = try Database(path: file.path, patience: 1)
        try database.execute("CREATE TABLE runs (speed REAL)")
        try database.execute("INSERT INTO runs VALUES (9.58)")
    }
}

@Suite struct RunStoreTests {
    private let history: History

    init() throws {
        history = try History()
    }

    private func problem() -> RunStoreError? {
        #expect(throws: RunStoreError.self) { try history.store() }
    }

    @Test func `There is a column for everything that is known of a round`() throws {
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(History.record(1)))
        // What has no column of its own is in that of the metrics.
        let known = try #require(json as? [String: Any]).keys.filter { $0 != "epsilon" }
        let columns = try history.store().database.read { try $0.execute("SELECT * FROM rounds").columns }
        #expect(Set(columns) == Set(known).union(["run_id", "metrics"]))
    }

    @Test func `An empty file becomes a history, and one that is up to date is not written`() throws {
        try Data().write(to: history.file)
        try history.finish("one", [History.record(1)])
        let before = try Data(contentsOf: history.file)
        _ = try history.store().runs()
        #expect(try Data(contentsOf: history.file) == before)
    }

    @Test func `An older history gets the tables it lacks and keeps its runs`() throws {
        try history.finish("one", [History.record(1)])
        // As if this program's last migration were still to come.
        let note = Schema.Migration(name: "99: notes", statements: ["ALTER TABLE runs ADD COLUMN note TEXT"])
        let database = try SharedDatabase(path: history.file.path, patience: 1)
        // It is not made twice.
        for _ in 0..<2 { try Schema.migrate(database, by: Schema.migrations + [note]) }
        #expect(try database.read { try $0.value("SELECT count(*) FROM runs WHERE note IS NULL") } == 1)
    }

    @Test func `Of a migration that fails nothing is left, and of those before it neither`() throws {
        let steps = [
            Schema.Migration(name: "98: fine", statements: ["ALTER TABLE runs ADD COLUMN note TEXT"]),
            Schema.Migration(name: "99: wrong", statements: ["ALTER TABLE runs ADD COLUMN name TEXT"]),
        ]
        _ = try history.store()
        let before = try Data(contentsOf: history.file)
        let database = try SharedDatabase(path: history.file.path, patience: 1)
        let error = #expect(throws: DatabaseError.self) {
            try Schema.migrate(database, by: Schema.migrations + steps)
        }
        #expect(error?.message == "duplicate column name: name")
        #expect(try Data(contentsOf: history.file) == before)
        _ = try history.store()
    }

    @Test func `A newer program's history is refused`() throws {
        _ = try history.store()
        try Database(path: history.file.path, patience: 1)
            .execute("INSERT INTO grdb_migrations VALUES ('99: what nobody knows yet')")
        let error = try #require(problem())
        #expect(error.description == "run history '\(history.file.path)': it was made by a newer fedmpi")
    }

    @Test func `Another program's database is refused and not touched`() throws {
        try Foreign.make(at: history.file)
        let before = try Data(contentsOf: history.file)
        let error = try #require(problem())
        #expect(error.description == "run history '\(history.file.path)': it is another program's database")
        #expect(try Data(contentsOf: history.file) == before)
    }

    @Test func `A damaged file is refused in one line`() throws {
        try history.finish("one", (1...200).map { History.record($0) })
        let whole = try Data(contentsOf: history.file)
        var damaged = whole
        for i in 0..<4096 { damaged[i] = 0xA5 }
        for bytes in [damaged, Data(repeating: 7, count: 5_000)] {
            try bytes.write(to: history.file)
            let error = try #require(problem())
            #expect(error.description.hasPrefix("run history '\(history.file.path)': "))
            #expect(!error.description.contains("\n"))
        }
        // Cut off in the middle: the tables are there, their rows are not.
        try whole.prefix(whole.count / 8192 * 4096).write(to: history.file)
        #expect(throws: RunStoreError.self) {
            let store = try history.store()
            for run in try store.runs() { _ = try store.rounds(of: run) }
        }
    }

    @Test func `Without a history there is nothing to read`() {
        #expect(throws: ConfigurationError.self) { try RunStore(results: history.results.path) }
        #expect(!FileManager.default.fileExists(atPath: history.file.path))
    }

    @Test func `Runs are filtered and sorted, the best first, and what is not known last`() throws {
        var settings = RunSettings()
        settings.model = "simplecnn"
        try history.finish("slow", [History.record(1, accuracy: 0.4)], settings)
        settings.strategy = "fedprox"
        try history.finish("good", [History.record(1, accuracy: 0.9)], settings)
        try history.finish("blind", [History.record(1, accuracy: nil)], settings)
        let store = try history.store()
        var filter = RunFilter()
        #expect(try store.runs(filter).map(\.name) == ["blind", "good", "slow"])
        filter.order = .accuracy
        #expect(try store.runs(filter).map(\.name) == ["good", "slow", "blind"])
        filter.limit = 1
        #expect(try store.runs(filter).map(\.name) == ["good"])
        filter.limit = nil
        filter.strategy = "fedavg"
        #expect(try store.runs(filter).map(\.name) == ["slow"])
        filter.strategy = nil
        filter.model = "simplecnn"
        #expect(try store.runs(filter).isEmpty, "the model is the one that ran")
        filter.model = "logistic"
        filter.status = .failed
        #expect(try store.runs(filter).isEmpty)
    }

    @Test func `A run is found by its number, its name, its folder, or how its name begins`() throws {
        for name in ["alpha-1", "alpha-2", "beta"] { try history.finish(name, []) }
        let store = try history.store()
        #expect(try store.find("2").name == "alpha-2")
        #expect(try store.find("alpha-1").name == "alpha-1")
        #expect(try store.find("results/beta/").name == "beta")
        #expect(try store.find("be").name == "beta")
        let ambiguous = #expect(throws: ConfigurationError.self) { try store.find("alpha") }
        #expect(ambiguous?.description.contains("alpha-1, alpha-2") == true)
        #expect(throws: ConfigurationError.self) { try store.find("gamma") }
        #expect(throws: ConfigurationError.self) { try store.find("") }
    }

    /// Spoils the rows of some runs, so that whoever reads one of them fails.
    private func spoil(_ names: String...) throws {
        let database = try SharedDatabase(path: history.file.path, patience: 1)
        for name in names {
            _ = try database.write {
                try $0.execute("UPDATE runs SET planned_rounds = 'spoilt' WHERE name = ?", [name])
            }
        }
    }

    @Test func `What is not asked for is not read`() throws {
        for name in ["one", "two", "three", "four"] { try history.finish(name, []) }
        try spoil("one", "two", "three")
        let store = try history.store()
        #expect(throws: RunStoreError.self) { try store.runs() }
        var filter = RunFilter()
        filter.limit = 1
        #expect(try store.runs(filter).map(\.name) == ["four"])
        #expect(try store.find("4").name == "four")
        #expect(try store.find("four").name == "four")
        #expect(try store.find("results/fo").name == "four")
    }

    @Test func `A limit counts the runs of a status, also of one that is concluded`() throws {
        try history.finish("done", [])
        // Of a process that is no more.
        let database = try SharedDatabase(path: history.file.path, patience: 1)
        for name in ["lost-1", "lost-2"] {
            try history.finish(name, [])
            _ = try database.write {
                try $0.execute(
                    "UPDATE runs SET status = 'running', process = '', heartbeat_at = ? WHERE name = ?",
                    [Date.distantPast, name])
            }
        }
        try history.finish("done too", [])
        let store = try history.store()
        var filter = RunFilter()
        filter.limit = 2
        filter.status = .interrupted
        #expect(try store.runs(filter).map(\.name) == ["lost-2", "lost-1"])
        filter.limit = 1
        #expect(try store.runs(filter).map(\.name) == ["lost-2"])
        filter.status = .finished
        #expect(try store.runs(filter).map(\.name) == ["done too"])
        filter.status = .running
        #expect(try store.runs(filter).isEmpty)
    }

    @Test func `The table of rounds has a line for each, with every column`() throws {
        try history.finish("one", [History.record(1), History.record(2, accuracy: nil)])
        let table = try history.store().roundTable()
        #expect(table.count == 3)
        let titles = try #require(table.first).compactMap(\.self)
        let second = Dictionary(zip(titles, try #require(table.last)), uniquingKeysWith: { first, _ in first })
        #expect(titles.prefix(3) == ["run", "run_id", "round"])
        #expect(second["run"] == "one" && second["round"] == "2" && second["late"] == "5")
        #expect(second["server_accuracy"] == .some(nil))
        #expect(second["staleness_max"] == "3" && second["metrics"] == #"{"epsilon":0.75}"#)
        #expect(second["samples_per_second"] == "0.3333333333333333", "every digit")
    }
}
