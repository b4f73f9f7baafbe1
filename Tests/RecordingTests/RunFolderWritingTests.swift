import Datasets
import FedCore
import Files
import Foundation
import NeuralNet
import Synchronization
import Testing

@testable import Federation
@testable import Recording
@testable import Records

/// A run's files when something is in their way.
@Suite struct RunFolderWritingTests {
    private let results = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    private let environment = RunEnvironment(mpi: "MPI", oneDNN: "2.6.3")
    private let lines = Lines()
    private let troubles: OutputTroubles

    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    init() {
        let lines = lines
        troubles = OutputTroubles { lines.add($0) }
    }

    private static let weights = [Float](repeating: 0.5, count: Model.logistic.parameterCount)

    private static func state(rounds: Int) -> RunState {
        var state = CheckpointTests.state(rounds: rounds)
        state.weights = weights
        return state
    }

    private static func description(finishedRounds: Int = 0) -> RunDescription {
        RunDescription(
            settings: CheckpointTests.state().settings, model: "logistic", layout: Model.logistic.parameterLayout,
            trainingSamples: 50, testSamples: 10, ranks: 3, hosts: ["node1", "node1", "node2"],
            finishedRounds: finishedRounds)
    }

    private func begin(_ name: String = "run") throws -> RunFolder {
        let run = try RunFolder(results: results.path, name: name, environment: environment, troubles: troubles)
        try run.runStarted(Self.description())
        return run
    }

    private func resume(_ url: URL) throws -> (run: RunFolder, saved: SavedRun) {
        let saved = try CheckpointFiles(in: url).load(.newest)
        return (try RunFolder(resuming: url, from: saved, environment: environment, troubles: troubles), saved)
    }

    /// Rounds from one on, of which each is written at once.
    private func finish(_ rounds: Range<Int>, of run: RunFolder, _ writer: CheckpointWriter? = nil) throws {
        for round in rounds {
            try run.roundFinished(CheckpointTests.record(round))
            run.runStopped(RunStop(cause: .failure(""), state: Self.state(rounds: round)))
            writer?.stateReached(round: round, isLast: true) { Self.state(rounds: round) }
        }
    }

    private func rounds(in url: URL) throws -> [Int] {
        let data = try Data(contentsOf: url.appendingPathComponent("round_log.json"))
        return try JSONDecoder().decode([RoundRecord].self, from: data).map(\.round)
    }

    private func files(in url: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    }

    /// Rounds of these accuracies (nil: not evaluated), each of which leaves its number as the weights.
    private func evaluate(_ accuracies: [Double?], from first: Int = 1, _ writer: BestModelWriter) {
        for (round, accuracy) in zip(first..., accuracies) {
            var record = CheckpointTests.record(round)
            record.serverAccuracy = accuracy
            writer.roundFinished(record)
            var state = Self.state(rounds: round)
            state.weights = [Float](repeating: Float(round), count: Self.weights.count)
            writer.stateReached(round: round, isLast: false) { state }
        }
    }

    /// The round whose weights are kept.
    private func kept(in url: URL) throws -> Float {
        let file = url.appendingPathComponent(BestModelWriter.name).path
        return try #require(try TrainedModel(reading: file).weights.first)
    }

    @Test func `The best model is that of the most accurate round, of equal ones the first`() throws {
        let run = try begin()
        let writer = BestModelWriter(run, resuming: nil, troubles)
        evaluate([nil, 0.5], writer)
        #expect(try kept(in: run.url) == 2)
        evaluate([0.7, 0.7, nil, 0.6], from: 3, writer)
        #expect(try kept(in: run.url) == 3 && writer.best?.round == 3 && writer.best?.quality == 0.7)
        let file = run.url.appendingPathComponent(BestModelWriter.name).path
        #expect(try TrainedModel(reading: file).metadata["round"] == "3")
        #expect(lines.all == [])
    }

