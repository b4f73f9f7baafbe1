import Foundation

/// A place in a log that a checkpoint relies on: what stands before it is to be there, byte for byte.
public struct LogPosition: Codable, Sendable, Equatable {
    /// Records before it.
    public var records: Int
    /// Bytes before it.
    public var bytes: Int
    /// SHA-256 of these bytes, in hexadecimal.
    public var sha256: String

    public init(records: Int, bytes: Int, sha256: String) {
        self.records = records
        self.bytes = bytes
        self.sha256 = sha256
    }

    /// The position in a log that holds nothing, or is not there.
    public static let start = LogPosition(records: 0, bytes: 0, sha256: "")

    var isPossible: Bool {
        if records == 0 { return self == .start }
        return (1..<1 << 40).contains(records) && bytes > 2 * records && bytes < 1 << 60 && sha256.utf8.count == 64
    }
}

/// How far a log had come: what a checkpoint holds of it.
public struct LogState: Sendable, Equatable {
    public var position = LogPosition.start
    /// Records behind the position that had not reached the file, as they are to stand in it.
    public var rest: [UInt8] = []

    public init() {}

    /// The state of a log whose records are in no file.
    public init(of records: [some Encodable]) throws {
        for record in records {
            if !rest.isEmpty { rest += RecordLog.separator }
            rest += try RecordLog.text(of: record)
        }
    }

    /// The records of the rest.
    func records<Record: Decodable>(of type: Record.Type) throws -> [Record] {
        try RecordLog.decoder().decode([Record].self, from: Data("[".utf8) + Data(rest) + Data("]".utf8))
    }
}
