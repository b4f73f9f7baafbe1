import Experiments
import FedCore
import Foundation
import Records
import Yams

/// The contents of a sweep's YAML file, checked for form but not for meaning: whether a setting exists and its
/// value is possible is seen when the points are made (``definition()``).
///
/// ```yaml
/// base: {dataset: fashion-mnist, rounds: 30}      # options of `fedmpi train`
/// grid: {strategy: [fedavg, fedprox], alpha: [0.1, 1], seed: [1, 2, 3]}
/// cases: [{name: tuned, strategy: fedprox, strategy-options: {mu: 0.01}}]
/// ranks-per-run: 3
/// target: 0.8
/// columns: [final, best]
/// ```
///
/// The runs are the product of all lists of `grid`, crossed with `cases`. A case holds settings that only make
/// sense together, such as a strategy and its options; in the grid they would be combined with everything.
struct SweepFile {
    /// Settings that go together: one row of the table before the grid multiplies it.
    struct Case {
        /// Value in the column `case`; the settings themselves (`strategy=fedprox,mu=0.01`) where the file gives
        /// no name.
        let name: String
        /// Settings by name, without `name`. They override those of `base`.
        let settings: Node.Mapping
    }

    /// Path of the file, for messages.
    let path: String
    /// Settings of every run; overridden by a case and by the grid.
    private(set) var base: Node.Mapping = [:]
    /// Lists of values by setting, in the order of the file: every combination is a run, and the last list varies
    /// fastest.
    private(set) var grid: [(name: String, values: [Node])] = []
    /// Cases that the grid is crossed with; when empty, the grid stands alone.
    private(set) var cases: [Case] = []
    /// Ranks in a group, ≥ 1; nil leaves it to the command line or to the number of ranks.
    private(set) var ranksPerRun: Int?
    /// Accuracy in (0, 1] that runs are to reach: columns such as "rounds to 80 %" need it.
    private(set) var target: Double?
    /// Columns of the table; nil shows those for which there are figures.
    private(set) var columns: [SweepColumn]?

    /// Names that may stand at the top of the file.
    private static let keys = ["base", "cases", "columns", "grid", "ranks-per-run", "target"]

    /// Reads the file.
    ///
    /// A setting may not be both in the grid and in a case: which of the two counts would depend on a rule that
    /// nobody knows.
    ///
    /// - Parameter path: Path of a YAML file.
    /// - Throws: `ConfigurationError` with the first thing in it that is wrong, and with what is accepted in its
    ///   place.
    init(path: String) throws {
        self.path = path
        for (key, value) in try ConfigurationFile.mapping(from: path) ?? [:] {
            let name = key.string ?? "?"
            switch name {
            case "base": base = try settings(value, of: "base")
            case "grid": try readGrid(value)
            case "cases": try readCases(value)
            case "ranks-per-run":
                guard let count = value.int, count >= 1 else { throw error("ranks-per-run is not a number from 1") }
                ranksPerRun = count
            case "target":
                guard let target = value.float, target > 0, target <= 1 else {
                    throw error("target is not an accuracy in (0, 1]")
                }
                self.target = target
            case "columns": columns = try readColumns(value)
            default: throw ConfigurationError(unknown: "key", name, choices: Self.keys, in: path)
            }
        }
        guard !grid.isEmpty || !cases.isEmpty else { throw error("there is neither a grid nor cases") }
        if target == nil, let column = columns?.first(where: \.needsTarget) {
            throw error("column '\(column.rawValue)' needs a target")
        }
        for name in grid.map(\.name) {
            if let place = cases.first(where: { $0.settings[Node(name)] != nil }) {
                throw error("\(name) is in the grid and in case '\(place.name)'")
            }
        }
    }

    /// The sweep with every point of the grid, each with all of its settings.
    ///
    /// - Throws: `ConfigurationError` that names the first point whose options cannot be.
    /// - Complexity: O(points · settings), at most 10,000 points.
    func definition() throws -> SweepDefinition {
        let points = try SweepPoint.all(of: self)
        let ofClients: [SweepColumn] = [.clients, .clientsWorst, .own, .ownWorst]
        if let column = columns?.first(where: ofClients.contains), points.allSatisfy({ $0.settings.clientTest == 0 }) {
            throw error(
                "column '\(column.rawValue)' needs client-test, the share of each client's samples that it tests on")
        }
        return SweepDefinition(
            source: URL(fileURLWithPath: path), points: points, ranksPerRun: ranksPerRun, target: target,
            columns: columns)
    }

    /// Reads `grid`: a mapping from settings to lists. A value that is there twice is refused, since two runs
    /// would share a folder.
    private mutating func readGrid(_ node: Node) throws {
        for (key, values) in try settings(node, of: "grid") {
            let name = key.string ?? "?"
            guard let values = values.sequence.map(Array.init), !values.isEmpty else {
                throw error("grid: \(name) is not a list of values")
            }
            let texts = values.map(\.settingText)
            if let twice = texts.first(where: { text in texts.count { $0 == text } > 1 }) {
                throw error("grid: \(name) has the value \(twice) twice")
            }
            grid.append((name, values))
        }
    }

    /// Reads `cases`: a list of mappings, each with settings and perhaps a name. Names are distinct.
    private mutating func readCases(_ node: Node) throws {
        guard let list = node.sequence else { throw error("cases is not a list") }
        for (i, item) in list.enumerated() {
            var settings = try settings(item, of: "case \(i + 1)")
            let given = settings["name"]
            settings["name"] = nil
            let name =
                given?.string ?? settings.map { "\($0.string ?? "?")=\($1.settingText)" }.joined(separator: ",")
            guard !name.isEmpty else { throw error("case \(i + 1) has neither a name nor settings") }
            guard !cases.contains(where: { $0.name == name }) else { throw error("two cases are named '\(name)'") }
            cases.append(Case(name: name, settings: settings))
        }
    }

    /// Reads `columns`: names of figures, at least one.
    private func readColumns(_ node: Node) throws -> [SweepColumn] {
        let choices = SweepColumn.allCases.map(\.rawValue)
        guard let list = node.sequence, !list.isEmpty else {
            throw error("columns is not a list of: \(choices.joined(separator: ", "))")
        }
        return try list.map { item in
            let name = item.string ?? "?"
            guard let column = SweepColumn(rawValue: name) else {
                throw ConfigurationError(unknown: "column", name, choices: choices, in: path)
            }
            return column
        }
    }

    /// The mapping that a part of the file is.
    ///
    /// - Parameters:
    ///   - node: The part.
    ///   - part: Its name, for the message.
    /// - Throws: `ConfigurationError` when it is no mapping.
    private func settings(_ node: Node, of part: String) throws -> Node.Mapping {
        guard let mapping = node.mapping else {
            throw error("\(part) is not a mapping from option names to values")
        }
        return mapping
    }

    /// An error of the file, with its path in front.
    private func error(_ text: String) -> ConfigurationError { ConfigurationError("'\(path)': \(text)") }
}

extension Node {
    /// A setting's value as one text, as it stands in names of runs and in the table: `0.1`, `mu=0.01`.
    var settingText: String {
        switch self {
        case .scalar(let scalar): scalar.string
        case .mapping(let mapping): mapping.map { "\($0.settingText)=\($1.settingText)" }.joined(separator: ",")
        case .sequence(let items): items.map(\.settingText).joined(separator: ",")
        case .alias: "?"
        }
    }
}
