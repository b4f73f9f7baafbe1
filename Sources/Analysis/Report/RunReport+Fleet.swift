import FedCore
import Recording
import Records

extension RunReport {
    /// What the end of a run prints: of a simulated fleet first what became of its devices, then the tables of this
    /// machine's time and bytes (``rankTableLines``), under a heading that tells the two apart.
    public var endLines: [String] {
        let (fleet, ranks) = (fleetLines, rankTableLines)
        guard !fleet.isEmpty, !ranks.isEmpty else { return fleet + ranks }
        return fleet + ["", "Measured on this machine: the ranks, which are processes, that simulated the devices"]
            + ranks
    }

    /// A simulated fleet in lines: who took part, the simulated clock, energy, batteries; an empty line before them. Empty
    /// for a run without a fleet.
    ///
    /// Shares of who could be asked are means over the rounds; everything else is of the whole run, or as it was at the
    /// end of its last round.
    var fleetLines: [String] {
        guard let hours = last("fleet_hours") else { return [] }
        var lines = ["", "The fleet, simulated: nothing of it was measured on devices"]
        func line(_ name: String, _ text: String) {
            lines.append(name + String(repeating: " ", count: max(1, 10 - name.count)) + text)
        }
        let rounds = run.log.rounds
        let asked = rounds.reduce(0) { $0 + $1.cohort }
        let used = rounds.reduce(0) { $0 + $1.participants }
        line(
            "took part",
            "\(NumberText.percent(last("fleet_participation"), 1)) of the devices; "
                + "\(NumberText.grouped(used)) of \(NumberText.count(asked, "turn")) counted")
        if let share = mean("fleet_eligible") {
            line("available", "\(NumberText.percent(share, 1)) could be asked when a round began (mean of the rounds)")
        }
        line(
            "clock",
            "\(run.setting("fleet-start").flatMap { Double($0) }.map { "from \(NumberText.fixed($0, 2)) to " } ?? "")"
                + "\(NumberText.fixed(hours, 2)) h after a Monday's midnight; "
                + "\(NumberText.fixed(sum("fleet_pause") / 3600, 2)) h of it until the next round was due, "
                + "\(NumberText.fixed(sum("fleet_wait") / 3600, 2)) h waiting for devices")
        let phases = [
            ("computing", "joules_compute"), ("sending", "joules_up"), ("receiving", "joules_down"),
            ("radio tails", "joules_tail"),
        ].map { "\($0) \(NumberText.fixed(sum($1), 1))" }
        line("energy", "\(NumberText.fixed(sum("joules"), 1)) J: " + phases.joined(separator: ", "))
        let classes = run.metrics.filter { $0.name.hasPrefix("joules_of_") }
            .map { metric in
                let name = metric.title.hasSuffix(" J") ? String(metric.title.dropLast(2)) : metric.title
                return "\(name) \(NumberText.fixed(sum(metric.name), 1))"
            }
        if !classes.isEmpty { line("by class", "J: " + classes.joined(separator: ", ")) }
        let totals = classTotals
        if !totals.isEmpty {
            line("", "turns: " + totals.map { "\($0.name) \(NumberText.grouped($0.turns))" }.joined(separator: ", "))
            let sent = totals.compactMap { total in
                total.bytes.map { "\(total.name) \(NumberText.fixed(Double($0.upload) / 1e6, 2))" }
            }
            if sent.count == totals.count { line("", "MB up: " + sent.joined(separator: ", ")) }
        }
        if let tenth = last("battery_p10"), let half = last("battery_p50"), let most = last("battery_p90") {
            line(
                "batteries",
                "a tenth below \(NumberText.percent(tenth, 0)), half below \(NumberText.percent(half, 0)), "
                    + "\(most > 0.995 ? "a tenth full" : "a tenth at \(NumberText.percent(most, 0)) or more") at the end"
            )
        }
        if let emptied = last("batteries_emptied"), let drained = last("batteries_drained") {
            line(
                "",
                "\(NumberText.grouped(Int(emptied))) ran empty, \(NumberText.grouped(Int(drained))) of them by training"
            )
        }
        return lines
    }

    /// The value of a metric in the last round that has one; nil without any.
    private func last(_ name: String) -> Double? { run.log.rounds.last { $0.metrics[name] != nil }?.metrics[name] }

    /// The sum of a metric's values.
    private func sum(_ name: String) -> Double { run.log.rounds.reduce(0) { $0 + ($1.metrics[name] ?? 0) } }

    /// The mean of a metric's values; nil without any.
    private func mean(_ name: String) -> Double? {
        let values = run.log.rounds.compactMap { $0.metrics[name] }
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}
