import FedCore

/// The tables of a history, and how older files become newer ones.
enum Schema {
    /// A step from an older file to a newer one, taken whole or not at all.
    struct Migration {
        /// The step's name, by which a file knows that it has taken it; never changed once released.
        let name: String
        /// Run in order.
        let statements: [SQL]
    }

    /// "FEDM" in ASCII: what the file's header says about its program
    /// (https://www.sqlite.org/pragma.html#pragma_application_id), so that another program's database is refused rather
    /// than changed.
    private static let applicationID = 0x4645_444D

    /// All steps, oldest first. A change of the tables is one more step at the end of the list; released steps stay as
    /// they are, since files have taken them.
    static let migrations = [
        Migration(
            name: "1: runs, rounds, clients, faults, artefacts",
            statements: [
                "PRAGMA application_id = \(applicationID)", runs, "CREATE INDEX runs_on_name ON runs(name)", rounds,
                """
                CREATE TABLE clients (
                  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
                  client INTEGER NOT NULL, samples INTEGER NOT NULL, PRIMARY KEY (run_id, client)
                ) WITHOUT ROWID
                """,
                """
                CREATE TABLE faults (
                  id INTEGER PRIMARY KEY AUTOINCREMENT,
                  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
                  round INTEGER NOT NULL, kind TEXT NOT NULL, rank INTEGER, clients TEXT NOT NULL, reason TEXT
                )
                """,
                "CREATE INDEX faults_on_run_id ON faults(run_id)",
                """
                CREATE TABLE artefacts (
                  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
                  file TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT, PRIMARY KEY (run_id, file)
                ) WITHOUT ROWID
                """,
            ]),
        Migration(
            name: "2: evaluation by class and by the clients",
            statements: [
                // Two as JSON.
                "ALTER TABLE rounds ADD COLUMN server_class_accuracy TEXT",
                "ALTER TABLE rounds ADD COLUMN client_evaluation TEXT",
                "ALTER TABLE rounds ADD COLUMN attack_success DOUBLE",
            ]),
        Migration(
            name: "3: staleness of asynchronous rounds",
            statements: [
                "ALTER TABLE rounds ADD COLUMN staleness_mean DOUBLE",
                "ALTER TABLE rounds ADD COLUMN staleness_max INTEGER",
            ]),
        Migration(
            name: "4: metrics by name",
            statements: [
                // JSON: what a run declares, and the values of what has no column of its own.
                "ALTER TABLE runs ADD COLUMN metrics TEXT",
                "ALTER TABLE rounds ADD COLUMN metrics TEXT",
            ]),
        Migration(
            name: "5: bytes by client",
            statements: [
                // As JSON.
                "ALTER TABLE rounds ADD COLUMN client_bytes TEXT"
            ]),
        Migration(
            name: "6: clients that left a secured round",
            statements: [
                // As JSON.
                "ALTER TABLE rounds ADD COLUMN left_clients TEXT"
            ]),
        Migration(
            name: "7: registered models",
            statements: [
                // What the file holds, and the run, as JSON.
                """
                CREATE TABLE models (
                  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, version INTEGER NOT NULL,
                  digest TEXT NOT NULL, bytes INTEGER NOT NULL, registered_at DATETIME NOT NULL,
                  source TEXT NOT NULL, contents TEXT NOT NULL, run TEXT, parent TEXT,
                  UNIQUE (name, version), UNIQUE (name, digest)
                )
                """,
                """
                CREATE TABLE model_aliases (
                  name TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL, moved_at DATETIME NOT NULL,
                  PRIMARY KEY (name, alias),
                  FOREIGN KEY (name, version) REFERENCES models(name, version)
                ) WITHOUT ROWID
                """,
                """
                CREATE TABLE alias_moves (
                  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER,
                  moved_at DATETIME NOT NULL, note TEXT
                )
                """,
                """
                CREATE TABLE model_tags (
                  model_id INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE,
                  key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model_id, key)
                ) WITHOUT ROWID
                """,
            ]),
        Migration(
            name: "8: queue",
            statements: [
                // The settings as JSON.
                """
                CREATE TABLE queue (
                  id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, command TEXT NOT NULL, kind TEXT NOT NULL,
                  settings TEXT NOT NULL, ranks INTEGER NOT NULL, cores INTEGER NOT NULL, launcher TEXT NOT NULL,
                  submitter TEXT NOT NULL, note TEXT NOT NULL, state TEXT NOT NULL, submitted_at DATETIME NOT NULL,
                  started_at DATETIME, finished_at DATETIME, stop_requested_at DATETIME, exit_code INTEGER, reason TEXT,
                  attempt INTEGER NOT NULL, process TEXT, job TEXT, killed TEXT NOT NULL
                )
                """,
                "CREATE INDEX queue_on_run ON queue(run)", "CREATE INDEX queue_on_state ON queue(state)",
            ]),
        Migration(
            name: "9: served versions",
            statements: [
                // The columns are `ServedVersion`'s coding keys. A row outlives the version, as an alias' history does.
                """
                CREATE TABLE served_versions (
                  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, version INTEGER NOT NULL,
                  fleet TEXT NOT NULL, host TEXT NOT NULL, devices INTEGER NOT NULL, process TEXT NOT NULL,
                  since DATETIME NOT NULL, heartbeat_at DATETIME NOT NULL, ended_at DATETIME
                )
                """,
                "CREATE INDEX served_versions_on_name ON served_versions(name)",
            ]),
        Migration(
            name: "10: labels of runs, indexes for pages",
            statements: [
                """
                CREATE TABLE run_tags (
                  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, tag TEXT NOT NULL,
                  PRIMARY KEY (run_id, tag)
                ) WITHOUT ROWID
                """,
                "CREATE INDEX run_tags_on_tag ON run_tags(tag)",
                """
                CREATE TABLE run_notes (
                  run_id INTEGER PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE, note TEXT NOT NULL
                )
                """,
                // Rows are large: lists of ten thousand runs are sorted, counted and filtered without them.
                "CREATE INDEX runs_on_started_at ON runs(started_at)",
                "CREATE INDEX runs_on_accuracy ON runs(accuracy)",
                "CREATE INDEX runs_on_bytes ON runs(upload_bytes + download_bytes)",
                "CREATE INDEX runs_on_seconds ON runs(seconds)", "CREATE INDEX runs_on_status ON runs(status)",
                "CREATE INDEX runs_on_strategy ON runs(strategy)", "CREATE INDEX runs_on_model ON runs(model)",
                "CREATE INDEX runs_on_dataset ON runs(dataset)",
            ]),
        Migration(
            name: "11: how far the round under way is",
            statements: ["ALTER TABLE runs ADD COLUMN round_progress DOUBLE"]),
    ]

