import FedCore

/// What goes down to a cohort: the weights that it starts from, and how they cross.
package struct DownMessage: Sendable {
    /// How the weights cross.
    enum Form: UInt32, Sendable {
        /// As they are, and clients need not remember them.
        case plain = 0
        /// As they are, and what comes next is a change of them.
        case whole = 1
        /// In coded form, as a change of the message before.
        case coded = 2
        /// Not at all: the task needs none.
        case none = 3
    }

    /// The federated weights as the clients have them, then what the strategy sends beside them,
    /// `[job.vectors.down]`.
    package let weights: [Float]
    /// How a client that has the message before gets them.
    let form: Form
    /// What crosses in coded form; empty otherwise.
    let coded: [UInt8]
    /// Bytes for the clients that are asked, each as a device of its own would get them. Nil: a frame for each.
    let bytes: Int?
    /// Bytes of the frame and the weights, for a client that gets them whole; nil: a frame as every round has it.
    let wholeBytes: Int?
    /// What else clients have to know of the round.
    var terms: RoundTerms
    /// What is for one client alone, by its number, in the phases of secure aggregation; otherwise empty.
    var letters: [Int: [UInt8]] = [:]

    /// Bytes for one client; nil: a frame as every round has it.
    /// - Parameter client: one that is asked.
    func bytes(for client: Int) -> Int? {
        wholeBytes.map { terms.informed.contains(client) ? $0 - 4 * weights.count + terms.codedBytes : $0 }
    }

    /// A message that crosses as it is.
    package init(_ weights: [Float]) {
        self.init(weights, RoundTerms())
    }

    /// A message that crosses as it is, in a round with these terms.
    init(_ weights: [Float], _ terms: RoundTerms) {
        self.init(weights, .plain, coded: [], bytes: nil, wholeBytes: nil, terms: terms)
    }

    /// A message without weights.
    init(letters: [Int: [UInt8]], _ terms: RoundTerms) {
        self.init([], .none, coded: [], bytes: nil, wholeBytes: nil, terms: terms)
        self.letters = letters
    }

    /// The message after the weights have moved.
    /// - Parameter update: what is added to them, as long as they are or longer.
    mutating func move(along update: [Float]) {
        var moved = weights
        var span = moved.mutableSpan
        span.add(update.span.extracting(0..<weights.count))
        self = DownMessage(moved, terms)
    }

    init(
        _ weights: [Float], _ form: Form, coded: [UInt8], bytes: Int?, wholeBytes: Int?,
        terms: RoundTerms = RoundTerms()
    ) {
        self.terms = terms
        self.weights = weights
        self.form = form
        self.coded = coded
        self.bytes = bytes
        self.wholeBytes = wholeBytes
    }
}

/// What frames tell of a round beside weights and assignment.
package struct RoundTerms: Sendable, Equatable {
    /// Says nothing.
    package init() {}

    init(informed: Set<Int> = [], codedBytes: Int = 0, codecLevel: Int = 0, clip: Float? = nil) {
        (self.informed, self.codedBytes, self.codecLevel, self.clip) = (informed, codedBytes, codecLevel, clip)
    }

    /// The clients that download the weights in coded form, each as a device of its own: those that were asked in the
    /// round before, whatever crosses between ranks. All others download them whole.
    var informed: Set<Int> = []
    /// Bytes of the coded form; 0 for none.
    var codedBytes = 0
    /// Which step of a ladder of codecs updates are encoded by, from 0; 0 without one.
    var codecLevel = 0
    /// The norm that updates are clipped to, where it adapts; nil otherwise.
    var clip: Float?
    /// Clients of a simulated fleet that go away in mid-round: nobody trains them.
    var gone: Set<Int> = []
    /// Clients of a simulated fleet that go away in mid-round, train on, and keep their update.
    var offline: Set<Int> = []
    /// Clients of a simulated fleet that are away from home, and use another radio there.
    var away: Set<Int> = []
}
