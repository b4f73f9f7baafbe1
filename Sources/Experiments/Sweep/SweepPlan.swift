import Analysis
import Datasets
import FedCore
import Federation
import Files
package import Foundation
import NeuralNet
import Records
package import Runtime

/// What is to be done of a sweep, and what is done already. On rank 0.
package struct SweepPlan {
    package let definition: SweepDefinition
    package let name: String
    /// `results/<sweep>`
    package let folder: URL
    package var points: [SweepPoint] { definition.points }
    /// Curves of the points that had finished before, by their place.
    package private(set) var curves: [Int: RunCurve] = [:]
    /// What is to be done, the most expensive first, so that groups end together.
    package private(set) var runs: [SweepRun] = []
    /// How many of `runs` go on.
    package private(set) var begun = 0
    /// The most clients of all points.
    package private(set) var mostClients = 1
    /// Held as long as this is there.
    private let lock: FolderLock?

    /// Checks every run before any is started.
    /// - Parameters:
    ///   - name: of its folder in `results`.
    ///   - makesFolder: whether the sweep's folder is made, and kept from other programs.
    ///   - stop: looked at between two checks.
    /// - Throws: `ConfigurationError` that names the first run that cannot be; `Interruption`
    package init(_ definition: SweepDefinition, results: String, name: String, makesFolder: Bool, stop: StopFlag) throws
    {
        self.definition = definition
        self.name = name
        let folder = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(name, isDirectory: true)
        let all = definition.points.enumerated().map { Self.run($1, at: $0, in: folder, results: results) }
        var progress: [SweepRun.Progress] = []
        for run in all { progress.append(try run.progress()) }
        var costs: [Int: Double] = [:]
        for (run, progress) in zip(all, progress) {
            mostClients = max(mostClients, run.settings.clients)
            if progress != .finished {
                try stop.check()
                costs[run.index] = try Self.checkedCost(of: run)
            }
        }
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

    private static func run(_ point: SweepPoint, at index: Int, in folder: URL, results: String) -> SweepRun {
        var outputs = point.outputs
        outputs.results = folder.appendingPathComponent("runs", isDirectory: true).path
        (outputs.name, outputs.historyFolder) = (point.name, results)
        return SweepRun(
            index: index, settings: point.settings, outputs: outputs, name: point.name, isTimed: point.isTimed)
    }

    /// Builds what a rank works with, as the run itself does first.
    /// - Returns: its expected cost: the arithmetic of its training.
    private static func checkedCost(of run: SweepRun) throws -> Double {
        do {
            let job = try Job(run.settings)
            let settings = run.settings
            return Double(settings.rounds) * settings.clientFraction * Double(max(settings.epochs, 1))
                * Double(job.partition.sampleCount) * Double(job.model.trainingFlops)
        } catch let error as ConfigurationError {
            throw ConfigurationError(error.description, at: run.name)
        } catch let error as DatasetError {
            throw ConfigurationError(error.description, at: run.name)
        }
    }

    private static func curve(of run: SweepRun) throws(ConfigurationError) -> RunCurve {
        RunCurve(try RecordedRun(in: run.folder).log)
    }

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

    /// The table of the sweep, as far as it is known.
    /// - Parameter outcomes: of the runs that were done.
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
