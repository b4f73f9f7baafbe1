import Datasets
import FedCore
import MPI
import Records
import Runtime

extension ClientTask {
    /// To try the clients' models on the samples they have held out.
    package static let evaluation = ClientTask(
        kind: RoundFrame.Kind(rawValue: 3),
        isPart: { $0.clientTest.sampleCount > 0 },
        mostClients: { $0.settings.clients },
        answer: { AnswerFormat(updateFloats: $0.evaluationVector.floats) },
        needsState: { $0.strategy.personalization != .none },
        isTimed: false,
        meetsFaults: false,
        cost: { client, job in job.clientTest.count(of: client) },
        wire: { job, communicator, transfers in
            // With an answer of a few hundred bytes a wave's states, sent ahead of it, are what takes memory.
            let format = AnswerFormat(updateFloats: job.evaluationVector.floats)
            let isPersonal = job.strategy.personalization != .none
            let state = isPersonal ? StateMessage.byteCount(floats: job.vectors.state) : 0
            return GathervWire(
                communicator, format, cohortSize: job.settings.clients, transfers,
                serverBytes: GathervWire.defaultServerBytes / (format.slotBytes + state) * format.slotBytes)
        },
        run: { client, _, down, slot, host in
            let isPersonal = host.job.strategy.personalization != .none
            var state = [Float](repeating: 0, count: isPersonal ? host.job.vectors.state : 0)
            if isPersonal {
                var span = state.mutableSpan
                try host.readState(of: client, into: &span)
            }
            return try host.device.evaluate(
                client: client, down: down, state: state.span, slot: &slot,
                heartbeat: { try host.progressed(samples: 0) })
        })
}
