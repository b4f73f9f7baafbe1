import Analysis
import ArgumentParser
import Experiments
import FedCore
import Federation
import Files
import Foundation
import Recording
import RunStore

/// The command `fedmpi compare`: puts recorded runs side by side.
///
/// It answers which setting made the difference: a table of the settings in which the runs differ, a table of
/// their outcomes, and one picture with their curves by round, by bytes and by time. All figures come from the
/// history of a results folder; the runs' own folders need not be there any more.
///
/// Only rank 0 runs it. The picture, its script and its data go to ``output``, or to a folder in the results
/// folder. Exit codes: 0, also when no picture can be drawn; 2 when a run is not found, is named twice, or
/// something cannot be written.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare runs: settings, outcomes, curves.",
        discussion: """
            fedmpi compare fedavg-1 fedprox-1
            fedmpi compare strategies           the runs of a sweep
            """)

    /// Most runs whose curves can be told apart.
    private static let most = 20

    /// The results folder whose history is read.
    @OptionGroup var history: HistoryOptions

    /// What the user typed for each run: a number, a name, or the beginning of one (``RunStore/find(_:)``).
    @Argument(
        help: "Two runs or more, each by its number, its folder's name, or how that name begins; or a sweep's name.")
    var runs: [String]

    /// Folder for `comparison.png`, `.gp` and `.csv`; nil takes ``Comparison/folderName(of:)`` in the results folder.
    @Option(help: "Folder for the picture, its script and its data. (default: compare-A-B in --results)")
    var output: String?

    /// Whether files in ``output`` may be replaced. The default folder belongs to the command and is always
    /// written over.
    @OptionGroup var overwrite: OverwriteOption
    @OptionGroup var json: JSONOption

    /// What `--json` prints.
    private struct Compared: Encodable {
        let runs: [StoredRun]
        /// Settings in which they differ: a value for each run.
        let differences: [String: [String]]
        /// Absent when none was drawn.
        let picture: String?
        /// Settings beside the best one, by runs of equal seeds; absent where there is nothing to pair.
        let paired: [PairedTable.Row]?
    }

    /// Refuses to compare nothing.
    func validate() throws {
        guard !runs.isEmpty else { throw ConfigurationError("compare what with what? name two runs or more") }
    }

    /// The runs that the user means; a sweep's name stands for all of its own.
    ///
    /// - Returns: the runs, and a name for each that was asked for: a run's own, or the sweep's.
    private func find(in store: RunStore) throws -> (runs: [StoredRun], names: [String]) {
        var found: [StoredRun] = []
        var names: [String] = []
        for text in runs {
            let below = try store.runs(below: text, limit: Self.most + 1)
            if below.isEmpty {
                found.append(try store.find(text))
                names.append(found[found.count - 1].name)
            } else {
                found += below
                names.append(text)
            }
        }
        guard found.count > 1 else { throw ConfigurationError("compare what with what? name two runs or more") }
        guard found.count <= Self.most else {
            throw ConfigurationError(
                "more than \(Self.most) runs are too many to compare: name some of them (`fedmpi runs --sweep NAME`), or see the "
                    + "sweep's own table.md")
        }
        return (found, names)
    }

    /// What the data of a run were known by, as far as its model is still there: digests of both splits.
    private func dataDigest(of run: StoredRun) -> String? {
        guard let origin = DataOrigin(ofRun: URL(fileURLWithPath: history.results).appendingPathComponent(run.name)),
            let train = origin.trainDigest, let test = origin.testDigest
        else { return nil }
        return "\(train.prefix(6))…\(test.prefix(6))"
    }

    /// Finds the runs, prints the tables, and draws.
    ///
    /// A bad ``output`` is refused before anything is printed, so that the last line is not an error below two
    /// long tables.
    ///
    /// - Throws: `ConfigurationError` for runs that are not found, and for folders that cannot be written to;
    ///   `RunStoreError` when there is no history or it cannot be read.
    func run() throws {
        let store = try history.open()
        let (found, names) = try find(in: store)
        guard Set(found.map(\.id)).count == found.count else {
            throw ConfigurationError("'\(runs.joined(separator: " "))' names a run twice")
        }
        let comparison = try Comparison(found.map { ($0, try store.rounds(of: $0)) }, data: found.map(dataDigest))
        if let output, comparison.hasCurves {
            let files = ["csv", "gp", "png"].map { "\(comparison.picture.name).\($0)" }
            _ = try OutputFolder(output, for: files, overwrite)
        }
        if !json.isOn { Console.output(comparison.text) }
        let folder =
            output.map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? URL(fileURLWithPath: history.results, isDirectory: true)
            .appendingPathComponent(Comparison.folderName(of: names), isDirectory: true)
        let (picture, note) = try draw(comparison, in: folder)
        let paired = comparison.paired.encodable
        try json.print(
            Compared(
                runs: found, differences: Dictionary(comparison.differences.map { ($0.name, $0.values) }) { $1 },
                picture: picture, paired: paired.isEmpty ? nil : paired), "\n" + note)
    }

    /// Draws the comparison, and says in one line what came of it.
    ///
    /// - Parameters:
    ///   - comparison: The runs.
    ///   - folder: Folder for picture, script and data; made when missing.
    /// - Returns: The picture, and in words where it is, or why there is none. A missing gnuplot is no error: the tables
    ///   are printed.
    /// - Throws: `ConfigurationError` when the folder cannot be made or written to.
    private func draw(_ comparison: Comparison, in folder: URL) throws -> (String?, String) {
        guard comparison.hasCurves else { return (nil, "no picture: no round of theirs was evaluated") }
        let picture = comparison.picture
        let outcome: Gnuplot.Outcome
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            outcome = try Gnuplot.draw([picture], in: folder)
        } catch let error as FileError {
            throw ConfigurationError(error.description)
        } catch {
            throw ConfigurationError("cannot draw in '\(folder.path)': \(error.reasonLine)")
        }
        switch outcome {
        case .drawn:
            let path = "\(folder.relativePath)/\(picture.name).png"
            return (path, "picture   \(path)")
        case .missing: return (nil, Gnuplot.advice)
        case .failed(let reason): return (nil, "no picture: gnuplot says: \(reason)")
        }
    }
}
