import MPI

/// Rank 0 of a fleet: has items done by the ranks, and goes on without those that are lost. Alone it does them itself.
///
/// Items are handed out one at a time for each rank, point to point, and nothing is a collective: a rank that is lost
/// costs the item that it was doing, at most. Used on one thread.
final class FleetServer {
    /// A piece of work that one of several ranks can do.
    struct Item {
        /// The ranks that can do it, the one that should first.
        let ranks: [Int]
        /// Whether another rank does it again when one is lost in the midst of it. Counting images is; serving a device
        /// is not, since its measurements would mix.
        let isDoneAgain: Bool
        /// The order for the rank that does it.
        let order: (_ rank: Int) -> FleetOrder
    }

    /// What became of an item.
    enum Outcome {
        /// It was done.
        case answered(FleetAnswer)
        /// It was not done, for this reason.
        case missing(String)

        /// The answer; nil when it is missing.
        var answer: FleetAnswer? {
            if case .answered(let answer) = self { answer } else { nil }
        }
    }

    /// Where an item stands.
    private enum Progress {
        case waiting
        case underWay(rank: Int)
        case over(Outcome)

        var outcome: Outcome? {
            if case .over(let outcome) = self { outcome } else { nil }
        }
    }

    private let channel: FleetChannel
    private let work: any FleetWork
    private let rank = 0
    /// Told of a rank that is lost, or is back, once each time.
    private let note: (String) -> Void
    /// Numbers of the orders that ranks are busy with, by rank.
    private var busy: [Int: Int] = [:]
    /// The device that rank 0 itself serves as, when it is alone.
    private var serving: (number: Int, device: any ServedDevice)?
    /// Number of the next item, over all lists: a late answer to an earlier list is recognised by its number.
    private var nextNumber = 0
    /// Looks after releases while devices serve; nil where none are followed.
    private var follower: FleetFollower?
    /// What devices have said, with the numbers of their orders, until it is looked at.
    private var news: [(number: Int, news: ReleaseNews)] = []
    /// Lost ranks that were told of.
    private var known: Set<Int> = []
    /// Whether a rank was lost at any time, even if it came back: MPI cannot be finalised then.
    private(set) var hasLostRanks = false

    /// Prepares rank 0; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - channel: Carries the messages.
    ///   - work: Does what rank 0 does itself.
    ///   - note: Told of a rank that is lost, or is back.
    init(_ channel: FleetChannel, _ work: any FleetWork, note: @escaping (String) -> Void) {
        self.channel = channel
        self.work = work
        self.note = note
    }

    deinit { serving?.device.end() }

    /// Whether a rank is lost at present.
    func isLost(_ rank: Int) -> Bool { channel.isLost(rank) }

    /// Has all items done, or finds that they cannot be. Blocks until each has an outcome; polls meanwhile, and sleeps
    /// between polls, so that it does not disturb what is measured on this host.
    ///
    /// A busy rank that should do an item is waited for; only a lost one is replaced. An answer from a rank that was
    /// thought lost counts, unless another has answered before.
    ///
    /// - Parameters:
    ///   - items: The work.
    ///   - atOnce: Items that may be under way on one host at a time.
    ///   - following: Where the items are devices that follow releases, what they follow.
    ///   - names: The devices' names, for what is said of them.
    ///   - progress: Told often how many items are over.
    ///   - outcomes: By item; nil where nothing is known yet when an error is thrown.
    /// - Throws: `Interruption` when the run is asked to stop, or what the work throws.
    func carryOut(
        _ items: [Item], atOnce: Int, following: ReleaseFollowing? = nil, names: [String] = [],
        progress told: (_ done: Int) -> Void = { _ in }, into outcomes: inout [Outcome?]
    ) throws {
        let first = nextNumber
        nextNumber += items.count
        var progress = [Progress](repeating: .waiting, count: items.count)
        follower = following.map { FleetFollower($0, names: names) }
        defer {
            outcomes = progress.map(\.outcome)
            follower?.finish()
            follower = nil
        }
        _ = try Backoff.patient.wait { () throws in
            try look()
            try takeAnswers(into: &progress, numbersFrom: first)
            giveUpLost(items, &progress)
            for index in items.indices {
                guard case .waiting = progress[index] else { continue }
                // Whoever should do it and is only busy is waited for.
                guard let chosen = items[index].ranks.first(where: { !isLost($0) }) else {
                    progress[index] = .over(.missing("no rank is left to do it"))
                    continue
                }
                guard busy[chosen] == nil, isFree(channel.hosts[chosen], atOnce, progress) else { continue }
                progress[index] = .underWay(rank: chosen)
                try hand(items[index].order(chosen), number: first + index, to: chosen)
            }
            try follow(progress, numbersFrom: first)
            told(progress.count { $0.outcome != nil })
            return progress.allSatisfy { $0.outcome != nil }
        }
    }

