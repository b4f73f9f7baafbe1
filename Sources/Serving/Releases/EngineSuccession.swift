import FedCore
import Foundation
import NeuralNet
import Runtime

/// The engine that serves on a device, and the one that is tried beside it: each request is answered by exactly one of them, and the change
/// from one to the other lies between two requests, so that none is lost or waits for it.
///
/// Steps are counted over all releases: those of a release follow those of the releases before.
final class EngineSuccession {
    /// A release beside the one that serves: loaded, held at a step, and answering its share of the requests.
    ///
    /// An object, not a value: its trial has arrays that every request changes in place.
    private final class Challenger {
        let release: Release
        let engine: AdaptiveInferenceEngine
        /// Number of its first step.
        let firstStep: Int
        var trial: ReleaseTrial
        var hasAnswered = false
        /// Whose turn it is, and for how many requests more.
        var turn = (isNew: false, left: 0)
        /// Who has answered last; nil where nobody has since the trial began.
        var lastWasNew: Bool?
        /// Whether the decision is made: there is one look only.
        var isReported = false

        init(_ release: Release, _ engine: AdaptiveInferenceEngine, firstStep: Int, _ trial: ReleaseTrial) {
            (self.release, self.engine, self.firstStep, self.trial) = (release, engine, firstStep, trial)
        }
    }

    /// What a device needs to take releases over.
    struct Follow {
        /// Where they come in.
        let desk: ReleaseDesk
        /// Begins to load one, and puts it on the desk when it is ready.
        let load: (Release) -> Void
        /// When a new engine changes its variant.
        let policy: AdaptationPolicy
        /// How the release that serves first is called.
        let name: String
        /// The run's seed, and the device's index, which decide what requests a trial gets.
        let (seed, device): (UInt64, Int)
    }

    /// Requests that a release answers in turn while it is tried. Drawn one by one, those of the rarer release would find the other's
    /// weights in the caches each time, and take longer for that alone.
    private static let turn = 4

    /// All candidates so far, and all steps as indices of them, as a report has them.
    private(set) var verdicts: [ModelSelector.Verdict]
    private(set) var ladder: [Int]
    /// Stretches of time by what served; empty where nothing is followed.
    private(set) var epochs: [ServingEpoch] = []
    /// What was measured of the releases that were tried.
    private(set) var trials: [String: TrialReport] = [:]

    private var engine: AdaptiveInferenceEngine
    private var firstStep = 0
    private var challenger: Challenger?
    /// Number of the release that is loading.
    private var loading: Int?
    private var pastSwitches: [VariantSwitch] = []
    private let clock: any ServingClock
    private let follow: Follow?
    private var random = RandomStream(seed: 0, .arrivals)
    private var latencies = LatencyHistogram()
    private var name: String
    /// A release that takes over as soon as it is loaded, though it was to be tried.
    private var isAdopted = false

    /// Begins with the device's first release.
    ///
    /// - Parameters:
    ///   - engine: Serves.
    ///   - selector: What the engine's steps are of.
    ///   - clock: The engine's.
    ///   - follow: nil: this release serves to the end.
    init(_ engine: AdaptiveInferenceEngine, _ selector: ModelSelector?, clock: any ServingClock, follow: Follow?) {
        (self.engine, self.clock, self.follow) = (engine, clock, follow)
        verdicts = selector?.verdicts ?? []
        ladder = selector?.ladder ?? []
        name = follow?.name ?? ""
        if follow != nil { begin(.serving) }
    }

    /// Steps so far, over all releases.
    var stepCount: Int { max(ladder.count, firstStep + engine.steps.count) }

    /// All changes so far, in order.
    var switches: [VariantSwitch] { pastSwitches + shifted(engine.switches) }

    /// Answers a request; see `AdaptiveInferenceEngine.predict`.
    ///
    /// - Parameters:
    ///   - index: Index of the image.
    ///   - images: All of them.
    ///   - arrival: When the request came; nil: at this moment.
    func predict(
        _ index: Int, of images: Images, arrival: Duration?
    ) throws(OneDNNError) -> AdaptiveInferenceEngine.Prediction {
        guard let follow else { return try engine.predict(images[index], arrival: arrival) }
        for item in follow.desk.take() { handle(item, follow, labels: images.labels) }
        let step = engine.step
        guard let challenger, isTurn(of: challenger) else {
            let prediction = try engine.predict(images[index], arrival: arrival)
            note(prediction, image: index, isNew: false)
            if engine.step != step { restartTrial(labels: images.labels) }
            return AdaptiveInferenceEngine.Prediction(
                label: prediction.label, step: firstStep + prediction.step, service: prediction.service,
                latency: prediction.latency)
        }
        let prediction = try challenger.engine.predict(images[index], arrival: arrival)
        note(prediction, image: index, isNew: true)
        return AdaptiveInferenceEngine.Prediction(
            label: prediction.label, step: challenger.firstStep + prediction.step, service: prediction.service,
            latency: prediction.latency)
    }

    /// Whether the next request is the challenger's; draws whose turn is next when one is over.
    private func isTurn(of challenger: Challenger) -> Bool {
        if challenger.turn.left == 0 {
            challenger.turn = (random.uniformDouble() < challenger.trial.rules.share, Self.turn)
        }
        challenger.turn.left -= 1
        return challenger.turn.isNew
    }

    /// Ends the last stretch of time; to be called when the load is over.
    func finish() { if follow != nil { closeEpoch() } }

    // MARK: Orders

