import MPI

/// Rank 0 of a fleet: has items done by the ranks, and goes on without those that are lost. Alone it does them itself.
final class FleetServer {
    /// Something that one of several ranks can do.
    struct Item {
        /// The one that should, first.
        let ranks: [Int]
        /// Whether another rank does it when one is lost in the midst of it.
        let isDoneAgain: Bool
        /// What it is for a rank.
        let order: (_ rank: Int) -> FleetOrder
    }

    enum Outcome {
        case answered(FleetAnswer)
        /// For this reason.
        case missing(String)

        var answer: FleetAnswer? {
            if case .answered(let answer) = self { answer } else { nil }
        }
    }

    private enum Progress {
        case waiting
        case underWay(rank: Int)
        case over(Outcome)

        var outcome: Outcome? {
            if case .over(let outcome) = self { outcome } else { nil }
        }
    }

    private let post: FleetPost
    private let work: any FleetWork
    private let rank = 0
    /// Told of a rank that is lost, or is back, once each time.
    private let note: (String) -> Void
    /// By rank, the number of the order it is busy with.
    private var busy: [Int: Int] = [:]
    /// The device that this rank serves as.
    private var serving: (number: Int, device: any ServedDevice)?
    private var nextNumber = 0
    private var known: Set<Int> = []
    /// Whether a rank was lost at any time.
    private(set) var hasLostRanks = false

    init(_ post: FleetPost, _ work: any FleetWork, note: @escaping (String) -> Void) {
        self.post = post
        self.work = work
        self.note = note
    }

    deinit { serving?.device.end() }

    func isLost(_ rank: Int) -> Bool { post.isLost(rank) }

    /// Has all items done, or finds that they cannot be.
    /// - Parameters:
    ///   - atOnce: items that may be under way on one host at a time.
    ///   - outcomes: in the order of the items; as far as they are known when an error is thrown.
    /// - Throws: `Interruption` when the run is asked to stop, or what the work throws.
    func carryOut(_ items: [Item], atOnce: Int, into outcomes: inout [Outcome?]) throws {
        let first = nextNumber
        nextNumber += items.count
        var progress = [Progress](repeating: .waiting, count: items.count)
        defer { outcomes = progress.map(\.outcome) }
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
                guard busy[chosen] == nil, isFree(post.hosts[chosen], atOnce, progress) else { continue }
                progress[index] = .underWay(rank: chosen)
                try hand(items[index].order(chosen), number: first + index, to: chosen)
            }
            return progress.allSatisfy { $0.outcome != nil }
        }
    }

    private func isFree(_ host: String, _ atOnce: Int, _ progress: [Progress]) -> Bool {
        let underWay = progress.count { item in
            if case .underWay(let rank) = item { post.hosts[rank] == host } else { false }
        }
        return underWay < atOnce
    }

    private func hand(_ order: FleetOrder, number: Int, to rank: Int) throws {
        busy[rank] = number
        guard rank == self.rank else { return try post.send(.order(number, order), to: rank) }
        if case .device(let task) = order {
            serving = (number, try work.start(task))
        } else {
            own = (number, try work.answer(order, heartbeat: look))
        }
    }

    /// What this rank has done itself.
    private var own: (number: Int, answer: FleetAnswer)?

    private func takeAnswers(into progress: inout [Progress], numbersFrom first: Int) throws {
        func take(_ answer: FleetAnswer, _ number: Int, of rank: Int) {
            if busy[rank] == number { busy[rank] = nil }
            // An answer does not count when it is to an earlier list, or another rank has done the item meanwhile.
            guard progress.indices.contains(number - first) else { return }
            if case .over(.answered) = progress[number - first] { return }
            progress[number - first] = .over(.answered(answer))
        }
        if let report = try serving?.device.report(), let number = serving?.number {
            serving = nil
            take(.device(report), number, of: rank)
        }
        if let (number, answer) = own {
            own = nil
            take(answer, number, of: rank)
        }
        while let (rank, reply) = try post.reply() {
            if case .answer(let number, let answer) = reply { take(answer, number, of: rank) }
        }
    }

    private func giveUpLost(_ items: [Item], _ progress: inout [Progress]) {
        for index in items.indices {
            guard case .underWay(let rank) = progress[index], let reason = post.losses[rank] else { continue }
            progress[index] =
                items[index].isDoneAgain ? .waiting : .over(.missing("lost with rank \(rank): \(reason)"))
        }
    }

    private func look() throws {
        try post.look()
        for (rank, reason) in post.losses.sorted(by: { $0.key < $1.key }) where known.insert(rank).inserted {
            hasLostRanks = true
            note("lost rank \(rank): \(reason)")
        }
        for rank in known.sorted() where !isLost(rank) {
            known.remove(rank)
            note("rank \(rank) is back")
        }
    }

    /// Tells the ranks that there is nothing more to do, and gives them a moment to understand: a message may be lost when
    /// its sender's process ends.
    func dismiss(ranks: Range<Int>) throws {
        var left = Set(ranks).subtracting([rank])
        for rank in left.sorted() { try post.send(.end(hasLostRanks: hasLostRanks), to: rank) }
        left = left.filter { !isLost($0) }
        let haveAllUnderstood = try Backoff.default.wait(until: .now + Self.longestFarewell) { () throws in
            try look()
            while let (rank, reply) = try post.reply() {
                if case .farewell = reply { left.remove(rank) }
            }
            return left.allSatisfy { isLost($0) }
        }
        if !haveAllUnderstood || !left.isEmpty { hasLostRanks = true }
    }

    private static let longestFarewell: Duration = .seconds(2)
}