    /// One row a run. The columns are `StoredRun`'s coding keys.
    private static let runs: SQL = """
        CREATE TABLE runs (
          id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, status TEXT NOT NULL, reason TEXT,
          started_at DATETIME NOT NULL, finished_at DATETIME, heartbeat_at DATETIME NOT NULL,
          process TEXT NOT NULL, resumes INTEGER NOT NULL,
          version TEXT NOT NULL, mpi TEXT NOT NULL, onednn TEXT NOT NULL,
          host TEXT NOT NULL, hosts INTEGER NOT NULL, ranks INTEGER NOT NULL,
          strategy TEXT NOT NULL, model TEXT NOT NULL, parameters INTEGER NOT NULL,
          dataset TEXT NOT NULL, training_samples INTEGER NOT NULL, test_samples INTEGER NOT NULL,
          clients INTEGER NOT NULL, seed TEXT NOT NULL, settings TEXT NOT NULL,
          planned_rounds INTEGER NOT NULL, rounds INTEGER NOT NULL,
          accuracy DOUBLE, best_accuracy DOUBLE, loss DOUBLE,
          upload_bytes INTEGER NOT NULL, download_bytes INTEGER NOT NULL, seconds DOUBLE NOT NULL, digest TEXT
        )
        """

    /// One row a round. The columns are `RoundRecord`'s coding keys, and the run's number.
    private static let rounds: SQL = """
        CREATE TABLE rounds (
          run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, round INTEGER NOT NULL,
          cohort INTEGER NOT NULL, participants INTEGER NOT NULL, partial INTEGER NOT NULL,
          rejected INTEGER NOT NULL, late INTEGER NOT NULL, dropped INTEGER NOT NULL,
          attempts INTEGER NOT NULL, samples INTEGER NOT NULL,
          train_loss DOUBLE, server_loss DOUBLE, server_accuracy DOUBLE,
          upload_bytes INTEGER NOT NULL, total_upload_bytes INTEGER NOT NULL,
          download_bytes INTEGER NOT NULL, total_download_bytes INTEGER NOT NULL,
          seconds DOUBLE NOT NULL, samples_per_second DOUBLE NOT NULL, simulated_seconds DOUBLE,
          PRIMARY KEY (run_id, round)
        ) WITHOUT ROWID
        """

    /// Takes the steps that a file has not taken yet, all or none. A file that is up to date is not written: it may be
    /// another user's, or on a read-only disk.
    ///
    /// - Parameters:
    ///   - database: An open file, which may be empty.
    ///   - migrations: The steps, oldest first; tests give others.
    /// - Throws: ``ConfigurationError`` when the file is another program's, or a newer fedmpi's; `DatabaseError`.
    static func migrate(_ database: SharedDatabase, by migrations: [Migration] = migrations) throws {
        guard try !database.read({ try missing(of: migrations, in: $0) }).isEmpty else { return }
        try database.write { db in
            // Another process may have taken them since.
            let missing = try missing(of: migrations, in: db)
            try db.execute("CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            for migration in missing {
                for statement in migration.statements { try db.execute(statement) }
                try db.execute("INSERT INTO grdb_migrations (identifier) VALUES (?)", [migration.name])
            }
        }
    }

    /// The steps that a file has not taken yet, in order.
    ///
    /// - Throws: ``ConfigurationError`` when the file has tables but not this program's mark, or has taken steps that
    ///   are unknown here.
    private static func missing(of migrations: [Migration], in db: Database) throws -> [Migration] {
        let tables = try db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").rows
        // GRDB made the first histories, and called it so.
        let listsMigrations = tables.contains([.text("grdb_migrations")])
        guard try db.value("PRAGMA application_id") == applicationID || tables.count == (listsMigrations ? 1 : 0) else {
            throw ConfigurationError("it is another program's database")
        }
        guard listsMigrations else { return migrations }
        let taken = try db.execute("SELECT identifier FROM grdb_migrations").rows
        guard taken.allSatisfy({ row in migrations.contains { row == [.text($0.name)] } }) else {
            throw ConfigurationError("it was made by a newer fedmpi")
        }
        return migrations.filter { !taken.contains([.text($0.name)]) }
    }
}
