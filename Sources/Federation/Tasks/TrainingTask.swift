import Datasets
import FedCore
import Records
import Runtime

extension ClientTask {
    /// The task of a round: each client trains from the weights that went down, and answers with its update and its new
    /// state.
    ///
    /// With secure aggregation the update is masked before it is anybody else's.
    ///
    /// Its cost is the samples that the client will train on, so that workers finish together; its wire is the run's
    /// (`--wire`). It is the task that deadlines hold for, and in which `--inject` makes its faults.
    package static let training = ClientTask(
        kind: .train,
        isPart: { _ in true },
        mostClients: { $0.settings.cohortSize },
        answer: { $0.trainingAnswer },
        needsMail: { $0.vectors.state > 0 || $0.secure != nil },
        isTimed: true,
        meetsFaults: true,
        cost: { client, job in
            let samples = job.partition.count(of: client)
            return max(job.trainedSamples(holding: samples), samples)
        },
        wire: { job, communicator, transfers in
            job.wire.init(
                communicator, job.trainingAnswer, cohortSize: job.settings.cohortSize,
                terms: job.secure.map { job.terms.masked(words: $0.words) } ?? job.terms, transfers)
        },
        run: { client, round, down, slot, host in
            let vectors = host.job.vectors
            if vectors.state > 0 {
                var state = slot.part(vectors.up...)
                try host.readState(of: client, into: &state)
            }
            func train(_ slot: inout MutableSpan<Float>) throws -> LocalResult {
                let result = try host.device.run(
                    client: client, round: round, down: down, slot: &slot,
                    progress: { try host.progressed(samples: $0) }, pause: { try host.pause($0) })
                host.meetFaults(of: client, in: &slot)
                return result
            }
            guard let secure = host.device.secure else { return try train(&slot) }
            return try secure.train(client, round, host.letter(to: client), into: &slot) { try train(&$0) }
        })
}
