import FedCore

/// The end-of-run tables that MPI users know: time and bytes by rank, calls by MPI function, and POP's efficiencies.
///
/// The layout follows mpiP's "MPI Time" table (J. Vetter, C. Chambreau, *mpiP: Lightweight, Scalable MPI Profiling*).
/// The report has the same tables, with all ranks.
struct RankTables {
    /// The run that they are of.
    let run: RecordedRun
    /// Its times, added up.
    let account: TimeAccount
    /// Its messages, added up; nil when no rank left its counts.
    let traffic: Traffic?

    /// Ranks that a short table shows, the server among them. A table that would be no more than three rows longer is
    /// shown whole.
    static let shortTable = 9

    /// Time and bytes by rank, a `*` row with the sums, and how far the clients differ.
    ///
    /// `app s` is the time from a rank's first to its last event, `MPI s` what it spent in communication, waiting
    /// included; both percentages are of `app s`. Sums and the clients' coefficients of variation (`CV`, standard
    /// deviation over mean) are of all ranks, also of those that are not shown. Bytes are those of all messages, or of
    /// the rounds alone where no counts were left.
    ///
    /// - Parameter isShort: with many ranks, the server and the busiest clients alone: those with the most useful time.
    /// - Complexity: O(ranks · log ranks + events) where no counts were left, O(ranks²) with them.
    func ranks(isShort: Bool) -> Document.Table {
        var table = Document.Table(
            columns: ["rank", "host", "app s", "MPI s", "MPI%", "wait%", "sent MB", "received MB"], words: 2)
        let ranks = run.timing.ranks
        var shown = Array(ranks.indices)
        if isShort, shown.count > Self.shortTable + 3 {
            let busiest = shown.filter { ranks[$0].rank > 0 }
                .sorted { account.ranks[$0].useful > account.ranks[$1].useful }.prefix(Self.shortTable - 1)
            shown = shown.filter { ranks[$0].rank == 0 || busiest.contains($0) }
            table.summary = "the server and the \(busiest.count) busiest of \(ranks.count) ranks"
        }
        let rows = ranks.indices.map(row)
        for i in shown {
            table.rows.append([String(ranks[i].rank), ranks[i].hostNames] + Self.cells(rows[i]))
        }
        let sum = Row(
            app: rows.reduce(0) { $0 + $1.app }, mpi: rows.reduce(0) { $0 + $1.mpi },
            wait: rows.reduce(0) { $0 + $1.wait }, sent: rows.reduce(0) { $0 + $1.sent },
            received: rows.reduce(0) { $0 + $1.received })
        table.rows.append(["*", "all"] + Self.cells(sum))
        // Ranks of a part of the run would look unlike the others for that alone.
        let whole = ranks.map(\.sessions.count).max() ?? 0
        let lost = Set(run.silentRanks.map(\.rank))
        let clients = ranks.indices.filter { place in
            ranks[place].rank > 0 && ranks[place].sessions.count == whole && !lost.contains(ranks[place].rank)
        }.map { rows[$0] }
        if clients.count > 1 {
            func variation(_ value: (Row) -> Double) -> String {
                NumberText.fixed(Self.variation(clients.map(value)), 3)
            }
            table.rows.append(
                ["CV", "of clients", variation(\.app), variation(\.mpi), variation(\.mpiShare), variation(\.waitShare)]
                    + [variation { Double($0.sent) }, variation { Double($0.received) }])
        }
        return table
    }

    /// Calls by MPI function; nil without counts, or other ranks. Times are `-` where none was measured.
    var operations: Document.Table? {
        guard hasMessages, let traffic, !traffic.operations.isEmpty else { return nil }
        var table = Document.Table(columns: ["operation", "calls", "MB", "mean ms", "max ms"])
        for operation in traffic.operations {
            table.rows.append([
                operation.name, NumberText.grouped(operation.calls), NumberText.fixed(Double(operation.bytes) / 1e6, 2),
                operation.total > 0 ? NumberText.fixed(operation.mean / 1e3, 3) : "-",
                operation.total > 0 ? NumberText.fixed(Double(operation.longest) / 1e3, 3) : "-",
            ])
        }
        return table
    }

