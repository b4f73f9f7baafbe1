import FedCore
import Federation
import Foundation
import Records
import RunStore

/// Runs side by side.
struct Comparison {
    /// One of them.
    struct Entry {
        let run: StoredRun
        let rounds: [RoundRecord]
        let settings: [String: String]

        /// The first round that had an accuracy, and what it took to get there.
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

        /// What stands for the run of a metric's values.
        func whole(of metric: Metric) -> Double? { metric.whole(of: rounds.compactMap { $0[metric] }) }

        /// Nil when no time was simulated.
        var simulatedSeconds: Double? { whole(of: .simulatedSeconds) }
    }

    let entries: [Entry]
    /// The settings in which they differ, by name.
    let differences: [(name: String, values: [String])]

    init(_ runs: [(StoredRun, [RoundRecord])]) throws {
        let entries = try runs.map { Entry(run: $0, rounds: $1, settings: try RunText.settings(of: $0)) }
        self.entries = entries
        let names = Set(entries.flatMap(\.settings.keys)).sorted()
        differences = names.map { name in (name, entries.map { $0.settings[name] ?? "-" }) }
            .filter { Set($0.1).count > 1 }
    }

    /// The highest accuracy that all of them had; nil when one was never evaluated.
    var commonAccuracy: Double? {
        let best = entries.compactMap(\.run.bestAccuracy)
        return best.count == entries.count ? best.min() : nil
    }

    /// Whether there is anything to draw.
    var hasCurves: Bool {
        entries.contains { $0.rounds.contains { $0.accuracy?.isFinite == true } }
    }

    /// The tables.
    var text: String {
        // What is no setting, and may still tell why runs differ.
        let surroundings: [(name: String, values: [String])] = [
            ("fedmpi", entries.map(\.run.version)), ("mpi", entries.map(\.run.mpi)),
            ("oneDNN", entries.map(\.run.oneDNN)), ("ranks", entries.map { "\($0.run.ranks)" }),
            ("hosts", entries.map { "\($0.run.hosts)" }),
        ]
        let differences = differences + surroundings.filter { Set($0.values).count > 1 }
        let settings = differences.isEmpty ? "settings  no difference" : table("settings", differences)
        return settings + "\n\n" + table("outcome", outcome)
    }

    private func table(_ title: String, _ rows: [(name: String, values: [String])]) -> String {
        var table = TextTable([(title, .left)] + entries.map { ($0.run.name, .right) })
        for (name, values) in rows { table.add([name] + values) }
        return table.text
    }

    private var outcome: [(String, [String])] {
        func row(_ name: String, _ text: (Entry) -> String?) -> (String, [String]) {
            (name, entries.map { text($0) ?? "-" })
        }
        func perRound(_ entry: Entry) -> Double? {
            entry.rounds.isEmpty ? nil : entry.rounds.reduce(0) { $0 + $1.seconds } / Double(entry.rounds.count)
        }
        var rows = [
            row("status") { $0.run.status.rawValue },
            row("rounds") { RunText.rounds(of: $0.run) },
            row("accuracy") { Format.percent($0.run.accuracy) },
            row("at best") { Format.percent($0.run.bestAccuracy) },
            row("server loss") { $0.run.loss.map { Format.fixed($0, 4) } },
            row("train loss") { $0.rounds.last?.trainLoss.map { Format.fixed($0, 4) } },
            row("upload") { Format.megabytes($0.run.uploadBytes) },
            row("download") { Format.megabytes($0.run.downloadBytes) },
            row("time") { Format.fixed($0.run.seconds, 2) + " s" },
            row("a round") { perRound($0).map { Format.fixed($0, 3) + " s" } },
        ]
        if entries.contains(where: { $0.simulatedSeconds != nil }) {
            rows.append(row("simulated") { $0.simulatedSeconds.map { Format.fixed($0, 2) + " s" } })
        }
        let measured = Set(entries.flatMap { $0.rounds.flatMap(\.metrics.keys) })
        for metric in Metric.describing(measured, by: entries.flatMap { $0.run.metrics ?? [] })
        where metric != .simulatedSeconds {
            rows.append(row(metric.title + metric.suffix) { Format.value($0.whole(of: metric), of: metric) })
        }
        if let accuracy = commonAccuracy {
            rows += [
                row("to \(Format.percent(accuracy))") { $0.reaching(accuracy).map { Format.count($0.round, "round") } },
                row("") { $0.reaching(accuracy).map { Format.megabytes($0.bytes) } },
                row("") { $0.reaching(accuracy).map { Format.fixed($0.seconds, 2) + " s" } },
            ]
        }
        rows.append(row("weights") { $0.run.digest.map { String($0.prefix(12)) } })
        return rows
    }

    /// Name of the picture's folder, in the results folder.
    var folderName: String {
        // A name may be a path, and the history somebody else's.
        let names = entries.map { entry in
            String(
                String.UnicodeScalarView(entry.run.name.unicodeScalars.map { $0 == "/" || !$0.isPrintable ? "_" : $0 }))
        }
        let full = "compare-" + names.joined(separator: "-")
        return full.utf8.count <= 100 ? full : "compare-\(names[0].prefix(60))-and-\(names.count - 1)-more"
    }
}
