import FedCore
import Foundation
import Recording
import Records

extension RunReport {
    /// What came of it: rounds, time, metrics, final and best accuracy, bytes, and how many entries of the log cannot
    /// be read.
    ///
    /// The final accuracy is that of the last round that was evaluated, which need not be the last. The best is the
    /// highest of any round, the first of equals; it is picked by the very samples that it is measured on, so it
    /// flatters.
    var outcome: Document.Section {
        let log = run.log
        let last = log.rounds.last
        var rounds = NumberText.grouped(log.rounds.count)
        if let planned = run.plannedRounds, planned != log.rounds.count {
            rounds += " of \(NumberText.grouped(planned))"
        }
        if !run.isFinished { rounds += ", not finished" }
        var facts: [(String, String)] = [("rounds", rounds)]
        let seconds = log.rounds.reduce(0) { $0 + $1.seconds }
        facts.append(("time in rounds", "\(NumberText.fixed(seconds, 2)) s"))
        if log.rounds.contains(where: { $0.simulatedSeconds != nil }) {
            let simulated = log.rounds.reduce(0) { $0 + ($1.simulatedSeconds ?? 0) }
            facts.append(("simulated time", "\(NumberText.fixed(simulated, 2)) s (simulated: nobody waited for it)"))
        }
        for metric in run.metrics where metric != .simulatedSeconds {
            guard let whole = metric.whole(of: log.rounds.compactMap { $0.metrics[metric.name] }) else { continue }
            facts.append((metric.label, (NumberText.value(whole, of: metric) ?? "-") + metric.suffix))
        }
        if let evaluated = log.rounds.last(where: { $0.accuracy != nil }) {
            let loss = evaluated.serverLoss.map { ", loss \(NumberText.fixed($0, 4))" } ?? ""
            facts.append(
                (
                    "final accuracy",
                    NumberText.percent(evaluated.accuracy, 2) + intervalText(evaluated) + loss
                        + (evaluated.serverAccuracy == nil ? ", mean of the clients" : "")
                        + (evaluated.round == last?.round ? "" : ", after round \(evaluated.round)")
                ))
        }
        if let best = convergence.points.max(by: { ($0.accuracy, $1.round) < ($1.accuracy, $0.round) }) {
            facts.append(("best accuracy", "\(NumberText.percent(best.accuracy, 2)), after round \(best.round)"))
        }
        facts.append(("uploaded", Self.megabytesAndBytes(log.uploadBytes)))
        facts.append(("downloaded", Self.megabytesAndBytes(log.downloadBytes)))
        if run.resumes > 0 { facts.append(("continued", NumberText.count(run.resumes, "time"))) }
        var blocks: [Document.Block] = [.facts(facts)]
        if log.rounds.isEmpty { blocks.append(.paragraph("No round was finished.")) }
        if log.damagedEntries > 0 {
            blocks.append(
                .paragraph("\(NumberText.count(log.damagedEntries, "entry")) of the round log cannot be read."))
        }
        return Document.Section("Outcome", blocks)
    }

    /// The interval of a round's accuracy, in parentheses; empty where it is not known.
    private func intervalText(_ round: RoundRecord) -> String {
        guard let interval = run.accuracyInterval(of: round), let samples = run.testSamples else { return "" }
        return " (95 % interval \(NumberText.fixed(100 * interval.low, 2)) to \(NumberText.percent(interval.high, 2)), "
            + "\(NumberText.count(samples, "test sample")))"
    }

    /// For example `3.43 MB (3,432,960 bytes)`.
    static func megabytesAndBytes(_ bytes: Int) -> String {
        "\(NumberText.megabytes(bytes)) (\(NumberText.grouped(bytes)) bytes)"
    }

    /// What accuracy cost: the bytes with which 70, 80, 85 and 90 % were first reached, where accuracy falls off, and
    /// what the raw data would have cost.
    var accuracyAndBytes: Document.Section {
        var section = Document.Section("Accuracy and bytes")
        section.blocks += picture("convergence_and_cost")
        section.blocks += picture("accuracy_over_epsilon")
        guard !convergence.points.isEmpty else {
            let isRegression = run.log.rounds.contains { $0[.r2] != nil }
            section.blocks.append(
                .paragraph(
                    isRegression ? "A regression has errors and no accuracy." : "The model was not evaluated."))
            return section
        }
        var table = Document.Table(columns: ["accuracy", "round", "upload MB", "download MB"])
        for accuracy in [0.7, 0.8, 0.85, 0.9] {
            let name = NumberText.percent(accuracy, 0)
            if let point = convergence.first(reaching: accuracy) {
                table.rows.append([
                    name, "\(point.round)", NumberText.fixed(Double(point.uploadBytes) / 1e6, 2),
                    NumberText.fixed(Double(point.downloadBytes) / 1e6, 2),
                ])
            } else {
                table.rows.append([name, "not reached", "-", "-"])
            }
        }
        section.blocks.append(.table(table))
        section.blocks.append(.paragraph(fallOffText))
        section.blocks += picture("bandwidth_efficiency")
        if let rawData = rawDataText { section.blocks.append(.paragraph(rawData)) }
        return section
    }

