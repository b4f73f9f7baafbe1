import Datasets
import FedCore
import NeuralNet
import Privacy
import Records

extension Job {
    /// The promise of differential privacy in one line, for the run's beginning; nil without one.
    package var privacyLine: String? {
        if let samplePrivacy { return samplePrivacy.line(settings) }
        guard let privacy else { return nil }
        let share = NumberText.grouped(Int(privacy.expected.rounded()))
        let mechanism =
            switch privacy.account.mechanism {
            case .independent: "central"
            case .tree: "ftrl by trees over \(NumberText.grouped(privacy.account.epoch)) rounds"
            case .banded(let factor): "ftrl by a matrix of \(factor.coefficients.count) bands"
            case .local: "local, each client by itself"
            case .distributed(let shares): "distributed, noise by \(NumberText.grouped(shares.least)) clients or more"
            }
        let clip =
            privacy.account.adaptive.map {
                "updates clipped to their quantile \($0.quantile), at first to \(privacy.lattice.clip)"
            } ?? "updates clipped to \(privacy.lattice.clip)"
        return
            "\(mechanism), \(settings.privacyBudget) for every client: \(clip), noise \(privacy.noise) times that, "
            + "over \(share) expected clients"
            + (settings.privacy == .distributed && secure == nil
                ? "; towards everybody but the server, which sees single updates with a share of the noise" : "")
            + (privacy.account.accountant == .rdp ? "; epsilon by rdp, as the lattice is coarse" : "")
            + settings.noiseWarning
    }

    /// What was worked out from the data before the first round and is in the model's file as it is: no mechanism protects
    /// it. Nil without differential privacy, or where nothing was.
    package var unprotectedLine: String? {
        guard settings.privacy != nil else { return nil }
        let options = settings.datasetOptions.values
        let parts = [
            settings.normalize == Normalization.measured ? "the means and deviations of --normalize" : nil,
            options["missing"] == "mean" ? "the means of missing=mean" : nil,
            options["text"] != nil ? "the texts of text=" : nil,
        ].compactMap { $0 }
        guard !parts.isEmpty else { return nil }
        return "not in epsilon, and exact in the model's file: \(parts.joined(separator: ", "))"
    }

