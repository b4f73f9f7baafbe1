public import FedCore
import Files
public import Foundation
import Recording

/// The `timing` folder of a run: what all ranks did, on one time axis. docs/TIMING.md describes the files.
///
/// The axis is in microseconds and begins at 0 with the run's first start. A continued run has several starts; the time
/// between them, in which nothing ran, is cut out.
public struct RunTiming: Sendable {
    /// In order of rank; those whose log is there.
    public private(set) var ranks: [RankTiming] = []
    /// Ranks of the job, by the logs: the most of all starts. 0 without logs.
    public private(set) var rankCount = 0
    /// Ranks of the last start, by the logs: a run may be continued on fewer. 0 without logs.
    private var lastRankCount = 0
    /// Lines of event files that could not be read; a last line that was cut off is not counted.
    public private(set) var damagedLines = 0
    /// When the run was started, and each time it was continued, in microseconds on its time axis; in order, the first
    /// one 0.
    public private(set) var starts: [Int] = []
    /// The same moments in microseconds since 1970, by rank 0's clock; as many as ``starts``.
    public private(set) var epochs: [Int] = []
    /// Where the run was, at each of its starts; as many as ``starts``.
    public private(set) var layouts: [Layout] = []
    /// The run's place in a distributed trace, by its first start; nil where that was in none.
    public private(set) var trace: TraceLink?
    /// Microseconds by which a rank's clock may be off: the largest bound of any reading of any rank. 0 where no clock
    /// was measured, as in a run of one process.
    public private(set) var clockError = 0.0

    /// The ranks of one start of the run.
    public struct Layout: Sendable, Equatable {
        /// Number of ranks of the job.
        public let ranks: Int
        /// Their hosts, in the order of the ranks, each once.
        public let hosts: [String]
        /// The first round that it worked on; nil where none was begun.
        public let firstRound: Int?
    }

    /// Reads the files of all ranks. Nothing where there are no logs.
    ///
    /// - Parameter folder: the run's `timing` folder; files in it that are no rank's are passed over, and so are those
    ///   that cannot be read.
    /// - Complexity: O(bytes + events · log events).
    public init(in folder: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        var logs: [(sessions: [TimingSession], messages: [MessageCount]?)] = []
        var damagedLines = 0
        for name in names.sorted() where name.hasPrefix("rank_") && name.hasSuffix(".csv") {
            guard let bytes = try? ReceivedFile.contents(folder.appendingPathComponent(name)) else { continue }
            var decoder = TimingDecoder()
            decoder.decode(bytes)
            damagedLines += decoder.damagedLines
            guard !decoder.sessions.isEmpty else { continue }
            let messages = try? ReceivedFile.contents(folder.appendingPathComponent("messages_" + name))
            logs.append((decoder.sessions, messages.map(TimingDecoder.messages)))
        }
        self.init(logs, damagedLines: damagedLines)
    }

