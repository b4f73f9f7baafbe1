import NIOCore
import RunStore

/// What listeners have missed, a portion at a time. The portions that were read last are kept: listeners that connect
/// together, as all do after an outage, ask for the same, and it is read and put into words once.
actor EventPortions {
    /// Events in their order, and the place behind them.
    struct Portion: Sendable {
        let text: ByteBuffer
        let place: EventPlace
    }

    private struct Key: Hashable {
        let run: Int64?
        let start, end: EventPlace
    }

    private let archive: Archive
    /// Under way or done; those of a failed look are forgotten.
    private var portions: [Key: Task<Portion?, Never>] = [:]
    /// In the order in which they were asked for first.
    private var keys: [Key] = []

    /// Portions that are kept: half a megabyte each at most.
    private static let kept = 8

    init(_ archive: Archive) { self.archive = archive }

    /// The first portion of the events between two places; nil when there are none, or they cannot be read.
    func portion(of run: StoredRun, after start: EventPlace, upTo end: EventPlace) async -> Portion? {
        guard start.round < end.round || start.fault < end.fault else { return nil }
        let key = Key(run: run.id, start: start, end: end)
        if let task = portions[key] { return await task.value }
        let task = Task { [archive] () -> Portion? in
            guard
                let found = try? await archive.look({ try EventHub.events(of: $0, run, after: start, upTo: end) }),
                found.place != start
            else { return nil }
            return Portion(text: EventText.joined(found.events), place: found.place)
        }
        portions[key] = task
        keys.append(key)
        if keys.count > Self.kept { portions[keys.removeFirst()] = nil }
        let portion = await task.value
        if portion == nil {
            portions[key] = nil
            keys.removeAll { $0 == key }
        }
        return portion
    }

    /// What one listener has missed.
    actor Reader {
        private let portions: EventPortions
        private let run: StoredRun
        private var place: EventPlace
        private let end: EventPlace

        init(_ portions: EventPortions, of run: StoredRun, from place: EventPlace, to end: EventPlace) {
            (self.portions, self.run, self.place, self.end) = (portions, run, place, end)
        }

        /// The next portion; nil when there is no more.
        func next() async -> ByteBuffer? {
            guard let portion = await portions.portion(of: run, after: place, upTo: end) else { return nil }
            place = portion.place
            return portion.text
        }
    }
}
