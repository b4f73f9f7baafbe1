import Experiments
import FedCore
import Federation
import Foundation
import Records
import Yams

extension SweepPoint {
    /// All points of a file, in the order of the table: cases first, and the last list of the grid varies
    /// fastest.
    ///
    /// - Throws: `ConfigurationError` when there are more than 10,000, when two would share a folder, or, with
    ///   the point's name, when options cannot be.
    static func all(of file: SweepFile) throws -> [SweepPoint] {
        let count = file.grid.reduce(max(1, file.cases.count)) { count, axis in
            let product = count.multipliedReportingOverflow(by: axis.values.count)
            return product.overflow ? Int.max : product.partialValue
        }
        guard count <= most else {
            throw ConfigurationError("'\(file.path)': the grid has \(count) runs; at most \(most) can be")
        }
        var points: [SweepPoint] = []
        let cases: [SweepFile.Case?] = file.cases.isEmpty ? [nil] : file.cases.map { $0 }
        for settings in cases {
            for place in 0..<(count / cases.count) {
                points.append(try point(at: place, settings, of: file))
            }
        }
        try checkNames(points, of: file)
        return points
    }

    /// Most points of a sweep. It stops a grid that was meant to be smaller before it fills the memory with
    /// settings.
    private static let most = 10_000

    /// The point at a place of the grid: `base`, then the case, then the grid's values.
    ///
    /// The place is read as a number with one digit for each list of the grid. The seed is no coordinate: points
    /// that differ in it only are one row of the table, with a mean and a deviation.
    ///
    /// - Parameters:
    ///   - place: From 0 to the product of the lists' lengths.
    ///   - settings: The case; nil when there are none.
    ///   - file: The sweep's file.
    /// - Throws: `ConfigurationError` with the point's name in front.
    private static func point(at place: Int, _ settings: SweepFile.Case?, of file: SweepFile) throws -> SweepPoint {
        var mapping = file.base
        var coordinates: [(name: String, value: String)] = []
        var seed: String?
        if let settings {
            for (key, value) in settings.settings { mapping[key] = value }
            coordinates.append(("case", settings.name))
        }
        var rest = place
        var chosen: [(name: String, value: Node)] = []
        for axis in file.grid.reversed() {
            chosen.append((axis.name, axis.values[rest % axis.values.count]))
            rest /= axis.values.count
        }
        for (name, value) in chosen.reversed() {
            mapping[Node(name)] = value
            if name == "seed" {
                seed = value.settingText
            } else {
                coordinates.append((name, value.settingText))
            }
        }
        let name = folderName(coordinates, seed: seed)
        do throws(ConfigurationError) {
            let hasReport = mapping["no-report"]?.bool == false
            let varied = file.grid.map(\.name) + (settings?.settings.keys.map { $0.string ?? "?" } ?? [])
            let options = try PointOptions(mapping, varied: varied, in: file.path)
            return SweepPoint(
                coordinates: coordinates, seed: seed, settings: options.resolved,
                outputs: RunOutputs.Choice(options.output), isTimed: options.output.timing == .on,
                hasReport: hasReport)
        } catch {
            throw ConfigurationError(error.description, at: name)
        }
    }

    /// Checks that every point can have a folder of its own. Names are made of settings, and characters that no
    /// folder has everywhere become `_`, so two points may come to one name.
    ///
    /// - Throws: `ConfigurationError` when a name is longer than 200 bytes, is `.` or `..`, or is there twice.
    private static func checkNames(_ points: [SweepPoint], of file: SweepFile) throws(ConfigurationError) {
        var seen: Set<String> = []
        for point in points {
            let name = point.name
            guard name.utf8.count <= 200 else {
                throw ConfigurationError("'\(file.path)': the name '\(name)' is too long; give the case a shorter name")
            }
            guard name != ".", name != "..", seen.insert(name).inserted else {
                throw ConfigurationError("'\(file.path)': two runs would be named '\(name)'; give cases other names")
            }
        }
    }
}

/// The options of one run, from a file's values: the same names and checks as on the command line of `fedmpi
/// train`.
private struct PointOptions {
    private let choices: RunChoices

    /// Options of the sweep itself, or of a terminal that only one run could have.
    private static let refused = [
        "json", "quiet", "results", "run-name", "metrics-port", "otlp", "otlp-encoding",
    ]

    /// Reads the options of a run.
    ///
    /// - Parameters:
    ///   - mapping: All options of the run: base, case and grid together.
    ///   - varied: Names of the options that are not the same in all runs. What does not change a result, such as
    ///     `timing`, is not allowed among them: runs would be told apart by it.
    ///   - path: Path of the file, for messages.
    /// - Throws: `ConfigurationError` for an unknown name, a value that is not accepted, and an option of the
    ///   sweep itself.
    init(_ mapping: Node.Mapping, varied: [String], in path: String) throws(ConfigurationError) {
        let given = try ConfigurationFile.given(mapping, in: path)
        if let name = given.names.first(where: Self.refused.contains) {
            throw ConfigurationError("--\(name) is not an option of a sweep's runs")
        }
        if let name = varied.first(where: OutputSettings.names.contains) {
            throw ConfigurationError("--\(name) does not change a run's result; it can stand under base only")
        }
        // Many runs side by side: none is timed unless the file says so.
        /// What the run prints and leaves. Timing is off unless the file asks for it.
        var output = OutputSettings()
        output.timing = .off
        choices = try RunChoices(given, of: TrainingScope.self, output: output)
        var settings = choices.settings(ranks: 1)
        try ModelFile.resolve(&settings)
        try FleetFile.resolve(&settings, given)
        resolved = settings
    }

    var output: OutputSettings { choices.output }

    /// The run's settings. They must not depend on the number of ranks, or the same sweep would be another one on
    /// another machine; so the default number of clients is that of one process.
    let resolved: RunSettings
}
