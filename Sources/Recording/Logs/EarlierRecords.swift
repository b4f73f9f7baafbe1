import Federation
import Foundation

/// The records of a run up to the checkpoint that it is continued from. They are read when somebody asks, one by one.
public struct EarlierRecords: Sendable {
    private let folder: URL?
    private let rounds: LogState
    private let faults: LogState

    init(in folder: URL, rounds: LogState, faults: LogState) {
        self.folder = folder
        self.rounds = rounds
        self.faults = faults
    }

    /// Records that are in no file.
    public init(rounds: [RoundRecord], faults: [FaultRecord]) throws {
        folder = nil
        self.rounds = try LogState(of: rounds)
        self.faults = try LogState(of: faults)
    }

    /// In their order. O(bytes of the log).
    public func forEachRound(_ body: (RoundRecord) throws -> Void) throws {
        try forEach(in: RunLogs.roundsName, rounds, body)
    }

    /// In their order.
    public func forEachFault(_ body: (FaultRecord) throws -> Void) throws {
        try forEach(in: RunLogs.faultsName, faults, body)
    }

    private func forEach<Record: Decodable>(
        in name: String, _ state: LogState, _ body: (Record) throws -> Void
    ) throws {
        let decoder = RecordLog.decoder()
        if let folder, state.position.records > 0 {
            let log = try Data(contentsOf: folder.appendingPathComponent(name), options: .mappedIfSafe)
            // A record a line, a comma behind all but the last.
            for line in log.prefix(state.position.bytes).dropFirst().split(separator: UInt8(ascii: "\n")) {
                let record = line.last == UInt8(ascii: ",") ? line.dropLast() : line
                try body(decoder.decode(Record.self, from: record))
            }
        }
        for record in try state.records(of: Record.self) { try body(record) }
    }
}
