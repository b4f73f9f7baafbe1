import Datasets
import FedCore
package import MPI
package import NeuralNet
import Privacy
package import Records
package import Runtime

/// An audit of differential privacy: a run of its own, with canaries among the clients or samples, each in with probability ½,
/// and what guesses about them show.
///
/// | `--privacy` | canaries | in | out | seen |
/// |---|---|---|---|---|
/// | central | clients | a random direction, 100 times as long as the clip | zeros | the weights of each round |
/// | local | clients | the same | the opposite direction | what each sends |
/// | dp-sgd | samples of one client | a random direction, as long as the clip, for a clipped gradient | nothing | each step |
///
/// T. Steinke, M. Nasr, M. Jagielski, *Privacy Auditing with One (1) Training Run*, NeurIPS 2023, arXiv 2305.08846; G. Andrew et
/// al., *One-shot Empirical Privacy Estimation for Federated Learning*, ICLR 2024, arXiv 2302.03098 (canary clients in random
/// directions); S. Mahloujifar, L. Melis, K. Chaudhuri, arXiv 2410.22235.
package struct TrainingAudit {
    /// What is audited, valid for an audit.
    private let settings: RunSettings
    private let canaries: CanaryRecord
    /// What the accountant is told: of the settings, or, in tests, of others than those that are run.
    private let claimed: Job
    private let seed: UInt64

    /// The least number of canaries: of fewer no guesses show anything.
    package static let fewestCanaries = 20

    /// Prepares an audit.
    /// - Parameters:
    ///   - settings: of the run.
    ///   - claim: settings that the accountant is told instead, for tests of audits.
    ///   - count: number of canaries.
    ///   - seed: canaries, their coins and directions follow from it.
    /// - Throws: `ConfigurationError` for a run that cannot be audited so.
    package init(
        _ settings: RunSettings, claim: RunSettings? = nil, from start: InitialWeights? = nil, canaries count: Int,
        seed: UInt64
    ) throws {
        (self.settings, self.seed) = (settings, seed)
        let job = try Job(settings, start: start)
        claimed = try claim.map { try Job($0, start: start) } ?? job
        try Self.check(job)
        guard count >= Self.fewestCanaries else {
            throw ConfigurationError("--canaries is \(count); it must be at least \(Self.fewestCanaries)")
        }
        let candidates: [Int]
        let terms: CanaryTerms
        if let privacy = claimed.privacy {
            candidates = Array(0..<settings.clients)
            let isLocal = privacy.account.mechanism == .local
            terms = CanaryTerms(
                unit: isLocal ? .sender : .client, clip: Double(privacy.lattice.clip), noise: privacy.noise,
                probability: !isLocal && settings.hasPoissonCohorts ? settings.clientFraction : 1,
                out: isLocal ? -1 : 0, scale: (job.privacy?.expected ?? privacy.expected) / Double(settings.serverLr))
            guard count <= candidates.count else {
                throw ConfigurationError("--canaries is \(count), and there are \(candidates.count) clients to be some")
            }
        } else if let privacy = claimed.samplePrivacy {
            // The client of whose samples a step sees the largest part: what it spends is the run's ε.
            let partition = claimed.partition
            let able = (0..<settings.clients).filter { partition.count(of: $0) >= count }
            guard let client = able.min(by: { partition.count(of: $0) < partition.count(of: $1) }) else {
                throw ConfigurationError(
                    "--canaries is \(count), and no client has so many samples; have fewer clients, or canaries")
            }
            let samples = partition.samples(of: client)
            candidates = samples.map(Int.init)
            let expected = Double(privacy.expected(holding: samples.count))
            terms = CanaryTerms(
                unit: .sample(ofClient: client), clip: Double(privacy.clip), noise: privacy.noise,
                probability: privacy.isPoisson ? expected / Double(samples.count) : 1, out: 0, scale: 1)
        } else {
            throw ConfigurationError("an audit needs --privacy central, local or dp-sgd")
        }
        canaries = CanaryRecord(terms, among: candidates, count: count, seed: seed)
    }

    /// Refuses what canaries would not show.
    private static func check(_ job: Job) throws(ConfigurationError) {
        let settings = job.settings
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("\(what) cannot be audited: \(why)")
        }
        if settings.privacy == .ftrl {
            throw refuse("--privacy ftrl", "its noise hangs together over the rounds; central, local and dp-sgd can")
        }
        if settings.clipping == .adaptive {
            throw refuse("--clipping adaptive", "canaries are as long as the clip of the settings; use fixed")
        }
        if settings.attack != nil {
            throw refuse("--attack", "attackers forge what clients send behind the clip; leave it out")
        }
        let isMean = ["fedavg", "fedprox"].contains(settings.strategy)
        if settings.privacy == .central, !isMean {
            throw refuse(
                "strategy '\(settings.strategy)'",
                "the weights must move by the mean update for canaries to be seen in them; use fedavg or fedprox")
        }
        if settings.edges > 0 { throw refuse("--edges", "a client has several turns in a round; leave it out") }
    }

    /// Trains, guesses and concludes.
    /// - Parameters:
    ///   - confidence: of all bounds together, in (0, 1).
    ///   - communicator: of this process alone.
    ///   - observers: of the run.
    /// - Throws: `ConfigurationError`; errors of the run.
    package func run(
        confidence: Double, from start: InitialWeights? = nil, stop: StopFlag = StopFlag(),
        on communicator: any Communicator, observers: [any RoundObserver] = []
    ) throws -> AuditOutcome {
        guard confidence >= 0.5, confidence < 1 else {
            throw ConfigurationError("--confidence is \(confidence); it must be from 0.5 to below 1")
        }
        guard communicator.size == 1 else {
            throw ConfigurationError("an audit runs in one process; start it without mpirun")
        }
        var plugins = Plugins.standard
        plugins.canaries = canaries
        if claimed.privacy != nil { try plugins.stages.add(PlantedCanaries.self, before: UpdateClipping.name) }
        try Session.run(
            settings, from: start, plugins: plugins, stop: stop, on: communicator, observers: { _ in observers })
        guard canaries.releases > 0 else {
            throw ConfigurationError("no canary has taken part in any round; have more --rounds, or ask more clients")
        }
        return try AuditOutcome(claim, canaries, settings, seed: seed, confidence: confidence)
    }

    /// What the accountant says of what the run has released.
    private var claim: AuditClaim {
        let releases = canaries.releases
        let delta = claimed.settings.delta
        switch canaries.terms.unit {
        case .sample(let client):
            let (terms, size) = (claimed.samplePrivacy, claimed.partition.count(of: client))
            return AuditClaim(
                composition: { noise throws(ConfigurationError) in
                    try PrivacyComposition(
                        terms?.event(holding: size, noise: noise) ?? .nothing, times: releases, under: .zeroOutOne)
                }, noise: canaries.terms.noise, delta: delta)
        case .client, .sender:
            let account = claimed.privacy?.account
            let isLocal = canaries.terms.unit == .sender
            return AuditClaim(
                composition: { noise throws(ConfigurationError) in
                    guard let account else { return PrivacyComposition() }
                    let event: PrivacyEvent =
                        isLocal
                        ? .repeated(account.turn(noise), times: releases) : account.event(noise, rounds: releases)
                    return try PrivacyComposition(event, under: account.relation)
                }, noise: canaries.terms.noise, delta: delta)
        }
    }
}
