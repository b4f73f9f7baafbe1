import CSQLite
import FedCore
import Foundation
import Testing

@testable import Federation
@testable import Records
@testable import RunStore

/// Histories as fedmpi made them when it used GRDB.
@Suite struct GRDBHistoryTests {
    private let history: History

    init() throws {
        history = try History()
    }

    /// Makes the history of a fixture, by SQLite's own functions alone.
    private func restore(_ fixture: String) throws {
        let file = try #require(Bundle.module.url(forResource: "Fixtures/\(fixture)", withExtension: "sql"))
        var database: OpaquePointer?
        try #require(sqlite3_open(history.file.path, &database) == SQLITE_OK)
        defer { sqlite3_close(database) }
        try #require(sqlite3_exec(database, String(contentsOf: file, encoding: .utf8), nil, nil, nil) == SQLITE_OK)
    }

    /// Every column, key and index of the tables.
    private func tables(in file: URL) throws -> [[SQLValue]] {
        let database = try Database(path: file.path, patience: 1)
        return try database.execute(
            """
            SELECT t.name, 'column', c.name || ' ' || c.type, c."notnull", c.pk, c.dflt_value
              FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' UNION ALL
            SELECT t.name, 'key', k."from", k."table" || '.' || k."to", k.on_delete, k.on_update
              FROM sqlite_master t, pragma_foreign_key_list(t.name) k UNION ALL
            SELECT t.name, 'index', i.name, i."unique", i.origin, c.name
              FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_info(i.name) c UNION ALL
            SELECT name, 'table', instr(sql, 'WITHOUT ROWID') > 0, instr(sql, 'AUTOINCREMENT') > 0, 0, 0
              FROM sqlite_master WHERE type = 'table'
            ORDER BY 1, 2, 3
            """
        ).rows
    }

    @Test func `They are read to the last value, and written only to get what they lack`() throws {
        try restore("grdb-3")
        _ = try history.store()
        let before = try Data(contentsOf: history.file)
        let store = try history.store()
        let run = try store.find("1")
        #expect(run.name == "größe 😀 a'b\"c" && run.status == .interrupted && run.seed == "18446744073709551615")
        #expect(run.startedAt == Date(timeIntervalSince1970: 1_795_700_930.098) && run.finishedAt == nil)
        #expect(run.accuracy == 0.4 && run.bestAccuracy == 0.4 && run.loss == 0.2 && run.seconds == 4.5)
        #expect(run.parameters == 7850 && run.uploadBytes == 27 && run.digest == nil)

        let rounds = try store.rounds(of: run)
        #expect(rounds.map(\.round) == [1, 2, 3] && rounds.map(\.serverAccuracy) == [0.2, 0.3, 0.4])
        let last = try #require(rounds.last)
        #expect(last.trainLoss == 0.1 && last.samplesPerSecond == 1.0 / 3 && last.simulatedSeconds == 2.5)
        #expect(last.serverClassAccuracies == [0.25, nil, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
        #expect(last.clients?.global?.jain == 0.8 && last.clients?.classAccuracies == [nil, 0.5])
        #expect(last[.attackSuccess] == 0.125 && last[.stalenessMean] == 1.5 && last[.stalenessMax] == 3)

        #expect(
            try store.faults(of: run) == [
                FaultRecord(
                    round: 2, kind: .rankLost, rank: 1, clients: [0, 3], reason: "its process has ended"),
                FaultRecord(round: 3, kind: .updatesRejected, clients: [5]),
            ])
        #expect(try store.clients(of: run).map(\.samples) == [30, 20])
        #expect(try store.artefacts(of: run) == [StoredArtefact(file: "ä/b", bytes: 3, sha256: nil)])
        #expect(try Data(contentsOf: history.file) == before)
    }

    @Test func `A new history has the same tables, and the columns that came later`() throws {
        try restore("grdb-3")
        let old = try tables(in: history.file)
        let other = try History()
        _ = try other.store()
        // Columns, whole tables, and indexes.
        let later =
            ["metrics TEXT", "client_bytes TEXT", "left_clients TEXT", "round_progress DOUBLE"]
            + [
                "models", "model_aliases", "alias_moves", "model_tags", "served_versions", "queue", "run_tags",
                "run_notes",
            ]
            + ["started_at", "accuracy", "bytes", "seconds", "status", "strategy", "model", "dataset"].map {
                "runs_on_\($0)"
            }
        #expect(try tables(in: other.file).filter { row in !later.contains { row.contains(.text($0)) } } == old)
        #expect(old.count > 80)
    }

    @Test func `An older one gets what it lacks, and goes on`() throws {
        try restore("grdb-1")
        var store = try history.store()
        let run = try store.find("1")
        let rounds = try store.rounds(of: run)
        #expect(rounds.map(\.serverAccuracy) == [0.5] && rounds[0].clients == nil && rounds[0][.stalenessMax] == nil)

        let other = try History()
        _ = try other.store()
        #expect(try tables(in: history.file) == tables(in: other.file))

        let records = [History.record(1), History.record(2)]
        try history.finish("new", records)
        store = try history.store()
        #expect(try store.find("new").id == 2 && store.rounds(of: store.find("new")) == records)
        #expect(try store.faults(of: run).count == 2 && store.rounds(of: run) == rounds)
    }
}
