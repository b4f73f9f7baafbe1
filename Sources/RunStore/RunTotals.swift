import Records

/// What a run's row tells of its rounds. Rounds are added to it as they end, so that a round costs the same however many there were.
struct RunTotals {
    private var rounds = 0
    private var best: Double?
    /// Accuracy and loss of the last round that has an accuracy.
    private var accuracy: Double?
    private var loss: Double?
    private var uploadBytes = 0
    private var downloadBytes = 0
    private var seconds = 0.0

    mutating func add(_ record: RoundRecord) {
        rounds = max(rounds, record.round)
        if let found = record.accuracy {
            best = max(best ?? found, found)
            (accuracy, loss) = (found, record.serverLoss)
        }
        uploadBytes += record.uploadBytes
        downloadBytes += record.downloadBytes
        seconds += record.seconds
    }

    /// Adds them to a run's row.
    func save(of run: Int64, in db: Database) throws {
        try db.execute(
            """
            UPDATE runs SET
              rounds = max(rounds, :rounds),
              best_accuracy = max(coalesce(best_accuracy, :best), coalesce(:best, best_accuracy)),
              loss = iif(:accuracy IS NULL, loss, :loss),
              accuracy = coalesce(:accuracy, accuracy),
              upload_bytes = upload_bytes + :up, download_bytes = download_bytes + :down,
              seconds = seconds + iif(status = 'running', :seconds, 0)
            WHERE id = :run
            """,
            [
                "rounds": rounds, "best": best, "accuracy": accuracy, "loss": loss, "up": uploadBytes,
                "down": downloadBytes, "seconds": seconds, "run": run,
            ])
    }

    /// `RoundRecord.accuracy`.
    private static let accuracy: SQL = """
        coalesce(server_accuracy, client_evaluation ->> '$.personal.mean', client_evaluation ->> '$.global.mean')
        """

    /// Brings the row of a run that is continued up to all of its rounds.
    static func recount(_ run: Int64, in db: Database) throws {
        try db.execute(
            """
            UPDATE runs SET
              rounds = (SELECT coalesce(max(round), 0) FROM rounds WHERE run_id = :run),
              best_accuracy = (SELECT max(\(accuracy)) FROM rounds WHERE run_id = :run),
              (accuracy, loss) = (SELECT \(accuracy), server_loss FROM rounds
                WHERE run_id = :run AND \(accuracy) IS NOT NULL ORDER BY round DESC LIMIT 1),
              (upload_bytes, download_bytes, seconds) = (SELECT coalesce(sum(upload_bytes), 0),
                coalesce(sum(download_bytes), 0), coalesce(sum(seconds), 0) FROM rounds WHERE run_id = :run)
            WHERE id = :run
            """,
            ["run": run])
    }
}
