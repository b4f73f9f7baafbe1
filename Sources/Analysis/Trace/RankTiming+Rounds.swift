import FedCore
import Telemetry

extension RankTiming {
    /// The rank's time as slices, a round each, in order of time. O(events).
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
    /// Whether a trace has a slice for each client's turn.
    var showsClients: Bool { ranks.reduce(0) { $0 + $1.events.count } <= SpanBuilder.clientLimit }
}
