/// What a rank does with its time. At any moment it is in one phase.
public enum Phase: String, Sendable, CaseIterable, Codable {
    /// Weights on their way down, once sender and receiver are both there.
    case broadcast
    /// Data and weights into the plan; before the first round, all preparation.
    case load
    case train
    /// Updates into their envelopes, weights into frames.
    case encode
    /// The peer is not there yet.
    case wait
    /// Updates on their way up, once sender and receiver are both there.
    case gather
    /// Envelopes checked.
    case decode
    /// Updates added, weights moved.
    case aggregate
    case evaluate
    case checkpoint
    /// Going on after a rank was lost or came back.
    case reform
    /// There is nothing to do, and no peer that is waited for.
    case idle

    /// Whether it is useful computation, in POP's sense: time outside communication.
    public var isUseful: Bool {
        switch self {
        case .load, .train, .encode, .decode, .aggregate, .evaluate, .checkpoint: true
        case .broadcast, .wait, .gather, .reform, .idle: false
        }
    }
}

/// A stretch of one rank's time.
public struct TimingEvent: Sendable, Equatable {
    /// The round that is under way, from 1; 0 before the first. What runs beside the next round's training (evaluation,
    /// checkpoint) carries that next round's number; what comes after the last round carries the last.
    public var round: Int
    public var phase: Phase
    /// Microseconds on rank 0's clock since the run's start.
    public var start: Int
    /// Microseconds.
    public var duration: Int
    public var bytesIn = 0
    public var bytesOut = 0
    /// The other rank of a message, the root of a collective; nil where there is none.
    public var peer: Int?
    /// Clients it was spent on.
    public var clients = 0
    /// Samples it was spent on.
    public var samples = 0
    /// The client, if it was spent on one.
    public var client: Int?

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

    /// Microseconds since the run's start.
    public var end: Int { start + duration }
}

/// What a rank sent to and received from one peer by one MPI function, as the program meant it.
public struct MessageCount: Sendable, Equatable {
    /// The MPI function, e.g. `MPI_Igatherv`.
    public var operation: String
    /// The other rank; the rank itself for its own share of a collective that it is the root of.
    public var peer: Int
    public var calls: Int
    public var bytesOut: Int
    public var bytesIn: Int
    /// From the call to its completion, in microseconds.
    public var total: Int
    public var longest: Int

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