    /// The efficiencies of all rounds together, of all ranks and of the clients alone; nil without rounds in the timing
    /// logs.
    var efficiencies: Document.Table? {
        guard let all = account.efficiency(of: .all) else { return nil }
        var table = Document.Table(
            columns: ["efficiency of rounds", "load balance", "communication", "parallel"])
        func add(_ name: String, _ efficiency: Efficiency) {
            table.rows.append([
                name, NumberText.percent(efficiency.loadBalance), NumberText.percent(efficiency.communication),
                NumberText.percent(efficiency.parallel),
            ])
        }
        add("all ranks", all)
        if run.timing.ranks.count > 1, let clients = account.efficiency(of: .clients) { add("clients", clients) }
        return table
    }

    /// Who waited for whom, the ten longest; nil where nobody waited. Seconds and times are of all rounds together, the
    /// percentage is of the waiter's `app s`.
    var waits: Document.Table? {
        guard account.waits.contains(where: { $0.duration > 0 }) else { return nil }
        var table = Document.Table(columns: ["rank", "waited for", "times", "seconds", "% of its time"], words: 2)
        let shown = account.waits.prefix(10)
        table.summary = shown.count < account.waits.count ? "the \(shown.count) longest of \(account.waits.count)" : nil
        for wait in shown {
            let waiter = run.timing.ranks[wait.waiter]
            table.rows.append([
                "rank \(waiter.rank)", wait.awaited.map { "rank \($0)" } ?? "no single rank",
                NumberText.grouped(wait.count), NumberText.seconds(wait.duration),
                NumberText.fixed(100 * Double(wait.duration) / Double(max(1, waiter.wall)), 1),
            ])
        }
        return table
    }

    /// The straggler by name, with how often it is the slowest and by how much; nil as in ``TimeAccount/straggler()``, and
    /// where it is behind by less than a hundredth of a round.
    var straggler: String? {
        let duration = account.rounds.reduce(0) { $0 + $1.duration } / max(1, account.rounds.count)
        guard let straggler = account.straggler(), 100 * straggler.meanBehind >= duration else { return nil }
        let behind =
            straggler.meanBehind < 10_000
            ? "\(NumberText.fixed(Double(straggler.meanBehind) / 1e3, 2)) ms"
            : "\(NumberText.seconds(straggler.meanBehind)) s"
        let rank = run.timing.ranks[straggler.index]
        return
            "\(rank.name): \(behind) a round behind the mean of the client ranks, the slowest "
            + "in \(straggler.slowestRounds) of \(NumberText.count(straggler.rounds.count, "round"))"
            + (cause(of: straggler).map { "; \($0)" } ?? "")
    }

    /// Why a rank is behind: because it has more to do, or because it does it more slowly, in the rounds in which it was
    /// there. Nil where its training was not logged with samples, or no other rank has trained.
    private func cause(of straggler: TimeAccount.Straggler) -> String? {
        // Means over the rounds in which each rank was there: a continued run may have had more ranks or fewer.
        var rounds = [Int](repeating: 0, count: run.timing.ranks.count)
        for round in account.rounds where straggler.rounds.contains(round.round) {
            for place in account.clients(in: round) { rounds[place] += 1 }
        }
        let all = run.timing.ranks.indices.compactMap { place -> (place: Int, samples: Double, seconds: Double)? in
            var (samples, seconds) = (0, 0)
            for event in run.timing.ranks[place].events
            where event.phase == .train && straggler.rounds.contains(event.round) {
                samples += event.samples
                seconds += event.duration
            }
            guard samples > 0, seconds > 0, rounds[place] > 0 else { return nil }
            return (place, Double(samples) / Double(rounds[place]), Double(seconds) / 1e6 / Double(rounds[place]))
        }
        let others = all.filter { $0.place != straggler.index }
        guard let own = all.first(where: { $0.place == straggler.index }), !others.isEmpty else { return nil }
        let samples = others.reduce(0) { $0 + $1.samples } / Double(others.count)
        let seconds = others.reduce(0) { $0 + $1.seconds } / Double(others.count)
        let (more, speed) = (own.samples / samples, own.samples / own.seconds * seconds / samples)
        return
            "\(NumberText.fixed(more, 2)) times the other ranks' samples, at \(NumberText.fixed(speed, 2)) times their speed"
    }

