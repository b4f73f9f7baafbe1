import FedCore
import Foundation
import Records
import Testing

@testable import Experiments
@testable import fedmpi

@Suite struct SweepFileTests {
    private func points(_ text: String) throws -> [SweepPoint] {
        try SweepPoint.all(of: SweepFile(path: file(text)))
    }

    private func file(_ text: String) throws -> String {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        try Data(text.utf8).write(to: url)
        return url.path
    }

    /// The one line that says what is wrong.
    private func complaint(_ text: String) throws -> String {
        let error = #expect(throws: ConfigurationError.self) { try points(text) }
        return try #require(error).description
    }

    @Test func `A grid is every combination in the file's order, the last key fastest`() throws {
        let points = try points("grid: {strategy: [fedavg, fedprox], alpha: [0.1, 1.0], seed: [1, 2]}")
        #expect(
            points.map(\.name) == [
                "strategy=fedavg,alpha=0.1,seed=1", "strategy=fedavg,alpha=0.1,seed=2",
                "strategy=fedavg,alpha=1.0,seed=1", "strategy=fedavg,alpha=1.0,seed=2",
                "strategy=fedprox,alpha=0.1,seed=1", "strategy=fedprox,alpha=0.1,seed=2",
                "strategy=fedprox,alpha=1.0,seed=1", "strategy=fedprox,alpha=1.0,seed=2",
            ])
        let last = try #require(points.last)
        #expect(last.settings.strategy == "fedprox" && last.settings.alpha == 1)
        #expect(last.settings.seed == 2)
        #expect(last.coordinates.map(\.name) == ["strategy", "alpha"], "the seed is no coordinate")
    }

    @Test func `The grid and the cases change what the base says`() throws {
        let points = try points(
            """
            base: {rounds: 30, lr: 0.1, strategy-options: {mu: 1}}
            cases:
              - {name: tuned, strategy: fedprox, strategy-options: {mu: 0.01}, lr: 0.02}
              - {strategy: fedavg, strategy-options: {}}
            grid: {seed: [7]}
            """)
        #expect(points.map(\.name) == ["tuned,seed=7", "strategy=fedavg,strategy-options=,seed=7"])
        let settings = points.map(\.settings)
        #expect(settings.map(\.rounds) == [30, 30] && settings.map(\.lr) == [0.02, 0.1])
        #expect(settings[0].strategyOptions == ["mu": "0.01"] && settings[1].strategyOptions == [:])
        #expect(points[0].coordinates.map(\.name) == ["case"])
    }

    @Test func `Cases without a grid are the whole sweep, and mappings may be in a grid`() throws {
        #expect(try points("cases: [{name: a, lr: 0.1}, {name: b, lr: 0.2}]").map(\.name) == ["a", "b"])
        let points = try points("grid: {strategy-options: [{mu: 0.1}, {mu: 1}], strategy: [fedprox]}")
        #expect(points.map(\.settings.strategyOptions) == [["mu": "0.1"], ["mu": "1"]])
        #expect(points[0].name == "strategy-options=mu=0.1,strategy=fedprox")
    }

    @Test func `A run does not depend on the ranks there are, and keeps no time unless it is asked to`() throws {
        let point = try points("grid: {seed: [1]}")[0]
        #expect(point.settings.clients == 5 && !point.isTimed)
        let timed = try points("base: {timing: on, no-report: false}\ngrid: {seed: [1]}")[0]
        #expect(timed.isTimed && timed.hasReport)
    }

    @Test func `Names of folders have no strange characters`() throws {
        #expect(try points("cases: [{name: 'a/b c±', lr: 0.1}]").map(\.name) == ["a_b_c_"])
    }

    @Test func `Target, columns and ranks are read`() throws {
        let path = try file("grid: {seed: [1]}\ntarget: 0.8\ncolumns: [best, upload]\nranks-per-run: 3")
        let file = try SweepFile(path: path)
        #expect(file.target == 0.8 && file.columns == [.best, .upload] && file.ranksPerRun == 3)
    }

    @Test(arguments: [
        ("grid: {}", "neither a grid nor cases"),
        ("base: {rounds: 3}", "neither a grid nor cases"),
        ("grid: {alpha: 0.1}", "alpha is not a list of values"),
        ("grid: {alpha: []}", "alpha is not a list of values"),
        ("grid: {seed: [1, 2, 1]}", "seed has the value 1 twice"),
        ("grid: [1]", "grid is not a mapping"),
        ("gird: {seed: [1]}", "unknown key 'gird'; did you mean 'grid'?"),
        ("grid: {sede: [1]}", "unknown key 'sede'"),
        ("base: {sede: 1}\ngrid: {seed: [1]}", "unknown key 'sede'"),
        ("grid: {seed: [1]}\ntarget: 80", "target is not an accuracy in (0, 1]"),
        ("grid: {seed: [1]}\nranks-per-run: 0", "ranks-per-run is not a number from 1"),
        ("grid: {seed: [1]}\ncolumns: [finale]", "unknown column 'finale'; did you mean 'final'?"),
        ("grid: {seed: [1]}\ncolumns: [rounds]", "column 'rounds' needs a target"),
        ("grid: {lr: [0.1]}\ncases: [{name: a, lr: 0.2}]", "lr is in the grid and in case 'a'"),
        ("cases: [{name: a, lr: 0.1}, {name: a, lr: 0.2}]", "two cases are named 'a'"),
        ("cases: [{}]", "case 1 has neither a name nor settings"),
        ("cases: [{name: a b, lr: 0.1}, {name: a/b, lr: 0.2}]", "two runs would be named 'a_b'"),
        ("base: {results: x}\ngrid: {seed: [1]}", "--results is not an option of a sweep's runs"),
        ("grid: {timing: [on, off]}", "--timing does not change a run's result"),
        ("grid: {alpha: [0.1, much]}", "alpha=much: "),
    ])
    func `What makes no sense is refused in one line`(text: String, says: String) throws {
        let complaint = try complaint(text)
        #expect(complaint.contains(says) && !complaint.contains("\n"), "\(complaint)")
    }
}
