import NeuralNet

/// What is known when the first round starts.
public struct RunDescription: Sendable {
    public let settings: RunSettings
    public let model: Model
    public let trainingSamples: Int
    public let testSamples: Int
    /// Ranks, rank 0 included.
    public let ranks: Int
    /// The host of each rank.
    public let hosts: [String]
    /// Of a run that is continued, the rounds that were finished before.
    public let finishedRounds: Int

    /// The distinct hosts, in the order of their first rank.
    public var distinctHosts: [String] {
        var seen: Set<String> = []
        return hosts.filter { seen.insert($0).inserted }
    }
}

/// One finished round.
public struct RoundRecord: Codable, Sendable, Equatable {
    public var round: Int
    /// Clients asked.
    public var cohort: Int
    /// Clients whose update entered the mean.
    public var participants: Int
    /// Clients whose update was left out.
    public var rejected: Int
    /// Samples that the participants hold.
    public var samples: Int
    /// Mean of the clients' losses, weighted by samples; nil without participants.
    public var trainLoss: Double?
    /// On the test set, with the round's new weights; nil when this round was not evaluated.
    public var serverLoss: Double?
    public var serverAccuracy: Double?
    /// Bytes of the cohort's updates, envelopes included, in this round and in all rounds so far.
    public var uploadBytes: Int
    public var totalUploadBytes: Int
    /// Bytes of the frames that the cohort received, in this round and in all rounds so far: a frame for each client,
    /// though clients that share a rank in simulation receive it once.
    public var downloadBytes: Int
    public var totalDownloadBytes: Int
    /// From the start of the broadcast to the new weights; the evaluation runs beside the next round.
    public var seconds: Double
    /// Samples trained per second of the round: samples × epochs / seconds.
    public var samplesPerSecond: Double

    private enum CodingKeys: String, CodingKey {
        case round, cohort, participants, rejected, samples, seconds
        case trainLoss = "train_loss"
        case serverLoss = "server_loss"
        case serverAccuracy = "server_accuracy"
        case uploadBytes = "upload_bytes"
        case totalUploadBytes = "total_upload_bytes"
        case downloadBytes = "download_bytes"
        case totalDownloadBytes = "total_download_bytes"
        case samplesPerSecond = "samples_per_second"
    }
}

/// What is known when the last round is over.
public struct RunSummary: Sendable {
    public let rounds: [RoundRecord]
    /// From the start of the first round to the end of the last evaluation.
    public let seconds: Double

    public var finalAccuracy: Double? { rounds.last?.serverAccuracy }
    public var finalLoss: Double? { rounds.last?.serverLoss }
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
}

/// Everything a run does besides computing is done by observers, on rank 0, in their order: printing, logging, saving.
public protocol RoundObserver: AnyObject {
    /// Whether `progressed` is to be called.
    var wantsProgress: Bool { get }
    func runStarted(_ run: RunDescription) throws
    /// A few times a second within a round.
    /// - Parameter fraction: of the round's samples, in [0, 1].
    func progressed(round: Int, fraction: Double)
    /// An update was left out of the mean.
    func updateRejected(round: Int, client: Int, reason: String)
    /// A client rank is gone or does not answer.
    /// - Parameters:
    ///   - clients: that it still owed in this round.
    ///   - areDropped: whether they are left out of the round; otherwise other ranks train them.
    func rankLost(_ rank: Int, round: Int, clients: [Int], areDropped: Bool)
    /// A lost rank was heard again and takes part from this round on.
    func rankReturned(_ rank: Int, round: Int)
    func roundFinished(_ record: RoundRecord) throws
    /// After `roundFinished`, while the clients train: the run could be continued from here.
    /// - Parameter state: makes a copy; call it only to save it.
    func stateReached(round: Int, state: () -> RunState) throws
    func runFinished(_ summary: RunSummary, weights: Span<Float>) throws
    /// The run ends before its last round; the job ends next.
    func runStopped(_ stop: RunStop)
}

extension RoundObserver {
    public var wantsProgress: Bool { false }
    public func runStarted(_ run: RunDescription) throws {}
    public func progressed(round: Int, fraction: Double) {}
    public func updateRejected(round: Int, client: Int, reason: String) {}
    public func rankLost(_ rank: Int, round: Int, clients: [Int], areDropped: Bool) {}
    public func rankReturned(_ rank: Int, round: Int) {}
    public func roundFinished(_ record: RoundRecord) throws {}
    public func stateReached(round: Int, state: () -> RunState) throws {}
    public func runFinished(_ summary: RunSummary, weights: Span<Float>) throws {}
    public func runStopped(_ stop: RunStop) {}
}
