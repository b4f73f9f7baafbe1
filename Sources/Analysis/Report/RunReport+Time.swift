import FedCore
import Records

extension RunReport {
    /// Where time went: the timeline, seconds by phase, and how far the clocks can be trusted. It says what is missing:
    /// logs of ranks, lines that are damaged, simulated delays.
    var timeSection: Document.Section {
        var section = Document.Section("Time")
        let timing = run.timing
        guard !timing.isEmpty else {
            section.blocks.append(.paragraph("This run has no timing logs."))
            return section
        }
        if !timing.missing.isEmpty {
            section.blocks.append(
                .paragraph("No log of \(Self.named(timing.missing)): tables and pictures show the others."))
        }
        if timing.damagedLines > 0 {
            section.blocks.append(
                .paragraph("\(NumberText.count(timing.damagedLines, "line")) of the logs cannot be read."))
        }
        section.blocks += picture("timeline")
        section.blocks.append(.table(phases))
        if rankTables.hasMessages {
            section.blocks.append(
                .paragraph(
                    "Waiting and transfer are apart: broadcast and gather begin when both sides are there. Times of "
                        + "different ranks may be off by \(Self.shown(error: timing.clockError)) against each other, half of the "
                        + "shortest round trip between them."))
        }
        if run.setting("real-delays") == "true" {
            section.blocks.append(.paragraph("Simulated delays were slept through and are part of the times above."))
        } else if run.isVirtual {
            section.blocks.append(
                .paragraph("The times above are real; simulated delays cost no real time and are not part of them."))
        }
        return section
    }

    /// The error of clocks, given in microseconds, in words.
    private static func shown(error: Double) -> String {
        error < 1_000 ? "\(NumberText.fixed(error, 1)) µs" : "\(NumberText.fixed(error / 1_000, 1)) ms"
    }

    /// Seconds by phase, of the server and of all client ranks together, with percentages of the row `total`. Phases
    /// that nobody was in are left out. The rows below `total` are parts of it, added up differently.
    private var phases: Document.Table {
        var server = PhaseTimes()
        var clients = PhaseTimes()
        for (rank, times) in zip(run.timing.ranks, account.ranks) {
            if rank.rank == 0 { server.add(times) } else { clients.add(times) }
        }
        var table = Document.Table(columns: ["phase", "server s", "server %", "client ranks s", "client ranks %"])
        func share(_ part: Int, _ whole: Int) -> String {
            whole > 0 ? NumberText.fixed(100 * Double(part) / Double(whole), 1) : "-"
        }
        func add(_ name: String, _ time: (PhaseTimes) -> Int) {
            table.rows.append([
                name, NumberText.seconds(time(server)), share(time(server), server.total),
                NumberText.seconds(time(clients)), share(time(clients), clients.total),
            ])
        }
        for phase in Phase.allCases where server[phase] > 0 || clients[phase] > 0 { add(phase.rawValue) { $0[phase] } }
        add("total", \.total)
        add("of which useful", \.useful)
        add("of which transfer", \.transfer)
        return table
    }

    /// POP's efficiencies, and the tables that the run printed, with all ranks; empty without timing logs, and but for the
    /// processors where one process did all.
    var efficiencySection: Document.Section {
        var section = Document.Section("Efficiency")
        guard rankTables.hasMessages else {
            section.blocks += processorBlocks
            return section
        }
        section.blocks.append(.table(rankTables.ranks(isShort: false)))
        if let efficiencies = rankTables.efficiencies {
            section.blocks.append(.table(efficiencies))
            section.blocks.append(
                .paragraph(
                    "As the POP Centre of Excellence defines them: load balance is mean over largest useful time, "
                        + "communication efficiency largest useful time over run time, parallel efficiency their "
                        + "product. The server's work is not the clients', so that all ranks together are seldom balanced."
                ))
        }
        section.blocks += processorBlocks
        let facts = rankTables.facts
        if !facts.isEmpty { section.blocks.append(.facts(facts)) }
        if let waits = rankTables.waits {
            section.blocks.append(.table(waits))
            section.blocks.append(
                .paragraph(
                    "The rank that was waited for is the one that came last; no single rank where several were under way. A "
                        + "client waits for rank 0 while that waits for the slowest client, works itself, or sends to others and "
                        + "receives from them: where rank 0 waited much less than the clients, its own work or its transfers are the "
                        + "cause. The server's column of the phases tells which."))
        }
        if !account.rounds.isEmpty { section.blocks.append(.table(efficiencyTable)) }
        return section
    }

