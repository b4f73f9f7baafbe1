import Foundation
import Recording
import Testing

@testable import Federation
@testable import Records
@testable import RunStore

@Suite struct RunHistoryTests {
    private let history: History

    init() throws {
        history = try History()
    }

    @Test func `A finished run is there with its rounds, clients and files`() throws {
        let records = [
            History.record(1, accuracy: 0.9), History.record(2, accuracy: 0.8), History.record(3, accuracy: nil),
        ]
        var settings = RunSettings()
        settings.rounds = 3
        settings.seed = .max
        let observer = try history.observer("one")
        try Data("abc".utf8).write(to: history.results.appendingPathComponent("one/file"))
        try observer.runStarted(History.description(settings))
        for record in records { observer.roundFinished(record) }
        History.end(observer, records)

        let store = try history.store()
        let runs = try store.runs()
        let run = try #require(runs.first)
        #expect(runs.count == 1)
        #expect(run.name == "one" && run.status == .finished && run.finishedAt != nil)
        #expect(run.rounds == 3 && run.plannedRounds == 3)
        #expect(run.accuracy == 0.8, "of the last round that was evaluated")
        #expect(run.bestAccuracy == 0.9)
        #expect(run.uploadBytes == 27 && run.downloadBytes == 30)
        #expect(run.seconds == 12.5)
        #expect(run.seed == "18446744073709551615")
        #expect(run.ranks == 3 && run.hosts == 2 && run.host == "node1")
        #expect(run.digest == "ee4ac73c2bd27756ab82780f27c73a7bc4d3f0bb6acb37e008bc27eccd7e588b")
        #expect(try JSONDecoder().decode(RunSettings.self, from: Data(run.settings.utf8)) == settings)
        #expect(try store.rounds(of: run) == records)
        #expect(try store.clients(of: run).map(\.samples) == [30, 20])
        let artefacts = try store.artefacts(of: run)
        #expect(artefacts.map(\.file) == ["file"] && artefacts.map(\.bytes) == [3])
        // printf abc | sha256sum (FIPS 180-2, appendix B.1)
        #expect(
            artefacts.first?.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `Every kind of fault is there, in the order in which they happened`() throws {
        let observer = try history.observer("faults")
        try observer.runStarted(History.description())
        let faults = FaultRecord.Kind.allCases.enumerated().map {
            FaultRecord(round: $0 + 1, kind: $1, rank: $0 % 2 == 0 ? 2 : nil, clients: [7, 8], reason: "for \($0)")
        }
        for fault in faults {
            observer.faulted(fault)
            observer.roundFinished(History.record(fault.round))
        }
        // One that came after the last round, and one whose fellow shares its row.
        observer.faulted(FaultRecord(round: 7, kind: .updatesRejected, clients: [1], reason: "no number"))
        observer.faulted(FaultRecord(round: 7, kind: .updatesRejected, clients: [2], reason: "no number"))
        History.end(observer, [])

        let store = try history.store()
        let last = FaultRecord(round: 7, kind: .updatesRejected, clients: [1, 2], reason: "no number")
        #expect(try store.faults(of: try store.find("faults")) == faults + [last])
    }

    @Test func `A run that ends early says why`() throws {
        var state = RunState(RunSettings(), weights: [])
        state.seconds = 3
        let causes: [(String, RunStop.Cause)] = [
            ("stopped", .interruption(Interruption(signal: SIGTERM))), ("failed", .failure("rank 0 ran out of luck")),
        ]
        for (name, cause) in causes {
            let observer = try history.observer(name)
            try observer.runStarted(History.description())
            observer.runStopped(RunStop(cause: cause, state: state))
        }
        let store = try history.store()
        let stopped = try store.find("stopped")
        #expect(stopped.status == .stopped && stopped.reason == "\(Interruption(signal: SIGTERM))")
        let failed = try store.find("failed")
        #expect(failed.status == .failed && failed.reason == "rank 0 ran out of luck" && failed.seconds == 3)
    }

    @Test func `A continued run keeps its number, and the rounds it had gone back behind are replaced`() throws {
        let first = try history.observer("long")
        try first.runStarted(History.description())
        let before = (1...5).map { History.record($0) }
        let faults = [2, 4].map { FaultRecord(round: $0, kind: .rankLost, rank: 1) }
        for fault in faults { first.faulted(fault) }
        for record in before { first.roundFinished(record) }
        History.end(first, before)
        let number = try history.store().find("long").id

        let kept = Array(before.prefix(3))
        let second = try history.observer("long", resuming: (kept, [faults[0]]))
        try second.runStarted(History.description(finishedRounds: 3))
        let fourth = History.record(4, accuracy: 0.75)
        second.roundFinished(fourth)
        History.end(second, kept + [fourth])

        let store = try history.store()
        #expect(try store.runs().count == 1)
        let run = try store.find("long")
        #expect(run.id == number && run.resumes == 1 && run.rounds == 4)
        #expect(try store.rounds(of: run) == kept + [fourth])
        #expect(try store.faults(of: run) == [faults[0]])
        #expect(try store.clients(of: run).count == 2)
    }

    @Test func `A run that goes on has not ended, and began when it did`() throws {
        var state = RunState(RunSettings(), weights: [])
        state.seconds = 3
        let first = try history.observer("again")
        try first.runStarted(History.description())
        first.roundFinished(History.record(1))
        first.runStopped(RunStop(cause: .failure("out of luck"), state: state))
        let before = try history.store().find("again")
        #expect(before.reason == "out of luck" && before.finishedAt != nil)

        let second = try history.observer("again", resuming: ([History.record(1)], []))
        try second.runStarted(History.description(finishedRounds: 1))
        second.noteFiles()
        let run = try history.store().find("again")
        #expect(run.status == .running && run.reason == nil && run.finishedAt == nil && run.digest == nil)
        #expect(run.startedAt == before.startedAt && run.id == before.id && run.resumes == 1)
        #expect(try history.store().rounds(of: run) == [History.record(1)])
    }

    @Test func `A run whose earlier part has no history gets it from its checkpoint`() throws {
        let kept = (1...3).map { History.record($0) }
        let observer = try history.observer("copied", resuming: (kept, []))
        try observer.runStarted(History.description(finishedRounds: 3))
        History.end(observer, kept)
        let store = try history.store()
        #expect(try store.rounds(of: try store.find("copied")) == kept)
    }

    @Test(arguments: ["a folder", "garbage", "foreign"])
    func `A history that cannot be written costs the run one line`(what: String) throws {
        switch what {
        case "a folder": try FileManager.default.createDirectory(at: history.file, withIntermediateDirectories: false)
        case "garbage": try Data(repeating: 7, count: 5_000).write(to: history.file)
        default: try Foreign.make(at: history.file)
        }
        let lines = Lines()
        let observer = try history.observer("unlucky", warn: { lines.add($0) })
        try observer.runStarted(History.description())
        for round in 1...100 { observer.roundFinished(History.record(round)) }
        History.end(observer, [])
        history.troubles.tell(isLast: true)
        history.troubles.tell(isLast: true)
        #expect(lines.all.count == 1, "\(lines.all)")
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix(": cannot write runs.sqlite; the run goes on, and tries again") && !line.contains("\n"))
    }