    /// Looks after releases: what devices have said, and what they are to be told.
    ///
    /// What a device said in an earlier list is passed over. An order for a device that has just ended is dropped: it has no say any more.
    private func follow(_ progress: [Progress], numbersFrom first: Int) throws {
        guard var follower else { return }
        defer { self.follower = follower }
        var orders: [(device: Int, order: ReleaseOrder)] = []
        for (number, news) in news where progress.indices.contains(number - first) {
            orders += follower.take(news, from: number - first)
        }
        news = []
        let devices = progress.indices.filter { if case .underWay = progress[$0] { true } else { false } }
        orders += try follower.look(devices, heartbeat: look)
        for (device, order) in orders {
            guard case .underWay(let rank) = progress[device] else { continue }
            if rank == self.rank {
                try serving?.device.tell(order)
            } else {
                try channel.send(.release(order), to: rank)
            }
        }
    }

    /// Whether a host has fewer than `atOnce` items under way.
    private func isFree(_ host: String, _ atOnce: Int, _ progress: [Progress]) -> Bool {
        let underWay = progress.count { item in
            if case .underWay(let rank) = item { channel.hosts[rank] == host } else { false }
        }
        return underWay < atOnce
    }

    /// Gives an order to a rank, or does it here if the rank is this one. A device is served beside this thread; other
    /// work is done at once, with beats in between.
    private func hand(_ order: FleetOrder, number: Int, to rank: Int) throws {
        busy[rank] = number
        guard rank == self.rank else { return try channel.send(.order(number, order), to: rank) }
        if case .device(let task) = order {
            serving = (number, try work.start(task))
        } else {
            own = (number, try work.answer(order, heartbeat: look))
        }
    }

    /// An answer of rank 0 itself, until it is taken.
    private var own: (number: Int, answer: FleetAnswer)?

    /// Takes the answers that have arrived, and this rank's own.
    ///
    /// - Parameter first: Number of the list's first item.
    private func takeAnswers(into progress: inout [Progress], numbersFrom first: Int) throws {
        func take(_ answer: FleetAnswer, _ number: Int, of rank: Int) {
            if busy[rank] == number { busy[rank] = nil }
            // An answer does not count when it is to an earlier list, or another rank has done the item meanwhile.
            guard progress.indices.contains(number - first) else { return }
            if case .over(.answered) = progress[number - first] { return }
            progress[number - first] = .over(.answered(answer))
        }
        if let (number, device) = serving {
            let report = try device.report()
            news += device.news().map { (number, $0) }
            if let report {
                serving = nil
                take(.device(report), number, of: rank)
            }
        }
        if let (number, answer) = own {
            own = nil
            take(answer, number, of: rank)
        }
        while let (rank, reply) = try channel.reply() {
            switch reply {
            case .answer(let number, let answer): take(answer, number, of: rank)
            case .news(let number, let words): news.append((number, words))
            case .shutdownAcknowledged: break
            }
        }
    }

    /// Puts items of lost ranks back on the list, or ends them as missing.
    private func giveUpLost(_ items: [Item], _ progress: inout [Progress]) {
        for index in items.indices {
            guard case .underWay(let rank) = progress[index], let reason = channel.loss(of: rank) else { continue }
            progress[index] =
                items[index].isDoneAgain ? .waiting : .over(.missing("lost with rank \(rank): \(reason)"))
        }
    }

    /// Looks after the ranks, and tells of those that are lost or back.
    private func look() throws {
        try channel.look()
        for rank in channel.hosts.indices {
            guard let reason = channel.loss(of: rank), known.insert(rank).inserted else { continue }
            hasLostRanks = true
            note("lost rank \(rank): \(reason)")
        }
        for rank in known.sorted() where !isLost(rank) {
            known.remove(rank)
            note("rank \(rank) is back")
        }
    }

    /// Tells ranks that there is nothing more to do, and waits up to 2 s until they have confirmed it: a message may be
    /// lost when its sender's process ends. A rank that does not confirm counts as lost.
    func dismiss(ranks: Range<Int>) throws {
        var left = Set(ranks).subtracting([rank])
        for rank in left.sorted() { try channel.send(.end(hasLostRanks: hasLostRanks), to: rank) }
        left = left.filter { !isLost($0) }
        let haveAllUnderstood = try Backoff.default.wait(until: .now + Self.longestShutdown) { () throws in
            try look()
            while let (rank, reply) = try channel.reply() {
                if case .shutdownAcknowledged = reply { left.remove(rank) }
            }
            return left.allSatisfy { isLost($0) }
        }
        if !haveAllUnderstood || !left.isEmpty { hasLostRanks = true }
    }

    /// How long confirmations are waited for.
    private static let longestShutdown: Duration = .seconds(2)
}
