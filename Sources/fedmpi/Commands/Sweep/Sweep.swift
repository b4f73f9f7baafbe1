import ArgumentParser
import Experiments
import FedCore
import Federation
import Foundation
import Launching
import MPI
import Records
import Runtime

/// The command `fedmpi sweep`: does every run of a grid, several side by side, and compares them.
///
/// The ranks are split into groups. Each group does one run at a time, and rank 0 hands runs out (`SweepQueue`),
/// so a fast group does more of them. Every run is checked before the first is started: a typing error in the
/// last case of a grid is found at once, not after a night. Runs keep their checkpoints, so the same command
/// continues a sweep that was stopped.
///
/// Three kinds of ranks meet in ``run(on:)``: rank 0 has the plan and the queue, and leads the first group; the
/// other leaders do what rank 0 gives them; all others are clients of their group's runs.
///
/// Prints a line for each finished run and a table at the end. Writes `results/<sweep>` with a copy of the file,
/// `runs/`, `table.md`, `table.csv` and `accuracy.png`. Exit codes: 0 all runs have finished; 1 a run has failed,
/// or files could not be written; 2 for a file or options that do not work; 128 + n after signal n, with all runs
/// under way saved.
struct Sweep: WorldCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Run a grid of settings, several runs at a time; compare them.",
        discussion: """
            mpirun -np 6 fedmpi sweep sweep.yaml

            base: {dataset: fashion-mnist, rounds: 30}     # options of fedmpi train
            grid: {strategy: [fedavg, fedprox], alpha: [0.1, 1], seed: [1, 2, 3]}
            cases:
              - {name: tuned, strategy: fedprox, strategy-options: {mu: 0.01}}
            ranks-per-run: 3
            target: 0.8
            columns: [final, best]

            Columns: \(SweepColumn.allCases.map(\.rawValue).joined(separator: ", ")). Started again, it keeps the runs that are finished, goes on with those that were interrupted and does the rest.
            """)

    /// Path of the file, read by rank 0 alone (``SweepFile``).
    @Argument(help: "YAML file that says which runs.")
    var file: String

    @Option(help: "Folder of all runs.")
    var results = "results"

    /// Name of the sweep's folder; nil takes the file's name without its ending.
    @Option(help: "Name of the sweep's folder in it. (default: the file's name)")
    var sweepName: String?

    /// Ranks in a group, ≥ 1; overrides the file's `ranks-per-run`. By default groups are as small as keep all
    /// ranks busy, because a rank that does runs alone waits for nobody.
    @Option(help: "Ranks that share a run, its server included. (default: as few as keep all ranks busy)")
    var ranksPerRun: Int?

    /// Whether the sweep is only checked and listed: no folder is made and nothing is trained.
    @Flag(help: "Check every run, list what is to be done in the order in which it is started, and do nothing.")
    var dryRun = false

    @Flag(help: "Print nothing but errors and the table.")
    var quiet = false

    @OptionGroup var json: JSONOption

    /// What `--json` prints when the sweep has ended.
    private struct Ended: Encodable {
        /// The sweep's folder, which has `table.csv`, `table.md` and the picture.
        let folder: String
        /// A row for each set of settings, by the titles of the columns.
        let table: [[String: String]]
        /// Rows beside the best of their kind; empty where nothing can be compared.
        let paired: [PairedTable.Row]
        /// Runs that have failed, with the reason.
        let failed: [String: String]
    }

    /// Whether there is neither progress nor text.
    private var isSilent: Bool { quiet || json.isOn }

    /// Refuses groups without ranks, before MPI is initialised.
    func validate() throws {
        if let ranksPerRun, ranksPerRun < 1 {
            throw ConfigurationError("--ranks-per-run is \(ranksPerRun); it must be at least 1")
        }
    }

    /// Checks the sweep, forms the groups, and does this rank's part until no run is left. Collective.
    ///
    /// - Parameter world: All ranks.
    /// - Returns: On rank 0, the table and the files, to be made once MPI is finalised; nil on other ranks and
    ///   for a dry run.
    /// - Throws: `ConfigurationError` on every rank alike when a run could not be done; `Interruption` when the
    ///   sweep is stopped, once everything is saved; other errors on the rank where they happen.
    func run(on world: any Communicator) throws -> (() -> Int32)? {
        let stop = StopSignals.raiseFlag()
        var plan: SweepPlan?
        let problem = try world.agree {
            guard world.rank == 0 else { return }
            plan = try SweepPlan(
                SweepFile(path: file).definition(), results: results, name: folderName(), makesFolder: !dryRun,
                stop: stop)
        }
        if let problem { throw problem }
        if let plan { DataLines.warn(plan.dataWarnings) }
        if dryRun {
            if let plan { list(plan) }
            return nil
        }
        let group = try SweepGroup(world, groups: try groups(for: plan, on: world), stop: stop)
        let messages = try SweepChannel(world, stop: stop)
        if let plan {
            return try lead(plan, group, messages, stop)
        }
        let isLeader = world.rank == group.leader
        let reporter = SweepReporter.console(rank: world.rank, isLeader: isLeader)
        let hasLostRanks =
            isLeader
            ? try SweepLeader(group, messages: messages, queue: nil, stop: stop, reporter: reporter).run()
            : try SweepClient(group, messages: messages, stop: stop, reporter: reporter).run()
        if hasLostRanks { Launch.leaveBehindLostRanks() }
        return nil
    }

    /// The sweep's name, checked to be a name for one folder.
    ///
    /// - Throws: `ConfigurationError` when it is not.
    private func folderName() throws(ConfigurationError) -> String {
        let name = sweepName ?? URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        return try FolderName(name, option: "--sweep-name").text
    }

    /// Number of groups, as rank 0 decides it. Collective: one broadcast of 8 bytes, because only rank 0 knows
    /// the plan.
    ///
    /// - Parameters:
    ///   - plan: On rank 0; nil on other ranks.
    ///   - world: All ranks.
    private func groups(for plan: SweepPlan?, on world: any Communicator) throws -> Int {
        let count = plan.map { plan in
            SweepGroup.count(
                ranks: world.size, runs: plan.runs.count, ranksPerRun: ranksPerRun ?? plan.definition.ranksPerRun,
                clients: plan.mostClients)
        }
        let word = try world.startBroadcast(Buffer([Int64(count ?? 0)]), root: 0).wait()
        return Int(word[0])
    }

    /// Prints what a dry run found: a summary, then the waiting runs in the order in which they would start, the
    /// most expensive first.
    private func list(_ plan: SweepPlan) {
        guard !json.isOn else { return Console.output((try? RunJSON.text(of: plan.runs.map(\.name))) ?? "") }
        Console.output(SweepProgress(plan, isQuiet: quiet).summary)
        for run in plan.runs { Console.output(run.name) }
    }

    /// Rank 0's part: keeps the queue, leads the first group, reports progress, and concludes.
    ///
    /// When a rank was lost, MPI cannot be finalised: the table is made here and the job is ended with its code.
    /// Otherwise the table is left for the time after MPI.
    ///
    /// - Parameters:
    ///   - plan: The runs, and which of them have finished before.
    ///   - group: Rank 0's own group.
    ///   - messages: Messages with the other leaders and with the clients of this group.
    ///   - stop: Flag that a signal raises.
    /// - Returns: The conclusion, which returns the exit code.
    /// - Throws: `Interruption`, after a line that says how to continue.
    private func lead(
        _ plan: SweepPlan, _ group: SweepGroup, _ messages: SweepChannel, _ stop: StopFlag
    ) throws -> (() -> Int32)? {
        let others = group.leaders.filter { $0 != group.leader }
        let queue = SweepQueue(plan.runs, leaders: others, messages: messages, stop: stop)
        let progress = SweepProgress(plan, isQuiet: isSilent)
        queue.whenDone = { progress.note($0) }
        progress.begin(group)
        do {
            let hasLostRanks = try SweepLeader(
                group, messages: messages, queue: queue, stop: stop, reporter: .console(rank: 0, isLeader: true)
            ).run()
            let outcomes = queue.outcomes
            if hasLostRanks { Launch.leaveBehindLostRanks(code: conclude(plan, outcomes)) }
            return { conclude(plan, outcomes) }
        } catch let interruption as Interruption {
            progress.stop(interruption)
            plan.release()
            throw interruption
        }
    }

    /// Prints the table, says which runs have failed, and writes table and figure.
    ///
    /// - Parameters:
    ///   - plan: The runs.
    ///   - outcomes: Outcomes of the runs that were done this time, in the order in which they ended; those from
    ///     before are in the plan.
    /// - Returns: The exit code: 0, or 1 when a run has failed or something could not be written.
    private func conclude(_ plan: SweepPlan, _ outcomes: [SweepOutcome]) -> Int32 {
        defer { plan.release() }
        let table = plan.table(outcomes)
        if !json.isOn { Console.output((quiet ? "" : "\n") + table.text()) }
        if !json.isOn, !table.legend.isEmpty {
            let lines = TableLayout.broken(table.legend, to: TableLayout.usualWidth)
            Console.output("\n" + lines.joined(separator: "\n"))
        }
        let comparison = table.paired.text()
        if !json.isOn, !comparison.isEmpty { Console.output("\n" + comparison) }
        if !isSilent, table.rows.count > 1, table.rows.allSatisfy({ $0.planned == 1 }) {
            Console.output(
                "\n"
                    + Terminal.fitted(
                        "note      one seed for each row: whether rows differ by more than a seed does is not known; seed: [1, 2, 3] in "
                            + "the grid tells"))
        }
        var code: Int32 = 0
        var failed: [String: String] = [:]
        for outcome in outcomes.sorted(by: { $0.index < $1.index }) {
            guard case .failed(let reason) = outcome.end else { continue }
            Console.error("fedmpi: \(plan.points[outcome.index].name) failed: \(reason)")
            failed[plan.points[outcome.index].name] = reason
            code = 1
        }
        do {
            let name = plan.folder.lastPathComponent.shellWord
            let lines =
                try SweepFiles(plan).write(table, outcomes)
                + ["next      fedmpi compare \(name)", "          fedmpi runs --sweep \(name)"]
            if !isSilent { Console.output("\n" + lines.joined(separator: "\n")) }
            if json.isOn {
                let cells = table.cells
                let rows = cells.dropFirst().map { Dictionary(zip(cells[0], $0)) { $1 } }
                let ended = Ended(
                    folder: plan.folder.relativePath, table: rows, paired: table.paired.encodable, failed: failed)
                Console.output(try RunJSON.text(of: ended))
            }
        } catch {
            let reason = error.reasonLine
            Console.error("fedmpi: cannot write into '\(plan.folder.relativePath)': \(reason)")
            code = 1
        }
        return code
    }
}
