import FedCore
import Federation
import Foundation
import Records
import RunStore

/// The texts of `fedmpi watch`: lines for a log, a block for a terminal, and the last line of both.
///
/// Pure functions of a ``WatchedRun``; nothing is printed here.
enum WatchText {
    /// Characters of the estimate behind a round's columns.
    private static let leftWidth = 9
    /// Characters of the progress bar.
    private static let barWidth = 40

    /// The lines above the rounds, for a log: what the run is, and titles.
    ///
    /// - Parameter run: A run that has begun.
    static func header(_ run: WatchedRun) -> String {
        summary(run).joined(separator: "\n") + "\n\n"
            + RoundColumns.titles(RoundColumns.all) + "  " + Format.padded("left", to: leftWidth)
            + "  client ranks spend it on"
    }

    /// A round as a line, for a log. The time that is left is estimated from the latest rounds. How client ranks
    /// spend their time is known for the latest round only, and stands in that line.
    ///
    /// - Parameters:
    ///   - record: A round of the run.
    ///   - run: The run.
    static func line(_ record: RoundRecord, of run: WatchedRun) -> String {
        let rounds = run.plan?.rounds ?? 0
        let left = run.secondsPerRound.map { Format.duration(Double(max(0, rounds - record.round)) * $0) }
        let text = RoundColumns.line(record, RoundColumns.all) + "  " + Format.padded(left ?? "-", to: leftWidth)
        // What is known of the ranks is of one round.
        guard record.round == run.records.last?.round else { return text }
        let shares = shares(RankActivity.mean(of: run.activities.filter { $0.rank > 0 }), atMost: 3)
        return shares.isEmpty ? text : text + "  " + shares
    }

    /// How the run stands, for a terminal: progress bar, accuracy, losses, rates, time left, faults, and what
    /// each rank spends its time on.
    ///
    /// - Parameters:
    ///   - run: The run; one that has not begun is a line that says so.
    ///   - lines: Most lines to return. Ranks that do not fit are counted.
    static func block(_ run: WatchedRun, lines: Int) -> [String] {
        guard let plan = run.plan else { return ["run       \(run.folder.lastPathComponent) has not begun"] }
        let done = run.records.count
        let filled = plan.rounds > 0 ? min(done, plan.rounds) * barWidth / plan.rounds : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: barWidth - filled)
        var text = summary(run) + ["rounds    \(Format.grouped(done)) of \(Format.grouped(plan.rounds))  [\(bar)]"]
        if let last = run.records.last {
            let evaluated = run.records.last { $0.accuracy != nil }
            let best = run.records.compactMap(\.accuracy).max()
            text.append("accuracy  \(Format.percent(evaluated?.accuracy)), at best \(Format.percent(best))")
            text.append(
                "loss      \(last.trainLoss.map { Format.fixed($0, 4) } ?? "-") on clients, "
                    + "\(evaluated?.serverLoss.map { Format.fixed($0, 4) } ?? "-") on the server")
            text.append(
                "rates     \(Format.fixed(run.secondsPerRound ?? 0, 3)) s a round, "
                    + "\(Format.grouped(Int(run.samplesPerSecond ?? 0))) samples/s, "
                    + "\(Format.kilobytes(last.uploadBytes)) KB up and \(Format.kilobytes(last.downloadBytes)) KB down")
            let spent = run.records.reduce(0) { $0 + $1.seconds }
            text.append(
                "time      \(Format.duration(spent)) in rounds, about \(Format.duration(run.secondsLeft ?? 0)) left")
        }
        if !run.faults.isEmpty { text.append("faults    " + faults(run.faults)) }
        return Array((text + ranks(run, lines: lines - text.count)).prefix(lines))
    }

    /// A table of the ranks, below an empty line; nothing when there is no room or no timing log.
    ///
    /// - Parameters:
    ///   - run: The run.
    ///   - lines: Lines that are left, of which title, empty line and the count of other ranks take three.
    private static func ranks(_ run: WatchedRun, lines: Int) -> [String] {
        let shown = run.activities.prefix(max(0, lines - 3))
        guard !shown.isEmpty else { return [] }
        var table = TextTable([("rank", .right), ("host", .left), ("round", .right), ("spent on", .left)])
        for activity in shown {
            table.add(["\(activity.rank)", activity.host, "\(activity.round)", shares(activity.shares, atMost: 4)])
        }
        let others = run.activities.count - shown.count
        return [""] + table.text.split(separator: "\n").map(String.init)
            + (others > 0 ? ["and \(Format.count(others, "other rank"))"] : [])
    }

    /// The largest shares of a rank's time in words, e.g. `train 81 %, wait 12 %`; shares below half a percent
    /// are left out.
    private static func shares(_ shares: [RankActivity.Share], atMost count: Int) -> String {
        shares.prefix(count).filter { $0.share >= 0.005 }.map {
            "\($0.phase.rawValue) \(Format.fixed(100 * $0.share, 0)) %"
        }
        .joined(separator: ", ")
    }

    /// The last line: how the run ended, after how many rounds and seconds, why, and with which faults.
    static func end(_ ending: WatchedRun.Ending, of run: WatchedRun) -> String {
        let rounds = "\(Format.grouped(run.records.count)) of \(Format.count(run.plan?.rounds ?? 0, "round"))"
        let seconds = run.records.reduce(0) { $0 + $1.seconds }
        return "\(ending.status.rawValue) after \(rounds), \(Format.fixed(seconds, 2)) s in rounds"
            + (ending.reason.map { ": \($0)" } ?? "")
            + (run.faults.isEmpty ? "" : "; faults: \(faults(run.faults))")
    }

    /// Two lines that say what the run is; none before it has begun.
    private static func summary(_ run: WatchedRun) -> [String] {
        guard let plan = run.plan else { return [] }
        let settings = plan.settings
        return [
            "run       \(run.folder.lastPathComponent): \(settings.strategy), \(settings.model) on \(settings.dataset)",
            "clients   \(Format.grouped(settings.clients)), over \(Format.count(max(plan.ranks - 1, 1), "rank")) on "
                + Format.count(plan.hosts.count, "host"),
        ]
    }

    /// Faults counted by kind, in words; kinds without one are left out.
    private static func faults(_ faults: [FaultRecord]) -> String {
        let counts = faults.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
        let others = counts.keys.filter { !FaultRecord.Kind.allCases.contains($0) }.sorted { $0.words < $1.words }
        return (FaultRecord.Kind.allCases + others).compactMap { kind in counts[kind].map { "\($0) \(kind.words)" } }
            .joined(separator: ", ")
    }
}
