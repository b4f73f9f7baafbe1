import Analysis
import Datasets
import Experiments
import FedCore
import Federation
import Foundation
import Launching
import MPI
import NeuralNet
import Recording
import Records
import RunStore
import Runtime
import Telemetry

/// A training run from its settings to its report: what `train` and `split-train` have in common.
///
/// The command makes one on every rank; rank 0's settings count. It connects the run with this program's console, files
/// and signals, and leaves the training itself to `Session`.
struct TrainingRun {
    /// The options as given, with the output settings.
    let choices: RunChoices
    /// The settings of a run that begins; those of a run that is continued come from its checkpoint.
    let settings: RunSettings
    /// The options `--resume` and `--from`.
    let resumption: ResumeOptions

    /// What the run prints and leaves behind.
    private var output: OutputSettings { choices.output }

    /// Runs the training. Collective.
    ///
    /// - Parameters:
    ///   - scheme: how clients are trained; the same on every rank.
    ///   - world: all ranks of the job.
    /// - Returns: on rank 0 what is to be done once MPI is finalised: report, history, a summary of files that could
    ///   not be written; its result is the exit code, 4 when the privacy budget is spent. Nil on other ranks.
    /// - Throws: `ConfigurationError` on every rank alike; `Interruption`; other errors on the rank where they happen.
    ///   Does not return when ranks were lost: then it ends the job itself.
    func run(by scheme: some TrainingScheme, on world: any Communicator) throws -> (() -> Int32)? {
        let stop = StopSignals.raiseFlag()
        let troubles = OutputTroubles(rank: world.rank)
        let timekeeper = Timekeeper(world, isOn: output.timing == .on, sink: RunOutputs.openTimingFiles(troubles))
        var beginning: Beginning?
        var telemetry: RunTelemetry?
        let problem = try timekeeper.metered(world).agree {
            if world.rank == 0 {
                beginning = try begin()
                // A port that is taken ends the run before it has a folder.
                let choice = try output.telemetry(ProcessInfo.processInfo.environment)
                if choice.isWanted {
                    telemetry = try RunTelemetry(choice, version: Version.current, warn: { troubles.note($0) })
                }
            }
        }
        if let problem { throw problem }
        let resumed = beginning?.resumed
        var outputs: RunOutputs?
        var budget: BudgetNotice?
        let hasLostRanks = try Session.run(
            beginning?.settings, by: scheme, from: beginning?.start, resuming: resumed?.state, stop: stop, on: world,
            timekeeper: timekeeper,
            observers: { job in
                try observers(job, resumed, timekeeper, telemetry, troubles, &outputs, &budget)
            },
            ready: { Guardian.noteRoundsBegin() }, released: { Guardian.noteRelease() })
        guard world.rank == 0 else {
            if hasLostRanks { Launch.leaveBehindLostRanks() }
            return nil
        }
        let code = budget?.code ?? 0
        let ranks = 0..<world.size
        let finish = { [outputs, telemetry] in
            if let folder = outputs?.folder, !output.noReport || output.otlp != nil {
                // They have been let go, and may still be writing.
                let others = Set(ranks).subtracting(folder.lostRanks)
                TimingFiles.waitUntilClosed(in: folder.url, ranks: others, atMost: .seconds(2))
            }
            telemetry?.finish()
            if let folder = outputs?.folder, !output.noReport {
                reportEnd(of: folder.url, troubles)
            }
            outputs?.history?.noteFiles()
            if let summary = troubles.summary { troubles.note(summary) }
        }
        if hasLostRanks {
            finish()
            Launch.leaveBehindLostRanks(code: code)
        }
        return {
            finish()
            return code
        }
    }

    /// What rank 0 reads from files before the ranks prepare.
    private struct Beginning {
        /// The run to continue; nil for one that begins.
        let resumed: ResumedRun?
        /// The settings; of a continued run the checkpoint's. Files that describe a model or a fleet are read.
        let settings: RunSettings
        /// The weights of an ONNX file; nil when the settings name none.
        let start: InitialWeights?
    }

    /// Reads the files that the options name.
    /// - Throws: `ConfigurationError`; errors of the history, when a registered model is named.
    private func begin() throws -> Beginning {
        var own = settings
        let samples = "samples-per-client"
        if choices.given.isOnCommandLine(samples), !Datasets.standard.areMade(own.dataset), !output.quiet {
            Console.error(
                "fedmpi: warning: --\(samples) is for data that are made, such as synthetic: \(own.dataset.printable) has its own"
            )
        }
        // The file of a version stays what it is: a resumed run reads the same one.
        own.teacher = try own.teacher.map { try ModelArgument.path(of: $0, results: output.results) }
        own.initialWeights = try own.initialWeights.map { try ModelArgument.path(of: $0, results: output.results) }
        let resumed = try resumption.load(
            results: output.results, rounds: choices.given.contains("rounds") ? settings.rounds : nil,
            teacher: own.teacher)
        try ModelFile.resolve(&own)
        try FleetFile.resolve(&own, choices.given)
        let settings = resumed?.state.settings ?? own
        if let resumed, resumed.state.round >= settings.rounds, !output.quiet {
            Console.error(
                "fedmpi: note: '\(resumed.folder.lastPathComponent)' is finished, \(Format.count(resumed.state.round, "round")) "
                    + "of \(settings.rounds); --rounds \(2 * settings.rounds), say, makes it longer")
        }
        return Beginning(resumed: resumed, settings: settings, start: try ModelFile.initialWeights(settings))
    }

