import Foundation
import Records

/// A place in a log that a checkpoint relies on: what stands before it must be there, byte for byte.
public struct LogPosition: Codable, Sendable, Equatable {
    /// The number of records before it.
    public var records: Int
    /// The number of bytes before it.
    public var bytes: Int
    /// The SHA-256 of these bytes, in hexadecimal; empty at the start.
    public var sha256: String

    /// Makes a position; whether a log has it is checked when it is read.
    public init(records: Int, bytes: Int, sha256: String) {
        self.records = records
        self.bytes = bytes
        self.sha256 = sha256
    }

    /// The position in a log that holds nothing, or is not there.
    public static let start = LogPosition(records: 0, bytes: 0, sha256: "")

    /// Whether any log can have it. Limits are far beyond any run, and far from where adding to them would overflow.
    var isPossible: Bool {
        if records == 0 { return self == .start }
        return (1..<1 << 40).contains(records) && bytes > 2 * records && bytes < 1 << 60 && sha256.utf8.count == 64
    }
}

/// How far a log had come: what a checkpoint holds of it.
public struct LogState: Sendable, Equatable {
    /// The end of what had reached the file.
    public var position = LogPosition.start
    /// The records behind the position that had not reached the file, as they are to stand in it, with separators.
    public var rest: [UInt8] = []

    /// Makes the state of an empty log.
    public init() {}

    /// Makes the state of a log whose records are in no file.
    ///
    /// - Throws: an encoder's error.
    public init(of records: [some Encodable]) throws {
        for record in records {
            if !rest.isEmpty { rest += RecordLog.separator }
            rest += try RecordFormat.text(of: record)
        }
    }

    /// Decodes the records of the rest.
    func records<Record: Decodable>(of type: Record.Type) throws -> [Record] {
        try RecordFormat.decoder().decode([Record].self, from: Data("[".utf8) + Data(rest) + Data("]".utf8))
    }
}
