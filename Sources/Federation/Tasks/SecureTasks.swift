import Devices
import FedCore
import MPI
import Records
import Runtime
import SecureAggregation

// The tasks of secure aggregation that come before and after the training: a client's four messages, of which the third is the
// answer to the task of training itself. They come up by gatherv whatever the run's wire, because none is summed.
extension ClientTask {
    /// The first: each client makes keys, and advertises the public ones.
    static let advertiseKeys = secure(kind: 4, .keys) { clients, client, round, letter throws(SecureAggregationError) in
        try clients.advertisement(of: client, round, letter)
    }

    /// The second: each client seals shares of its two secrets for its neighbours.
    static let shareKeys = secure(kind: 5, .shares) { clients, client, round, letter throws(SecureAggregationError) in
        try clients.keyShares(of: client, round, letter)
    }

    /// The fourth, of clients whose vectors have come: one share of each neighbour.
    static let unmask = secure(kind: 6, .unmasking) { clients, client, round, letter throws(SecureAggregationError) in
        try clients.unmaskAnswer(of: client, round, letter)
    }

    /// A task of a phase.
    /// - Parameters:
    ///   - kind: the code in frames.
    ///   - phase: before it simulated devices leave that are to leave there.
    ///   - message: makes a client's message. What it refuses is not sent.
    private static func secure(
        kind: UInt32, _ phase: SecureTerms.Phase,
        _ message:
            @escaping @Sendable (SecureClients, Int, RoundID, [UInt8]) throws(SecureAggregationError) -> [UInt8]
    ) -> ClientTask {
        ClientTask(
            kind: RoundFrame.Kind(rawValue: kind),
            isPart: { $0.secure != nil },
            mostClients: { $0.settings.cohortSize },
            answer: { $0.secureAnswer(phase) },
            needsMail: { _ in true },
            isTimed: false,
            meetsFaults: false,
            cost: { _, _ in 1 },
            wire: { job, communicator, transfers in
                GathervWire(
                    communicator, job.secureAnswer(phase), cohortSize: job.settings.cohortSize, terms: job.terms,
                    transfers)
            },
            run: { client, round, _, slot, host in
                let (job, letter) = (host.job, host.letter(to: client))
                guard let clients = host.device.secure else { preconditionFailure("a rank without the master secret") }
                var result = LocalResult()
                let isDropped = job.conditions(ofClient: client, round, host.device.terms).isDropped
                let departure = job.secure?.departure(of: client, round, isDropped: isDropped)
                do throws(SecureAggregationError) {
                    let isGone = departure.map { $0.rawValue <= phase.rawValue } ?? false
                    SecureAnswer.write(isGone ? [] : try message(clients, client, round, letter), to: &slot)
                    if isGone {
                        result.status = .dropped
                        result.simulatedSeconds = job.settings.simulatedWait
                    }
                } catch {
                    SecureAnswer.write([], to: &slot)
                    result.status = .unusable
                }
                try host.progressed(samples: 0)
                return result
            })
    }
}

extension Job {
    /// Layout of a client's answer in a phase.
    fileprivate func secureAnswer(_ phase: SecureTerms.Phase) -> AnswerFormat {
        SecureAnswer.format(bytes: secure?.messageBytes(phase) ?? 0)
    }
}
