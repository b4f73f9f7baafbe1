public import FedCore
public import Foundation
public import Records

/// The contents of a checkpoint: a run's state, and how far its logs had come.
public struct SavedRun: Sendable, Equatable {
    /// Everything that the rest of the run depends on.
    public var state: RunState
    /// How far `round_log.json` had come.
    public var rounds = LogState()
    /// How far `faults.json` had come.
    public var faults = LogState()

    /// Makes a saved run with empty logs.
    public init(_ state: RunState) {
        self.state = state
    }

    /// Refuses what no run can have reached.
    ///
    /// Bytes with a right hash may still have been made by hand; everything that indexes, counts or allocates
    /// by these numbers relies on this check.
    ///
    /// - Throws: `ConfigurationError` with the first thing that is wrong.
    /// - Complexity: O(records that are not in the logs).
    public func validate() throws(ConfigurationError) {
        try state.validate()
        guard rounds.position.isPossible, faults.position.isPossible else {
            throw ConfigurationError("a position in a log is out of range")
        }
        let records: [RoundRecord]
        let faults: [FaultRecord]
        do {
            records = try rounds.records(of: RoundRecord.self)
            faults = try self.faults.records(of: FaultRecord.self)
        } catch {
            throw ConfigurationError("its records are not what fedmpi \(Version.current) writes")
        }
        // Fewer than rounds where a log was moved away.
        guard rounds.position.records + records.count <= max(state.completeRounds, 0) else {
            throw ConfigurationError("it has more records than rounds")
        }
        for (i, record) in records.enumerated() {
            let round = state.completeRounds - records.count + i + 1
            guard record.round == round else {
                throw ConfigurationError("the record of round \(round) is of round \(record.round)")
            }
            try record.validate()
        }
        for fault in faults { try fault.validate(state.settings) }
    }

    /// The records up to here, to be read from the run's folder when somebody asks.
    public func earlierRecords(in folder: URL) -> EarlierRecords {
        EarlierRecords(
            in: folder, rounds: rounds, faults: faults, lastRound: max(state.completeRounds, 0))
    }
}