    /// The client rank that rank 0 waited for longer than all its work can explain; nil where that was less than a tenth of the
    /// rounds' time. It was stopped, or its link, or the rank that passes a broadcast on to it: that one's time is then in a
    /// collective, too, and looks like anybody's.
    private var late: String? {
        let ranks = run.timing.ranks
        let duration = account.rounds.reduce(0) { $0 + $1.duration }
        for wait in account.waits where ranks[wait.waiter].rank == 0 {
            guard let place = ranks.firstIndex(where: { $0.rank == wait.awaited }) else { continue }
            let excess = wait.duration - account.ranks[place].useful
            guard excess > 0, 10 * excess >= duration else { continue }
            return
                "rank 0 waited \(NumberText.seconds(wait.duration)) s for \(ranks[place].name), which worked for "
                + "\(NumberText.seconds(account.ranks[place].useful)) s in all: it stood still, or its link, or a rank that passes broadcasts on to it"
        }
        return nil
    }

    /// What travels besides, because any rank may train any client; nil where clients keep nothing.
    private var states: String? {
        let bytes = run.clientStateBytes
        guard bytes > 0 else { return nil }
        return
            "each turn also takes what its client keeps, \(NumberText.grouped(bytes)) bytes down and up: any rank can train it next. "
            + "A device would keep it, so `traffic` leaves it out"
    }

    /// Ranks that were lost, and what that means for their rows; nil where all came to their end, or the run still goes on.
    var lost: String? {
        let ranks = run.silentRanks.map(\.rank)
        guard !ranks.isEmpty else { return nil }
        return
            "\(RunReport.named(ranks)): times and turns are of what was logged until about a second before the end, bytes "
            + "between ranks of what the others counted"
    }

    /// Why the ranks received less than the round log says of the clients; nil where each rank had one client at most.
    private var sharedWeights: String? {
        guard let clients = run.setting("clients").flatMap({ Int($0) }), clients > run.timing.rankCount - 1 else {
            return nil
        }
        return "the clients of a rank share one copy of the weights; `traffic` counts it for each of them"
    }

    /// Bytes that went from one host to another; nil where all ranks were on one, some rank was on two, or none left its
    /// counts.
    var betweenHosts: String? {
        let hosts = Dictionary(run.timing.ranks.map { ($0.rank, $0.host) }) { first, _ in first }
        guard let traffic, Set(run.timing.ranks.flatMap(\.hosts)).count > 1 else { return nil }
        guard run.timing.ranks.allSatisfy({ $0.hosts.count == 1 }) else {
            return "what crossed between them is not known: some rank was on two, and its counts are of both"
        }
        var crossing = 0
        for (sender, row) in traffic.bytes.enumerated() {
            for (receiver, bytes) in row.enumerated() where hosts[sender] != hosts[receiver] { crossing += bytes }
        }
        let whole = traffic.bytes.joined().reduce(0, +)
        return
            "\(NumberText.fixed(Double(crossing) / 1e6, 2)) of \(NumberText.fixed(Double(whole) / 1e6, 2)) MB between hosts, "
            + (run.hasTopology ? "as --topology passes them on" : "a broadcast counted for each rank that it is for")
    }

