import FedCore
import NeuralNet
import Records

extension Job {
    /// The narrower models of a run whose strategy trains parts of the global one; nil of another.
    /// - Throws: `ConfigurationError` when a strategy of whole models is given widths, or the model cannot be narrowed.
    static func submodels(
        _ settings: RunSettings, _ strategy: any Strategy, _ start: Model, _ plugins: Plugins
    ) throws(ConfigurationError) -> Submodels? {
        guard let submodels = strategy.submodels else {
            guard settings.widths == nil || strategy.scores != nil else {
                throw ConfigurationError(
                    "--widths is of strategies whose clients train parts of the model, and '\(settings.strategy)' trains all "
                        + "of it; use "
                        + plugins.strategies.all.filter { $0.init().submodels != nil || $0.init().scores != nil }.map {
                            "--strategy \($0.name)"
                        }
                        .joined(separator: " or "))
            }
            return nil
        }
        precondition(
            strategy.traffic == StrategyTraffic() && strategy.personalization == .none,
            "a strategy of parts has no traffic and no parameters of clients' own")
        return try Submodels(settings, submodels, start)
    }

    /// Refuses what changes or looks at updates as if they were of whole models.
    /// - Throws: `ConfigurationError`.
    func checkSubmodels() throws(ConfigurationError) {
        guard submodels != nil else { return }
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("strategy '\(settings.strategy)' trains parts of the model: \(what) \(why)")
        }
        if keepsUpdates {
            let what = settings.attack.map { "--aggregation \(settings.aggregation) under --attack \($0)" }
            throw refuse(
                what ?? "--aggregation \(settings.aggregation)", "compares updates of whole models; use mean")
        }
        if settings.compress != nil { throw refuse("--compress", "encodes updates of whole models; leave it out") }
        if fleet != nil, settings.widths?.contains(":") == true {
            throw refuse(
                "--widths with shares", "says who has which, and so does the memory of --fleet: leave the shares out")
        }
        if settings.compressDown != nil {
            throw refuse("--compress-down", "sends changes of whole models; leave it out")
        }
        if settings.clientTest > 0 {
            throw refuse("--client-test", "has clients test whole models, which they may not hold; leave it out")
        }
        if submodels?.dimension == .depth || strategy.submodels?.masksAbsentClasses == true {
            guard loss == .crossEntropy() else {
                throw refuse("--loss", "is not for it, because its own loss is of the labels' cross-entropy")
            }
            if distillation != nil {
                throw refuse("--teacher", "is not for it, because its loss is one of labels; leave it out")
            }
        }
        for stage in stages where type(of: stage).halves.contains(.client) {
            throw refuse("stage '\(type(of: stage).name)'", "changes updates of whole models on the client")
        }
    }
}

extension Job {
    /// Lengths of what crosses for a part of the model.
    func vectors(of narrowed: Model) throws(ConfigurationError) -> JobVectors {
        var vectors = try JobVectors(narrowed.parameterLayout, strategy)
        vectors.add(stages)
        return vectors
    }

    /// Bytes that a client downloads in a round: the frame, and the weights of the model that it trains.
    func downloadBytes(ofClient client: Int, round: Int) -> Int {
        guard let submodels else { return downloadBytes }
        let width = submodels.width(ofClient: client, round: round)
        return downloadFrameBytes + 4 * submodels.models[width].parameterCount
    }
}

extension Metric {
    /// Accuracy on the test set of the model of a width or a depth, cut out of the global weights.
    /// - Parameters:
    ///   - dimension: what it is a share of.
    ///   - share: the share, in (0, 1).
    static func accuracy(of dimension: SubmodelDimension, _ share: Double) -> Metric {
        Metric(
            "accuracy_\(dimension)_\("\(share)".replacing(".", with: "_"))", title: "\(dimension) \(share)",
            isShare: true,
            decimals: 2,
            better: .higher, group: "accuracy")
    }
}