    /// Takes what lies on the desk. What is about a release that is neither loading nor tried any longer has come too late, and changes
    /// nothing: orders and loads cross each other.
    private func handle(_ item: ReleaseDesk.Item, _ follow: Follow, labels: [Int32]) {
        switch item {
        case .order(.offer(let release)):
            // A newer one takes the place of one that has not taken over yet.
            challenger = nil
            (loading, isAdopted) = (release.number, false)
            begin(.loading, beside: release.name)
            follow.load(release)
        case .order(.adopt(let number)):
            if challenger?.release.number == number { takeOver(follow) }
            if loading == number { isAdopted = true }
        case .order(.drop(let number)):
            guard challenger?.release.number == number || loading == number else { return }
            (challenger, loading) = (nil, nil)
            begin(.serving)
        case .failed(let number, let reason):
            guard loading == number else { return }
            loading = nil
            begin(.serving)
            follow.desk.tell(.unfit(number, reason))
        case .loaded(let release):
            guard loading == release.release.number else { return }
            loading = nil
            challenge(release, follow, labels: labels)
        }
    }

    /// Puts a release beside the one that serves, at the same step, so that like is compared with like; without a trial, in its place.
    private func challenge(_ release: LoadedRelease, _ follow: Follow, labels: [Int32]) {
        let steps = release.selector.ladder.map { index in
            let candidate = release.selector.verdicts[index].candidate
            return AdaptiveInferenceEngine.Step(
                name: candidate.name, plan: release.plans[index], service: candidate.mean)
        }
        let first = ladder.count
        ladder += release.selector.ladder.map { verdicts.count + $0 }
        verdicts += release.selector.verdicts
        let challenger = AdaptiveInferenceEngine(steps, policy: follow.policy, clock: clock)
        challenger.hold(at: min(engine.step, steps.count - 1))
        let rules = release.release.trial
        self.challenger = Challenger(
            release.release, challenger, firstStep: first, ReleaseTrial(rules ?? TrialRules(), labels: labels))
        guard rules != nil, !isAdopted else { return takeOver(follow) }
        random = RandomStream(
            seed: follow.seed, .arrivals, round: release.release.number, client: follow.device, salt: 1)
        begin(.trying, beside: release.release.name)
    }

    /// Lets the challenger serve from the next request on.
    private func takeOver(_ follow: Follow) {
        guard let challenger else { return }
        challenger.engine.resume()
        let change = VariantSwitch(
            seconds: clock.now.inSeconds, from: firstStep + engine.step,
            to: challenger.firstStep + challenger.engine.step,
            reason: "\(challenger.release.name) takes over from \(name)")
        pastSwitches = switches + [change]
        (engine, firstStep, name) = (challenger.engine, challenger.firstStep, challenger.release.name)
        self.challenger = nil
        begin(.serving)
        follow.desk.tell(.tookOver(challenger.release.number))
    }

    /// The release that serves has changed its variant: what was measured of the other one compares with a variant that no longer serves.
    private func restartTrial(labels: [Int32]) {
        guard let challenger else { return }
        challenger.engine.hold(at: min(engine.step, challenger.engine.steps.count - 1))
        challenger.lastWasNew = nil
        if !challenger.isReported { challenger.trial = ReleaseTrial(challenger.trial.rules, labels: labels) }
    }

    // MARK: What is noted

    /// Notes an answer in the stretch of time that it belongs to, and in the trial, if there is one; tells rank 0 of the first answer of a
    /// release, and of the decision.
    ///
    /// - Parameters:
    ///   - image: Index of the image.
    ///   - isNew: Whether the challenger answered.
    private func note(_ prediction: AdaptiveInferenceEngine.Prediction, image: Int, isNew: Bool) {
        latencies.record(prediction.latency)
        epochs[epochs.count - 1].answered += 1
        if isNew { epochs[epochs.count - 1].answeredByOther += 1 }
        guard let challenger, !challenger.isReported else { return }
        let isWarm = challenger.lastWasNew == isNew
        challenger.lastWasNew = isNew
        challenger.trial.take(
            image: image, label: prediction.label, seconds: isWarm ? prediction.service.inSeconds : nil, isNew: isNew)
        if isNew, !challenger.hasAnswered {
            challenger.hasAnswered = true
            follow?.desk.tell(.answered(challenger.release.number))
        }
        guard challenger.trial.isComplete else { return }
        challenger.isReported = true
        let report = challenger.trial.report
        trials[challenger.release.name] = report
        follow?.desk.tell(.tried(challenger.release.number, report))
    }

    /// Ends the stretch of time that there is, and begins one.
    ///
    /// - Parameter other: What is loaded or tried from here on; nil: nothing.
    private func begin(_ kind: ServingEpoch.Kind, beside other: String? = nil) {
        closeEpoch()
        epochs.append(ServingEpoch(kind: kind, release: name, other: other, start: clock.now.inSeconds))
    }

    /// Puts the latencies of the present stretch of time into it; one without answers has none.
    private func closeEpoch() {
        guard !epochs.isEmpty, latencies.count > 0 else { return }
        let summary = latencies.summary
        let last = epochs.count - 1
        (epochs[last].meanMs, epochs[last].p50Ms) = (1000 * summary.mean, 1000 * summary.p50)
        (epochs[last].p95Ms, epochs[last].longestMs) = (1000 * summary.p95, 1000 * summary.max)
        latencies = LatencyHistogram()
    }

    /// Changes of the engine that serves, by steps counted over all releases.
    private func shifted(_ switches: [VariantSwitch]) -> [VariantSwitch] {
        switches.map {
            VariantSwitch(seconds: $0.seconds, from: firstStep + $0.from, to: firstStep + $0.to, reason: $0.reason)
        }
    }
}