    /// The efficiencies of each round, of all ranks and then of the clients; with many rounds every so many, at most 51
    /// rows, the last one among them.
    private var efficiencyTable: Document.Table {
        var table = Document.Table(
            columns: [
                "round", "seconds", "balance", "comm.", "parallel", "clients' balance", "comm.", "parallel", "wait",
                "transfer", "slowest",
            ], words: 0)
        let rounds = account.rounds
        let every = max(1, (rounds.count + 49) / 50)
        for (i, round) in rounds.enumerated() where i % every == 0 || i == rounds.count - 1 {
            var row = ["\(round.round)", NumberText.seconds(round.duration)]
            for part in TimeAccount.Part.allCases {
                let efficiency = account.efficiency(round, of: part)
                row += [
                    NumberText.percent(efficiency?.loadBalance), NumberText.percent(efficiency?.communication),
                    NumberText.percent(efficiency?.parallel),
                ]
            }
            let shares = shares(round)
            row += [NumberText.percent(shares.wait), NumberText.percent(shares.transfer)]
            row.append(account.slowest(round).map { "rank \(run.timing.ranks[$0.index].rank)" } ?? "-")
            table.rows.append(row)
        }
        table.summary =
            "by round, each to the last that the server did for it: evaluation, and behind the last the checkpoint and the ranks' end"
            + (every > 1 ? ", every \(every) rounds (all of them: \(Self.efficiencyName))" : "")
        return table
    }

    /// Who holds the others up: the five clients that train longest a turn, and the five ranks with the fewest bytes
    /// per second of transfer.
    ///
    /// Bytes of a link are those of the rank's events, both ways. A transfer is timed from the moment both sides are
    /// there, so waiting makes no link slow.
    var slowSection: Document.Section {
        var section = Document.Section("Slowest clients and links")
        defer {
            let caveats = rankTables.facts.filter { ["busy", "lost"].contains($0.name) }
            if !section.blocks.isEmpty, !caveats.isEmpty { section.blocks.append(.facts(caveats)) }
        }
        let clients = account.clients.sorted {
            let (a, b) = ($0.value.training / max($0.value.rounds, 1), $1.value.training / max($1.value.rounds, 1))
            return (a, $1.key) > (b, $0.key)
        }
        if !clients.isEmpty {
            var table = Document.Table(
                columns: ["client", "rank", "turns", "training s a turn", "samples a turn", "samples/s"])
            for (client, time) in clients.prefix(5) {
                let seconds = Double(time.training) / 1e6
                table.rows.append([
                    "\(client)", "\(time.rank)", "\(time.rounds)",
                    NumberText.fixed(seconds / Double(max(time.rounds, 1)), 3),
                    NumberText.grouped(time.samples / max(time.rounds, 1)),
                    seconds > 0 ? NumberText.grouped(Int(Double(time.samples) / seconds)) : "-",
                ])
            }
            section.blocks.append(.table(table))
        }
        var links: [(rank: RankTiming, seconds: Double, bytes: Int)] = []
        for (rank, times) in zip(run.timing.ranks, account.ranks) where rank.rank > 0 && times.transfer > 0 {
            let bytes = rank.events.reduce(0) { $0 + $1.bytesIn + $1.bytesOut }
            links.append((rank, Double(times.transfer) / 1e6, bytes))
        }
        links.sort { Double($0.bytes) / $0.seconds < Double($1.bytes) / $1.seconds }
        if !links.isEmpty {
            var table = Document.Table(columns: ["link to", "MB", "transfer s", "MB/s"])
            for link in links.prefix(5) {
                table.rows.append([
                    link.rank.name, NumberText.fixed(Double(link.bytes) / 1e6, 2), NumberText.fixed(link.seconds, 3),
                    NumberText.fixed(Double(link.bytes) / 1e6 / link.seconds, 1),
                ])
            }
            section.blocks.append(.table(table))
            section.blocks.append(
                .paragraph(
                    "Both ways, while both sides were there. A transfer is over for its sender when MPI has taken the bytes, which may "
                        + "still be under way, and ranks of a host share its link: on a slow one MB/s is more than the link has."
                ))
        }
        return section
    }

