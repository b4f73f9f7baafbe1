package import FedCore
package import NeuralNet
package import Records

/// The random streams of one client's training in one round: the order of its samples and its dropout.
///
/// A repeated attempt draws other numbers, and so does the training of the client's own model. Beyond more epochs and steps
/// than any training has the streams come round again.
package struct TurnStreams {
    private let seed: UInt64
    private let round: RoundID
    private let client: Int
    private let isOfOwnModel: Bool
    /// Where this attempt's epochs and steps begin, counted through all attempts.
    private let firstEpoch: Int
    private let firstStep: Int

    /// - Parameters:
    ///   - samples: that the client holds.
    ///   - batch: samples of a step.
    package init(
        _ settings: RunSettings, client: Int, round: RoundID, samples: Int, batch: Int,
        ofOwnModel isOfOwnModel: Bool = false
    ) {
        seed = settings.seed
        self.round = round
        self.client = client
        self.isOfOwnModel = isOfOwnModel
        let stepsOfEpoch = max((samples + batch - 1) / batch, 1)
        let steps = settings.localSteps ?? settings.epochs * stepsOfEpoch
        firstEpoch = round.attempt * ((steps + stepsOfEpoch - 1) / stepsOfEpoch)
        firstStep = round.attempt * steps
    }

    /// Shuffles an epoch's samples.
    package func order(epoch: Int) -> RandomStream {
        let salt = (firstEpoch + epoch) % (1 << 23) + (isOfOwnModel ? 1 << 23 : 0)
        return RandomStream(seed: seed, .shuffle, round: round.number, client: client, salt: salt)
    }

    /// Draws a step's masks.
    package func dropout(step: Int) -> DropoutKey {
        let step = firstStep + step
        return DropoutKey(
            seed: seed, round: round.number, client: client,
            step: isOfOwnModel ? (1 << 19) + step % (1 << 19) : step % (1 << 20))
    }
}