    /// Refuses what would void the promise of differential privacy.
    /// | refused | because |
    /// |---|---|
    /// | cohorts that depend on data, or that the mechanism does not count | the accountant counts Poisson samples, or turns |
    /// | strategies that send or keep more than the change | it is not clipped |
    /// | robust rules, attacks by colluders | they look at single updates before there is noise |
    /// | `--client-test`, `--min-clients` | what they tell of clients is not charged |
    /// | running statistics | they are no part of what is clipped for |
    /// | codecs, edges, fleets, teachers | they change, add up or choose updates in ways that are not accounted |
    /// - Throws: `ConfigurationError` that says why, and the way out.
    func checkPrivacy() throws(ConfigurationError) {
        guard let privacy, let name = settings.privacy?.rawValue else { return }
        // Noise that the accountant cannot count to the end is refused here, and not in the midst of the run.
        _ = try privacy.account.epsilon(privacy.noise, delta: settings.delta, rounds: settings.rounds + 1)
        let first = try privacy.account.epsilon(privacy.noise, delta: settings.delta, rounds: 1)
        try checkFirstRound(costs: first, noise: privacy.noise)
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("--privacy \(name) does not go with \(what): \(why)")
        }
        try checkCohorts(privacy.account, refuse)
        guard strategy.traffic == StrategyTraffic(), strategy.sendsChange, strategy.personalization == .none,
            strategy.asynchronous == nil, submodels == nil
        else {
            throw refuse(
                "strategy '\(settings.strategy)'",
                "clients send more than a clipped change of the weights, or keep parts; use fedavg, fedprox, fedavgm, fedadam"
            )
        }
        if keepsUpdates {
            throw refuse(
                settings.attack.map { "--attack \($0)" } ?? "--aggregation \(settings.aggregation)",
                "single updates would be looked at before there is noise; use mean")
        }
        let others: [(Bool, String, String)] = [
            (settings.clientTest > 0, "--client-test", "clients' accuracies would be told without a charge"),
            (
                settings.minClients > 1, "--min-clients \(settings.minClients)",
                "a repeated round tells how many were there"
            ),
            (
                !vectors.statistics.isEmpty, "batch normalisation",
                "running statistics are not clipped; use group normalisation"
            ),
            (vectors.state > 0, "what clients keep", "error feedback and states carry updates past the clip"),
            (settings.compress != nil, "--compress", "encoding changes what was clipped; leave it out"),
            (settings.edges > 0, "--edges", "edges would see sums without noise; leave them out"),
            (settings.fleet != nil, "--fleet", "who can be asked depends on the devices; leave it out"),
            (
                settings.patience != nil || settings.targetAccuracy != nil, "--patience and --target-accuracy",
                "the end of the run would be a further answer; leave them out"
            ),
            (
                settings.privacy != .central && settings.clipping == .adaptive, "--clipping adaptive",
                "noise is in steps of one clip; use fixed"
            ),
            (
                Double(privacy.finestGrid) * terms.emptySum().stepsPerUnit < 1, "--clip \(settings.clip)",
                "sums of so many clients have coarser steps than the noise; take a larger one"
            ),
        ]
        if let (_, what, why) = others.first(where: \.0) { throw refuse(what, why) }
    }

    /// Refuses cohorts that the mechanism does not count.
    private func checkCohorts(
        _ account: PrivacyAccount, _ refuse: (String, String) -> ConfigurationError
    ) throws(ConfigurationError) {
        let selection = "--selection \(settings.selection)"
        switch account.mechanism {
        case .independent:
            let isWhole = settings.clientFraction == 1 && settings.selection == "uniform"
            guard settings.hasPoissonCohorts || isWhole else {
                throw refuse(
                    selection,
                    "who is asked must not depend on clients' data, and is counted as a Poisson sample; use --selection poisson"
                )
            }
        case .local, .distributed:
            guard account.mechanism == .local || !settings.hasPoissonCohorts else {
                throw refuse(
                    selection,
                    "a client has to know for how many its share of the noise is; use uniform, round-robin or cyclic")
            }
            guard ["uniform", "round-robin", "cyclic", "poisson"].contains(settings.selection) else {
                throw refuse(
                    selection, "who is asked must not depend on clients' data; use uniform, round-robin or cyclic")
            }
        case .tree, .banded:
            guard settings.selection == "cyclic" else {
                throw refuse(
                    selection,
                    "nobody may be asked again before all others were, in one order; use --selection cyclic")
            }
            if case .banded(let factor) = account.mechanism, factor.coefficients.count > account.epoch {
                throw refuse(
                    "--ftrl-band \(factor.coefficients.count)",
                    "clients are asked again after \(NumberText.grouped(account.epoch)) rounds; take no more bands, or fewer "
                        + "clients a round")
            }
        }
    }

    /// Refuses a budget that the first round would pass.
    func checkFirstRound(costs epsilon: Double, noise: Double) throws(ConfigurationError) {
        guard let budget = settings.epsilon, epsilon > budget * (1 + 1e-9) else { return }
        throw ConfigurationError(
            "--epsilon \(budget) is spent before the first round, which costs \(NumberText.fixed(epsilon, 3)) with --noise "
                + "\(noise): take more noise, or leave --noise out")
    }
}

extension RunSettings {
    /// The budget of differential privacy, for the run's beginning.
    var privacyBudget: String { "\(epsilon.map { "epsilon \($0)" } ?? "no budget") at delta \(delta)" }

    /// What must be said of the noise: that the seed's protects nobody, and that nobody can repeat another.
    var noiseWarning: String {
        noiseSource == .simulated
            ? "; noise of the seed, simulated: it protects nobody"
            : "; noise of a secret key: another run has other weights"
    }

    /// The budget that noise is to be found for.
    /// - Throws: `ConfigurationError` where neither budget nor noise is given.
    func requiredEpsilon() throws(ConfigurationError) -> Double {
        guard let epsilon else { throw ConfigurationError("--privacy needs --epsilon, or --noise") }
        return epsilon
    }
}
