import Federation
import Foundation

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
        let lines = try lines(of: RunLogs.roundsName, rounds)
        // One a round, up to the last.
        let skipped = min(max(0, first - 1 - (lastRound - lines.count)), lines.count)
        let decoder = RecordLog.decoder()
        for line in lines[skipped...] { try body(decoder.decode(RoundRecord.self, from: line)) }
    }

    /// In their order.
    public func forEachFault(_ body: (FaultRecord) throws -> Void) throws {
        let decoder = RecordLog.decoder()
        for line in try lines(of: RunLogs.faultsName, faults) {
            try body(decoder.decode(FaultRecord.self, from: line))
        }
    }

    /// A round's record; nil when there is none.
    public func record(of round: Int) throws -> RoundRecord? {
        let lines = try lines(of: RunLogs.roundsName, rounds)
        let place = round - 1 - (lastRound - lines.count)
        guard lines.indices.contains(place) else { return nil }
        return try RecordLog.decoder().decode(RoundRecord.self, from: lines[place])
    }

    /// Those in the file up to the position, which are mapped and not read, and those beside it.
    private func lines(of name: String, _ state: LogState) throws -> [Data] {
        var lines: [Data] = []
        if let folder, state.position.records > 0 {
            let log = try Data(contentsOf: folder.appendingPathComponent(name), options: .mappedIfSafe)
            lines = Self.lines(log.prefix(state.position.bytes).dropFirst())
        }
        return lines + Self.lines(Data(state.rest))
    }

    /// A record a line, a comma behind all but the last.
    private static func lines(_ bytes: Data) -> [Data] {
        bytes.split(separator: UInt8(ascii: "\n")).map { $0.last == UInt8(ascii: ",") ? $0.dropLast() : $0 }
    }
}
