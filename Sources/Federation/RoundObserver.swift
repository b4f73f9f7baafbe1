public import Datasets
public import NeuralNet

/// What is known when the first round starts.
public struct RunDescription: Sendable {
    public let settings: RunSettings
    public let model: Model
    /// What clients learn from beside their labels.
    public var teacher: TrainedModel?
    public let data: DatasetPair
    /// How unlike the clients' data are.
    public let skew: LabelSkew
    /// That clients hold.
    public let trainingSamples: Int
    public let testSamples: Int
    /// Ranks, rank 0 included.
    public let ranks: Int
    /// The host of each rank.
    public let hosts: [String]
    /// Rounds that were finished before the run was continued.
    public let finishedRounds: Int

    /// The distinct hosts, in the order of their first rank.
    public var distinctHosts: [String] {
        var seen: Set<String> = []
        return hosts.filter { seen.insert($0).inserted }
    }
}

/// What is known when the last round is over.
public struct RunSummary: Sendable {
    /// The record of the last finished round.
    public let last: RoundRecord?
    /// From the start of the first round to the end of the last evaluation.
    public let seconds: Double
    /// Why the run ended before its last round; nil if it did not.
    public var earlyEnd: String?

    /// Finished rounds.
    public var rounds: Int { last?.round ?? 0 }
    public var finalAccuracy: Double? { last?.accuracy }
    public var finalLoss: Double? { last?.serverLoss }
}

/// Why a run ends early, and what it had reached.
public struct RunStop: Sendable {
    public enum Cause: Sendable, Equatable {
        case interruption(Interruption)
        /// An error on rank 0, in its own words.
        case failure(String)
    }

    public let cause: Cause
    /// After the last finished round.
    public let state: RunState

    /// The last finished round, if it was to be evaluated beside the next one: no observer has had it by `roundFinished`, and
    /// a run that is continued evaluates it.
    public var unevaluated: RoundRecord? { state.isEvaluated ? nil : state.last }
}

/// Everything a run does besides computing is done by observers, on rank 0, in their order: printing, logging, saving.
public protocol RoundObserver: AnyObject {
    /// Whether `progressed` is to be called.
    var wantsProgress: Bool { get }
    func runStarted(_ run: RunDescription) throws
    /// A few times a second within a round.
    /// - Parameter fraction: of the round's samples, in [0, 1].
    func progressed(round: Int, fraction: Double)
    /// Something went wrong, and the run goes on.
    func faulted(_ fault: FaultRecord)
    /// Before `roundFinished`: each client's part of the round's evaluation.
    func clientsEvaluated(_ table: ClientAccuracies) throws
    func roundFinished(_ record: RoundRecord) throws
    /// After `roundFinished`, while the clients train: the run could be continued from here.
    /// - Parameters:
    ///   - isLast: whether no round follows.
    ///   - state: makes a copy; call it only to save it.
    func stateReached(round: Int, isLast: Bool, state: () -> RunState) throws
    func runFinished(_ summary: RunSummary, weights: Span<Float>) throws
    /// The run ends before its last round; the job ends next.
    func runStopped(_ stop: RunStop)
}

extension RoundObserver {
    public var wantsProgress: Bool { false }
    public func runStarted(_ run: RunDescription) throws {}
    public func progressed(round: Int, fraction: Double) {}
    public func faulted(_ fault: FaultRecord) {}
    public func clientsEvaluated(_ table: ClientAccuracies) throws {}
    public func roundFinished(_ record: RoundRecord) throws {}
    public func stateReached(round: Int, isLast: Bool, state: () -> RunState) throws {}
    public func runFinished(_ summary: RunSummary, weights: Span<Float>) throws {}
    public func runStopped(_ stop: RunStop) {}
}
