import Records

/// The sums that a run's row holds over its rounds. Rounds are added as they end, so that a round costs the same
/// however many there were, and listing runs does not read their rounds.
struct RunTotals {
    /// The last round.
    private var rounds = 0
    /// The best accuracy, in [0, 1]; nil without one.
    private var best: Double?
    /// Accuracy of the last round that was evaluated; nil for a regression.
    private var accuracy: Double?
    /// Loss of that round.
    private var loss: Double?
    /// Bytes from clients to the server.
    private var uploadBytes = 0
    /// Bytes from the server to clients.
    private var downloadBytes = 0
    /// Duration of the rounds.
    private var seconds = 0.0

    /// Adds a round; rounds come in order.
    mutating func add(_ record: RoundRecord) {
        rounds = max(rounds, record.round)
        if let found = record.accuracy { best = max(best ?? found, found) }
        // A regression has a loss and no accuracy, weights that have diverged an accuracy and no loss.
        if record.accuracy != nil || record.serverLoss != nil {
            (accuracy, loss) = (record.accuracy, record.serverLoss)
        }
        uploadBytes += record.uploadBytes
        downloadBytes += record.downloadBytes
        seconds += record.seconds
    }

    /// Adds these totals to a run's row. A run's duration is only added to while it runs: at its end it gets the
    /// measured one.
    ///
    /// - Parameters:
    ///   - run: Number of the run's row.
    ///   - db: A connection in a transaction.
    func save(of run: Int64, in db: Database) throws {
        try db.execute(
            """
            UPDATE runs SET
              rounds = max(rounds, :rounds),
              best_accuracy = max(coalesce(best_accuracy, :best), coalesce(:best, best_accuracy)),
              loss = iif(:accuracy IS NULL AND :loss IS NULL, loss, :loss),
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

    /// `RoundRecord.accuracy` as an expression over a row of `rounds`: the server's, else that of the clients' personal
    /// models, else that of the shared model on the clients' samples.
    private static let accuracy: SQL = """
        coalesce(server_accuracy, client_evaluation ->> '$.personal.mean', client_evaluation ->> '$.global.mean')
        """

    /// Computes a run's totals anew from all its rounds, when a run is continued and its rounds were replaced.
    ///
    /// - Complexity: O(rounds of the run).
    static func recount(_ run: Int64, in db: Database) throws {
        try db.execute(
            """
            UPDATE runs SET
              rounds = (SELECT coalesce(max(round), 0) FROM rounds WHERE run_id = :run),
              best_accuracy = (SELECT max(\(accuracy)) FROM rounds WHERE run_id = :run),
              (accuracy, loss) = (SELECT \(accuracy), server_loss FROM rounds
                WHERE run_id = :run AND coalesce(\(accuracy), server_loss) IS NOT NULL ORDER BY round DESC LIMIT 1),
              (upload_bytes, download_bytes, seconds) = (SELECT coalesce(sum(upload_bytes), 0),
                coalesce(sum(download_bytes), 0), coalesce(sum(seconds), 0) FROM rounds WHERE run_id = :run)
            WHERE id = :run
            """,
            ["run": run])
    }
}
