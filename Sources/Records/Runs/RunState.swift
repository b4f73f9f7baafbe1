public import FedCore

/// Everything that the rest of a run depends on, after a finished round: what a checkpoint holds.
///
/// Random streams are addressed by seed, purpose, round and client, so their position *is* the round. Local
/// optimizers start afresh each round, and what clients keep is in a file of its own. A run continued from its
/// state, over any number of ranks, ends with the same bits as the run that was not interrupted.
public struct RunState: Sendable, Equatable {
    /// All settings of the run, resolved.
    public var settings: RunSettings
    /// The last finished round's record; nil before the first.
    ///
    /// What the rounds before it leave is in the logs: nothing of the run depends on it, and a state does not
    /// grow with them.
    public var last: RoundRecord?
    /// The best accuracy so far, and how long ago: what decides whether the run ends early.
    public var progress = AccuracyProgress()
    /// Whether the last record is complete; if not, its round is still to be evaluated.
    public var isEvaluated = true
    /// The global weights, in the canonical order.
    public var weights: [Float]
    /// The states of the server's parts, by their names (``PartName``), each in the part's own layout; a part
    /// that remembers nothing has no entry.
    public private(set) var parts: [String: [UInt8]] = [:]
    /// The position in the files of clients' states; nil when the strategy keeps none.
    public var clientStates: ClientStateMark?
    /// A digest of data and partition; a job with another one cannot continue the run.
    public var dataDigest: UInt64 = 0
    /// A digest of the teacher's weights; nil without one.
    public var teacherDigest: UInt64?
    /// How long the run has taken so far, in all jobs that continued it.
    public var seconds = 0.0

    /// Makes the state of a run at its beginning.
    ///
    /// - Parameters:
    ///   - settings: all settings, resolved.
    ///   - weights: the initial weights, in the canonical order.
    public init(_ settings: RunSettings, weights: [Float]) {
        self.settings = settings
        self.weights = weights
    }

    /// The state of a part; empty when it remembers nothing. Setting it replaces the one before.
    public subscript(part: String) -> [UInt8] {
        get { parts[part] ?? [] }
        set { parts[part] = newValue.isEmpty ? nil : newValue }
    }

    /// The last finished round; 0 before the first.
    public var round: Int { last?.round ?? 0 }

    /// The number of rounds whose record is complete.
    public var completeRounds: Int { isEvaluated ? round : round - 1 }

    /// Refuses what no run can have reached, since a checkpoint may come from anywhere.
    ///
    /// - Throws: `ConfigurationError` with the first thing that is wrong.
    public func validate() throws(ConfigurationError) {
        try settings.validate()
        guard round <= settings.rounds else {
            throw ConfigurationError("--rounds is \(settings.rounds), but the run has finished \(round) rounds")
        }
        guard isEvaluated || round > 0 else { throw ConfigurationError("an evaluation is due before round 1") }
        if let clientStates {
            guard clientStates.generation >= 1, (0..<1 << 40).contains(clientStates.records) else {
                throw ConfigurationError("the position in the clients' states is out of range")
            }
        }
        guard seconds >= 0, seconds.isFinite else { throw ConfigurationError("the run took \(seconds) seconds") }
        if let last {
            guard last.round >= 1 else { throw ConfigurationError("the last record is of round \(last.round)") }
            try last.validate()
        }
        guard (0...max(completeRounds, 0)).contains(progress.evaluationsSince) else {
            throw ConfigurationError("\(progress.evaluationsSince) evaluations in \(round) rounds")
        }
    }
}

/// The names under which a ``RunState`` keeps what parts of the server remember.
public enum PartName {
    /// What the strategy remembers, such as momenta of the server's step.
    public static let strategy = "strategy"
    /// What the aggregation remembers of earlier rounds.
    public static let aggregation = "aggregation"
    /// What the selection rule has learnt about the clients.
    public static let selection = "selection"
    /// The clients in flight in an asynchronous run, and the weights they started from; with `--secure-bits`, the ranges of values.
    public static let inFlight = "in flight"
    /// What clients have spent of differential privacy, or noise multiplier and clip of the server's.
    public static let privacy = "privacy"
    /// The weights as the clients have them, where they go down in coded form.
    public static let downlink = "downlink"

    /// The clock of a simulated fleet, and its batteries.
    public static let fleet = "fleet"
    /// The updates that devices of a simulated fleet keep until they can send them.
    public static let heldUpdates = "held updates"
    /// Which codec of a ladder is in use, and since when the loss has stalled.
    public static let codecSchedule = "codec schedule"
    /// Name of a stage's entry.
    public static func stage(_ name: String) -> String { "stage \(name)" }
}

/// Bounds of a record that comes from a file.
extension RoundRecord {
    /// Refuses counts that no run can have.
    ///
    /// - Throws: `ConfigurationError` that names the round.
    public func validate() throws(ConfigurationError) {
        // Far beyond any run, and far from where adding to them would overflow.
        let counts = [
            cohort, participants, partial, rejected, late, dropped, attempts, samples, uploadBytes, totalUploadBytes,
            downloadBytes, totalDownloadBytes,
        ]
        guard counts.allSatisfy({ $0 >= 0 && $0 < 1 << 60 }) else {
            throw ConfigurationError("a count of round \(round) is out of range")
        }
    }
}

extension FaultRecord {
    /// Refuses what no run with these settings can have met: a round, a rank or a client out of range.
    public func validate(_ settings: RunSettings) throws(ConfigurationError) {
        guard (1...settings.rounds).contains(round), rank.map({ $0 > 0 }) ?? true,
            clients.allSatisfy({ (0..<settings.clients).contains($0) })
        else { throw ConfigurationError("a fault of round \(round) is out of range") }
    }
}
