public import FedCore

/// All that was released about the same data, in whatever order: Gaussians on samples, and how
/// often each.
///
/// The order does not show in any accountant's bound, so equal events are counted together: a
/// run of a thousand equal rounds is one term.
public struct PrivacyComposition: Sendable, Equatable {
    /// When two data sets are neighbours.
    public let relation: NeighbouringRelation
    /// The parts, distinct, in the order of their first addition, each with how often it took
    /// place (≥ 1).
    public private(set) var terms: [(part: SampledGaussian, count: Int)] = []
    /// The place of each part among the terms.
    private var places: [SampledGaussian: Int] = [:]

    /// Nothing released yet.
    /// - Parameter relation: fixed for good; the guarantees of two relations do not compose.
    public init(_ relation: NeighbouringRelation = .addOrRemoveOne) {
        self.relation = relation
    }

    /// An event, so many times.
    /// - Throws: `ConfigurationError` for parameters out of range, or an event that the
    ///   relation does not go with.
    public init(
        _ event: PrivacyEvent, times: Int = 1, under relation: NeighbouringRelation = .addOrRemoveOne
    ) throws(ConfigurationError) {
        self.init(relation)
        try add(event, times: times)
    }

    /// Adds an event. O(parts of the event).
    /// - Throws: as the initialiser; then nothing was added.
    /// - Parameters:
    ///   - event: what was released.
    ///   - times: how often, from 0.
    public mutating func add(_ event: PrivacyEvent, times: Int = 1) throws(ConfigurationError) {
        var added: [(SampledGaussian, Int)] = []
        try PrivacyEvent.repeated(event, times: times).visitTerms(under: relation) { added.append(($0, $1)) }
        for (part, count) in added {
            guard count <= PrivacyEvent.mostTimes - (places[part].map { terms[$0].count } ?? 0) else {
                throw ConfigurationError("events are counted up to \(NumberText.grouped(PrivacyEvent.mostTimes)) times")
            }
        }
        for (part, count) in added { add(part, count) }
    }

    /// Adds a part.
    /// - Parameters:
    ///   - part: the part, checked.
    ///   - count: how often, from 1.
    private mutating func add(_ part: SampledGaussian, _ count: Int) {
        if let place = places[part] {
            terms[place].count += count
        } else {
            places[part] = terms.count
            terms.append((part, count))
        }
    }

    /// True when nothing was released.
    public var isEmpty: Bool { terms.isEmpty }

    /// Equal when the relation and every count are, in whatever order.
    public static func == (one: PrivacyComposition, other: PrivacyComposition) -> Bool {
        one.relation == other.relation && one.terms.count == other.terms.count
            && one.terms.allSatisfy { term in other.places[term.part].map { other.terms[$0].count } == term.count }
    }
}
