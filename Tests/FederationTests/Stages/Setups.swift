import Aggregation
import Codecs
import Datasets
import FedCore
import Strategies

@testable import Federation
@testable import Records

/// Setups in which each stage and step hook of the catalogs is wanted.
enum Setups {
    /// Five parameters, of which the second and the third are running statistics, in images of two pixels and ten classes.
    static func setup(
        _ settings: RunSettings = RunSettings(), strategy: any Strategy = FedAvg(), isScaled: Bool = false,
        statistics: [Range<Int>] = [], attack: (any Attack)? = nil, attackers: Set<Int> = []
    ) -> StageSetup {
        let shape =
            isScaled
            ? UpdateShape(scaled: [5], plain: statistics.reduce(0) { $0 + $1.count }) : UpdateShape(plain: 5)
        return StageSetup(
            settings, strategy: strategy,
            layout: UpdateLayout(parameters: 5, statistics: statistics, shape: shape), attack: attack,
            attackers: attackers, image: ImageShape(channels: 1, height: 1, width: 2), classes: 10)
    }

    /// By name, of everything in the catalogs: what is listed and is not here fails the contract tests.
    static func asking(for name: String) throws -> StageSetup? {
        var settings = RunSettings()
        switch name {
        case "server-rate": settings.serverLr = 0.5
        case "running-statistics": return setup(statistics: [1..<3])
        case "clipping": (settings.privacy, settings.clip, settings.noise) = (.central, 0.5, 1)
        case "forged-update": return setup(attack: try Attacks.standard.named("sign-flip"), attackers: [1])
        case "error-feedback": return try compressed("topk 2", settings)
        case "poisoning": return setup(attack: try Attacks.standard.named("label-flip"), attackers: [1])
        case "clip-gradients": settings.clipGradients = 1
        case "clip-updates": settings.clipUpdates = 1
        case "strategy-correction": return setup(strategy: try Strategies.standard.named("fedprox"))
        default: return nil
        }
        return setup(settings)
    }

    /// The setup of a run with a codec, of two tensors.
    static func compressed(
        _ codec: String, _ settings: RunSettings = RunSettings(), strategy: any Strategy = FedAvg(),
        isScaled: Bool = false
    ) throws -> StageSetup {
        var setup = setup(settings, strategy: strategy, isScaled: isScaled)
        setup.compression = UpdateCompression(
            try UpdateCodecs.standard.codec(codec), encoded: [0..<5],
            tensors: [CodecTensor(0..<2), CodecTensor(2..<5)], seed: 42)
        return setup
    }

    static let turn = ClientTurn(client: 1, round: 3, samples: 10, seed: 42)
    static let round = AggregatedRound(
        number: 3, participants: [AggregatedRound.Participant(client: 1, samples: 10, steps: 1)],
        federationSamples: 10, learningRate: 0.1, momentum: 0)
}

extension UpdateStage {
    /// What is sent of a trained change, with this beside it, when the strategy does `finish`.
    func sent(
        _ change: [Float], beside extra: [Float] = [], in turn: ClientTurn = Setups.turn,
        finish: (inout [Float]) -> Void = { _ in }
    ) -> [Float] {
        var stage = self
        var update = change
        var span = update.mutableSpan
        stage.beforeStrategy(&span, in: turn)
        finish(&update)
        var message = update + extra
        var state = [Float](repeating: 0, count: clientVectors * change.count)
        var messageSpan = message.mutableSpan
        var stateSpan = state.mutableSpan
        stage.onClient(&messageSpan, state: &stateSpan, in: turn)
        return message
    }

    /// Where a mean leads from these weights, when the strategy's step is `apply`.
    mutating func stepped(
        _ mean: [Float], from weights: [Float], apply: (_ mean: [Float], _ weights: inout [Float]) -> Void
    ) -> [Float] {
        var (mean, weights) = (mean, weights)
        var meanSpan = mean.mutableSpan
        onServer(&meanSpan, weights: weights.span, in: Setups.round)
        apply(mean, &weights)
        var span = weights.mutableSpan
        afterStrategy(&span, in: Setups.round)
        return weights
    }
}

extension StepHook {
    func corrected(
        _ gradient: [Float], weights: [Float] = [], anchor: [Float] = [], drift: [Float] = [], ofOwnModel: Bool = false
    ) -> [Float] {
        var result = gradient
        var span = result.mutableSpan
        correct(
            &span, weights: weights.span, anchor: anchor.span, drift: drift.span,
            in: TrainingStep(Setups.turn, number: 0, isOfOwnModel: ofOwnModel))
        return result
    }
}
