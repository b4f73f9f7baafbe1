import ArgumentParser
import FedCore
import Federation
import Foundation
import Records
import RunStore

/// The command `fedmpi runs show`: all that the history has of one run.
///
/// Prints tables, or one JSON object with ``json``. Everything comes from the history; of the run's folder only
/// the sizes of files are looked at, to say which have changed or are gone. Nothing is written. Exit codes: 0; 2
/// when there is no history or no such run.
struct RunDetails: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a run: outcome, settings, rounds, faults, files.")

    @OptionGroup var history: HistoryOptions

    /// What the user typed: the run's number, its name, or the beginning of the name.
    @Argument(help: "The run's number, its folder's name, or how that name begins.")
    var id: String

    @Flag(help: "Print one JSON object instead of tables.")
    var json = false

    /// The object that `--json` prints.
    private struct Everything: Encodable {
        let run: StoredRun
        let rounds: [RoundRecord]
        /// Clients with the number of their samples.
        let clients: [StoredClient]
        let faults: [FaultRecord]
        /// Files of the run with size and digest, as they were when it ended.
        let artefacts: [StoredArtefact]
    }

    /// Finds the run and prints it.
    ///
    /// - Throws: `ConfigurationError` when no run or several are meant; `RunStoreError` when the history cannot
    ///   be read.
    /// - Complexity: O(rounds + clients + faults), also in memory.
    func run() throws {
        let store = try history.open()
        let run = try store.find(id)
        let everything = Everything(
            run: run, rounds: try store.rounds(of: run), clients: try store.clients(of: run),
            faults: try store.faults(of: run), artefacts: try store.artefacts(of: run))
        if json { return Console.output(try RunJSON.text(of: everything)) }
        describe(run, clients: everything.clients)
        Console.output("\nsettings")
        let settings = try RunText.settings(of: run).filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        let width = settings.reduce(0) { max($0, $1.key.count) }
        for (name, value) in settings { Console.output("  \(Format.leftAligned(name, to: width))  \(value)") }
        show(everything.rounds, run.metrics ?? [])
        show(everything.faults)
        show(everything.artefacts, of: run)
    }

    /// Prints the head: how the run stands, where it ran, model and data, outcome.
    ///
    /// - Parameters:
    ///   - run: The run.
    ///   - clients: Its clients, for the smallest and the largest number of samples.
    private func describe(_ run: StoredRun, clients: [StoredClient]) {
        func line(_ name: String, _ text: String) { Console.output(Format.leftAligned(name, to: 10) + text) }
        line("run", "\(run.name), number \(run.id ?? 0), fedmpi \(run.version)")
        line("status", run.status.rawValue + (run.reason.map { ": \($0)" } ?? ""))
        line(
            "started",
            RunText.date(run.startedAt) + (run.finishedAt.map { ", ended \(RunText.date($0))" } ?? "")
                + (run.resumes > 0 ? ", continued \(Format.count(run.resumes, "time"))" : ""))
        line(
            "ran on",
            "\(Format.count(run.ranks, "rank")) on \(Format.count(run.hosts, "host")), rank 0 on \(run.host)")
        line("", "\(run.mpi); oneDNN \(run.oneDNN)")
        line("model", "\(run.model), \(Format.grouped(run.parameters)) parameters")
        line(
            "data",
            "\(run.dataset), \(Format.grouped(run.trainingSamples)) to train, \(Format.grouped(run.testSamples)) to test"
        )
        let samples = clients.map(\.samples)
        let spread = samples.min().flatMap { least in samples.max().map { (least, $0) } }
        line(
            "clients",
            Format.grouped(run.clients)
                + (spread.map { " of \(Format.grouped($0)) to \(Format.grouped($1)) samples" } ?? ""))
        line("rounds", "\(Format.grouped(run.rounds)) of \(Format.grouped(run.plannedRounds))")
        line("accuracy", "\(Format.percent(run.accuracy)), at best \(Format.percent(run.bestAccuracy))")
        line("loss", run.loss.map { Format.fixed($0, 4) } ?? "-")
        line("traffic", "\(Format.megabytes(run.uploadBytes)) up, \(Format.megabytes(run.downloadBytes)) down")
        line("time", "\(Format.fixed(run.seconds, 2)) s")
        line("weights", run.digest.map { "sha256 \($0)" } ?? "-")
    }

    /// Prints a table of rounds. Of many rounds about twenty are shown, at even distances, with the first and the
    /// last.
    ///
    /// Columns for what most runs do not have (rejected or late updates, repeated attempts, metrics of a
    /// strategy) are there only when some round has it, also one that is not shown.
    ///
    /// - Parameters:
    ///   - rounds: All finished rounds.
    ///   - metrics: Metrics that the run declares, for titles and units.
    private func show(_ rounds: [RoundRecord], _ metrics: [Metric]) {
        guard let last = rounds.last else { return }
        let step = max(1, (rounds.count + 19) / 20)
        let shown = rounds.filter { $0.round % step == 0 || $0.round == 1 || $0.round == last.round }
        var columns: [(title: String, text: (RoundRecord) -> String?)] = [
            ("round", { "\($0.round)" }),
            ("cohort", { "\($0.participants)/\($0.cohort)" }),
            ("train loss", { $0.trainLoss.map { Format.fixed($0, 4) } }),
            ("test loss", { $0.serverLoss.map { Format.fixed($0, 4) } }),
            ("accuracy", { Format.percent($0.accuracy) }),
            ("total KB", { Format.kilobytes($0.totalUploadBytes) }),
            ("samples/s", { Format.grouped(Int($0.samplesPerSecond)) }),
            ("seconds", { Format.fixed($0.seconds, 3) }),
        ]
        // What most runs have none of.
        let counts: [(String, KeyPath<RoundRecord, Int>)] = [
            ("partial", \.partial), ("rejected", \.rejected), ("late", \.late), ("dropped", \.dropped),
        ]
        for (title, count) in counts where rounds.contains(where: { $0[keyPath: count] > 0 }) {
            columns.append((title, { "\($0[keyPath: count])" }))
        }
        if rounds.contains(where: { $0.attempts > 1 }) { columns.append(("attempts", { "\($0.attempts)" })) }
        let measured = Metric.describing(Set(rounds.flatMap(\.metrics.keys)), by: metrics)
        columns += measured.map { metric in (metric.label, { Format.value($0[metric], of: metric) }) }
        var table = TextTable(columns.map { ($0.title, .right) })
        for round in shown { table.add(columns.map { $0.text(round) ?? "-" }) }
        Console.output("\n" + table.text)
    }

    /// Prints the first fifty faults, each with at most eight clients: a bad link makes thousands of them.
    private func show(_ faults: [FaultRecord]) {
        guard !faults.isEmpty else { return }
        var table = TextTable([
            ("round", .right), ("fault", .left), ("rank", .right), ("clients", .left), ("reason", .left),
        ])
        for fault in faults.prefix(50) {
            let clients = fault.clients.prefix(8).map { "\($0)" }.joined(separator: " ")
            table.add([
                "\(fault.round)", fault.kind.words,
                fault.rank.map { "\($0)" } ?? "", clients + (fault.clients.count > 8 ? " …" : ""), fault.reason ?? "",
            ])
        }
        Console.output("\n" + table.text)
        if faults.count > 50 { Console.output("and \(Format.grouped(faults.count - 50)) more: --json") }
    }

    /// Prints the run's files. A file has changed since the run's end when its size differs; its digest is not computed
    /// again, because a weights file may have gigabytes. Of a run that was stopped the files are noted while its ranks still
    /// write their last lines.
    ///
    /// - Parameters:
    ///   - artefacts: Files as the run left them.
    ///   - run: The run, for its folder.
    private func show(_ artefacts: [StoredArtefact], of run: StoredRun) {
        guard !artefacts.isEmpty else { return }
        let folder = URL(fileURLWithPath: history.results).appendingPathComponent(run.name)
        let change = run.status == .finished ? "changed since its end" : "written on after the stop"
        var table = TextTable([("file", .left), ("bytes", .right), ("sha256", .left), ("", .left)])
        for artefact in artefacts {
            let file = folder.appendingPathComponent(artefact.file)
            let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
            let bytes = (attributes?[.size] as? NSNumber)?.intValue
            table.add([
                artefact.file, Format.grouped(artefact.bytes), artefact.sha256.map { $0.prefix(16) + "…" } ?? "-",
                bytes.map { $0 == artefact.bytes ? "" : change } ?? "gone",
            ])
        }
        Console.output("\n" + table.text)
    }
}
