import Datasets
import FedCore
import Records
import Runtime

extension ClientTask {
    /// To train, and send the update.
    package static let training = ClientTask(
        kind: .train,
        isPart: { _ in true },
        mostClients: { $0.settings.cohortSize },
        answer: { $0.trainingAnswer },
        needsState: { $0.vectors.state > 0 },
        isTimed: true,
        meetsFaults: true,
        cost: { client, job in
            let samples = job.partition.count(of: client)
            return max(job.trainedSamples(holding: samples), samples)
        },
        wire: { job, communicator, transfers in
            try Wires.named(job.settings.wire).init(
                communicator, job.trainingAnswer, cohortSize: job.settings.cohortSize, terms: job.terms, transfers)
        },
        run: { client, round, down, slot, host in
            let vectors = host.job.vectors
            if vectors.state > 0 {
                var state = slot.part(vectors.up...)
                try host.readState(of: client, into: &state)
            }
            return try host.device.run(
                client: client, round: round, down: down, slot: &slot,
                progress: { try host.progressed(samples: $0) }, pause: { try host.pause($0) })
        })
}
