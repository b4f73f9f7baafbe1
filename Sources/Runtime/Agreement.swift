package import FedCore
package import MPI

extension Communicator {
    /// Runs `body` on every rank, so that all learn whether all could: if it fails somewhere with an error that is the
    /// user's to mend, every rank gets the error of the lowest such rank, and all can leave together. Collective.
    ///
    /// A rank that left by itself would leave the others in the next collective for ever. Errors that are not the
    /// user's are thrown where they happen, and abort the job.
    ///
    /// - Parameters:
    ///   - timeline: enters the phase `wait` when this rank is done.
    ///   - body: this rank's part; may fail.
    /// - Returns: nil when all could; otherwise an error that names the rank, unless it is rank 0.
    /// - Throws: what `body` throws, other than `UserError`; errors of MPI.
    /// - Complexity: A gather and a broadcast of 1,000 bytes a rank.
    package func agree(_ timeline: Timeline? = nil, on body: () throws -> Void) throws -> ConfigurationError? {
        var message: String?
        do {
            try body()
        } catch let error as any UserError {
            message = error.description
        }
        timeline?.enter(.wait)
        let texts = try allGatherText(message ?? "")
        guard let rank = texts.firstIndex(where: { !$0.isEmpty }) else { return nil }
        return ConfigurationError(rank == 0 ? texts[rank] : "rank \(rank): \(texts[rank])")
    }
}
