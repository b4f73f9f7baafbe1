import Experiments
import FedCore
import Federation
import Foundation
import Records
import Yams

extension SweepPoint {
    /// All points, in the order of the file: cases first, the last key of the grid varies fastest.
    /// - Throws: `ConfigurationError` that names the first point with options that cannot be.
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

    private static let most = 10_000

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

/// The options of one run, from a file's values.
private struct PointOptions {
    private let choices: RunChoices

    /// Options of the sweep itself, or of a terminal that only one run could have.
    private static let refused = ["json", "quiet", "results", "run-name"]

    /// - Parameters:
    ///   - mapping: all options of the run.
    ///   - varied: the names of those that are not the same in all runs.
    ///   - path: of the file.
    /// - Throws: `ConfigurationError`
    init(_ mapping: Node.Mapping, varied: [String], in path: String) throws(ConfigurationError) {
        let given = try ConfigurationFile.given(mapping, in: path)
        if let name = given.names.first(where: Self.refused.contains) {
            throw ConfigurationError("--\(name) is not an option of a sweep's runs")
        }
        if let name = varied.first(where: OutputSettings.names.contains) {
            throw ConfigurationError("--\(name) does not change a run's result; it can stand under base only")
        }
        // Many runs side by side: none is timed unless the file says so.
        var output = OutputSettings()
        output.timing = .off
        choices = try RunChoices(given, of: TrainingScope.self, output: output)
    }

    var output: OutputSettings { choices.output }

    /// The run's settings, which do not depend on the ranks there are.
    var resolved: RunSettings { choices.settings(ranks: 1) }
}
