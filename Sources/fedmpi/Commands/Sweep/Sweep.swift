import ArgumentParser
import Experiments
import FedCore
import Federation
import Foundation
import Launching
import MPI
import Records
import Runtime

/// `fedmpi sweep`.
struct Sweep: WorldCommand {
    static let configuration = CommandConfiguration(
        abstract: "Do every run of a grid, several side by side, and compare them in one table and one figure.",
        discussion: """
            mpirun -np 6 fedmpi sweep sweep.yaml

            base:            {dataset: fashion-mnist, rounds: 30, clients: 10}    options of fedmpi train
            grid:            {strategy: [fedavg, fedprox], alpha: [0.1, 1], seed: [1, 2, 3]}
            cases:           [{name: tuned, strategy: fedprox, strategy-options: {mu: 0.01}}]
            ranks-per-run:   3
            target:          0.8
            columns:         [\(SweepFigure.allCases.map(\.rawValue).joined(separator: ", "))]

            Started again, it keeps the runs that are finished, goes on with those that were interrupted and does the rest.
            """)

    @Argument(help: "YAML file that says which runs.")
    var file: String

    @Option(help: "Folder of all runs.")
    var results = "results"

    @Option(help: "Name of the sweep's folder in it. (default: the file's name)")
    var sweepName: String?

    @Option(help: "Ranks that share a run, its server included. (default: as few as keep all ranks busy)")
    var ranksPerRun: Int?

    @Flag(help: "Check every run, list what is to be done in the order in which it is started, and do nothing.")
    var dryRun = false

    @Flag(help: "Print nothing but errors and the table.")
    var quiet = false

    func validate() throws {
        if let ranksPerRun, ranksPerRun < 1 {
            throw ConfigurationError("--ranks-per-run is \(ranksPerRun); it must be at least 1")
        }
    }

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
        if dryRun {
            if let plan { list(plan) }
            return nil
        }
        let group = try SweepGroup(world, groups: try groups(for: plan, on: world), stop: stop)
        let post = try SweepPost(world, stop: stop)
        if let plan {
            return try lead(plan, group, post, stop)
        }
        let isLeader = world.rank == group.leader
        let reporter = SweepReporter.console(rank: world.rank, isLeader: isLeader)
        let hasLostRanks =
            isLeader
            ? try SweepLeader(group, post: post, queue: nil, stop: stop, reporter: reporter).run()
            : try SweepClient(group, post: post, stop: stop, reporter: reporter).run()
        if hasLostRanks { Launch.leaveBehindLostRanks() }
        return nil
    }

    private func folderName() throws(ConfigurationError) -> String {
        let name = sweepName ?? URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        return try FolderName(name, option: "--sweep-name").text
    }

    /// Rank 0's word; collective.
    private func groups(for plan: SweepPlan?, on world: any Communicator) throws -> Int {
        let count = plan.map { plan in
            SweepGroup.count(
                ranks: world.size, runs: plan.runs.count, ranksPerRun: ranksPerRun ?? plan.definition.ranksPerRun,
                clients: plan.mostClients)
        }
        let word = try world.startBroadcast(Buffer([Int64(count ?? 0)]), root: 0).wait()
        return Int(word[0])
    }

    private func list(_ plan: SweepPlan) {
        Console.output(SweepProgress(plan, isQuiet: quiet).summary)
        for run in plan.runs { Console.output(run.name) }
    }

    /// Rank 0's part.
    private func lead(
        _ plan: SweepPlan, _ group: SweepGroup, _ post: SweepPost, _ stop: StopFlag
    ) throws -> (() -> Int32)? {
        let others = group.leaders.filter { $0 != group.leader }
        let queue = SweepQueue(plan.runs, leaders: others, post: post, stop: stop)
        let progress = SweepProgress(plan, isQuiet: quiet)
        queue.whenDone = { progress.note($0) }
        progress.begin(group)
        do {
            let hasLostRanks = try SweepLeader(
                group, post: post, queue: queue, stop: stop, reporter: .console(rank: 0, isLeader: true)
            ).run()
            let outcomes = queue.outcomes
            if hasLostRanks { Launch.leaveBehindLostRanks(code: conclude(plan, outcomes)) }
            return { conclude(plan, outcomes) }
        } catch let interruption as Interruption {
            progress.stop(interruption)
            throw interruption
        }
    }

    /// Prints and writes the table and the figure.
    /// - Returns: the exit code.
    private func conclude(_ plan: SweepPlan, _ outcomes: [SweepOutcome]) -> Int32 {
        let table = plan.table(outcomes)
        Console.output((quiet ? "" : "\n") + table.text)
        if !quiet, !table.legend.isEmpty { Console.output(table.legend) }
        var code: Int32 = 0
        for outcome in outcomes.sorted(by: { $0.index < $1.index }) {
            guard case .failed(let reason) = outcome.end else { continue }
            Console.error("fedmpi: \(plan.points[outcome.index].name) failed: \(reason)")
            code = 1
        }
        do {
            let lines = try SweepFiles(plan).write(table, outcomes)
            if !quiet { Console.output("\n" + lines.joined(separator: "\n")) }
        } catch {
            let reason = error.reasonLine
            Console.error("fedmpi: cannot write into '\(plan.folder.relativePath)': \(reason)")
            code = 1
        }
        return code
    }
}