    /// The knee of accuracy over bytes in words, with what stopping there saves and what it gives up against the best
    /// accuracy (``Convergence/fallOff``).
    private var fallOffText: String {
        guard convergence.points.count >= Convergence.enough else {
            return
                "Fewer than \(Convergence.enough) rounds were evaluated: too few to tell where accuracy per MB falls off."
        }
        guard let knee = convergence.fallOff, let last = convergence.points.last else {
            return "Accuracy per MB does not fall off within this run: later rounds were worth as much as the first."
        }
        let saved = last.uploadBytes - knee.uploadBytes
        let best = convergence.points.map(\.accuracy).max() ?? knee.accuracy
        let share = last.uploadBytes > 0 ? Double(saved) / Double(last.uploadBytes) : 0
        let lost = 100 * (best - knee.accuracy)
        return "Accuracy per MB falls off after round \(knee.round): \(NumberText.percent(knee.accuracy, 2)) for "
            + "\(NumberText.megabytes(knee.uploadBytes)) of updates. Whoever stops there saves "
            + "\(NumberText.megabytes(saved)) (\(NumberText.percent(share, 0))) and "
            + (lost > 0
                ? "gives up \(NumberText.fixed(lost, 2)) points of the best round's \(NumberText.percent(best, 2))\(doubt(of: lost / 100, at: best))."
                : "gives up nothing on the test samples by which the round is found: no later one was better, and the last is at \(NumberText.percent(last.accuracy, 2)).")
    }

    /// That a difference of accuracies is less than the test samples can tell, where it is; empty otherwise.
    private func doubt(of difference: Double, at accuracy: Double) -> String {
        guard let samples = run.testSamples, let interval = WilsonInterval(accuracy, of: samples) else { return "" }
        return difference < (interval.high - interval.low) / 2
            ? ", less than \(NumberText.grouped(samples)) test samples can tell" : ""
    }

    /// The bytes of the run against those of shipping every client's samples once, uncompressed; nil where the
    /// partition or the size of a sample is not known.
    private var rawDataText: String? {
        guard let partition = run.partition else { return nil }
        let samples = partition.table.reduce(0) { $0 + $1.reduce(0, +) }
        let raw = samples * partition.bytesPerSample
        guard raw > 0 else { return nil }
        var text =
            "Shipping the raw data once would take \(NumberText.grouped(samples)) × "
            + "\(NumberText.grouped(partition.bytesPerSample)) bytes = \(NumberText.megabytes(raw)); the updates took "
            + "\(NumberText.fixed(Double(run.log.uploadBytes) / Double(raw), 2)) times that, with the weights on their way "
            + "down \(NumberText.fixed(Double(run.log.uploadBytes + run.log.downloadBytes) / Double(raw), 2)) times."
        if let round = run.log.rounds.first(where: { $0.totalUploadBytes > raw }) {
            text += " The updates passed it in round \(round.round)."
        }
        return text
    }

    /// Who took part: clients a round, how many failed in which way, and a table of faults. Empty when the log has no
    /// counts.
    ///
    var participation: Document.Section {
        let rounds = run.log.rounds
        guard rounds.contains(where: \.hasCounts) else { return Document.Section("Clients") }
        func sum(_ value: KeyPath<RoundRecord, Int>) -> Int { rounds.reduce(0) { $0 + $1[keyPath: value] } }
        var facts: [(String, String)] = [("clients a round", Self.turnout(rounds.filter(\.hasCounts)))]
        let faults: [(String, Int)] = [
            ("partial", sum(\.partial)), ("late", sum(\.late)), ("dropped", sum(\.dropped)),
            ("rejected", sum(\.rejected)),
            ("rounds repeated", rounds.count { $0.attempts > 1 }),
        ].filter { $0.1 > 0 }
        facts += faults.map { ($0.0, NumberText.grouped($0.1)) }
        let silent = run.silentRanks
        if !silent.isEmpty { facts.append(("logs end early", Self.named(silent.map(\.rank)))) }
        if faults.isEmpty, silent.isEmpty, run.faults.isEmpty { facts.append(("faults", "none")) }
        return Document.Section(
            "Clients", [.facts(facts)] + picture("client_participation") + (faultTable.map { [.table($0)] } ?? []))
    }

