import Foundation
import Records
import RunStore

/// Runs side by side: what differs in their settings, their curves over each other, what they cost, and whether a difference is
/// more than the seeds'.
struct ComparePage {
    /// One run.
    struct Entry: Sendable {
        let run: StoredRun
        let curve: RunCurve
        /// By name, as texts.
        let settings: [String: String]
    }

    /// In the order in which they were asked for.
    let entries: [Entry]

    /// The most runs that are compared at once.
    static let most = 200

    /// Everything below the heading.
    var html: HTML {
        """
        <h2>Settings that differ</h2>\(differences)
        <h2>Over the seeds</h2>\(groups)
        <h2>Curves</h2><div class="charts">\(curves)</div>
        <h2>Outcome</h2>\(outcome)
        """
    }

    /// Names of settings in which the runs differ, with their values.
    private var differing: [(name: String, values: [String])] {
        Set(entries.flatMap(\.settings.keys)).sorted().map { name in
            (name, entries.map { $0.settings[name] ?? "–" })
        }.filter { Set($0.values).count > 1 }
    }

    /// A table of the settings that differ: of few runs a column each, of many the different values and how often they come.
    private var differences: HTML {
        let differing = differing
        guard !differing.isEmpty else { return "<p>None: the settings are the same.</p>" }
        guard entries.count <= 12 else {
            // A column for each run would be wider than any screen.
            let rows = differing.html { name, values in
                let counts = Dictionary(grouping: values) { $0 }.map { ($0.key, $0.value.count) }
                    .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
                let words =
                    counts.prefix(12).map { "\($0.0) (\($0.1))" }.joined(separator: ", ")
                    + (counts.count > 12 ? ", and \(counts.count - 12) more" : "")
                return "<tr><td>\(name)</td><td class=\"n\">\(counts.count)</td><td class=\"wrap\">\(words)</td></tr>"
            }
            return Layout.table(
                "Settings that differ", head: "<th>setting</th><th class=\"n\">values</th><th>value (runs)</th>", rows)
        }
        let head: HTML = "<th>setting</th>\(entries.html { "<th>\($0.run.name)</th>" })"
        let rows = differing.html { name, values in
            "<tr><td>\(name)</td>\(values.html { "<td>\($0.count > 60 ? String($0.prefix(59)) + "…" : $0)</td>" })</tr>"
        }
        return Layout.table("Settings that differ", head: head, rows)
    }

    // MARK: Groups

    /// Runs that differ in nothing but the seed.
    private var bySettings: [(name: String, entries: [Entry])] {
        let names = differing.map(\.name).filter { $0 != "seed" }
        var groups: [(key: [String], entries: [Entry])] = []
        for entry in entries {
            let key = names.map { entry.settings[$0] ?? "–" }
            if let place = groups.firstIndex(where: { $0.key == key }) {
                groups[place].entries.append(entry)
            } else {
                groups.append((key, [entry]))
            }
        }
        return groups.map { group in
            let name = zip(names, group.key).map { "\($0) \($1)" }.joined(separator: ", ")
            return (name.isEmpty ? "all" : name, group.entries)
        }
    }

    /// Means over the runs that differ in nothing but the seed, beside the group with the highest mean.
    ///
    /// A single run of each setting says little: the scatter over seeds is often larger than the difference.
    private var groups: HTML {
        let groups = bySettings
        guard groups.contains(where: { $0.entries.count > 1 }) else {
            return
                "<p class=\"quiet\">No two of these runs differ in their seed alone: one run each says little of a difference of a few tenths of a point.</p>"
        }
        func finals(_ entries: [Entry]) -> [Double] { entries.compactMap { $0.curve.points.last?.quality } }
        let best = groups.max { Self.mean(finals($0.entries)) < Self.mean(finals($1.entries)) }
        let rows = groups.html { group in
            let values = finals(group.entries)
            let isBest = group.name == best?.name
            let test = isBest ? nil : best.flatMap { WelchTest(finals($0.entries), values) }
            let words =
                isBest
                ? "the highest mean"
                : test.map {
                    "p = \(Words.number($0.probability))" + ($0.probability < 0.05 ? ": lower" : ": not told apart")
                }
                    ?? "needs two seeds each"
            return """
                <tr><td class="wrap">\(group.name)</td><td class="n">\(group.entries.count)</td>\
                <td class="n">\(Words.spread(values) { Words.fixed($0 * 100, 2) }) %</td><td>\(words)</td>\
                <td class="n">\(Words.spread(group.entries.map { Double($0.run.uploadBytes + $0.run.downloadBytes) / 1e6 }) { Words.number($0) }) MB</td>\
                <td class="n">\(Words.spread(group.entries.map(\.run.seconds)) { Words.number($0) }) s</td></tr>
                """
        }
        let head: HTML = """
            <th>settings</th><th class="n">seeds</th><th class="n">last accuracy, mean ± deviation</th>\
            <th>beside the highest (Welch's test)</th><th class="n">traffic</th><th class="n">time</th>
            """
        return Layout.table("Means over seeds", head: head, rows)
    }

