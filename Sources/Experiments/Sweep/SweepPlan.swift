import Analysis
import Datasets
import FedCore
import Federation
import Files
package import Foundation
import NeuralNet
import Records
package import Runtime

/// The plan of a sweep: every run of its grid, and which of them are finished, begun or still to be started.
///
/// It exists on rank 0 only and is made before the ranks form groups. It looks at the runs' own folders and keeps no
/// list of its own, so that the same command continues a sweep that was interrupted at any point, also one with points
/// added.
package struct SweepPlan {
    /// The definition that the user gave.
    package let definition: SweepDefinition
    /// The name of the sweep and of its folder.
    package let name: String
    /// The folder `results/<sweep>`, with the table and the figure; the runs are in `runs` within it.
    package let folder: URL
    /// The grid's points in the order of the file.
    package var points: [SweepPoint] { definition.points }
    /// Curves of the runs that had finished before, by the index of their point.
    package private(set) var curves: [Int: RunCurve] = [:]
    /// The runs that are still to be done, the most expensive first, so that the groups end at about the same time.
    package private(set) var runs: [SweepRun] = []
    /// The number of runs in ``runs`` that were begun by an earlier job and are continued.
    package private(set) var begun = 0
    /// The largest number of clients of any point; bounds the useful size of a group.
    package private(set) var mostClients = 1
    /// Warnings about the data of the runs that are still to be done, each once.
    package private(set) var dataWarnings: [String] = []
    /// Keeps other programs from the folder as long as the plan is there; nil when nothing is to be done.
    private let lock: FolderLock?

    /// Lets other programs into the folder, and leaves no lock file behind. To be called once everything is written.
    package func release() { lock?.release() }

    /// Checks every run before any is started: a typing error in the last point should not be found after hours.
    ///
    /// Each run that is not finished is prepared as on a rank, data set and partition included, which takes most of the
    /// time.
    ///
    /// - Parameters:
    ///   - definition: the points and how they are shared out.
    ///   - results: the folder of all runs.
    ///   - name: the name of the sweep's folder in `results`.
    ///   - makesFolder: whether the sweep's folder is made and kept from other programs; false for a dry run.
    ///   - stop: looked at between two checks.
    /// - Throws: `ConfigurationError` that names the first run that cannot be done; `Interruption`.
    /// - Complexity: one job prepared for each run that is not finished; the logs of the finished ones are read.
    package init(_ definition: SweepDefinition, results: String, name: String, makesFolder: Bool, stop: StopFlag) throws
    {
        self.definition = definition
        self.name = name
        let folder = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(name, isDirectory: true)
        let all = definition.points.enumerated().map { Self.run($1, at: $0, in: folder, results: results) }
        var progress: [SweepRun.Progress] = []
        for run in all { progress.append(try run.progress(renamedBy: "--sweep-name")) }
        var costs: [Int: Double] = [:]
        for (run, progress) in zip(all, progress) {
            mostClients = max(mostClients, run.settings.clients)
            if progress != .finished {
                try stop.check()
                let (cost, warnings) = try Self.checked(run)
                costs[run.index] = cost
                for warning in warnings where !dataWarnings.contains(warning) { dataWarnings.append(warning) }
            }
        }
        try Self.refuseOtherData(zip(all, progress).filter { $1 == .finished }.map(\.0))
        self.folder = folder
        lock = makesFolder ? try Self.makeFolder(folder, with: definition.source) : nil
        for (run, progress) in zip(all, progress) where progress == .finished {
            curves[run.index] = try Self.curve(of: run)
        }
        begun = progress.count { $0 == .begun }
        runs = all.filter { costs[$0.index] != nil }.sorted {
            let (left, right) = (costs[$0.index] ?? 0, costs[$1.index] ?? 0)
            return (right, $0.index) < (left, $1.index)
        }
    }

    /// The run of a point. Its folder is in the sweep's own, its line in the history of all runs in `results`.
    private static func run(_ point: SweepPoint, at index: Int, in folder: URL, results: String) -> SweepRun {
        var outputs = point.outputs
        outputs.results = folder.appendingPathComponent("runs", isDirectory: true).path
        (outputs.name, outputs.historyFolder) = (point.name, results)
        return SweepRun(
            index: index, settings: point.settings, outputs: outputs, name: point.name, isTimed: point.isTimed)
    }

    /// Prepares a run as a rank would, to see whether its settings and data fit together.
    ///
    /// - Returns: the run's expected cost: the floating-point operations of its training, in rounds × share of the
    ///   clients × epochs × samples × operations a sample. It only orders the runs, so that evaluation and messages may
    ///   be left out. And the warnings about its data.
    /// - Throws: `ConfigurationError` that begins with the run's name.
    private static func checked(_ run: SweepRun) throws -> (cost: Double, warnings: [String]) {
        do {
            let job = try Job(run.settings)
            let settings = run.settings
            let cost =
                Double(settings.rounds) * settings.clientFraction * Double(max(settings.epochs, 1))
                * Double(job.partition.sampleCount) * Double(job.model.trainingFlops)
            return (cost, job.data.notes.filter(\.isWarning).map(\.text))
        } catch let error as ConfigurationError {
            throw ConfigurationError(error.description, at: run.name)
        } catch let error as DatasetError {
            throw ConfigurationError(error.description, at: run.name)
        }
    }

    /// Refuses to go on where the data have changed since runs were finished: they would be compared in one table with runs
    /// on others. Of runs with the same data one is looked at; data that cannot be opened are left to the runs that need them.
    ///
    /// - Throws: `ConfigurationError` that names a run, and what differs.
    private static func refuseOtherData(_ finished: [SweepRun]) throws(ConfigurationError) {
        var seen: Set<[String]> = []
        for run in finished {
            let (settings, path) = (run.settings, run.folder.path)
            guard seen.insert([settings.dataset, "\(settings.datasetOptions)", "\(settings.seed)"]).inserted,
                let trained = try? TrainedModel(reading: path), let origin = try? DataOrigin(metadata: trained.metadata)
            else { continue }
            let choice = ModelData(of: origin)
            guard let pair = try? choice.open(for: trained.model),
                let note = choice.notes(on: pair, usesTraining: true).first
            else { continue }
            throw ConfigurationError("\(run.name) is finished: \(note); another --sweep-name begins anew")
        }
    }

    /// The curve of a finished run, read from its log.
    private static func curve(of run: SweepRun) throws(ConfigurationError) -> RunCurve {
        RunCurve(try RecordedRun(in: run.folder).log)
    }

    /// Makes the sweep's folder, locks it, and copies the sweep's file into it as `sweep.yaml`.
    ///
    /// - Throws: `ConfigurationError` when the folder cannot be written into, or another process works in it.
    private static func makeFolder(_ folder: URL, with source: URL?) throws(ConfigurationError) -> FolderLock {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Folder.make(folder.appendingPathComponent("runs").path)
            let lock = try FolderLock(folder)
            let copy = folder.appendingPathComponent("sweep.yaml")
            if let source, copy.standardizedFileURL != source.standardizedFileURL {
                try copy.replaceContents(with: Data(contentsOf: source))
            }
            return lock
        } catch let error as ConfigurationError {
            throw error
        } catch let error as FileError {
            throw ConfigurationError(error.description)
        } catch {
            throw ConfigurationError("cannot write into '\(folder.relativePath)': \(error.reasonLine)")
        }
    }

    /// The sweep's table as far as it is known: finished earlier, or in `outcomes`.
    ///
    /// - Parameter outcomes: what became of the runs of this job; failed ones leave their row with a run too few.
    package func table(_ outcomes: [SweepOutcome]) -> SweepTable {
        var curves = curves
        for outcome in outcomes {
            if case .finished(let curve) = outcome.end { curves[outcome.index] = curve }
        }
        return SweepTable(
            points.enumerated().map { ($1.coordinates, curves[$0]) }, target: definition.target,
            columns: definition.columns)
    }
}
