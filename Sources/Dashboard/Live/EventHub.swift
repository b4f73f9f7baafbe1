import Foundation
import HTTPTypes
import NIOCore
import Records
import RunStore

/// Sends the events of runs to who listens. However many listen to a run, it is looked at once a second at most, and each event is
/// put into words once.
actor EventHub {
    /// A listener's stream.
    private typealias Continuation = AsyncStream<ByteBuffer>.Continuation

    /// A run that is listened to.
    private struct Followed {
        var listeners: [Int: Continuation] = [:]
        /// What has been sent to all of them.
        var place: EventPlace
        /// The state that was sent last.
        var state: Data?
        var task: Task<Void, Never>?
    }

    /// Where rounds and faults are read.
    private let archive: Archive
    /// What listeners have missed.
    private let portions: EventPortions
    /// By the run's number; only those that somebody listens to.
    private var runs: [Int64: Followed] = [:]
    /// Who listens to the list of runs, by number.
    private var overviewListeners: [Int: Continuation] = [:]
    /// Looks at the list while anybody does.
    private var overviewTask: Task<Void, Never>?
    /// The list that was sent last, as JSON.
    private var overviewState: Data?
    /// Numbers of listeners, none of which comes twice.
    private var nextListener = 0
    /// Those that have not left.
    private var listenerCount = 0

    /// The most that may listen at once.
    static let most = 4000
    /// Writes a second at most, in the mean: a write is what a listener costs, and a run on the same machine is to notice none.
    private static let pace = 250.0
    /// Seconds without an event after which a comment is sent.
    private static let silence = 15.0
    /// Events that a listener may be behind. One that is further behind is let go: it connects again, and says what it has.
    private static let backlog = 64
    /// Rounds in one look at the history, for who connects late.
    private static let portion = 500

    /// A hub to which nobody listens.
    ///
    /// - Parameter archive: the results folder.
    init(_ archive: Archive) {
        self.archive = archive
        portions = EventPortions(archive)
    }

    /// What a listener gets: first what it has missed, a portion at a time, as fast as it takes it; then what happens.
    struct Feed: Sendable {
        /// The next portion of what was missed; nil when there is no more.
        fileprivate(set) var missed: @Sendable () async -> ByteBuffer? = { nil }
        /// What happens from then on. It ends when the listener is too far behind.
        let events: AsyncStream<ByteBuffer>
        /// Ends the events.
        let end: @Sendable () -> Void
    }

    /// Events of a run behind a place: of each round, fault, and change of its state.
    ///
    /// - Throws: `APIError` when there is no such run, or too many listen.
    func events(of run: Int64, after place: EventPlace) async throws -> Feed {
        let row = try await archive.run(run)
        let (id, stream, continuation) = try register(for: run)
        // What came before is sent to each listener by itself. Asked before anything is noted: others may come in meanwhile.
        let latest = try await archive.look { try Self.latest(of: row, in: $0) }
        if runs[run] == nil {
            runs[run] = Followed(place: latest)
            runs[run]?.task = Task { await self.follow(run) }
        }
        let known = runs[run]?.place ?? latest
        runs[run]?.listeners[id] = continuation
        let missed = EventPortions.Reader(portions, of: row, from: place, to: known)
        return Feed(missed: { await missed.next() }, events: stream, end: { continuation.finish() })
    }

    /// Changes of the runs that go on.
    ///
    /// - Throws: `APIError` when too many listen.
    func overview() throws -> Feed {
        let (id, stream, continuation) = try register(for: nil)
        overviewListeners[id] = continuation
        if overviewTask == nil { overviewTask = Task { await self.followAll() } }
        return Feed(events: stream, end: { continuation.finish() })
    }

    /// How many listen.
    var listeners: Int { listenerCount }

    // MARK: Listeners

    /// Counts a listener, gives it a number and a stream, and forgets it when that ends.
    ///
    /// - Parameter run: what it listens to; nil: the list of runs.
    /// - Throws: `APIError` for one listener too many.
    private func register(
        for run: Int64?
    ) throws(APIError) -> (id: Int, stream: AsyncStream<ByteBuffer>, continuation: Continuation) {
        guard listenerCount < Self.most else {
            throw APIError(.serviceUnavailable, "too many listen to events already")
        }
        nextListener += 1
        listenerCount += 1
        let id = nextListener
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream(bufferingPolicy: .bufferingOldest(Self.backlog))
        continuation.onTermination = { _ in Task { await self.leave(id, run) } }
        return (id, stream, continuation)
    }

    /// Forgets a listener; with the last one the looking ends.
    ///
    /// - Parameters:
    ///   - id: its number.
    ///   - run: what it listened to; nil: the list of runs.
    private func leave(_ id: Int, _ run: Int64?) {
        listenerCount -= 1
        guard let run else {
            overviewListeners[id] = nil
            if overviewListeners.isEmpty {
                overviewTask?.cancel()
                overviewTask = nil
            }
            return
        }
        runs[run]?.listeners[id] = nil
        if runs[run]?.listeners.isEmpty == true {
            runs[run]?.task?.cancel()
            runs[run] = nil
        }
    }

    /// Sends an event; whoever is too far behind is let go.
    private func send(_ event: ByteBuffer, to listeners: [Int: Continuation]) {
        for continuation in listeners.values {
            if case .dropped = continuation.yield(event) { continuation.finish() }
        }
    }

    // MARK: Looking

    /// Where a run is now: what came up to there is sent to each listener by itself.
    private static func latest(of run: StoredRun, in store: RunStore) throws -> EventPlace {
        var place = EventPlace()
        place.round = try store.lastRound(of: run)
        place.fault = try store.lastFault(of: run)
        return place
    }

    /// The events between two places; of many rounds the first portion.
    static func events(
        of store: RunStore, _ run: StoredRun, after start: EventPlace, upTo end: EventPlace?
    ) throws -> (events: [ByteBuffer], place: EventPlace) {
        var place = start
        var events: [ByteBuffer] = []
        for round in try store.rounds(of: run, after: start.round, limit: portion)
        where round.round <= end?.round ?? .max {
            place.round = round.round
            events.append(try EventText.event("round", at: place, round))
        }
        for (id, fault) in try store.faults(of: run, after: start.fault) where id <= end?.fault ?? .max {
            place.fault = id
            events.append(try EventText.event("fault", at: place, fault))
        }
        return (events, place)
    }

    /// Seconds between two looks.
    private static func interval(_ listeners: Int?) -> Double { max(1, Double(listeners ?? 0) / pace) }

    /// Looks at a run until nobody listens.
    private func follow(_ run: Int64) async {
        var silent = 0.0
        while !Task.isCancelled {
            let pause = Self.interval(runs[run]?.listeners.count)
            try? await Task.sleep(for: .seconds(pause))
            guard let place = runs[run]?.place else { return }
            guard
                let found = try? await archive.look({
                    store -> (events: [ByteBuffer], place: EventPlace, run: StoredRun)? in
                    guard let row = try store.run(run) else { return nil }
                    let new = try Self.events(of: store, row, after: place, upTo: nil)
                    return (new.events, new.place, row)
                })
            else { continue }
            var events = found.events
            runs[run]?.place = found.place
            let view = RunView(found.run)
            if let state = try? JSON.data(view), state != runs[run]?.state {
                runs[run]?.state = state
                if let event = try? EventText.event("status", at: nil, view) { events.append(event) }
            }
            silent = events.isEmpty ? silent + pause : 0
            if silent >= Self.silence {
                silent = 0
                events = [EventText.comment]
            }
            guard !events.isEmpty, let listeners = runs[run]?.listeners else { continue }
            // One write for all of a look: a thousand listeners are a thousand writes.
            send(EventText.joined(events), to: listeners)
        }
    }

    /// Looks at the runs under way until nobody listens.
    private func followAll() async {
        var silent = 0.0
        while !Task.isCancelled {
            let pause = Self.interval(overviewListeners.count)
            try? await Task.sleep(for: .seconds(pause))
            var filter = RunFilter()
            filter.limit = 50
            let query = filter
            guard
                let (overview, requests) = try? await archive.look({ store in
                    (try store.overview(query), try store.queuedRuns(limit: query.limit).map(\.state.rawValue))
                })
            else { continue }
            let views = overview.runs.map { RunView($0) }
            silent += pause
            // A request may end after its run, or without one.
            if let state = try? JSON.data(views) + Data(requests.joined().utf8), state != overviewState {
                overviewState = state
                silent = 0
                if let event = try? EventText.event("runs", at: nil, views.filter { $0.run.status == .running }) {
                    send(event, to: overviewListeners)
                }
            } else if silent >= Self.silence {
                silent = 0
                send(EventText.comment, to: overviewListeners)
            }
        }
    }
}
