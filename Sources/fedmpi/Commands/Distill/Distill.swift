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

/// The command `fedmpi distill`: teaches small models what a trained one knows, and compares them with the same
/// models trained without a teacher.
///
/// It is a list of training runs over the machinery of sweeps, with one group of all ranks: each run has all
/// clients, and a student's run must be over before it can teach the next. Students are trained from scratch
/// beside it with the same steps, seeds and settings, because an accuracy alone does not say whether the teacher
/// helped.
///
/// Prints a line for each finished run and a table; writes `results/<name>` with `distillation.json` and
/// `accuracy.png`, and a run's folder for each student. Exit codes: 0; 1 when a run has failed or the comparison
/// cannot be made; 2 for options, teacher or data that do not work; 128 + n after signal n, with the run under
/// way saved.
struct Distill: WorldCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Teach small models what a trained one knows.",
        discussion: """
            mpirun -np 6 fedmpi distill --teacher results/a --student edgecnn-small

            Takes the options of fedmpi train. Clients distil on their own data, and their students are averaged; each \
            student is the teacher of the next. There are as many clients as the teacher was trained by, unless --clients says \
            otherwise. The same student is trained from scratch with the same steps, seeds and \
            settings beside it. Started again with the same --run-name, it keeps the runs that are finished, goes on with \
            the one that was interrupted and does the rest.
            """)

    /// Partition of `--central`, where one client has all samples and nothing is dealt out.
    private static let centralPartition = "iid"

    /// Names of the models to train, usually from large to small, since each is the teacher of the next.
    @Option(help: "Models to train, in this order, each the teacher of the next: name,name.")
    var student: CommaSeparated<String>

    /// Seeds with which everything is done; nil takes that of `--seed`. Only several seeds give a deviation.
    @Option(help: "Do everything with each of these seeds, instead of --seed: 1,2,3.")
    var seeds: CommaSeparated<UInt64>?

    /// Whether one client has all the data: the classic distillation, to compare the federated one with.
    @Flag(help: "Distil centrally: one client has all the data. Its momentum, too, starts from zero each round.")
    var central = false

    /// Whether the runs from scratch are left out, which are half of all.
    @Flag(help: "Do not train the students from scratch as well.")
    var noBaseline = false

    /// The options of `fedmpi train`, for all runs.
    @OptionGroup var options: SettingsOptions<TrainingScope>

    /// What the command prints and which files it writes, from the same options.
    private var output: OutputSettings { options.output }

    /// Refuses combinations of options that would make the comparison void or have two meanings, before MPI is
    /// initialised. An early end is refused with a baseline: student and baseline might stop after different
    /// rounds.
    func validate() throws {
        let settings = options.settings(ranks: 1)
        guard settings.teacher != nil else {
            throw ConfigurationError("--teacher is missing: a trained model, its file or its run's folder")
        }
        try output.refuseMonitoring(of: "a distillation")
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

    /// Refuses options of the partition beside `--central`: with all the data in one place there is nothing to be
    /// dealt out.
    ///
    /// - Throws: `ConfigurationError` with the first such option.
    private func refusePartition(_ settings: RunSettings) throws(ConfigurationError) {
        let changed = settings.differences(from: RunSettings()).map(\.name)
        let given = ["partition", "alpha", "partition-options"].first {
            changed.contains($0) && !($0 == "partition" && settings.partition == Self.centralPartition)
        }
        guard let name = given else { return }
        throw ConfigurationError("--\(name) says how data are dealt out; --central has one client with all of them")
    }

    /// The settings that all runs share; model, teacher and seed are each run's own.
    ///
    /// The data are those that the teacher's file names, and the clients as many as it was trained by, unless the user says others.
    ///
    /// - Parameter ranks: Number of ranks, as many clients as which there are by default where the teacher's file names none.
    /// - Throws: `ConfigurationError` when the teacher cannot be read.
    private func settings(ranks: Int) throws -> RunSettings {
        var settings = options.settings(ranks: ranks)
        settings.teacher = try settings.teacher.map { try ModelArgument.path(of: $0) }
        let teacher = try TrainedModel(reading: settings.teacher ?? "")
        settings.takeData(
            of: try DataOrigin(metadata: teacher.metadata),
            dataset: options.contains("dataset") ? settings.dataset : nil)
        if central {
            settings.clients = 1
            settings.partition = Self.centralPartition
        } else if !options.contains("clients"), teacher.metadata["clients"] != nil {
            settings.clients = try DataOrigin(metadata: teacher.metadata).options.clients
        }
        return settings
    }

    /// Plans the runs on rank 0 and does them with all ranks. Collective.
    ///
    /// - Parameter world: All ranks, as one group: rank 0 is every run's server.
    /// - Returns: On rank 0, the comparison, to be made once MPI is finalised; nil on other ranks.
    /// - Throws: `ConfigurationError` on every rank alike when a run could not be done; `Interruption` when
    ///   stopped, once everything is saved.
    func run(on world: any Communicator) throws -> (() -> Int32)? {
        let stop = StopSignals.raiseFlag()
        var plan: DistillPlan?
        let problem = try world.agree {
            guard world.rank == 0 else { return }
            var outputs = RunOutputs.Choice(output)
            outputs.name = try FolderName(output.runName ?? RunFolder.datedName, option: "--run-name").text
            var own = try settings(ranks: world.size)
            try FleetFile.resolve(&own, options.choices.given)
            plan = try DistillPlan(
                own, students: student.values, seeds: seeds?.values,
                hasBaseline: !noBaseline, outputs, isTimed: output.timing == .on, stop: stop)
        }
        if let problem { throw problem }
        let group = try SweepGroup(world, groups: 1, stop: stop)
        let messages = try SweepChannel(world, stop: stop)
        if let plan { return try lead(plan, group, messages, stop) }
        let reporter = SweepReporter.console(rank: world.rank, isLeader: false)
        if try SweepClient(group, messages: messages, stop: stop, reporter: reporter).run() {
            Launch.leaveBehindLostRanks()
        }
        return nil
    }

    /// Rank 0's part: does the waiting runs in order, reports progress, and concludes. As ``Sweep`` does with one
    /// group.
    ///
    /// - Parameters:
    ///   - plan: The runs, and which have finished before.
    ///   - group: The group of all ranks.
    ///   - messages: Messages with the clients.
    ///   - stop: Flag that a signal raises.
    /// - Returns: The comparison, which returns the exit code.
    /// - Throws: `Interruption`, after a line that says how to continue.
    private func lead(
        _ plan: DistillPlan, _ group: SweepGroup, _ messages: SweepChannel, _ stop: StopFlag
    ) throws -> (() -> Int32)? {
        let queue = SweepQueue(plan.waiting, leaders: [], messages: messages, stop: stop)
        let progress = DistillProgress(plan, isQuiet: output.quiet || output.json)
        queue.whenDone = { progress.note($0) }
        progress.begin()
        DataLines.warn(of: plan.data)
        do {
            let hasLostRanks = try SweepLeader(
                group, messages: messages, queue: queue, stop: stop,
                reporter: .console(rank: 0, isLeader: true) { [RunShare(of: $0.settings.rounds) { progress.show($0) }] }
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

    /// Evaluates all students on the test set, prints the table, and writes the files.
    ///
    /// - Parameters:
    ///   - plan: The runs.
    ///   - outcomes: Outcomes of the runs that were done this time.
    /// - Returns: The exit code: 0, or 1 when a run has failed or the students cannot be compared.
    private func conclude(_ plan: DistillPlan, _ outcomes: [SweepOutcome]) -> Int32 {
        defer { plan.release() }
        var code: Int32 = 0
        for outcome in outcomes {
            guard case .failed(let reason) = outcome.end else { continue }
            Console.error("fedmpi: \(plan.runs[outcome.index].name) failed: \(reason)")
            code = 1
        }
        do {
            let bar = WorkProgress("evaluating", isQuiet: output.quiet || output.json)
            let result = try DistillResult(plan) { bar.show($0) }
            bar.clear()
            let notes = try DistillFiles(plan).write(result, outcomes, withReports: !output.noReport)
            if output.json {
                Console.output(try result.json(isPretty: false))
            } else if !output.quiet {
                let data = ModelData.testImages(plan.data, plan.base.dataset, DatasetOptions(plan.base))
                Console.output("\n\(result.text)\n\naccuracy  on \(data)\n" + notes.joined(separator: "\n"))
                if let next = next(plan, result) { Console.output("\n" + next) }
            }
        } catch {
            let reason = error.reasonLine
            Console.error("fedmpi: the students cannot be compared: \(reason)")
            code = 1
        }
        return code
    }
}

extension Distill {
    /// The lines that a distillation ends with: commands that go on from its most accurate student.
    /// - Returns: nil when no student was finished.
    private func next(_ plan: DistillPlan, _ result: DistillResult) -> String? {
        // One that was trained from scratch may have won.
        let students = result.students.flatMap { student in
            [student.distilled, student.scratch].compactMap { $0 }.flatMap { zip($0.runs, $0.accuracy) }
        }
        guard let best = students.max(by: { $0.1 < $1.1 })?.0 else { return nil }
        let path = plan.folder.deletingLastPathComponent().appendingPathComponent(best).relativePath.shellWord
        return """
            next      fedmpi variants \(result.teacher.path.shellWord) \(path)
                      fedmpi quantize --model \(path) --output \("\(best).int8.safetensors".shellWord)
                      fedmpi models register NAME \(path)
            """
    }
}

/// A list on the command line, `a,b,c`, as one value: a repeated option would be longer to type and to quote in
/// messages.
struct CommaSeparated<Element: LosslessStringConvertible>: ExpressibleByArgument {
    /// The elements, at least one.
    let values: [Element]

    /// Reads the list; nil, and so an error of ArgumentParser, for an empty element or one that is not of the
    /// type.
    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = parts.compactMap { Element(String($0)) }
        guard values.count == parts.count, !parts.contains("") else { return nil }
    }
}
