import Experiments
import FedCore
import Federation
import Foundation
import Records
import RunStore

/// Recorded runs side by side: the data behind the tables and the picture of `fedmpi compare`.
///
/// A value without files: ``Compare`` reads the history, this type chooses what is worth showing (only settings
/// that differ, only metrics that some run has), and its extension draws. All runs have their columns in the
/// order in which the user named them.
struct Comparison {
    /// One run of the comparison.
    struct Entry {
        /// Row of the history.
        let run: StoredRun
        /// Finished rounds, in order.
        let rounds: [RoundRecord]
        /// Settings by the names of their options, as texts; empty lists are left out.
        let settings: [String: String]

        /// The first round that had at least an accuracy, and the cost up to and including it.
        ///
        /// Rounds that were not evaluated count in the cost, but cannot be the one.
        ///
        /// - Parameter accuracy: Share of the test samples, in [0, 1].
        /// - Returns: The round's number, bytes sent up and down until then, and wall seconds of the rounds until
        ///   then; nil when the run never had that accuracy.
        func reaching(_ accuracy: Double) -> (round: Int, bytes: Int, seconds: Double)? {
            var seconds = 0.0
            for round in rounds {
                seconds += round.seconds
                if let reached = round.accuracy, reached >= accuracy {
                    return (round.round, round.totalUploadBytes + round.totalDownloadBytes, seconds)
                }
            }
            return nil
        }

        /// One figure for a metric of the whole run, e.g. a sum or the last value, as the metric defines it; nil
        /// when no round has it.
        func whole(of metric: Metric) -> Double? { metric.whole(of: rounds.compactMap { $0[metric] }) }

        /// Simulated seconds of all rounds; nil when no time was simulated.
        var simulatedSeconds: Double? { whole(of: .simulatedSeconds) }
    }

    /// The runs, two at least, in the order in which the user named them.
    let entries: [Entry]
    /// Settings in which the runs differ, in alphabetical order, with one value a run; `-` where a run does not
    /// have the setting, e.g. because an older version wrote it.
    let differences: [(name: String, values: [String])]

    /// What each run's data are known by; nil where nothing tells, empty for nobody.
    private let data: [String?]

    /// Whether runs with the same seed and settings of the data were on different ones: the files have changed meanwhile.
    private var haveOtherData: Bool {
        var known: [[String]: String] = [:]
        for (entry, digest) in zip(entries, data) {
            guard let digest else { continue }
            let key = ["dataset", "dataset-options", "seed", "clients", "samples-per-client", "normalize"]
                .map { entry.settings[$0] ?? "-" }
            if known.updateValue(digest, forKey: key).map({ $0 != digest }) ?? false { return true }
        }
        return false
    }

    /// What heads each run's column and names its curve: its name, or where names are long, as those of a sweep's runs
    /// are, the values of the settings in which they differ, or its number in the history.
    let titles: [String]

    /// Characters of a name that heads a column as it is.
    private static let longName = 18
    /// Characters of the settings that may stand for a name; a heading is broken at its words.
    private static let longTitle = 60

    /// Compares runs by their settings.
    ///
    /// - Parameters:
    ///   - runs: Each run with its rounds.
    ///   - data: What each run's data are known by; nil where nothing tells, empty for nobody.
    /// - Throws: `DecodingError` when the settings of a run are not the JSON that fedmpi writes.
    init(_ runs: [(StoredRun, [RoundRecord])], data: [String?] = []) throws {
        self.data = data
        let entries = try runs.map { Entry(run: $0, rounds: $1, settings: try RunText.settings(of: $0)) }
        self.entries = entries
        let names = Set(entries.flatMap(\.settings.keys)).sorted()
        let differences: [(name: String, values: [String])] =
            names.map { name in (name, entries.map { $0.settings[name] ?? "-" }) }
            .filter { Set($0.1).count > 1 }
        self.differences = differences
        titles = Self.titles(of: entries, differences)
    }