    /// Puts the logs of ranks on one time axis.
    ///
    /// - Parameters:
    ///   - logs: of each rank, the starts of the run that it logged, and its messages if it left them; in any order.
    ///   - damagedLines: lines that the caller could not read.
    /// - Complexity: O(events · log events).
    init(_ logs: [(sessions: [TimingSession], messages: [MessageCount]?)], damagedLines: Int = 0) {
        self.damagedLines = damagedLines
        var corrected = logs.map { log in log.sessions.map(Self.withoutDrift) }
        // Whoever is left behind by a stop waits for nobody any more: its launcher is about to end it.
        var serverEnds: [Int: Int] = [:]
        for session in corrected.joined() where session.header.rank == 0 && session.isClosed {
            serverEnds[session.header.epoch] = session.events.map(\.end).max()
        }
        for rank in corrected.indices {
            for start in corrected[rank].indices {
                guard let end = serverEnds[corrected[rank][start].header.epoch] else { continue }
                corrected[rank][start].events = corrected[rank][start].events.compactMap {
                    Self.waiting($0, until: end)
                }
            }
        }
        let sessions = corrected.joined()
        rankCount = sessions.map(\.header.ranks).max() ?? 0
        clockError =
            sessions.flatMap { [$0.header.clockAtStart, $0.header.clockAtEnd] }
            .compactMap { $0?.error }.max() ?? 0
        // Starts of the run are told apart by their moment, which all ranks have from rank 0.
        let byEpoch = Dictionary(grouping: sessions, by: \.header.epoch)
        epochs = byEpoch.keys.sorted()
        lastRankCount = epochs.last.flatMap { byEpoch[$0]?.map(\.header.ranks).max() } ?? 0
        trace = epochs.first.flatMap { byEpoch[$0]?.lazy.compactMap(\.header.trace).first }
        var end = 0
        for epoch in epochs {
            let events = byEpoch[epoch, default: []].lazy.flatMap(\.events)
            // A rank may have begun before rank 0 did: a start's events come behind all of the one before.
            if !starts.isEmpty { end -= min(0, events.map(\.start).min() ?? 0) }
            starts.append(end)
            let headers = byEpoch[epoch, default: []].map(\.header).sorted { $0.rank < $1.rank }
            layouts.append(
                Layout(
                    ranks: headers.map(\.ranks).max() ?? 0,
                    hosts: headers.reduce(into: []) { if !$0.contains($1.host) { $0.append($1.host) } },
                    firstRound: events.map(\.round).filter { $0 > 0 }.min()))
            end += events.map(\.end).max() ?? 0
        }
        for (sessions, log) in zip(corrected, logs) {
            guard let last = sessions.last else { continue }
            var timing = RankTiming(rank: last.header.rank, host: last.header.host)
            timing.hosts = sessions.map(\.header.host).reduce(into: []) { hosts, host in
                if !hosts.contains(host) { hosts.append(host) }
            }
            timing.messages = log.messages
            timing.isComplete = last.isClosed && last.header.epoch == epochs.last
            let uses = sessions.map(\.header.processor)
            timing.processor = uses.dropFirst().reduce(uses.first ?? nil) { sum, use in
                guard let sum, let use else { return nil }
                return ProcessorUse(
                    wall: sum.wall + use.wall, own: sum.own + use.own, busy: sum.busy + use.busy,
                    stolen: sum.stolen + use.stolen, machine: sum.machine + use.machine)
            }
            let ofRank = Dictionary(grouping: sessions, by: \.header.epoch)
            for (index, epoch) in epochs.enumerated() {
                var events = ofRank[epoch, default: []].flatMap(\.events)
                guard let end = events.map(\.end).max() else { continue }
                events.sort { $0.start < $1.start }
                timing.wall += end - events[0].start
                let first = timing.events.count
                for var event in events {
                    event.start += starts[index]
                    timing.events.append(event)
                }
                timing.sessions.append(.init(index: index, events: first..<timing.events.count))
            }
            ranks.append(timing)
        }
        ranks.sort { $0.rank < $1.rank }
    }

    /// The last round in the log of each rank that ends rounds before the one that goes furthest; nil of the others, of a
    /// rank that logged its own end, and of one that had no part in the last start.
    ///
    /// As many as ``ranks``. Where the run was killed, that is so of ranks that were there, too.
    var silentFrom: [Int?] {
        let rounds = ranks.map { $0.events.last?.round ?? 0 }
        let last = rounds.max() ?? 0
        return zip(ranks, rounds).map { rank, round in
            !rank.isComplete && rank.rank < lastRankCount && round < last ? round : nil
        }
    }

    /// A wait that ends with rank 0's time at the latest; nil where it begins after that. Other phases stay as they are.
    private static func waiting(_ event: TimingEvent, until end: Int) -> TimingEvent? {
        guard event.phase == .wait, event.end > end else { return event }
        var event = event
        event.duration = end - event.start
        return event.duration > 0 ? event : nil
    }

    /// The events of one start of one rank, with the drift of its clock removed.
    ///
    /// The times in a log are corrected by the offset to rank 0's clock that was measured at the start. The reading at
    /// the end shows how far the clock has gone off since, and the difference is taken to grow linearly from the first
    /// reading to the second. Ends are moved like starts, so that phases that meet still do.
    ///
    /// - Returns: the session as it was where there is no second reading, or where the drift cannot be one.
    /// - Complexity: O(events).
    private static func withoutDrift(_ session: TimingSession) -> TimingSession {
        guard let first = session.header.clockAtStart, let last = session.header.clockAtEnd, last.at > first.at
        else { return session }
        let drift = (last.offset - first.offset) / Double(last.at - first.at)
        // No clock drifts by a thousandth: so much is the error of a reading on a busy machine.
        guard drift != 0, abs(drift) < 0.001 else { return session }
        func moved(_ time: Int) -> Int { time + Int((Double(time - first.at) * drift).rounded()) }
        var session = session
        for i in session.events.indices {
            let event = session.events[i]
            session.events[i].start = moved(event.start)
            session.events[i].duration = max(0, moved(event.end) - moved(event.start))
        }
        return session
    }

    /// Whether no rank left a log.
    public var isEmpty: Bool { ranks.isEmpty }
    /// Rank 0; nil when its log is missing.
    public var server: RankTiming? { ranks.first { $0.rank == 0 } }
    /// All other ranks, in order. O(ranks)
    public var clients: [RankTiming] { ranks.filter { $0.rank > 0 } }
    /// Ranks of the job that left no log, in order. O(ranks)
    public var missing: [Int] {
        let present = Set(ranks.map(\.rank))
        return (0..<rankCount).filter { !present.contains($0) }
    }
    /// Microseconds from the first start to the last event of any rank, without the time between starts; 0 without
    /// events.
    public var end: Int { ranks.compactMap { $0.events.last?.end }.max() ?? 0 }
}
