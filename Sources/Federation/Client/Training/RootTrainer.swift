import Records
import Runtime

/// The server's own client: trains on the samples that the server keeps for itself, for an aggregation that trusts the
/// update it comes to (FLTrust). Lives on rank 0, and trains while the clients do.
final class RootTrainer {
    private let job: Job
    private let trainer: LocalTrainer
    /// The last update, `[job.vectors.averaged]`; zeros before the first.
    private(set) var update: [Float]

    /// Compiles the model a second time, for the server.
    init(_ job: Job, _ timeline: Timeline) throws {
        self.job = job
        trainer = try LocalTrainer(job, timeline)
        update = [Float](repeating: 0, count: job.vectors.averaged)
    }

    /// Trains from this round's weights, as a client would, under the number behind the last client's, so that its
    /// random numbers are its own. Takes as long as a client with so many samples.
    /// - Parameters:
    ///   - round: number and attempt.
    ///   - down: what goes down to the clients in this round, `[job.vectors.down]`.
    ///   - heartbeat: called after each batch.
    /// - Throws: what `heartbeat` throws; errors of oneDNN.
    func train(round: RoundID, down: Span<Float>, heartbeat: () throws -> Void) throws {
        var slot = [Float](repeating: 0, count: job.vectors.slot)
        var span = slot.mutableSpan
        _ = try trainer.train(
            client: job.settings.clients, samples: job.root[...], round: round, down: down, slot: &span
        ) { _ in
            try heartbeat()
            return true
        }
        update = Array(slot[..<job.vectors.averaged])
    }
}
