import Foundation
public import Records

/// The records of a run up to the checkpoint that it is continued from. They are read when somebody asks, one by one.
public struct EarlierRecords: Sendable {
    private let folder: URL?
    private let rounds: LogState
    private let faults: LogState

    /// Round of the last record.
    public let lastRound: Int

    init(in folder: URL, rounds: LogState, faults: LogState, lastRound: Int) {
        self.folder = folder
        self.rounds = rounds
        self.faults = faults
        self.lastRound = lastRound
    }

    /// Records that are in no file.
    public init(rounds: [RoundRecord], faults: [FaultRecord]) throws {
        folder = nil
        self.rounds = try LogState(of: rounds)
        self.faults = try LogState(of: faults)
        lastRound = rounds.last?.round ?? 0
    }

    /// In their order. O(bytes of the log), and records that are decoded.
    /// - Parameter first: those before it are skipped.
    public func forEachRound(from first: Int = 1, _ body: (RoundRecord) throws -> Void) throws {
        let records = try records(of: RunLogs.roundsName, rounds)
        // One a round, up to the last.
        let skipped = min(max(0, first - 1 - (lastRound - records.count)), records.count)
        let decoder = RecordLog.decoder()
        for record in records[skipped...] { try body(decoder.decode(RoundRecord.self, from: record)) }
    }

    /// In their order.
    public func forEachFault(_ body: (FaultRecord) throws -> Void) throws {
        let decoder = RecordLog.decoder()
        for record in try records(of: RunLogs.faultsName, faults) {
            try body(decoder.decode(FaultRecord.self, from: record))
        }
    }

    /// A round's record; nil when there is none.
    public func record(of round: Int) throws -> RoundRecord? {
        let records = try records(of: RunLogs.roundsName, rounds)
        let place = round - 1 - (lastRound - records.count)
        guard records.indices.contains(place) else { return nil }
        return try RecordLog.decoder().decode(RoundRecord.self, from: records[place])
    }

    /// Those in the file up to the position, which are mapped and not read, and those beside it.
    private func records(of name: String, _ state: LogState) throws -> [Data] {
        var records: [Data] = []
        if let folder, state.position.records > 0 {
            let log = try Data(contentsOf: folder.appendingPathComponent(name), options: .mappedIfSafe)
            records = RecordLog.records(in: log.prefix(state.position.bytes))
        }
        return records + RecordLog.records(in: Data(state.rest))
    }
}
