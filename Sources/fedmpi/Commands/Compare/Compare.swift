import Analysis
import ArgumentParser
import FedCore
import Files
import Foundation
import RunStore

/// `fedmpi compare`.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare runs: what differs in their settings, their outcomes, one picture of their curves.",
        discussion: "fedmpi compare fedavg-1 fedprox-1")

    @OptionGroup var history: HistoryOptions

    @Argument(help: "Two runs or more, each by its number, its folder's name, or how that name begins.")
    var runs: [String]

    @Option(help: "Folder for the picture, its script and its data. (default: compare-A-B in --results)")
    var output: String?

    func validate() throws {
        guard runs.count > 1 else { throw ConfigurationError("compare what with what? name two runs or more") }
    }

    func run() throws {
        let store = try history.open()
        let found = try runs.map { try store.find($0) }
        guard Set(found.map(\.id)).count == found.count else {
            throw ConfigurationError("'\(runs.joined(separator: " "))' names a run twice")
        }
        let comparison = try Comparison(found.map { ($0, try store.rounds(of: $0)) })
        Console.output(comparison.text)
        let folder =
            output.map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? URL(fileURLWithPath: history.results, isDirectory: true)
            .appendingPathComponent(comparison.folderName, isDirectory: true)
        Console.output("\n" + (try draw(comparison, in: folder)))
    }

    /// What became of the picture, as a line.
    private func draw(_ comparison: Comparison, in folder: URL) throws -> String {
        guard comparison.hasCurves else { return "no picture: no round of theirs was evaluated" }
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
        case .drawn: return "picture   \(folder.relativePath)/\(picture.name).png"
        case .missing: return Gnuplot.advice
        case .failed(let reason): return "no picture: gnuplot says: \(reason)"
        }
    }
}
