import FedCore
import NeuralNet
import Records
import Selection

extension Job {
    /// Refuses what would void the promise of DP-SGD: whatever tells of samples beside the sums with noise.
    /// | refused | because |
    /// |---|---|
    /// | strategies that look at a gradient over all data, train a second model or leave parameters to clients | that is not clipped |
    /// | asynchronous strategies | the ledger counts rounds |
    /// | submodels, scores | which classes a client has decides what it trains |
    /// | selection by losses | the losses are of the data |
    /// | `--client-test` | accuracies on clients' data would be told without a charge |
    /// | batch normalisation | a sample's gradient depends on the others of the batch |
    /// | `--precision bf16`, `--teacher`, samples of the server's own | not built |
    /// - Throws: `ConfigurationError` that says why, and the way out.
    func checkSamplePrivacy() throws(ConfigurationError) {
        guard let samplePrivacy else { return }
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("--privacy dp-sgd does not go with \(what): \(why)")
        }
        guard strategy.localWork == .training, strategy.personalization == .none, submodels == nil, scores == nil else {
            throw refuse(
                "strategy '\(settings.strategy)'",
                "clients use their data beyond the steps that get noise; use fedavg, fedprox, fedavgm, fedadam"
            )
        }
        let others: [(Bool, String, String)] = [
            (
                strategy.asynchronous != nil, "strategy '\(settings.strategy)'",
                "a client may send several times while the server waits for no round, and the ledger counts rounds"
            ),
            (
                !vectors.statistics.isEmpty, "batch normalisation",
                "a sample's gradient depends on the rest of its batch; use group normalisation"
            ),
            (settings.clientTest > 0, "--client-test", "clients' accuracies would be told without a charge"),
            (
                [PowerOfChoice.name, Oort.name, EnergyAware.name].contains(settings.selection),
                "--selection \(settings.selection)",
                "it chooses by losses, which clients do not tell; use uniform"
            ),
            (settings.precision != .single, "--precision bf16", "lengths are found in single precision"),
            (distillation != nil, "--teacher", "what the teacher has seen is not counted"),
            (!root.isEmpty, "--aggregation \(settings.aggregation)", "its samples at the server are not counted"),
        ]
        if let (_, what, why) = others.first(where: \.0) { throw refuse(what, why) }
        // Noise that the accountant cannot count to the end is refused here, and not in the midst of the run.
        let sizes = Set(federation.samples).sorted()
        var costs = PrivacyCosts(delta: settings.delta)
        func largest(after rounds: Int) throws(ConfigurationError) -> Double {
            let questions = sizes.map { (event: samplePrivacy.event(holding: $0), times: rounds, id: $0) }
            return try costs.largest(of: questions)?.epsilon ?? 0
        }
        _ = try largest(after: settings.rounds + 1)
        try checkFirstRound(costs: try largest(after: 1), noise: samplePrivacy.noise)
    }
}
