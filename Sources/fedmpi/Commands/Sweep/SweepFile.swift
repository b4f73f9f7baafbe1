import Experiments
import FedCore
import Foundation
import Yams

/// What a sweep's YAML file says.
///
/// ```yaml
/// base: {dataset: fashion-mnist, rounds: 30}      # options of `fedmpi train`
/// grid: {strategy: [fedavg, fedprox], alpha: [0.1, 1], seed: [1, 2, 3]}
/// cases: [{name: tuned, strategy: fedprox, strategy-options: {mu: 0.01}}]
/// ranks-per-run: 3
/// target: 0.8
/// columns: [final, best]
/// ```
struct SweepFile {
    /// Settings that go together.
    struct Case {
        let name: String
        let settings: Node.Mapping
    }

    let path: String
    /// Settings of every run.
    private(set) var base: Node.Mapping = [:]
    /// Every combination is a run; in the order of the file.
    private(set) var grid: [(name: String, values: [Node])] = []
    /// Crossed with the grid; empty: there are none.
    private(set) var cases: [Case] = []
    private(set) var ranksPerRun: Int?
    /// Accuracy in (0, 1] that runs are to reach.
    private(set) var target: Double?
    /// Columns of the table; nil: those that there are.
    private(set) var columns: [SweepFigure]?

    private static let keys = ["base", "cases", "columns", "grid", "ranks-per-run", "target"]

    /// - Throws: `ConfigurationError` with the first thing in it that is wrong.
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

    /// With every point of the grid.
    /// - Throws: `ConfigurationError` that names the first point with options that cannot be.
    func definition() throws -> SweepDefinition {
        SweepDefinition(
            source: URL(fileURLWithPath: path), points: try SweepPoint.all(of: self), ranksPerRun: ranksPerRun,
            target: target, columns: columns)
    }

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

    private func readColumns(_ node: Node) throws -> [SweepFigure] {
        let choices = SweepFigure.allCases.map(\.rawValue)
        guard let list = node.sequence, !list.isEmpty else {
            throw error("columns is not a list of: \(choices.joined(separator: ", "))")
        }
        return try list.map { item in
            let name = item.string ?? "?"
            guard let column = SweepFigure(rawValue: name) else {
                throw ConfigurationError(unknown: "column", name, choices: choices, in: path)
            }
            return column
        }
    }

    private func settings(_ node: Node, of part: String) throws -> Node.Mapping {
        guard let mapping = node.mapping else {
            throw error("\(part) is not a mapping from option names to values")
        }
        return mapping
    }

    private func error(_ text: String) -> ConfigurationError { ConfigurationError("'\(path)': \(text)") }
}

extension Node {
    /// A setting's value as one text: `0.1`, `mu=0.01`.
    var settingText: String {
        switch self {
        case .scalar(let scalar): scalar.string
        case .mapping(let mapping): mapping.map { "\($0.settingText)=\($1.settingText)" }.joined(separator: ",")
        case .sequence(let items): items.map(\.settingText).joined(separator: ",")
        case .alias: "?"
        }
    }
}
