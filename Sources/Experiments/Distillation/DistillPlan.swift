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

/// The runs of a distillation, and which of them are done already. On rank 0.
package struct DistillPlan {
    /// What a run is for.
    package struct Task: Equatable {
        /// Index in `students`.
        package let student: Int
        package let seed: UInt64
        /// Whether it has a teacher, or is trained from scratch.
        package let isDistilled: Bool
    }

    package let name: String
    /// `results/<name>`: of what is said of all runs; theirs are beside it.
    package let folder: URL
    package let base: RunSettings
    /// Each the teacher of the next.
    package let students: [Model]
    package let seeds: [UInt64]
    /// Teacher of the first student.
    package let teacher: TrainedModel
    package let data: DatasetPair
    /// In the order in which they are done.
    package let tasks: [Task]
    /// The run of each task.
    package let runs: [SweepRun]
    /// Curves of the runs that had finished before, by their place.
    package private(set) var curves: [Int: RunCurve] = [:]
    /// What is to be done.
    package private(set) var waiting: [SweepRun] = []
    /// Whether any of `waiting` goes on.
    package private(set) var goesOn = false
    /// Held as long as this is there.
    private let lock: FolderLock

    /// Checks every run before any is started.
    /// - Parameters:
    ///   - base: the settings of all runs, but for model and seed; its teacher is the first student's.
    ///   - seeds: nil: that of `base`.
    ///   - hasBaseline: whether the students are trained from scratch, too.
    ///   - outputs: of each run; its name is that of the whole, and begins theirs.
    ///   - isTimed: whether the ranks record what they do with their time.
    ///   - stop: looked at between two checks.
    /// - Throws: `ConfigurationError` that says what cannot be; `Interruption`
    package init(
        _ base: RunSettings, students names: [String], seeds: [UInt64]?, hasBaseline: Bool,
        _ outputs: RunOutputs.Choice, isTimed: Bool, stop: StopFlag
    ) throws {
        guard let name = outputs.name else { preconditionFailure("a distillation has a name") }
        var students: [Model] = []
        for name in names { students.append(try Models.named(name)) }
        let seeds = seeds ?? [base.seed]
        try Self.refuseRepeated(names, in: "--student")
        try Self.refuseRepeated(seeds.map(String.init), in: "--seeds")
        let teacher = try TrainedModel(reading: base.teacher ?? "")
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
        let progress = try runs.map { run in try run.progress() }
        data = try Self.check(runs, tasks, students, teacher, stop)
        folder = URL(fileURLWithPath: outputs.results, isDirectory: true)
            .appendingPathComponent(name, isDirectory: true)
        lock = try Self.makeFolder(folder)
        for (run, progress) in zip(runs, progress) where progress == .finished {
            curves[run.index] = RunCurve(try RecordedRun(in: run.folder).log)
        }
        waiting = zip(runs, progress).filter { $0.1 != .finished }.map(\.0)
        goesOn = progress.contains(.begun)
        try refuseOtherTeachers()
    }

    /// Names runs and their folders.
    private struct RunNamer {
        let name: String
        let students: [Model]
        let hasSeeds: Bool

        func name(of task: Task) -> String {
            "\(name)-\(students[task.student].name)" + (task.isDistilled ? "" : "-scratch")
                + (hasSeeds ? "-seed\(task.seed)" : "")
        }
    }

    private static func run(
        _ task: Task, at index: Int, _ base: RunSettings, _ namer: RunNamer, _ outputs: RunOutputs.Choice,
        isTimed: Bool
    ) -> SweepRun {
        var settings = base
        settings.model = namer.students[task.student].name
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

    /// Builds what a rank works with for each run; a teacher that is not there yet is one with fresh weights.
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

    private static func refuseRepeated(_ values: [String], in option: String) throws(ConfigurationError) {
        var seen: Set<String> = []
        if let value = values.first(where: { !seen.insert($0).inserted }) {
            throw ConfigurationError("\(option) has '\(value)' twice")
        }
    }

    private static func makeFolder(_ folder: URL) throws(ConfigurationError) -> FolderLock {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationError("cannot write into '\(folder.relativePath)': \(error.reasonLine)")
        }
        return try FolderLock(folder)
    }

    /// A student that was taught before, by a teacher whose file has changed since, cannot stand beside the others.
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
