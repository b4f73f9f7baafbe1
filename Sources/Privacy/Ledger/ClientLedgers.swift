public import FedCore

/// What each client has released, over the rounds in which it took part.
///
/// For guarantees that hold client by client: local noise, and DP-SGD on a client's own
/// examples. (Noise on the sum of a sampled cohort has one ε for all, which counts every round
/// for everybody, because who was sampled is secret: that is a ``PrivacyLedger``.) Summing ε
/// over rounds, as some frameworks do, is no composition; here each client has counts of
/// events, and composes when it is asked.
public struct ClientLedgers: Sendable, Equatable {
    /// When data sets are neighbours.
    public let relation: NeighbouringRelation
    /// The events that any client has released, distinct, in the order of their first
    /// appearance.
    private var events: [PrivacyEvent] = []
    /// The place of each event among them.
    private var places: [PrivacyEvent: Int] = [:]
    /// By client: how often each of the events; shorter when the last ones are 0.
    private var counts: [Int: [Int]] = [:]

    /// Nothing released yet.
    public init(relation: NeighbouringRelation = .addOrRemoveOne) {
        self.relation = relation
    }

    /// The clients that have released something, ascending.
    public var clients: [Int] { counts.keys.sorted() }

    /// Appends what a client released. O(distinct events) at most.
    /// - Throws: `ConfigurationError` for parameters out of range; then nothing was appended.
    /// - Parameters:
    ///   - event: what was released about the client's data.
    ///   - client: its number, below 2³².
    ///   - times: how often, from 1.
    public mutating func append(_ event: PrivacyEvent, client: Int, times: Int = 1) throws(ConfigurationError) {
        guard client >= 0, client <= Int(UInt32.max), times >= 1 else {
            throw ConfigurationError("client \(client) cannot append an event \(times) times")
        }
        let place: Int
        if let known = places[event] {
            place = known
        } else {
            _ = try PrivacyComposition(event, under: relation)
            place = events.count
            places[event] = place
            events.append(event)
        }
        let before = counts[client].flatMap { place < $0.count ? $0[place] : nil } ?? 0
        guard times <= PrivacyEvent.mostTimes - before else {
            throw ConfigurationError("events are counted up to \(NumberText.grouped(PrivacyEvent.mostTimes)) times")
        }
        counts[client, default: []].add(times, at: place)
    }

    /// One client's ledger; empty for one that has released nothing.
    /// - Parameter client: its number.
    /// - Throws: never in fact: what is counted was checked when it was appended.
    public func ledger(client: Int) throws(ConfigurationError) -> PrivacyLedger {
        try ledger(of: counts[client] ?? [])
    }

    /// A ledger of counts of the events.
    /// - Parameter counts: how often each of the events, as far as they go.
    private func ledger(of counts: [Int]) throws(ConfigurationError) -> PrivacyLedger {
        var ledger = PrivacyLedger(relation: relation)
        for (event, count) in zip(events, counts) where count > 0 { try ledger.append(event, times: count) }
        return ledger
    }

    /// ε of every client.
    /// - Returns: by client, of those that have released something.
    /// - Complexity: one answer of the accountant for each distinct set of counts, not for each
    ///   client.
    /// - Parameters:
    ///   - delta: δ in (0, 1), of each client by itself.
    ///   - accountant: whose bounds.
    public func epsilons(
        delta: Double, by accountant: PrivacyAccountantKind
    ) throws(ConfigurationError) -> [Int: EpsilonBounds] {
        var known: [[Int]: EpsilonBounds] = [:]
        var all: [Int: EpsilonBounds] = [:]
        for (client, counts) in counts {
            if known[counts] == nil { known[counts] = try ledger(of: counts).epsilon(delta: delta, by: accountant) }
            all[client] = known[counts]
        }
        return all
    }

    /// The ledgers as bytes, for a checkpoint. Equal ledgers have equal bytes.
    /// Words of 64 bits: the relation, the events, and a table by client of counts, with their
    /// number before them.
    public var bytes: [UInt8] {
        var writer = StateWriter()
        writer.write(NeighbouringRelation.allCases.firstIndex(of: relation) ?? 0)
        writer.write(events.count)
        for event in events { writer.write(event) }
        writer.write(counts) { counts, writer in
            writer.write(counts.count)
            for count in counts { writer.write(count) }
        }
        return writer.bytes
    }

    /// Reads ledgers from bytes that may be damaged.
    /// - Throws: `ConfigurationError` when they are not ledgers'.
    /// - Parameter bytes: what ``bytes`` gave, or anything.
    public init(bytes: [UInt8]) throws(ConfigurationError) {
        var reader = StateReader(bytes, of: "client ledgers")
        let relations = NeighbouringRelation.allCases
        self.init(relation: relations[try reader.integer(in: 0...relations.count - 1)])
        for place in 0..<(try reader.integer(in: 0...Int(UInt32.max))) {
            let event = try reader.event()
            _ = try PrivacyComposition(event, under: relation)
            guard places.updateValue(place, forKey: event) == nil else { throw reader.refusal }
            events.append(event)
        }
        let most = events.count
        counts = try reader.table { (reader) throws(ConfigurationError) in
            var counts: [Int] = []
            for _ in 0..<(try reader.integer(in: 0...most)) {
                counts.append(try reader.integer(in: 0...PrivacyEvent.mostTimes))
            }
            return counts
        }
        try reader.finish()
    }

    /// Equal when the relation, the events in their order and the counts are.
    public static func == (one: ClientLedgers, other: ClientLedgers) -> Bool {
        one.relation == other.relation && one.events == other.events && one.counts == other.counts
    }
}

extension [Int] {
    /// Adds to an element, with zeros up to it.
    /// - Parameters:
    ///   - number: what is added.
    ///   - place: index, which may be past the end.
    fileprivate mutating func add(_ number: Int, at place: Int) {
        while count <= place { append(0) }
        self[place] += number
    }
}
