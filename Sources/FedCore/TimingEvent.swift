/// The use of a rank's time. At any moment a rank is in exactly one phase, so that the phases add up to the run's
/// time; the raw values stand in timing files.
public enum Phase: String, Sendable, CaseIterable, Codable {
    /// Transfer of the weights from the server, once sender and receiver are both there.
    case broadcast
    /// Copying data and weights into the plan; before the first round, all preparation.
    case load
    /// Forward and backward passes and optimizer steps of local training.
    case train
    /// Writing updates into their envelopes, and weights into frames.
    case encode
    /// Waiting for a peer that is not there yet.
    case wait
    /// Transfer of the updates to the server, once sender and receiver are both there.
    case gather
    /// Checking envelopes.
    case decode
    /// Adding updates and moving the weights.
    case aggregate
    /// Forward passes over test data, or of a teacher.
    case evaluate
    /// Writing a checkpoint.
    case checkpoint
    /// Re-arranging the job after a rank was lost or came back.
    case reform
    /// Secure aggregation: making a client's keys.
    case keys
    /// Secure aggregation: sealing shares of a client's secrets for its neighbours.
    case shares
    /// Secure aggregation: checking, rounding and masking an update.
    case mask
    /// Secure aggregation: a client's answer for others' secrets; on the server, taking the masks off the sum.
    case unmask
    /// Nothing to do, and no peer to wait for.
    case idle

    /// Whether it is useful computation in the sense of the POP project's metrics: time outside communication and
    /// waiting.
    public var isUseful: Bool {
        switch self {
        case .load, .train, .encode, .decode, .aggregate, .evaluate, .checkpoint, .keys, .shares, .mask, .unmask: true
        case .broadcast, .wait, .gather, .reform, .idle: false
        }
    }
}

/// An interval of one rank's time that it spent in one phase.
public struct TimingEvent: Sendable, Equatable {
    /// The round that is under way, from 1; 0 before the first. What runs beside the next round's training (evaluation,
    /// checkpoint) carries that next round's number; what comes after the last round carries the last.
    public var round: Int
    /// The use of the time.
    public var phase: Phase
    /// Beginning, in microseconds on rank 0's clock since the run's start.
    public var start: Int
    /// Length in microseconds.
    public var duration: Int
    /// Bytes that were received.
    public var bytesIn = 0
    /// Bytes that were sent.
    public var bytesOut = 0
    /// The other rank of a message, or the root of a collective; nil where there is none.
    public var peer: Int?
    /// Number of clients that the time was spent on.
    public var clients = 0
    /// Number of samples that the time was spent on.
    public var samples = 0
    /// The client's number, if the time was spent on a single one.
    public var client: Int?

    /// Describes an interval.
    public init(
        round: Int, phase: Phase, start: Int, duration: Int, bytesIn: Int = 0, bytesOut: Int = 0, peer: Int? = nil,
        clients: Int = 0, samples: Int = 0, client: Int? = nil
    ) {
        self.round = round
        self.phase = phase
        self.start = start
        self.duration = duration
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.peer = peer
        self.clients = clients
        self.samples = samples
        self.client = client
    }

    /// End, in microseconds on rank 0's clock since the run's start.
    public var end: Int { start + duration }
}

/// The messages between a rank and one peer by one MPI function, as the program asked for them: a collective is
/// counted by its root and shares, not by the messages that MPI makes of it.
public struct MessageCount: Sendable, Equatable {
    /// The MPI function, e.g. `MPI_Igatherv`.
    public var operation: String
    /// The other rank; the rank itself for its own share of a collective that it is the root of.
    public var peer: Int
    /// Number of calls.
    public var calls: Int
    /// Bytes sent by all calls.
    public var bytesOut: Int
    /// Bytes received by all calls.
    public var bytesIn: Int
    /// Microseconds from the call to its completion, added up over the calls.
    public var total: Int
    /// Microseconds of the longest call.
    public var longest: Int

    /// Describes the messages of one function and peer.
    public init(operation: String, peer: Int, calls: Int, bytesOut: Int, bytesIn: Int, total: Int, longest: Int) {
        self.operation = operation
        self.peer = peer
        self.calls = calls
        self.bytesOut = bytesOut
        self.bytesIn = bytesIn
        self.total = total
        self.longest = longest
    }
}