    /// How many of the clients that were asked had their update used, in words.
    ///
    /// - Parameter rounds: those whose log tells.
    private static func turnout(_ rounds: [RoundRecord]) -> String {
        let asked = Set(rounds.map(\.cohort))
        let used = rounds.map(\.participants)
        if asked.count == 1, let cohort = asked.first, used.allSatisfy({ $0 == cohort }) {
            return "all \(NumberText.grouped(cohort)) that were asked, in every round"
        }
        func mean(_ counts: [Int]) -> String {
            NumberText.fixed(Double(counts.reduce(0, +)) / Double(max(counts.count, 1)), 1)
        }
        let fewest = rounds.min { ($0.participants, $0.round) < ($1.participants, $1.round) }
        return "\(mean(used)) of \(mean(rounds.map(\.cohort))) asked on average"
            + (fewest.map { "; fewest \(NumberText.grouped($0.participants)), in round \($0.round)" } ?? "")
    }

    /// What went wrong, one by one, the first 100; nil when nothing did. Clients are cut to 8, reasons to 80
    /// characters.
    private var faultTable: Document.Table? {
        guard !run.faults.isEmpty else { return nil }
        var table = Document.Table(columns: ["round", "fault", "rank", "clients", "reason"], words: 5)
        for fault in run.faults.prefix(100) {
            let clients = fault.clients
            table.rows.append([
                "\(fault.round)", fault.kind.words, fault.rank.map(String.init) ?? "-",
                clients.isEmpty
                    ? "-"
                    : clients.prefix(8).map(String.init).joined(separator: ", ") + (clients.count > 8 ? ", …" : ""),
                String((fault.reason ?? "-").prefix(80)),
            ])
        }
        table.summary =
            NumberText.count(run.faults.count, "fault") + (run.faults.count > 100 ? ", the first 100 of them" : "")
        return table
    }

    /// Ranks in words: `rank 3`, or `ranks 3, 4`, or the first eight and `and 5 more`.
    static func named(_ ranks: [Int]) -> String {
        if ranks.count == 1 { return "rank \(ranks[0])" }
        let shown = ranks.prefix(8).map(String.init).joined(separator: ", ")
        return "ranks \(shown)" + (ranks.count > 8 ? " and \(ranks.count - 8) more" : "")
    }

    /// The picture of the clients' data.
    var dataSection: Document.Section {
        Document.Section("Data", picture("client_distribution"))
    }

    /// What `config.json` tells: settings first, then versions and hosts.
    var settingsSection: Document.Section {
        var blocks: [Document.Block] = []
        if !run.settings.isEmpty { blocks.append(.facts(run.settings)) }
        if !run.environment.isEmpty { blocks.append(.facts(run.environment)) }
        return Document.Section("Settings", blocks)
    }

    /// The round log as a table, with a column for each metric of the run; at most 1,000 rounds, evenly spread.
    var roundsSection: Document.Section {
        let rounds = run.log.rounds
        guard !rounds.isEmpty else { return Document.Section("Rounds") }
        var table = Document.Table(
            columns: [
                "round", "clients", "train loss", "server loss", "accuracy", "upload bytes", "download bytes",
                "seconds",
            ] + run.metrics.map(\.label), words: 0)
        let shown = Thinned(rounds.count, to: 1_000)
        for round in shown.indices.map({ rounds[$0] }) {
            func count(_ number: Int) -> String { round.hasCounts ? NumberText.grouped(number) : "-" }
            var row = ["\(round.round)", "\(count(round.participants))/\(count(round.cohort))"]
            row += [Self.cell(round.trainLoss, 4), Self.cell(round.serverLoss, 4)]
            row += [NumberText.percent(round.accuracy, 2), count(round.uploadBytes)]
            row += [count(round.downloadBytes), Self.cell(round.seconds > 0 ? round.seconds : nil, 3)]
            row += run.metrics.map { NumberText.value(round.metrics[$0.name], of: $0) ?? "-" }
            table.rows.append(row)
        }
        table.summary =
            NumberText.count(rounds.count, "round")
            + (shown.isWhole
                ? ""
                : ", of which \(NumberText.grouped(shown.indices.count)) are shown; all are in \(RecordFormat.roundLogName)")
        return Document.Section("Rounds", [.table(table)])
    }

    /// A number with so many decimals; `-` where there is none.
    private static func cell(_ number: Double?, _ decimals: Int) -> String {
        number.map { NumberText.fixed($0, decimals) } ?? "-"
    }
}

extension RoundRecord {
    /// Whether its log tells who took part: no round is without a cohort, but a version may not have written it.
    fileprivate var hasCounts: Bool { cohort > 0 }
}
