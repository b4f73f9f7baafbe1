package import FedCore
package import NeuralNet
package import Records

/// The random streams of one client's training in one round: the order of its samples and its dropout masks.
///
/// They are addressed by seed, round, client and a count of epochs or steps, so that a client draws the same numbers on
/// any rank. Attempts of a round, and the client's own model, draw others. The addresses have room for 2²³ epochs and
/// 2²⁰ steps (half as many where there is an own model); beyond that they repeat.
package struct ClientRandomness {
    /// The run's seed.
    private let seed: UInt64
    private let round: RoundID
    private let client: Int
    /// Whether the client's own model is trained, not the global one.
    private let isOfOwnModel: Bool
    /// Where this attempt's epochs begin, counted through all attempts: a repeated round shuffles as further epochs
    /// would.
    private let firstEpoch: Int
    /// Where this attempt's steps begin, likewise.
    private let firstStep: Int

    /// Addresses a client's turn.
    /// - Parameters:
    ///   - settings: seed, epochs and steps.
    ///   - client: number of the client.
    ///   - round: number and attempt.
    ///   - samples: samples that the client holds.
    ///   - batch: samples of a step.
    ///   - isOfOwnModel: whether the client's own model is trained.
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

    /// The stream that shuffles an epoch's samples.
    /// - Parameter epoch: epoch of this turn, from 0.
    package func order(epoch: Int) -> RandomStream {
        let salt = (firstEpoch + epoch) % (1 << 23) + (isOfOwnModel ? 1 << 23 : 0)
        return RandomStream(seed: seed, .shuffle, round: round.number, client: client, salt: salt)
    }

    /// The key that a step's dropout masks are drawn by.
    /// - Parameter step: step of this turn, from 0.
    package func dropout(step: Int) -> DropoutKey {
        DropoutKey(seed: seed, round: round.number, client: client, step: address(step: step))
    }

    /// The stream that changes a step's pictures.
    /// - Parameter step: step of this turn, from 0.
    func augmentation(step: Int) -> RandomStream {
        RandomStream(seed: seed, .augmentation, round: round.number, client: client, salt: address(step: step))
    }

    /// A step's number through all attempts, apart from those of the client's other model.
    private func address(step: Int) -> Int {
        let step = firstStep + step
        return isOfOwnModel ? (1 << 19) + step % (1 << 19) : step % (1 << 20)
    }
}
