import FedCore
package import Foundation
import Recording
package import Records

/// A run as its folder, and the history beside it, tell it to whoever looks.
///
/// Every look opens the files anew: on a network file system that is what fetches their present contents.
package struct WatchedRun {
    /// What is known before the first round.
    package struct Plan: Decodable {
        package struct Settings: Decodable {
            package let strategy: String
            package let model: String
            package let dataset: String
            package let clients: Int
            package let rounds: Int
        }

        package let settings: Settings
        package var ranks: Int
        package var hosts: [String]
        /// Rounds of the whole run.
        package var rounds: Int { continuedRounds ?? settings.rounds }
        /// Rounds of a run that was continued with another number of them.
        var continuedRounds: Int?
    }

    package struct Ending: Equatable {
        package let status: StoredRun.Status
        package let reason: String?
    }

    package let folder: URL
    /// Nil until the run begins.
    package private(set) var plan: Plan?
    package var records: [RoundRecord] { rounds.records }
    package var faults: [FaultRecord] { troubles.records }
    /// Activities of the ranks whose timing log is there, in their order.
    package private(set) var activities: [RankActivity] = []
    /// Nil while the run goes on.
    package private(set) var ending: Ending?

    private var rounds = LogFollower<RoundRecord>()
    private var troubles = LogFollower<FaultRecord>()
    /// When a round was last seen to end.
    private var lastRound = ContinuousClock.now
    private var store: RunStore?

    package init(in folder: URL) {
        self.folder = folder
    }

    /// Looks.
    /// - Throws: `ConfigurationError` when the files are not a run's.
    package mutating func refresh() throws {
        // How it stands before what it has: an end that is seen is the end of the rounds that are read next.
        let start = try readPlan()
        guard let plan, let start else { return }
        let status = statusInHistory(since: start)
        if try follow(&rounds, RecordFormat.roundLogName) { lastRound = .now }
        _ = try follow(&troubles, RecordFormat.faultsName)
        activities = (0..<plan.ranks).compactMap { RankActivity(rank: $0, of: folder) }
        if let status {
            ending = status.status == .running ? nil : Ending(status: status.status, reason: status.reason)
        } else if records.count >= plan.rounds, let saved = date("model.safetensors"), saved >= start {
            ending = Ending(status: .finished, reason: nil)
        }
    }

    /// The mean of the last rounds, in seconds; nil before the first.
    package var secondsPerRound: Double? { mean(\.seconds) }
    package var samplesPerSecond: Double? { mean(\.samplesPerSecond) }

    /// Until the last round ends, by the pace of the last ones; nil before the first.
    package var secondsLeft: Double? {
        guard let plan, let secondsPerRound else { return nil }
        let underWay = min((ContinuousClock.now - lastRound) / .seconds(1), secondsPerRound)
        return max(0, Double(plan.rounds - records.count) * secondsPerRound - underWay)
    }

    private func mean(_ value: KeyPath<RoundRecord, Double>) -> Double? {
        let recent = records.suffix(10)
        return recent.isEmpty ? nil : recent.reduce(0) { $0 + $1[keyPath: value] } / Double(recent.count)
    }

    private struct Resume: Decodable {
        let rounds: Int
        let ranks: Int
        let hosts: [String]
    }

    /// - Returns: when the run was started, or continued; nil when it was not yet.
    private mutating func readPlan() throws -> Date? {
        guard let configuration = contents("config.json"), var start = date("config.json") else { return nil }
        var plan = try decode(Plan.self, configuration, "config.json")
        if let resumes = contents("resumes.json"), let date = date("resumes.json"),
            let last = try? decode([Resume].self, resumes, "resumes.json").last
        {
            plan.continuedRounds = last.rounds
            (plan.ranks, plan.hosts, start) = (last.ranks, last.hosts, date)
        }
        self.plan = plan
        return start
    }

    /// Nil when the history does not know the run, or not yet that it was started again.
    private mutating func statusInHistory(since start: Date) -> StoredRun? {
        do {
            if store == nil {
                let results = folder.deletingLastPathComponent()
                let file = results.appendingPathComponent(RunStore.fileName)
                guard FileManager.default.fileExists(atPath: file.path) else { return nil }
                store = try RunStore(at: file)
            }
            guard let run = try store?.newest(named: folder.lastPathComponent), run.heartbeatAt >= start else {
                return nil
            }
            return run
        } catch {
            // The run goes on without a history, and so does who watches it.
            return nil
        }
    }

    private func contents(_ file: String) -> Data? {
        try? Data(contentsOf: folder.appendingPathComponent(file))
    }

    private func date(_ file: String) -> Date? {
        let path = folder.appendingPathComponent(file).path
        return (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }

    private func follow<Record>(_ log: inout LogFollower<Record>, _ file: String) throws -> Bool {
        do {
            return try log.look(at: folder.appendingPathComponent(file))
        } catch {
            throw unknown(file)
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ data: Data, _ file: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw unknown(file)
        }
    }

    private func unknown(_ file: String) -> ConfigurationError {
        ConfigurationError(
            "'\(folder.appendingPathComponent(file).path)' is not what fedmpi \(Version.current) writes")
    }
}