    @Test func `A continued run goes on from the best of the rounds before its checkpoint`() throws {
        let run = try begin()
        let records = [0.5, 0.8, 0.6].enumerated().map { index, accuracy in
            var record = CheckpointTests.record(index + 1)
            record.serverAccuracy = accuracy
            return record
        }
        let writer = BestModelWriter(run, resuming: try EarlierRecords(rounds: records, faults: []), troubles)
        #expect(writer.best?.round == 2 && writer.best?.quality == 0.8)
        evaluate([0.7], from: 4, writer)
        #expect(!FileManager.default.fileExists(atPath: run.url.appendingPathComponent(BestModelWriter.name).path))
        evaluate([0.9], from: 5, writer)
        #expect(try kept(in: run.url) == 5)
    }

    @Test func `A continued run's logs go on behind the checkpoint, and what lay behind it is done again`() throws {
        let run = try begin()
        let writer = CheckpointWriter(run, every: 1)
        run.faulted(FaultRecord(round: 1, kind: .updatesRejected, clients: [1], reason: "NaN"))
        run.faulted(FaultRecord(round: 1, kind: .updatesRejected, clients: [2], reason: "NaN"))
        try finish(1..<4, of: run, writer)
        run.faulted(FaultRecord(round: 4, kind: .rankLost, rank: 2))
        try finish(4..<6, of: run)
        #expect(run.lostRanks == [2])
        #expect(try rounds(in: run.url) == [1, 2, 3, 4, 5])

        let (second, saved) = try resume(run.url)
        #expect(saved.state.round == 3 && saved.rounds.rest.isEmpty)
        #expect(try rounds(in: run.url) == [1, 2, 3])
        var earlier: [Int] = []
        var faults: [FaultRecord] = []
        try saved.earlierRecords(in: run.url).forEachRound { earlier.append($0.round) }
        try saved.earlierRecords(in: run.url).forEachFault { faults.append($0) }
        #expect(earlier == [1, 2, 3])
        #expect(faults == [FaultRecord(round: 1, kind: .updatesRejected, clients: [1, 2], reason: "NaN")])
        try second.runStarted(Self.description(finishedRounds: 3))
        try finish(4..<7, of: second)
        #expect(try rounds(in: run.url) == [1, 2, 3, 4, 5, 6])
        #expect(lines.all == [])
    }

    @Test func `A checkpoint's size, and what a round writes, do not grow with the rounds`() throws {
        let run = try begin()
        try finish(1..<11, of: run)
        let early = try Checkpoint.encode(run.saved(Self.state(rounds: 10))).count
        let log = run.url.appendingPathComponent("round_log.json").path
        let inode = try #require(FileManager.default.attributesOfItem(atPath: log)[.systemFileNumber] as? UInt64)
        for round in 11..<5_001 { try run.roundFinished(CheckpointTests.record(round)) }
        run.runStopped(RunStop(cause: .failure(""), state: Self.state(rounds: 5_000)))
        let late = try Checkpoint.encode(run.saved(Self.state(rounds: 5_000))).count
        #expect(late - early < 64, "\(early) bytes after 10 rounds, \(late) after 5000")
        #expect(try FileManager.default.attributesOfItem(atPath: log)[.systemFileNumber] as? UInt64 == inode)
        #expect(try rounds(in: run.url).count == 5_000)
    }