    /// A sentence about client ranks that waited for a processor while they worked, nil when none did: they had one for
    /// less than four fifths of that time. What a rank took while it waited for messages counts, too, so that there may
    /// be more of them.
    var sharedProcessors: String? {
        let shared = zip(run.timing.ranks, account.ranks).filter { rank, times in
            guard rank.rank > 0, let use = rank.processor, times.useful > 0 else { return false }
            return Double(use.own) < 0.8 * Double(times.useful)
        }.map(\.0.rank)
        guard !shared.isEmpty else { return nil }
        return
            "processors were shared: \(RunReport.named(shared)) had one for less than four fifths of the time in which "
            + "\(shared.count == 1 ? "it" : "they") worked, so that stragglers and slow links may be a busy machine's"
    }

    /// Whether there is more than one rank, and so something that crossed between them.
    var hasMessages: Bool {
        let timing = run.timing
        return !timing.isEmpty && timing.ranks.count + timing.missing.count > 1
    }

    /// What the tables do not say by themselves, by name: who is behind, and what to think of it.
    var facts: [(name: String, value: String)] {
        [
            ("straggler", straggler), ("late", late), ("busy", sharedProcessors), ("lost", lost),
            ("hosts", betweenHosts), ("bytes", sharedWeights), ("states", states),
        ].compactMap { name, text in text.map { (name, $0) } }
    }

    /// What the end of a run prints: the tables with an empty line before each, and the straggler. None where time was
    /// not logged, or one process did all: then nothing crossed, and nobody waited.
    var lines: [String] {
        guard hasMessages else { return [] }
        let table = ranks(isShort: true)
        var lines = [""] + (table.summary.map { [$0] } ?? []) + table.lines
        for table in [operations, efficiencies].compactMap({ $0 }) { lines += [""] + table.lines }
        let facts = facts.map { $0 + String(repeating: " ", count: max(1, 10 - $0.count)) + $1 }
        return lines + (facts.isEmpty ? [] : [""] + facts)
    }

    // MARK: A rank's row

    /// The numbers of a rank, or the sums of all.
    private struct Row {
        /// Seconds from the first event to the last, without the time between the starts of a continued run.
        var app: Double
        /// Seconds in communication.
        var mpi: Double
        /// Seconds of that in which a peer was not there yet.
        var wait: Double
        /// Bytes.
        var sent: Int
        /// Bytes.
        var received: Int
        /// Share of communication in the rank's time, in [0, 1]; 0 when it has none.
        var mpiShare: Double { app > 0 ? mpi / app : 0 }
        /// Share of waiting, likewise.
        var waitShare: Double { app > 0 ? wait / app : 0 }
    }

    /// The row of a rank.
    ///
    /// - Parameter i: its place in `RunTiming.ranks`, which is not its number.
    private func row(_ i: Int) -> Row {
        let rank = run.timing.ranks[i]
        let times = account.ranks[i]
        // A rank that was killed has left no counts; its events have the bytes of the rounds.
        let sent = traffic.map { $0.sent(by: rank.rank) } ?? rank.events.reduce(0) { $0 + $1.bytesOut }
        let received = traffic.map { $0.received(by: rank.rank) } ?? rank.events.reduce(0) { $0 + $1.bytesIn }
        return Row(
            app: Double(rank.wall) / 1e6, mpi: Double(times.communication) / 1e6, wait: Double(times.wait) / 1e6,
            sent: sent, received: received)
    }

    /// A row as text: seconds, percentages and MB of 1,000,000 bytes, in the order of the columns.
    private static func cells(_ row: Row) -> [String] {
        [
            NumberText.fixed(row.app, 3), NumberText.fixed(row.mpi, 3), NumberText.fixed(100 * row.mpiShare, 1),
            NumberText.fixed(100 * row.waitShare, 1), NumberText.fixed(Double(row.sent) / 1e6, 2),
            NumberText.fixed(Double(row.received) / 1e6, 2),
        ]
    }

    /// The coefficient of variation: standard deviation of the values, which are the whole population, over their mean;
    /// 0 where the mean is 0.
    static func variation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(max(values.count, 1))
        guard mean != 0 else { return 0 }
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        return variance.squareRoot() / mean
    }
}
