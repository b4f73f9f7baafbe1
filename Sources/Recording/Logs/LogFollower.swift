import Files
public import Foundation

/// Reads a log that grows, each time from where it was read to, however long it is.
///
/// A last record that is being written is read the next time. A log that was cut back, or is another one, is read anew.
public struct LogFollower<Record: Decodable> {
    public private(set) var records: [Record] = []
    /// Bytes that have been read: the end of a record.
    private var offset = 0
    /// The last ones of these.
    private var tail: [UInt8] = []
    private let decoder = RecordLog.decoder()

    private static var tailBytes: Int { 256 }

    public init() {}

    /// - Returns: whether there are other records than before. None, where there is no file.
    /// - Throws: when it is no log.
    public mutating func look(at file: URL) throws -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
        defer { try? handle.close() }
        var isNew = false
        if try !read(handle, &isNew) {
            (records, offset, tail) = ([], 0, [])
            isNew = true
            guard try read(handle, &isNew) else { throw CocoaError(.coderReadCorrupt) }
        }
        return isNew
    }

    /// - Returns: false when what was read before is not there any more, or the file is no log.
    private mutating func read(_ handle: FileHandle, _ isNew: inout Bool) throws -> Bool {
        let start = offset - tail.count
        try handle.seek(toOffset: UInt64(start))
        let bytes = [UInt8](try handle.readToEnd() ?? Data())
        guard bytes.starts(with: tail) else { return false }
        let rest = bytes.dropFirst(tail.count)
        if offset == 0, !rest.isEmpty, !rest.starts(with: RecordLog.opening.prefix(rest.count)) || isNested(rest) {
            return try readWhole(rest, &isNew)
        }
        var end = rest.startIndex
        for text in RecordLog.records(in: rest) {
            guard let record = try? decoder.decode(Record.self, from: Data(text)) else { break }
            records.append(record)
            end = text.endIndex
            isNew = true
        }
        guard end > rest.startIndex else { return true }
        offset += end - rest.startIndex
        tail = Array(bytes[..<end].suffix(Self.tailBytes))
        return true
    }

    /// Whether its records are indented, as those of earlier versions are.
    private func isNested(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.dropFirst(RecordLog.opening.count).first == UInt8(ascii: " ")
    }

    private mutating func readWhole(_ bytes: ArraySlice<UInt8>, _ isNew: inout Bool) throws -> Bool {
        let found = try decoder.decode([Record].self, from: Data(bytes))
        isNew = isNew || found.count != records.count
        records = found
        return true
    }
}
