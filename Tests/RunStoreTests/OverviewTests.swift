import FedCore
import Foundation
import Recording
import Testing

@testable import Federation
@testable import Records
@testable import RunStore

@Suite struct OverviewTests {
    private let history: History

    init() throws {
        history = try History()
    }

    /// Runs `run-1`… of two strategies in turn, the n-th with the accuracy n / 10.
    private func make(_ count: Int) throws -> RunStore {
        for number in 1...count {
            var settings = RunSettings()
            settings.strategy = number % 2 == 0 ? "fedprox" : "fedavg"
            settings.seed = UInt64.max - UInt64(number)
            try history.finish("run-\(number)", [History.record(1, accuracy: Double(number) / 10)], settings)
        }
        return try history.store()
    }

    @Test func `Pages follow each other without a gap, and tell how many there are`() throws {
        let store = try make(5)
        var filter = RunFilter()
        filter.limit = 2
        filter.order = .accuracy
        let pages = try [0, 2, 4].map { try store.overview(filter, offset: $0) }
        #expect(pages.flatMap { $0.runs.map(\.name) } == ["run-5", "run-4", "run-3", "run-2", "run-1"])
        #expect(pages.allSatisfy { $0.total == 5 })
    }

    @Test func `Filters go together, and a text is looked for as it is`() throws {
        let store = try make(4)
        var filter = RunFilter()
        filter.strategy = "fedprox"
        filter.search = "RUN-"
        #expect(try store.overview(filter).runs.map(\.name) == ["run-4", "run-2"])
        filter.search = "%"
        #expect(try store.overview(filter).total == 0)
        filter.search = "' OR 1 --"
        #expect(try store.overview(filter).total == 0 && store.runs(filter).isEmpty)
        let choices = try store.filterChoices()
        #expect(choices.strategies == ["fedavg", "fedprox"] && choices.tags.isEmpty)
    }

    @Test func `Tags and a note are kept with a run and go with it`() throws {
        let store = try make(2)
        let run = try store.find("run-1")
        try store.label(run, RunLabels(tags: ["paper", "baseline", "paper"], note: " first try\n"))
        #expect(try store.labels(of: run) == RunLabels(tags: ["baseline", "paper"], note: "first try"))
        var filter = RunFilter()
        filter.tag = "paper"
        #expect(try store.overview(filter).runs.map(\.name) == ["run-1"])
        #expect(throws: ConfigurationError.self) { try store.label(run, RunLabels(tags: ["<b>"], note: nil)) }
        try store.forget(run)
        #expect(try store.overview(filter).total == 0 && store.filterChoices().tags.isEmpty)
    }

    @Test func `Settings are texts by name, a seed with all its digits`() throws {
        let store = try make(1)
        let settings = try store.settings(of: [1])[1]
        #expect(settings?["strategy"] == "fedavg" && settings?["seed"] == "18446744073709551614")
        #expect(settings?["rounds"] == "\(RunSettings().rounds)")
    }

    @Test func `A curve has what was evaluated, with bytes and seconds so far, and ends with the last point`() throws {
        // 1.5 s a round, 9 bytes up and 10 down; the even ones were not evaluated.
        let records = (1...9).map { History.record($0, accuracy: $0 % 2 == 1 ? Double($0) / 10 : nil) }
        try history.finish("one", records)
        let store = try history.store()
        let run = try store.find("one")
        let whole = try store.curve(of: run, points: 100).points
        #expect(whole.map(\.round) == [1, 3, 5, 7, 9] && whole.map(\.seconds) == [1.5, 4.5, 7.5, 10.5, 13.5])
        #expect(whole.last == .init(round: 9, quality: 0.9, bytes: 171, seconds: 13.5))
        let thin = try store.curve(of: run, points: 2).points
        #expect(thin.count <= 3 && thin.last?.round == 9)
        #expect(try store.rounds(of: run, thinnedTo: 3).map(\.round) == [3, 6, 9])
        #expect(try store.rounds(of: run, after: 7, limit: 10).map(\.round) == [8, 9])
        #expect(try store.lastRound(of: run) == 9)
    }

    @Test func `Runs below a folder are one row, the best of them named`() throws {
        for (name, accuracy) in [("grid/a", 0.3), ("grid/b", 0.8), ("alone", 0.9)] {
            let folder = history.results.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let observer = RunHistory(
                of: folder, in: history.results, environment: .init(mpi: "An MPI", oneDNN: "2.6.3"), clients: [1],
                resuming: nil, troubles: history.troubles)
            let records = [History.record(1, accuracy: accuracy)]
            try observer.runStarted(History.description())
            for record in records { observer.roundFinished(record) }
            History.end(observer, records)
        }
        let sweeps = try history.store().sweeps()
        #expect(sweeps.map(\.name) == ["grid"] && sweeps.first?.runs == 2 && sweeps.first?.bestRun == "grid/b")
        #expect(try history.store().runs(below: "grid", limit: 10).map(\.name) == ["grid/a", "grid/b"])
    }
}
