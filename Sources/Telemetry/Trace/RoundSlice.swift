package import FedCore

/// What a rank did in one round of one start of the run: the outer slice of a trace, whatever its format.
package struct RoundSlice: Sendable {
    /// Place in the run's starts of the start of the run that it belongs to.
    package let session: Int
    /// From 1; 0 for what comes before the first round.
    package let round: Int
    /// What the rank did, in order of time; never empty.
    package let events: ArraySlice<TimingEvent>

    /// Describes what a rank did in a round.
    package init(session: Int, round: Int, events: ArraySlice<TimingEvent>) {
        (self.session, self.round, self.events) = (session, round, events)
    }

    /// A round as a person would call it.
    package static func name(of round: Int) -> String { round == 0 ? "before round 1" : "round \(round)" }
    /// The round's name, which is the slice's, too.
    package var name: String { Self.name(of: round) }
    /// Microseconds on the run's time axis.
    package var start: Int { events.first?.start ?? 0 }
    /// Not only the last event's: a file of somebody else may have events that overlap.
    package var end: Int { events.reduce(start) { max($0, $1.end) } }

    /// The slices in it: turns of one phase, a client each, are one slice that holds the clients'.
    ///
    /// - Parameter withClients: false: what the rank did for its clients is one slice, whatever the phases.
    /// - Complexity: O(events).
    package func phases(withClients: Bool) -> [PhaseSlice] {
        var phases: [PhaseSlice] = []
        var i = events.startIndex
        while i < events.endIndex {
            let first = events[i]
            var end = i + 1
            while end < events.endIndex, first.client != nil, events[end].client != nil,
                !withClients || events[end].phase == first.phase
            {
                end += 1
            }
            let isMixed = !withClients && first.client != nil
            phases.append(PhaseSlice(name: isMixed ? "clients" : first.phase.rawValue, turns: events[i..<end]))
            i = end
        }
        return phases
    }
}

/// A phase in a round of a rank, or several turns of it: the slice that holds those of clients.
package struct PhaseSlice: Sendable {
    /// The phase's name, or `clients` where several are one slice.
    package let name: String
    /// One event, or one for each client's turn; never empty.
    package let turns: ArraySlice<TimingEvent>

    /// Microseconds on the run's time axis.
    package var start: Int { turns.first?.start ?? 0 }
    /// As ``RoundSlice/end``.
    package var end: Int { turns.reduce(start) { max($0, $1.end) } }

    /// What was counted in it, by name; what is 0 is left out.
    package var counts: [(name: String, value: Int)] {
        var counts = [
            ("bytes_in", turns.reduce(0) { $0 + $1.bytesIn }), ("bytes_out", turns.reduce(0) { $0 + $1.bytesOut }),
            ("clients", turns.reduce(0) { $0 + $1.clients }), ("samples", turns.reduce(0) { $0 + $1.samples }),
        ].filter { $0.1 > 0 }
        if let peer = turns.first?.peer { counts.append(("peer", peer)) }
        return counts
    }
}