    /// The mean; of nothing, less than everything.
    private static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? -.infinity : values.reduce(0, +) / Double(values.count)
    }

    // MARK: Curves

    /// The accuracies over each other, by rounds, by bytes and by seconds, and what the last one cost.
    ///
    /// Accuracy by bytes is what federated training is about; by rounds two strategies may look alike and cost twice.
    private var curves: HTML {
        func series(_ x: (RunCurve.Point) -> Double) -> [LineChart.Series] {
            entries.map { entry in
                LineChart.Series(name: entry.run.name, points: entry.curve.points.map { (x($0), $0.quality) })
            }
        }
        func last(_ x: (StoredRun) -> Double) -> [LineChart.Series] {
            entries.map { entry in
                LineChart.Series(
                    name: entry.run.name, points: entry.curve.points.last.map { [(x(entry.run), $0.quality)] } ?? [])
            }
        }
        let traffic: (StoredRun) -> Double = { Double($0.uploadBytes + $0.downloadBytes) / 1e6 }
        return [
            LineChart(title: "Accuracy", x: "round", series: series { Double($0.round) }, isShare: true),
            LineChart(
                title: "Accuracy by traffic", x: "MB, up and down", series: series { Double($0.bytes) / 1e6 },
                isShare: true),
            LineChart(title: "Accuracy by time", x: "seconds of rounds", series: series { $0.seconds }, isShare: true),
            LineChart(
                title: "What the last accuracy cost: traffic", x: "MB, up and down", series: last(traffic),
                isShare: true,
                isScatter: true),
            LineChart(
                title: "What the last accuracy cost: time", x: "seconds", series: last(\.seconds), isShare: true,
                isScatter: true),
        ].html(\.html)
    }

    // MARK: Outcome

    /// How each run ended, and its cost to the highest accuracy that all of them reached: the target that is fair to all.
    private var outcome: HTML {
        let target =
            entries.compactMap(\.run.bestAccuracy).count == entries.count
            ? entries.compactMap(\.run.bestAccuracy).min() : nil
        let rows = entries.html { entry in
            let run = entry.run
            let reached = target.flatMap { target in entry.curve.points.first { $0.quality >= target } }
            let cost =
                reached.map { "round \($0.round), \(Words.bytes($0.bytes)), \(Words.duration($0.seconds))" } ?? "–"
            let isCheapest = Self.isPareto(entry, among: entries)
            return """
                <tr><td class="wrap"><a href="/runs/\(run.id ?? 0)">\(run.name)</a></td><td>\(RunPage.status(run))</td>\
                <td class="n">\(Words.percent(run.accuracy))</td><td class="n">\(Words.percent(run.bestAccuracy))</td>\
                <td class="n">\(Words.bytes(run.uploadBytes + run.downloadBytes))</td><td class="n">\(Words.duration(run.seconds))</td>\
                <td>\(cost)</td><td>\(isCheapest ? "yes" : "")</td><td>\(run.digest.map { String($0.prefix(12)) })</td></tr>
                """
        }
        let head: HTML = """
            <th>run</th><th>status</th><th class="n">accuracy</th><th class="n">at best</th><th class="n">traffic</th>\
            <th class="n">time</th><th>to \(Words.percent(target)), which all reached</th>\
            <th class="wrap">on the Pareto front (accuracy, traffic, time)</th><th>weights</th>
            """
        return Layout.table("Outcome", head: head, rows)
    }

    /// Whether no other run is at least as good in everything and better in something (Pareto's front).
    private static func isPareto(_ entry: Entry, among entries: [Entry]) -> Bool {
        func figures(_ entry: Entry) -> [Double]? {
            entry.curve.points.last.map {
                [-$0.quality, Double(entry.run.uploadBytes + entry.run.downloadBytes), entry.run.seconds]
            }
        }
        guard let own = figures(entry) else { return false }
        return !entries.contains { other in
            guard let others = figures(other) else { return false }
            return zip(others, own).allSatisfy { $0 <= $1 } && zip(others, own).contains { $0 < $1 }
        }
    }
}