    /// The bytes by log, by event and by MPI function, and who sent them to whom.
    ///
    /// The same bytes are there several times, so that a reader can check one count against the other: docs/TIMING.md
    /// says which ones agree exactly, and why the others do not.
    var bytesSection: Document.Section {
        var section = Document.Section("Bytes")
        let log = run.log
        var facts: [(String, String)] = [
            ("updates, round log", "\(NumberText.grouped(log.uploadBytes)) bytes"),
            ("weights, round log", "\(NumberText.grouped(log.downloadBytes)) bytes, a copy for each client"),
        ]
        if let server = run.timing.server, !run.timing.clients.isEmpty {
            func sum(_ phase: Phase, _ bytes: KeyPath<TimingEvent, Int>) -> Int {
                server.events.reduce(0) { $0 + ($1.phase == phase ? $1[keyPath: bytes] : 0) }
            }
            let meant = run.hasTopology ? ", counted as without --topology" : ""
            // What clients are asked to try on their own samples is no round's traffic.
            let tests = run.setting("client-test").flatMap { Double($0) }.map { $0 > 0 } ?? false
            let more = tests ? ", with what the clients' own tests (--client-test) take" : ""
            // These go down as messages of their own.
            let kept = run.clientStateBytes > 0 ? ", with what clients keep (below: states)" : ""
            let updates = NumberText.grouped(sum(.gather, \.bytesIn))
            facts.append(("updates, server's log", "\(updates) bytes in\(kept)\(more)\(meant)"))
            facts.append(
                (
                    "weights, server's log",
                    "\(NumberText.grouped(sum(.broadcast, \.bytesOut))) bytes out, a copy for each rank, of rounds that were repeated and of the run's end, too\(more)\(meant)"
                ))
            let received = run.timing.clients.reduce(0) { $0 + Self.bytesDown($1) }
            facts.append(
                (
                    "weights, clients' logs",
                    "\(NumberText.grouped(received)) bytes, a copy for each client, of rounds that were repeated, too\(more)"
                ))
        }
        section.blocks.append(.facts(facts))
        if let operations = rankTables.operations {
            section.blocks.append(.table(operations))
            section.blocks.append(
                .paragraph(
                    "As the program meant it: a collective counts once between the root and each member, though on the wire "
                        + "a tree of ranks forwards it. What is sent from rank to rank stands in two lines, the sender's and the "
                        + "receiver's, or in the sender's alone where its receiver ended before it came; the table of ranks has "
                        + "each byte sent once. Times run from the call to its completion, waiting included. A round that was repeated, or was begun and not finished, is in these tables and not in "
                        + "the round log."))
        }
        if let matrix { section.blocks.append(.table(matrix)) }
        let remarks = rankTables.facts.filter { ["lost", "hosts", "states"].contains($0.name) }
        if !remarks.isEmpty { section.blocks.append(.facts(remarks)) }
        if let traffic, traffic.isPartial {
            section.blocks.append(.paragraph("Some ranks left no counts; what their peers counted stands for them."))
        }
        return section
    }

    /// Bytes that a rank's clients received, though ranks that run several receive them once. In the round log's terms:
    /// a frame for each client.
    private static func bytesDown(_ rank: RankTiming) -> Int {
        rank.events.reduce(0) { $0 + ($1.phase == .broadcast ? $1.bytesIn * $1.clients : 0) }
    }

    /// Bytes and messages, `[sender][receiver]`, of the first 17 ranks; nil with a single rank or without counts.
    private var matrix: Document.Table? {
        guard let traffic, traffic.rankCount > 1 else { return nil }
        let ranks = 0..<min(traffic.rankCount, 17)
        var table = Document.Table(columns: ["from \\ to"] + ranks.map { "rank \($0)" })
        for sender in ranks {
            table.rows.append(
                ["rank \(sender)"]
                    + ranks.map { receiver in
                        let messages = traffic.messages[sender][receiver]
                        guard messages > 0 else { return "-" }
                        return
                            "\(NumberText.grouped(traffic.bytes[sender][receiver])) (\(NumberText.grouped(messages)))"
                    })
        }
        table.summary =
            "bytes (messages) from rank to rank"
            + (ranks.count < traffic.rankCount ? ", the first \(ranks.count) ranks (all: \(Self.matrixName))" : "")
        return table
    }
}
