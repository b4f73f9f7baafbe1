import Datasets
import FedCore
import MPI
import Records
import Runtime

extension ClientTask {
    /// The task of a federated evaluation (`--client-test`): each client tests its models on the samples that it holds
    /// out, and answers with an ``EvaluationVector``.
    ///
    /// It comes up by gatherv whatever the run's wire, because its answers are not summed, and has no deadline: its
    /// time lies between rounds. Clients' states go down with it only where they hold parameters of the clients' own,
    /// and none comes back.
    package static let evaluation = ClientTask(
        kind: RoundFrame.Kind(rawValue: 3),
        isPart: { $0.clientTest.sampleCount > 0 },
        mostClients: { $0.settings.clients },
        answer: { $0.evaluationAnswer },
        needsMail: { $0.clientsHaveOwn },
        isTimed: false,
        meetsFaults: false,
        cost: { client, job in job.clientTest.count(of: client) },
        wire: { job, communicator, transfers in
            // With an answer of a few hundred bytes a wave's states, sent ahead of it, are what takes memory.
            let format = job.evaluationAnswer
            let state = job.clientsHaveOwn ? MailMessage.byteCount(floats: job.vectors.state) : 0
            return GathervWire(
                communicator, format, cohortSize: job.settings.clients, transfers,
                serverBytes: GathervWire.defaultServerBytes / (format.slotBytes + state) * format.slotBytes)
        },
        run: { client, _, down, slot, host in
            var state = [Float](repeating: 0, count: host.job.clientsHaveOwn ? host.job.vectors.state : 0)
            if !state.isEmpty {
                var span = state.mutableSpan
                try host.readState(of: client, into: &span)
            }
            return try host.device.evaluate(
                client: client, down: down, state: state.span, slot: &slot,
                heartbeat: { try host.progressed(samples: 0) })
        })
}

extension Job {
    /// Whether clients have a model, or parameters, of their own to test.
    fileprivate var clientsHaveOwn: Bool { strategy.personalization != .none }

    /// The layout of an answer: an evaluation, no state.
    fileprivate var evaluationAnswer: AnswerFormat { AnswerFormat(updateFloats: evaluationVector.floats) }
}
