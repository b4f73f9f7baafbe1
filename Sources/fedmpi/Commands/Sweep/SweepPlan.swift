import Analysis
import Datasets
import FedCore
import Federation
import Files
import Foundation
import NeuralNet
import Records
import Runtime

/// What is to be done of a sweep, and what is done already. On rank 0.
struct SweepPlan {
    let file: SweepFile
    let name: String
    /// `results/<sweep>`
    let folder: URL
    let points: [SweepPoint]
    /// Curves of the points that had finished before, by their place.
    private(set) var curves: [Int: RunCurve] = [:]
    /// What is to be done, the most expensive first, so that groups end together.
    private(set) var runs: [SweepRun] = []
    /// How many of `runs` go on.
    private(set) var begun = 0
    /// The most clients of all points.
    private(set) var mostClients = 1
    /// Held as long as this is there.
    private let lock: FolderLock?

    /// Checks every run before any is started.
    /// - Parameters:
    ///   - name: of its folder in `results`; nil: that of the file.
    ///   - makesFolder: whether the sweep's folder is made, and kept from other programs.
    ///   - stop: looked at between two checks.
    /// - Throws: `ConfigurationError` that names the first run that cannot be; `Interruption`
    init(path: String, results: String, name: String?, makesFolder: Bool, stop: StopFlag) throws {
        let file = try SweepFile(path: path)
        let name = try FolderName(
            name ?? URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent, option: "--sweep-name"
        ).text
        self.file = file
        self.name = name
        let folder = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(name, isDirectory: true)
        let points = try SweepPoint.all(of: file)
        let all = points.enumerated().map { Self.run($1, at: $0, in: folder, results: results) }
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
        self.points = points
        lock = makesFolder ? try Self.makeFolder(folder, with: file) : nil
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
        let output = point.options.output
        let runs = folder.appendingPathComponent("runs", isDirectory: true).path
        return SweepRun(
            index: index, settings: point.options.resolved,
            outputs: RunOutputs.Choice(
                results: runs, name: point.name, checkpointEvery: output.checkpointEvery,
                tensorboard: output.tensorboard, keepsHistory: !output.noHistory, historyFolder: results),
            name: point.name, isTimed: output.timing == .on)
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

    private static func makeFolder(_ folder: URL, with file: SweepFile) throws(ConfigurationError) -> FolderLock {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Folder.make(folder.appendingPathComponent("runs").path)
            let lock = try FolderLock(folder)
            let copy = folder.appendingPathComponent("sweep.yaml")
            if copy.standardizedFileURL != URL(fileURLWithPath: file.path).standardizedFileURL {
                try copy.replaceContents(with: Data(contentsOf: URL(fileURLWithPath: file.path)))
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
    func table(_ outcomes: [SweepOutcome]) -> SweepTable {
        var curves = curves
        for outcome in outcomes {
            if case .finished(let curve) = outcome.end { curves[outcome.index] = curve }
        }
        return SweepTable(
            points.enumerated().map { ($1.coordinates, curves[$0]) }, target: file.target, columns: file.columns)
    }
}

/// Keeps two programs from the same folder, until this one ends.
final class FolderLock {
    private let descriptor: Int32

    /// - Throws: `ConfigurationError` when another program has it. A file system without locks is no hindrance.
    init(_ folder: URL) throws(ConfigurationError) {
        let path = folder.appendingPathComponent("lock").path
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            close(descriptor)
            throw ConfigurationError("the runs in '\(folder.relativePath)' are under way in another process")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