    @Test func `A damaged resumes.json is set aside, and the run goes on`() throws {
        let run = try begin()
        try finish(1..<3, of: run, CheckpointWriter(run, every: 1))
        let list = run.url.appendingPathComponent("resumes.json")
        try Data("[{\"after".utf8).write(to: list)
        let (second, _) = try resume(run.url)
        try second.runStarted(Self.description(finishedRounds: 2))
        let entries = try JSONSerialization.jsonObject(with: Data(contentsOf: list)) as? [[String: Any]]
        #expect(entries?.map { $0["after_round"] as? Int } == [2])
        #expect(
            try String(contentsOf: run.url.appendingPathComponent("resumes.json.damaged"), encoding: .utf8)
                == "[{\"after")
        #expect(lines.all.count == 1 && lines.all[0].contains("resumes.json' is damaged, and begun anew"))
    }

    @Test func `A log that was altered blocks its checkpoint with a remedy, one that was moved away does not`() throws {
        let run = try begin()
        try finish(1..<4, of: run, CheckpointWriter(run, every: 1))
        let log = run.url.appendingPathComponent("round_log.json")
        var bytes = try Data(contentsOf: log)
        bytes[bytes.count - 10] ^= 1  // in the third record
        try bytes.write(to: log)
        let error = #expect(throws: ConfigurationError.self) { try CheckpointFiles(in: run.url).load(.newest) }
        let text = try #require(error).description
        #expect(text.contains("it relies on 'round_log.json': it was altered"))
        #expect(text.contains("put the file back as it was, or move it away"))
        #expect(text.hasSuffix("the previous one, of round 2, is good: add --from previous"))
        #expect(try CheckpointFiles(in: run.url).load(.previous).state.round == 2)

        try FileManager.default.removeItem(at: log)
        var warnings: [String] = []
        let saved = try CheckpointFiles(in: run.url).load(.newest) { warnings.append($0) }
        #expect(warnings.count == 1 && warnings[0].contains("goes on without its first 3 records"))
        let second = try RunFolder(resuming: run.url, from: saved, environment: environment, troubles: troubles)
        try second.runStarted(Self.description(finishedRounds: 3))
        try finish(4..<6, of: second, CheckpointWriter(second, every: 1))
        #expect(try rounds(in: run.url) == [4, 5])
        #expect(try CheckpointFiles(in: run.url).load(.newest).state.round == 5)
    }

    @Test func `The last state of a run with a budget is saved, though no other is`() throws {
        let run = try begin()
        let writer = CheckpointWriter(run, every: 0, savesLast: true)
        try finish(1..<3, of: run)
        writer.stateReached(round: 1, isLast: false) { Self.state(rounds: 1) }
        #expect(writer.newest == nil)
        writer.stateReached(round: 2, isLast: true) { Self.state(rounds: 2) }
        #expect(try writer.newest == 2 && CheckpointFiles(in: run.url).load(.newest).state.round == 2)
    }

    @Test func `A folder that is deleted under a run is made again, with the whole log`() throws {
        let run = try begin()
        let writer = CheckpointWriter(run, every: 1)
        try finish(1..<3, of: run, writer)
        #expect(writer.newest == 2)
        try FileManager.default.removeItem(at: results)
        #expect(writer.newest == nil)
        try finish(3..<5, of: run, writer)
        #expect(try files(in: run.url) == ["checkpoint", "checkpoint.previous", "config.json", "round_log.json"])
        #expect(try rounds(in: run.url) == [1, 2, 3, 4])
        #expect(try resume(run.url).saved.state.round == 4)
        #expect(lines.all.count == 1 && lines.all[0].contains("was deleted; the run goes on in"), "\(lines.all)")
        #expect(troubles.summary == nil)
    }

    @Test func `A folder that another run has taken meanwhile is left to it`() throws {
        let run = try begin()
        try finish(1..<3, of: run)
        try FileManager.default.removeItem(at: run.url)
        let other = try begin()
        try finish(1..<2, of: other)
        try finish(3..<4, of: run)
        #expect(run.url.lastPathComponent == "run-2")
        #expect(try rounds(in: run.url) == [1, 2, 3])
        #expect(try rounds(in: other.url) == [1])
        #expect(lines.all.count == 1 && lines.all[0].contains("is another run's now"))
    }

    @Test func `A checkpoint that cannot be written is tried again, the older one stays, and the model comes first`()
        throws
    {
        let run = try begin()
        let writer = CheckpointWriter(run, every: 1)
        try finish(1..<2, of: run, writer)
        // A folder of its name keeps the draft from being made.
        let draft = run.url.appendingPathComponent("checkpoint.draft")
        try FileManager.default.createDirectory(at: draft, withIntermediateDirectories: true)
        try finish(2..<4, of: run, writer)
        try run.stateReached(round: 3, isLast: true) { Self.state(rounds: 3) }
        #expect(writer.newest == 1)
        #expect(try CheckpointFiles(in: run.url).load(.newest).state.round == 1)
        #expect(try files(in: run.url).contains("model.safetensors"))
        writer.runFinished(RunSummary(last: CheckpointTests.record(3), seconds: 1), weights: Self.weights.span)
        let summary = try #require(troubles.summary)
        #expect(summary.hasPrefix("incomplete: checkpoint, of which the newest is of round 1 ("), "\(summary)")
        troubles.tell(isLast: true)
        #expect(lines.all.count == 1 && lines.all[0].contains("cannot write checkpoint; the run goes on"))

        try FileManager.default.removeItem(at: draft)
        try finish(4..<5, of: run, writer)
        troubles.tell(isLast: true)
        #expect(writer.newest == 4 && lines.all.last == "written again: checkpoint")
        #expect(try !files(in: run.url).contains("checkpoint.draft"))
    }

    @Test func `A model that cannot be written ends the run with its reason`() throws {
        let run = try begin()
        try FileManager.default.createDirectory(
            at: run.url.appendingPathComponent("model.safetensors"), withIntermediateDirectories: true)
        try run.stateReached(round: 2, isLast: true) { Self.state(rounds: 2) }
        let error = #expect(throws: FileError.self) {
            try run.runFinished(
                RunSummary(last: CheckpointTests.record(2), seconds: 1), weights: Self.weights.span)
        }
        #expect(try #require(error).description.hasSuffix("model.safetensors': it is a folder"))
    }

    @Test func `A log that is a link is refused before the run goes on`() throws {
        let run = try begin()
        try finish(1..<2, of: run, CheckpointWriter(run, every: 1))
        let saved = try CheckpointFiles(in: run.url).load(.newest)
        let log = run.url.appendingPathComponent("round_log.json")
        let victim = results.appendingPathComponent("victim")
        try FileManager.default.moveItem(at: log, to: victim)
        try FileManager.default.createSymbolicLink(at: log, withDestinationURL: victim)
        let before = try Data(contentsOf: victim)
        #expect(throws: ConfigurationError.self) { try CheckpointFiles(in: run.url).load(.newest) }
        #expect(throws: ConfigurationError.self) {
            try RunFolder(resuming: run.url, from: saved, environment: environment, troubles: troubles)
        }
        #expect(try Data(contentsOf: victim) == before)
    }

    @Test func `Files that fail alike are told of together, once`() {
        struct Full: Error, CustomStringConvertible { let description = "the disk of '/x' is full" }
        for round in 0..<5 {
            for file in ["checkpoint", "round_log.json", "runs.sqlite"] { troubles.attempt(file) { throw Full() } }
            troubles.tell(isLast: round > 0)
        }
        let files = "checkpoint, round_log.json, runs.sqlite"
        #expect(
            lines.all == ["the disk of '/x' is full: cannot write \(files); the run goes on, and tries again"])
        #expect(troubles.summary == "incomplete: \(files) (the disk of '/x' is full)")
        troubles.attempt("checkpoint") {}
        troubles.tell()
        #expect(lines.all.count == 1, "what is written again is gathered, too")
        troubles.tell(isLast: true)
        #expect(lines.all.last == "written again: checkpoint")
        troubles.lost("7 events were lost", of: "timing/rank_0000.csv")
        #expect(
            troubles.summary
                == "incomplete: round_log.json, runs.sqlite (the disk of '/x' is full), timing/rank_0000.csv (7 events were lost)"
        )
    }
}
