import Foundation
public import Records

/// The records of a run up to the checkpoint that it is continued from, read when somebody asks, one by one.
///
/// A long run has more records than should be in memory; the history asks for those that it lacks. The log is
/// mapped, not read, and only what stands before the checkpoint's position counts: what is behind it are rounds
/// that are done again.
public struct EarlierRecords: Sendable {
    /// The run's folder; nil for records that are in no file.
    private let folder: URL?
    /// How far the log of rounds had come.
    private let rounds: LogState
    /// How far the log of faults had come.
    private let faults: LogState

    /// The round of the last record; 0 without records.
    public let lastRound: Int

    /// Makes a view of a run's logs; nothing is read.
    init(in folder: URL, rounds: LogState, faults: LogState, lastRound: Int) {
        self.folder = folder
        self.rounds = rounds
        self.faults = faults
        self.lastRound = lastRound
    }

    /// Makes a view of records that are in no file.
    ///
    /// - Throws: an encoder's error.
    public init(rounds: [RoundRecord], faults: [FaultRecord]) throws {
        folder = nil
        self.rounds = try LogState(of: rounds)
        self.faults = try LogState(of: faults)
        lastRound = rounds.last?.round ?? 0
    }

    /// Calls `body` with each round's record, in their order.
    ///
    /// - Parameters:
    ///   - first: the first round to be read; the records before it are found, but not decoded.
    ///   - body: takes a record; an error of it ends the reading.
    /// - Throws: when the log cannot be read or decoded, or what `body` throws.
    /// - Complexity: O(bytes of the log).
    public func forEachRound(from first: Int = 1, _ body: (RoundRecord) throws -> Void) throws {
        let records = try records(of: RecordFormat.roundLogName, rounds)
        // One a round, up to the last.
        let skipped = min(max(0, first - 1 - (lastRound - records.count)), records.count)
        let decoder = RecordFormat.decoder()
        for record in records[skipped...] { try body(decoder.decode(RoundRecord.self, from: record)) }
    }

    /// Calls `body` with each fault, in their order.
    ///
    /// - Throws: when the log cannot be read or decoded, or what `body` throws.
    public func forEachFault(_ body: (FaultRecord) throws -> Void) throws {
        let decoder = RecordFormat.decoder()
        for record in try records(of: RecordFormat.faultsName, faults) {
            try body(decoder.decode(FaultRecord.self, from: record))
        }
    }

    /// The record of a round; nil when there is none.
    ///
    /// - Complexity: O(bytes of the log), and one record decoded.
    public func record(of round: Int) throws -> RoundRecord? {
        let records = try records(of: RecordFormat.roundLogName, rounds)
        let place = round - 1 - (lastRound - records.count)
        guard records.indices.contains(place) else { return nil }
        return try RecordFormat.decoder().decode(RoundRecord.self, from: records[place])
    }

    /// The records' bytes: those in the file up to the position, which is mapped and not read, and those beside it.
    private func records(of name: String, _ state: LogState) throws -> [Data] {
        var records: [Data] = []
        if let folder, state.position.records > 0 {
            let log = try Data(contentsOf: folder.appendingPathComponent(name), options: .mappedIfSafe)
            records = Self.records(in: log.prefix(state.position.bytes))
        }
        return records + Self.records(in: Data(state.rest))
    }

    private static func records(in log: Data) -> [Data] {
        RecordFormat.places(in: log.span).whole.map {
            log[(log.startIndex + $0.lowerBound)..<(log.startIndex + $0.upperBound)]
        }
    }
}
