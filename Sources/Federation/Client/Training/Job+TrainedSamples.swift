import Datasets
import FedCore
import Records

extension Job {
    /// Samples of a full step of local training: `--batch-size`, or those of the largest client if it has fewer,
    /// because what goes beyond would be padding.
    package var batchSize: Int {
        (0..<settings.clients).reduce(1) { max($0, min(settings.batchSize, partition.count(of: $1))) }
    }

    /// Turns that a client has in a round: under edges, those of its edge.
    var turns: Int { edges?.turns ?? 1 }

    /// Samples that a client with so many trains on in a turn, each counted as often as it is trained on.
    func trainedSamples(holding samples: Int) -> Int {
        let digested = scores.map { $0.digestEpochs * $0.publicSamples.count } ?? 0
        let own = strategy.personalization == .model ? epochSamples(samples) : digested
        return switch strategy.localWork {
        case .training: epochSamples(samples) + own
        case .fullBatchStep: samples + own
        case .trainingAfterGradient: epochSamples(samples) + samples + own
        }
    }

    /// Samples that these clients train on in a turn each, together.
    func trainedSamples(by clients: [Int]) -> Int {
        clients.reduce(0) { $0 + trainedSamples(holding: partition.count(of: $1)) }
    }

    /// Samples that the epochs, or the `--local-steps`, of a client with so many amount to.
    private func epochSamples(_ samples: Int) -> Int {
        guard let steps = settings.localSteps else { return samples * settings.epochs }
        let batch = min(settings.batchSize, max(samples, 1))
        let stepsPerEpoch = (samples + batch - 1) / batch
        guard stepsPerEpoch > 0 else { return 0 }
        return steps / stepsPerEpoch * samples + steps % stepsPerEpoch * batch
    }
}