    @Test func `Rounds do not wait for a history that another program has locked`() throws {
        _ = try history.store()
        let lock = try Database(path: history.file.path, patience: 1)
        let observer = try history.observer("quick")
        let clock = ContinuousClock()
        try lock.execute("BEGIN EXCLUSIVE")
        let start = clock.now
        try observer.runStarted(History.description())
        for round in 1...1000 { observer.roundFinished(History.record(round)) }
        let elapsed = clock.now - start
        #expect(elapsed < .seconds(RunStore.patience / 2))
        try lock.execute("COMMIT")
        History.end(observer, [])
        let store = try history.store()
        #expect(try store.find("quick").rounds == 1000)
    }

    @Test func `Many runs write one history at once`() async throws {
        let history = history
        let records = (1...50).map { History.record($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for run in 0..<8 {
                let observer = try history.observer("run-\(run)")
                nonisolated(unsafe) let unshared = observer
                group.addTask {
                    try unshared.runStarted(History.description())
                    for record in records { unshared.roundFinished(record) }
                    History.end(unshared, records)
                }
            }
            try await group.waitForAll()
        }
        let store = try history.store()
        let runs = try store.runs()
        #expect(Set(runs.map(\.name)) == Set((0..<8).map { "run-\($0)" }))
        for run in runs {
            #expect(run.status == .finished)
            #expect(try store.rounds(of: run) == records)
        }
    }
}
