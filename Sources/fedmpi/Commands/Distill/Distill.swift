import ArgumentParser
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
import Runtime

/// `fedmpi distill`.
struct Distill: WorldCommand {
    static let configuration = CommandConfiguration(
        abstract: "Teach small models what a trained one knows, and compare with training them without.",
        discussion: """
            mpirun -np 6 fedmpi distill --teacher results/example --student edgecnn-medium,edgecnn-small

            Takes the options of fedmpi train. Clients distil on their own data, and their students are averaged; each \
            student is the teacher of the next. The same student is trained from scratch with the same steps, seeds and \
            settings beside it. Started again with the same --run-name, it keeps the runs that are finished, goes on with \
            the one that was interrupted and does the rest.
            """)

    private static let centralPartition = "iid"

    @Option(help: "Models to train, in this order, each the teacher of the next: name,name.")
    var student: CommaSeparated<String>

    @Option(help: "Do everything with each of these seeds, instead of --seed: 1,2,3.")
    var seeds: CommaSeparated<UInt64>?

    @Flag(help: "Distil centrally: one client has all the data. Its momentum, too, starts from zero each round.")
    var central = false

    @Flag(help: "Do not train the students from scratch as well.")
    var noBaseline = false

    @OptionGroup var options: SettingsOptions<TrainingScope>

    private var output: OutputSettings { options.output }

    func validate() throws {
        let settings = options.settings(ranks: 1)
        guard settings.teacher != nil else {
            throw ConfigurationError("--teacher is missing: a trained model, its file or its run's folder")
        }
        guard settings.model == RunSettings().model else {
            throw ConfigurationError("--model is '\(settings.model)'; the models to distil are given by --student")
        }
        if !noBaseline, let name = ["target-accuracy", "patience"].first(where: options.contains) {
            throw ConfigurationError(
                "--\(name) may end a student's run and its baseline after different rounds, so that they cannot be "
                    + "compared; leave it out, or add --no-baseline")
        }
        if central, options.contains("clients"), settings.clients != 1 {
            throw ConfigurationError("--clients is \(settings.clients); --central has one client with all the data")
        }
        if central { try refusePartition(settings) }
    }

    /// With all the data in one place there is nothing to be dealt out.
    private func refusePartition(_ settings: RunSettings) throws(ConfigurationError) {
        let changed = settings.differences(from: RunSettings()).map(\.name)
        let given = ["partition", "alpha", "partition-options"].first {
            changed.contains($0) && !($0 == "partition" && settings.partition == Self.centralPartition)
        }
        guard let name = given else { return }
        throw ConfigurationError("--\(name) says how data are dealt out; --central has one client with all of them")
    }

    /// The settings of all runs, but for model, teacher and seed.
    private func settings(ranks: Int) throws(ConfigurationError) -> RunSettings {
        var settings = options.settings(ranks: ranks)
        let teacher = try TrainedModel(reading: settings.teacher ?? "")
        settings.takeData(
            of: try DataOrigin(metadata: teacher.metadata),
            dataset: options.contains("dataset") ? settings.dataset : nil)
        if central {
            settings.clients = 1
            settings.partition = Self.centralPartition
        }
        return settings
    }

    func run(on world: any Communicator) throws -> (() -> Int32)? {
        let stop = StopSignals.raiseFlag()
        var plan: DistillPlan?
        let problem = try world.agree {
            guard world.rank == 0 else { return }
            var outputs = RunOutputs.Choice(output)
            outputs.name = try FolderName(output.runName ?? RunFolder.datedName, option: "--run-name").text
            plan = try DistillPlan(
                try settings(ranks: world.size), students: student.values, seeds: seeds?.values,
                hasBaseline: !noBaseline, outputs, isTimed: output.timing == .on, stop: stop)
        }
        if let problem { throw problem }
        let group = try SweepGroup(world, groups: 1, stop: stop)
        let post = try SweepPost(world, stop: stop)
        if let plan { return try lead(plan, group, post, stop) }
        let reporter = SweepReporter.console(rank: world.rank, isLeader: false)
        if try SweepClient(group, post: post, stop: stop, reporter: reporter).run() { Launch.leaveBehindLostRanks() }
        return nil
    }

    /// Rank 0's part.
    private func lead(
        _ plan: DistillPlan, _ group: SweepGroup, _ post: SweepPost, _ stop: StopFlag
    ) throws -> (() -> Int32)? {
        let queue = SweepQueue(plan.waiting, leaders: [], post: post, stop: stop)
        let progress = DistillProgress(plan, isQuiet: output.quiet || output.json)
        queue.whenDone = { progress.note($0) }
        progress.begin()
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

    /// Compares, prints and writes.
    /// - Returns: the exit code.
    private func conclude(_ plan: DistillPlan, _ outcomes: [SweepOutcome]) -> Int32 {
        var code: Int32 = 0
        for outcome in outcomes {
            guard case .failed(let reason) = outcome.end else { continue }
            Console.error("fedmpi: \(plan.runs[outcome.index].name) failed: \(reason)")
            code = 1
        }
        do {
            let result = try DistillResult(plan)
            let notes = try DistillFiles(plan).write(result, outcomes, withReports: !output.noReport)
            if output.json {
                Console.output(try result.json(isPretty: false))
            } else if !output.quiet {
                let data = ModelData.testImages(plan.data, plan.base.dataset, DatasetOptions(plan.base))
                Console.output("\n\(result.text)\n\naccuracy  on \(data)\n" + notes.joined(separator: "\n"))
            }
        } catch {
            let reason = error.reasonLine
            Console.error("fedmpi: the students cannot be compared: \(reason)")
            code = 1
        }
        return code
    }
}

/// `a,b,c` on the command line.
struct CommaSeparated<Element: LosslessStringConvertible>: ExpressibleByArgument {
    let values: [Element]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = parts.compactMap { Element(String($0)) }
        guard values.count == parts.count, !parts.contains("") else { return nil }
    }
}
