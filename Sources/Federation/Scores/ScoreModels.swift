import Datasets
public import FedCore
public import NeuralNet
import Records

/// The models of a run whose clients exchange class scores (`ScoreStrategy`): one for each width, the samples that the
/// scores are of, and what of a client's state is its model. Every rank derives the same from the job.
///
/// ```
/// weights   consensus                                  [public samples × classes]
/// state     own model − initial weights │ zeros │ 1 once it has begun
/// ```
public struct ScoreModels: Sendable {
    /// The widths, and which client has which.
    public let clients: ClientWidths
    /// The model of each width, in the order of `clients.widths`.
    public let models: [Model]
    /// What stands in a model's place in the run: the consensus, which has no layers.
    let consensus: Model
    /// Indices of the public samples in the training set, ascending.
    private(set) var publicSamples: [UInt32] = []
    /// The clients' simulated devices, whose memory says how wide their models are; nil without a fleet.
    var fleet: FleetTerms?
    /// Passes of a round and of the preparation.
    let digestEpochs, startEpochs: Int

    /// Narrows the model to each of the widths; nil for a strategy of weights.
    /// - Parameters:
    ///   - settings: `widths`; all clients have the whole model where it is absent.
    ///   - strategy: the run's.
    ///   - model: the widest model, with the weights that it starts from.
    /// - Throws: `ConfigurationError` when the widths cannot be read, or the model cannot be narrowed to them.
    init?(_ settings: RunSettings, _ strategy: any Strategy, _ model: Model) throws(ConfigurationError) {
        guard let scores = strategy.scores else { return nil }
        precondition(
            strategy.traffic == StrategyTraffic() && strategy.submodels == nil, "scores are all that crosses")
        (digestEpochs, startEpochs) = (scores.digestEpochs, scores.startEpochs)
        clients = try ClientWidths(settings.widths ?? "1", seed: settings.seed)
        do throws(ConfigurationError) {
            models = try clients.widths.map { (share) throws(ConfigurationError) in
                guard share < 1 else { return model }
                return try model.narrowed(to: model.widths.map { ClientWidths.channels(share, of: $0) })
            }
        } catch {
            throw ConfigurationError("strategy '\(settings.strategy)' narrows the model, and \(error)")
        }
        var layout = ParameterLayout()
        layout.append("consensus", shape: [scores.publicSamples, model.classes], layer: 0, role: .trained)
        consensus = Model(
            external: "consensus:\(model.name)", layout, weights: [Float](repeating: 0, count: layout.count),
            classes: model.classes)
    }

    /// Takes the public samples from the clients.
    /// - Returns: what the clients have left.
    /// - Throws: `ConfigurationError` when they have too few.
    mutating func reserve(from partition: Partition, _ settings: RunSettings) throws(ConfigurationError) -> Partition {
        let count = consensus.parameterCount / consensus.classes
        guard count < partition.sampleCount else {
            throw ConfigurationError(
                "strategy '\(settings.strategy)': public is \(count), and there are "
                    + "\(NumberText.grouped(partition.sampleCount)) training samples in all")
        }
        let (rest, reserved) = partition.reserving(count, seed: settings.seed)
        publicSamples = reserved
        return rest
    }

    /// The width of a client's model, as an index: what its device has the memory for, or what was drawn.
    public func own(_ client: Int) -> Int { fleet?.width(ofClient: client) ?? clients.width(ofClient: client) }

    /// Floats of a client's state: the largest model, and whether the client has begun.
    var stateFloats: Int { (models.map(\.parameterCount).max() ?? 0) + 1 }

    /// Whether a client has trained before.
    func hasBegun(_ state: Span<Float>) -> Bool { state[stateFloats - 1] != 0 }

    /// The weights of a client's model: what it starts from, and what it has learnt since. O(parameters).
    /// - Parameters:
    ///   - width: index of its width.
    ///   - state: its state; zeros before its first round.
    func weights(width: Int, state: Span<Float>, seed: UInt64) -> [Float] {
        var weights = models[width].initialWeights(seed: seed)
        for i in weights.indices { weights[i] += state[i] }
        return weights
    }

    /// Writes a client's model into its state. What is added to the initial weights again may differ in the last bit: from
    /// then on the client's model is what its state says.
    func keep(_ weights: Span<Float>, width: Int, seed: UInt64, in state: inout MutableSpan<Float>) {
        let initial = models[width].initialWeights(seed: seed)
        for i in initial.indices { state[i] = weights[i] - initial[i] }
        state[stateFloats - 1] = 1
    }

    /// The metrics of the widths: the mean over the clients of each of their accuracies on what they hold out.
    var metrics: [Metric] { clients.widths.map { .accuracy(of: .width, $0) } }

    /// Puts the accuracies of the clients' models into a round's record, by width. A width that no client has that answered
    /// has none.
    /// - Parameters:
    ///   - table: what each client found on the samples that it holds out.
    ///   - record: the round's.
    func note(_ table: ClientAccuracies, in record: inout RoundRecord) {
        for (width, metric) in metrics.enumerated() {
            let found = table.clients.filter { own($0.client) == width }.compactMap(\.personalAccuracy)
            if !found.isEmpty { record[metric] = found.reduce(0, +) / Double(found.count) }
        }
    }
}

extension Job {
    /// Refuses what is of weights, where clients exchange scores.
    /// - Throws: `ConfigurationError`.
    func checkScores() throws(ConfigurationError) {
        guard scores != nil else { return }
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("strategy '\(settings.strategy)' exchanges class scores: \(what) \(why); leave it out")
        }
        guard case .classes = data.train.task, loss == .crossEntropy() else {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' exchanges class scores: it is for data with classes, and cross-entropy"
            )
        }
        let others = [
            ("--teacher", distillation != nil), ("--augment", augmentation != nil),
            ("--freeze", settings.freeze != nil), ("--clip-updates", settings.clipUpdates != nil),
            ("--initial-weights", settings.initialWeights != nil), ("--local-steps", settings.localSteps != nil),
        ]
        if let (option, _) = others.first(where: \.1) {
            throw refuse(option, "is not for clients with models of their own")
        }
        if let hook = stepHooks.first {
            throw refuse("'\(type(of: hook).name)'", "changes steps of training that all clients have in common")
        }
        if fleet != nil, settings.widths?.contains(":") == true {
            throw refuse("--widths with shares", "says who has which, and so does the memory of --fleet")
        }
    }
}
