import FedCore

/// What a rank did in one round of one start of the run: the outer slice of a trace, whatever its format.
struct RoundSlice {
    /// Place in ``RunTiming/starts`` of the start of the run that it belongs to.
    let session: Int
    /// From 1; 0 for what comes before the first round.
    let round: Int
    /// What the rank did, in order of time; never empty.
    let events: ArraySlice<TimingEvent>

    /// A round as a person would call it.
    ///
    /// - Parameter round: from 1; 0 for what comes before the first.
    static func name(of round: Int) -> String { round == 0 ? "before round 1" : "round \(round)" }
    /// The round's name, which is the slice's, too.
    var name: String { Self.name(of: round) }
    /// First moment, in microseconds on the run's time axis.
    var start: Int { events.first?.start ?? 0 }
    /// Last moment, likewise. Not only the last event's: a file of somebody else may have events that overlap.
    /// O(events)
    var end: Int { events.reduce(start) { max($0, $1.end) } }

    /// The slices in it: turns of one phase, a client each, are one slice that holds the clients'.
    ///
    /// - Parameter withClients: false: what the rank did for its clients is one slice, whatever the phases.
    /// - Returns: slices in order of time, each of at least one event; together they have all events once.
    /// - Complexity: O(events).
    func phases(withClients: Bool) -> [PhaseSlice] {
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
struct PhaseSlice {
    /// The phase's name, or `clients` where several are one slice.
    let name: String
    /// One event, or one for each client's turn; never empty.
    let turns: ArraySlice<TimingEvent>

    /// First moment, in microseconds on the run's time axis.
    var start: Int { turns.first?.start ?? 0 }
    /// Last moment, as ``RoundSlice/end``.
    var end: Int { turns.reduce(start) { max($0, $1.end) } }

    /// What was counted in it, by name, added up over its turns; what is 0 is left out. Names are those of the timing
    /// files' columns. `peer` is no count but the other rank of the first turn.
    var counts: [(name: String, value: Int)] {
        var counts = [
            ("bytes_in", turns.reduce(0) { $0 + $1.bytesIn }), ("bytes_out", turns.reduce(0) { $0 + $1.bytesOut }),
            ("clients", turns.reduce(0) { $0 + $1.clients }), ("samples", turns.reduce(0) { $0 + $1.samples }),
        ].filter { $0.1 > 0 }
        if let peer = turns.first?.peer { counts.append(("peer", peer)) }
        return counts
    }
}

extension RankTiming {
    /// The rank's time as slices, a round each, in order of time. A round that was begun again after the run was
    /// continued is there once for each start.
    ///
    /// - Complexity: O(events).
    var rounds: [RoundSlice] {
        var rounds: [RoundSlice] = []
        for session in sessions {
            var i = session.events.startIndex
            while i < session.events.endIndex {
                var end = i + 1
                while end < session.events.endIndex, events[end].round == events[i].round { end += 1 }
                rounds.append(
                    RoundSlice(session: session.index, round: events[i].round, events: events[i..<end]))
                i = end
            }
        }
        return rounds
    }
}

extension RunTiming {
    /// Most events of all ranks with which each client's turn is a slice of its own. With more of them, what a rank
    /// does for its clients in a round is one slice: programs that show traces open it quickly.
    static let clientLimit = 200_000

    /// Whether a trace has a slice for each client's turn. O(ranks)
    var showsClients: Bool { ranks.reduce(0) { $0 + $1.events.count } <= Self.clientLimit }
}

extension String {
    /// As it stands between quotes in JSON: quotes and backslashes get a backslash. What cannot be shown, line ends
    /// among it, is written out first (``Swift/StringProtocol/printable``), so that nothing else needs one.
    var escapedForJSON: String {
        var json = String.UnicodeScalarView()
        for scalar in printable.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { json.append("\\") }
            json.append(scalar)
        }
        return String(json)
    }
}
