import Analysis
import Cryptography
package import Datasets
import FedCore
import Federation
package import Foundation
package import NeuralNet
import Recording
package import Records
package import Runtime

/// The runs of a distillation, and which of them are done already. On rank 0 only.
///
/// The first student learns from the teacher that the user gave, each further student from the one before it. All runs
/// are ordinary runs of ``SweepRun``, in a queue for a single group: a run needs its teacher's final model, so that the
/// order matters. The same command continues an interrupted distillation.
package struct DistillPlan {
    /// What one run is for.
    package struct Task: Equatable {
        /// Index in ``students``.
        package let student: Int
        /// Seed of the run.
        package let seed: UInt64
        /// Whether the student has a teacher; otherwise it is trained from scratch, for comparison.
        package let isDistilled: Bool
    }

    /// The name of the distillation; the names of its runs begin with it.
    package let name: String
    /// The folder `results/<name>` with what compares the runs; the folders of the runs themselves stand beside it.
    package let folder: URL
    /// The settings of all runs, but for model, seed and teacher.
    package let base: RunSettings
    /// The students; each is the teacher of the next.
    package let students: [Model]
    /// The seeds with which each student is trained.
    package let seeds: [UInt64]
    /// The teacher of the first student, with its weights.
    package let teacher: TrainedModel
    /// The training and test splits, which are the same for all runs.
    package let data: DatasetPair
    /// The tasks in the order in which they are done: a student before the one it teaches.
    package let tasks: [Task]
    /// The run of each task.
    package let runs: [SweepRun]
    /// Curves of the runs that had finished before, by their index.
    package private(set) var curves: [Int: RunCurve] = [:]
    /// The runs that are still to be done, in order.
    package private(set) var waiting: [SweepRun] = []
    /// Whether any run in ``waiting`` was begun by an earlier job and is continued.
    package private(set) var isContinued = false
    /// Keeps other programs from the folder as long as the plan is there.
    private let lock: FolderLock
    /// What the teacher says of the test samples, and how often it is right: what students are measured against.
    let taught: TestScores
    /// The teacher's accuracy on the test samples, in [0, 1].
    package var teacherAccuracy: Double { taught.accuracy }

    /// Checks every run before any is started.
    ///
    /// - Parameters:
    ///   - base: the settings of all runs, but for model and seed; its teacher is that of the first student.
    ///   - names: the students' architectures, each only once.
    ///   - seeds: the seeds of each student, each only once; nil takes that of `base`.
    ///   - hasBaseline: whether each student is also trained from scratch.
    ///   - outputs: what each run leaves behind; its name, which must be there, is that of the distillation.
    ///   - isTimed: whether the ranks record their phases in timing files.
    ///   - stop: looked at between two checks.
    /// - Throws: `ConfigurationError` that says what cannot be done; `Interruption`.
    /// - Complexity: one job prepared for each run, and a pass of the teacher over the test set; for each finished student its teacher's file is read, to compare
    ///   digests.
    package init(
        _ base: RunSettings, students names: [String], seeds: [UInt64]?, hasBaseline: Bool,
        _ outputs: RunOutputs.Choice, isTimed: Bool, stop: StopFlag
    ) throws {
        guard let name = outputs.name else { preconditionFailure("a distillation has a name") }
        let teacher = try TrainedModel(reading: base.teacher ?? "")
        var students: [Model] = []
        for name in names { students.append(try Models.standard.named(name, for: teacher.model.form)) }
        let seeds = seeds ?? [base.seed]
        try Self.refuseRepeated(names, in: "--student")
        try Self.refuseRepeated(seeds.map(String.init), in: "--seeds")
        var tasks: [Task] = []
        for seed in seeds {
            for student in students.indices {
                tasks.append(Task(student: student, seed: seed, isDistilled: true))
                if hasBaseline { tasks.append(Task(student: student, seed: seed, isDistilled: false)) }
            }
        }
        (self.name, self.base, self.students, self.seeds, self.teacher, self.tasks) =
            (name, base, students, seeds, teacher, tasks)
        let namer = RunNamer(name: name, students: students, hasSeeds: seeds.count > 1)
        runs = tasks.enumerated().map { index, task in
            Self.run(task, at: index, base, namer, outputs, isTimed: isTimed)
        }
        let progress = try runs.map { run in try run.progress(renamedBy: "--run-name") }
        data = try Self.check(runs, tasks, students, teacher, stop)
        taught = try TestScores(teacher, on: data.test)
        folder = URL(fileURLWithPath: outputs.results, isDirectory: true)
            .appendingPathComponent(name, isDirectory: true)
        lock = try Self.makeFolder(folder)
        for (run, progress) in zip(runs, progress) where progress == .finished {
            curves[run.index] = RunCurve(try RecordedRun(in: run.folder).log)
        }
        waiting = zip(runs, progress).filter { $0.1 != .finished }.map(\.0)
        isContinued = progress.contains(.begun)
        try refuseOtherTeachers()
    }

    /// Lets other programs into the folder, and leaves no lock file behind. To be called once everything is written.
    package func release() { lock.release() }

    /// Names the runs: `d-logistic`, `d-logistic-scratch`, and with several seeds `d-logistic-seed2`.
    private struct RunNamer {
        /// The name of the distillation.
        let name: String
        let students: [Model]
        /// Whether names need the seed to be unique.
        let hasSeeds: Bool

        /// The name of a task's run and of its folder.
        func name(of task: Task) -> String {
            "\(name)-\(students[task.student].name)" + (task.isDistilled ? "" : "-scratch")
                + (hasSeeds ? "-seed\(task.seed)" : "")
        }
    }

    /// The run of a task: `base` with the task's model and seed. Its teacher is none, the user's, or the folder of the
    /// student before with the same seed.
    private static func run(
        _ task: Task, at index: Int, _ base: RunSettings, _ namer: RunNamer, _ outputs: RunOutputs.Choice,
        isTimed: Bool
    ) -> SweepRun {
        var settings = base
        settings.model = namer.students[task.student].text
        settings.seed = task.seed
        if !task.isDistilled {
            settings.distil(from: nil, temperature: nil, hardWeight: nil)
        } else if task.student > 0 {
            let before = namer.name(of: Task(student: task.student - 1, seed: task.seed, isDistilled: true))
            settings.teacher =
                URL(fileURLWithPath: outputs.results, isDirectory: true).appendingPathComponent(before).relativePath
        }
        let name = namer.name(of: task)
        var outputs = outputs
        outputs.name = name
        return SweepRun(index: index, settings: settings, outputs: outputs, name: name, isTimed: isTimed)
    }

    /// Builds what a rank works with for each run. The teacher of a later student does not exist yet: a model of the
    /// same architecture with fresh weights stands in for it.
    ///
    /// - Returns: the data of the runs.
    /// - Throws: `ConfigurationError` when settings do not fit together, or when the strategy leaves part of a student
    ///   on the clients; `Interruption`.
    private static func check(
        _ runs: [SweepRun], _ tasks: [Task], _ students: [Model], _ teacher: TrainedModel, _ stop: StopFlag
    ) throws -> DatasetPair {
        var data: DatasetPair?
        for (run, task) in zip(runs, tasks) {
            try stop.check()
            var standIn = teacher
            if task.student > 0 {
                let model = students[task.student - 1]
                standIn = TrainedModel(model, weights: model.initialWeights(seed: task.seed))
            }
            let job = try Job(run.settings, teacher: standIn)
            guard job.strategy.personalization != .parameters else {
                throw ConfigurationError(
                    "strategy '\(run.settings.strategy)' leaves part of the student to the clients: there is no whole one to "
                        + "compare, or to teach the next")
            }
            data = data ?? job.data
        }
        guard let data else { throw ConfigurationError("--student and --seeds name no run") }
        return data
    }

    /// Refuses a value that is given twice, which would name two runs alike.
    ///
    /// - Parameters:
    ///   - values: as the user gave them.
    ///   - option: the option's name, for the error.
    private static func refuseRepeated(_ values: [String], in option: String) throws(ConfigurationError) {
        var seen: Set<String> = []
        if let value = values.first(where: { !seen.insert($0).inserted }) {
            throw ConfigurationError("\(option) has '\(value)' twice")
        }
    }

    /// Makes the folder and locks it.
    ///
    /// - Throws: `ConfigurationError` when it cannot be made, or another process works in it.
    private static func makeFolder(_ folder: URL) throws(ConfigurationError) -> FolderLock {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationError("cannot write into '\(folder.relativePath)': \(error.reasonLine)")
        }
        return try FolderLock(folder)
    }

    /// Refuses finished students whose teacher's file has changed since: in one table they would be compared with
    /// students of another teacher. The digest that the run recorded is compared.
    private func refuseOtherTeachers() throws {
        for (task, run) in zip(tasks, runs) where task.isDistilled && curves[run.index] != nil {
            let weights =
                task.student == 0 ? teacher.weights : try TrainedModel(reading: run.settings.teacher ?? "").weights
            guard RunFolder.teacherDigest(in: run.folder) == weightsDigest(weights.span) else {
                throw ConfigurationError(
                    "'\(run.folder.relativePath)' was distilled from another teacher than '\(run.settings.teacher ?? "")' "
                        + "is; choose another --run-name, or remove it")
            }
        }
    }
}