    /// Checks all that a run checks before its first round, in this process alone: `--dry-run`. Makes nothing. Says how the data were
    /// read, as the run would, or prints the settings, with `--json`.
    ///
    /// - Parameter scheme: how clients would be trained.
    /// - Throws: `ConfigurationError` or `DatasetError`, in the words of the run.
    func rehearse(by scheme: some TrainingScheme) throws {
        _ = try output.telemetry(ProcessInfo.processInfo.environment)
        let beginning = try begin()
        if beginning.resumed == nil { try RunFolder.checkFree(results: output.results, name: output.runName) }
        let job = try Session.check(
            beginning.settings, by: scheme, from: beginning.start, resuming: beginning.resumed?.state)
        if output.json {
            Console.output(try RunJSON.text(of: beginning.settings))
        } else if !output.quiet {
            let settings = beginning.settings
            DataLines.warn(of: job.data)
            let lines = DataLines.header(job.data)
            if !lines.isEmpty { Console.output(Terminal.fitted(String(lines.dropFirst()))) }
            let words =
                "\(settings.strategy), \(settings.model) on \(settings.dataset), \(Format.count(settings.clients, "client")), "
                + "\(Format.count(settings.rounds, "round")); nothing was trained"
            Console.output(SettingsText.wrapped("sound: " + words, indent: 7, first: 0))
        }
    }

    /// Writes the report and prints its tables. The run is saved by then: it has not failed if its report has, which is
    /// a note among the run's troubles.
    private func reportEnd(of folder: URL, _ troubles: OutputTroubles) {
        do {
            let run = try RecordedRun(in: folder)
            let isRead = !output.quiet && !output.json
            try Report.write(run, tables: isRead, notes: !output.quiet)
            guard isRead else { return }
            let changes = choices.given.names.filter {
                choices.given.isOnCommandLine($0) && !OutputSettings.names.contains($0)
            }
            if let line = RepeatedRun(configuration: choices.file)?.outcome(of: run, changing: changes) {
                Console.output("\n" + line)
            }
            let path = folder.relativePath.shellWord
            let trace = run.timing.isEmpty ? "" : ", \(RunReport.traceName) for ui.perfetto.dev"
            Console.output(
                """

                report    \(folder.relativePath)/\(RunReport.pageName)\(trace)
                next      fedmpi predict --table --model \(path)
                          fedmpi runs
                """)
        } catch {
            troubles.note("no report: \(error.line)")
        }
    }

    /// Prints where the figures are, as an event; the table has a line for it in its header.
    private func tell(of url: String, _ troubles: OutputTroubles) {
        struct Line: Encodable {
            let event = "metrics"
            let url: String
        }
        if output.json {
            Console.output((try? RunJSON.text(of: Line(url: url))) ?? "")
        } else if output.quiet, output.metricsPort == 0 {
            troubles.note("metrics at \(url)")
        }
    }

    /// Makes the run's observers on rank 0, once the settings are known to be sound.
    ///
    /// - Parameters:
    ///   - job: what the run works with.
    ///   - resumed: the run to continue; nil for one that begins.
    ///   - timekeeper: is told the folder for its timing files, and whom to ask for the run's trace.
    ///   - telemetry: is told the folder, and is one of the observers.
    ///   - troubles: the list for files that cannot be written.
    ///   - outputs: receives the folder and its observers, for the end of the run.
    ///   - budget: receives the observer that knows the end's exit code.
    /// - Returns: the observers in the order in which they are called: files before the console, so that a line on the
    ///   console stands for something that is saved.
    /// - Throws: `ConfigurationError` when the run's folder cannot be made.
    private func observers(
        _ job: Job, _ resumed: ResumedRun?, _ timekeeper: Timekeeper, _ telemetry: RunTelemetry?,
        _ troubles: OutputTroubles, _ outputs: inout RunOutputs?, _ budget: inout BudgetNotice?
    ) throws -> [any RoundObserver] {
        let made = try RunOutputs(
            job, resuming: resumed, RunOutputs.Choice(output), troubles)
        outputs = made
        timekeeper.folder = made.folder.url.standardizedFileURL.path
        if !output.quiet, let repeated = RepeatedRun(configuration: choices.file) {
            for note in repeated.notes(on: job.data, job.settings) { Console.error("fedmpi: warning: \(note)") }
        }
        var observers: [any RoundObserver] = []
        if let telemetry {
            telemetry.prepare(folder: made.folder.url, seed: "\(job.settings.seed)")
            timekeeper.trace = { telemetry.trace(epoch: $0, ranks: $1) }
            observers.append(telemetry)
            if let url = telemetry.metricsURL { tell(of: url, troubles) }
        }
        if output.json {
            observers.append(JSONLines(folder: made.folder, data: job.data))
        } else if !output.quiet {
            observers.append(
                RoundTable(
                    folder: made.folder, job: job, best: made.best, metricsURL: telemetry?.metricsURL,
                    isClientPerRank: resumed == nil && job.settings.clients == settings.clients
                        && !choices.given.contains("clients")))
        }
        // After the table, which takes its progress bar away.
        observers.append(EventLog(rank: 0, data: job.data) { telemetry?.log($0, $1, round: $2) })
        // Printed first, so that what is printed after the files are there is the table's last line.
        let notice = BudgetNotice(folder: made.folder)
        budget = notice
        // First, because the files are about to say what computes now.
        let vectors = VectorsNotice(resuming: resumed?.folder, made.environment)
        return [vectors] + made.observers + observers + [
            notice, StopNotice(folder: made.folder, checkpoints: made.checkpoints),
        ]
    }
}