    /// See ``titles``.
    private static func titles(of entries: [Entry], _ differences: [(name: String, values: [String])]) -> [String] {
        let names = entries.map(\.run.name)
        guard names.contains(where: { $0.count > longName }) else { return names }
        let settings = entries.indices.map { i in SweepTable.title(differences.map { ($0.name, $0.values[i]) }) }
        if Set(settings).count == entries.count, settings.allSatisfy({ !$0.isEmpty && $0.count <= longTitle }) {
            return settings
        }
        return entries.enumerated().map { "run \($1.run.id.map { "\($0)" } ?? "#\($0 + 1)")" }
    }

    /// The highest accuracy that every run had in some round, in [0, 1]; nil when one was never evaluated.
    ///
    /// It is the fair target for a comparison of cost: each run reached it, so "rounds, bytes and seconds to it"
    /// exists for all.
    var commonAccuracy: Double? {
        let best = entries.compactMap(\.run.bestAccuracy)
        return best.count == entries.count ? best.min() : nil
    }

    /// Whether there is anything to draw: a finite accuracy in any round of any run. A run that diverged may have
    /// NaN only.
    var hasCurves: Bool {
        entries.contains { $0.rounds.contains { $0.accuracy?.isFinite == true } }
    }

    /// The two tables, for a terminal: settings that differ, an empty line, outcomes. Names that are too long for a heading
    /// are listed before them.
    var text: String {
        let list = zip(titles, entries).filter { $0 != $1.run.name }
        let width = list.map { $0.0.count }.max() ?? 0
        let names = list.map { "\(Format.leftAligned($0, to: width))  \($1.run.name)\n" }.joined()
        return (names.isEmpty ? "" : names + "\n") + tables
    }

    /// The tables alone.
    private var tables: String {
        // What is no setting, and may still tell why runs differ.
        var surroundings: [(name: String, values: [String])] = [
            ("fedmpi", entries.map(\.run.version)), ("mpi", entries.map(\.run.mpi)),
            ("oneDNN", entries.map(\.run.oneDNN)), ("ranks", entries.map { "\($0.run.ranks)" }),
            ("hosts", entries.map { "\($0.run.hosts)" }),
        ]
        if haveOtherData { surroundings.append(("data, SHA-256 of both splits", data.map { $0 ?? "-" })) }
        let differences = differences + surroundings.filter { Set($0.values).count > 1 }
        let settings = differences.isEmpty ? "settings  no difference" : table("settings", differences)
        let paired = paired.text()
        let note =
            commonAccuracy.map { "\nto \(Format.percent($0)): the best accuracy that all of them had at some time" }
            ?? ""
        return settings + "\n\n" + table("outcome", outcome) + note + (paired.isEmpty ? "" : "\n\n" + paired)
    }

    /// Runs of one setting beside those of the best, by the final accuracy of runs with equal seeds; without rows where the
    /// seed is not among the settings that differ, and of settings that have no two runs or other seeds.
    var paired: PairedTable {
        guard !haveOtherData, let place = differences.firstIndex(where: { $0.name == "seed" }) else {
            return PairedTable(rows: [])
        }
        let seeds = differences[place].values
        let others = differences.filter { $0.name != "seed" && $0.name != "run-name" }
        var names: [String] = []
        var groups: [String: [(seed: String, accuracy: Double)]] = [:]
        for (i, entry) in entries.enumerated() {
            let name = SweepTable.title(others.map { ($0.name, $0.values[i]) })
            if groups[name] == nil { names.append(name) }
            guard let accuracy = entry.run.accuracy, entry.run.status == .finished else { return PairedTable(rows: []) }
            groups[name, default: []].append((seed: seeds[i], accuracy: accuracy))
        }
        let ordered = names.map { name in (groups[name] ?? []).sorted { $0.seed < $1.seed } }
        guard names.count > 1, let first = ordered.first?.map(\.seed), Set(first).count == first.count,
            ordered.allSatisfy({ $0.map(\.seed) == first })
        else { return PairedTable(rows: []) }
        return PairedTable(
            rows: PairedTest.besideBest(ordered.map { $0.map(\.accuracy) }).map {
                (names[$0.place], names[$0.best], $0.test)
            })
    }

    /// A table with a row for each name and a column for each run.
    private func table(_ title: String, _ rows: [(name: String, values: [String])]) -> String {
        var table = TextTable([(title, .left)] + titles.map { ($0, .right) })
        for (name, values) in rows { table.add([name] + values) }
        return table.text
    }

    /// Rows of the second table: how each run ended, what it reached, and what that cost.
    ///
    /// Traffic is in MB of 1,000,000 bytes and time in seconds. The last rows are the cost to ``commonAccuracy``;
    /// the very last is the beginning of the digest of the final weights, where two runs that are the same to the
    /// bit show it.
    private var outcome: [(String, [String])] {
        /// Asks each run for one text; a dash stands where a run has none.
        func row(_ name: String, _ text: (Entry) -> String?) -> (String, [String]) {
            (name, entries.map { text($0) ?? "-" })
        }
        /// Mean wall seconds of a round; nil without a round.
        func perRound(_ entry: Entry) -> Double? {
            entry.rounds.isEmpty ? nil : entry.rounds.reduce(0) { $0 + $1.seconds } / Double(entry.rounds.count)
        }
        var rows = [
            row("status") { $0.run.status.rawValue },
            row("rounds") { RunText.rounds(of: $0.run) },
            row("accuracy") { Format.percent($0.run.accuracy) },
            row("at best") { Format.percent($0.run.bestAccuracy) },
            row("test loss") { $0.run.loss.map { Format.fixed($0, 4) } },
            row("train loss") { $0.rounds.last?.trainLoss.map { Format.fixed($0, 4) } },
            row("upload") { Format.megabytes($0.run.uploadBytes) },
            row("download") { Format.megabytes($0.run.downloadBytes) },
            row("time in all") { Format.fixed($0.run.seconds, 2) + " s" },
            row("a round") { perRound($0).map { Format.fixed($0, 3) + " s" } },
        ]
        if entries.contains(where: { $0.simulatedSeconds != nil }) {
            rows.append(row("simulated") { $0.simulatedSeconds.map { Format.fixed($0, 2) + " s" } })
        }
        let measured = Set(entries.flatMap { $0.rounds.flatMap(\.metrics.keys) })
        for metric in Metric.describing(measured, by: entries.flatMap { $0.run.metrics ?? [] })
        where metric != .simulatedSeconds {
            rows.append(row(metric.label + metric.suffix) { Format.value($0.whole(of: metric), of: metric) })
        }
        if let accuracy = commonAccuracy {
            rows += [
                row("to \(Format.percent(accuracy))") {
                    $0.reaching(accuracy).map { Format.count($0.round, "round") }
                },
                row("  up and down") { $0.reaching(accuracy).map { Format.megabytes($0.bytes) } },
                row("  time of rounds") { $0.reaching(accuracy).map { Format.fixed($0.seconds, 2) + " s" } },
            ]
        }
        rows.append(row("weights") { $0.run.digest.map { String($0.prefix(12)) } })
        return rows
    }

    /// Name of the picture's folder in the results folder: `compare-A-B`, abbreviated past 100 bytes.
    ///
    /// - Parameter names: of the runs, or of a sweep whose runs are compared.
    ///
    /// A run's name may be a path below the results folder, and the history may come from somebody else, so
    /// slashes and characters that no terminal shows become `_`. File systems allow a name of 255 bytes, which
    /// many runs would exceed.
    static func folderName(of names: [String]) -> String {
        // A name may be a path, and the history somebody else's.
        let names = names.map { name in
            String(String.UnicodeScalarView(name.unicodeScalars.map { $0 == "/" || !$0.isPrintable ? "_" : $0 }))
        }
        let full = "compare-" + names.joined(separator: "-")
        return full.utf8.count <= 100 ? full : "compare-\(names[0].prefix(60))-and-\(names.count - 1)-more"
    }
}
