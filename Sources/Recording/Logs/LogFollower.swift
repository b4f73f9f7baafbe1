public import Foundation
import Records

/// Reads a log that grows, each time from where it was read to, however long it is.
///
/// For `fedmpi watch`, which looks at the logs of another process. A last record that is being written is read
/// the next time. A log that was cut back, as a continued run does, or is another one, is read anew.
public struct LogFollower<Record: Decodable> {
    /// All records that have been read.
    public private(set) var records: [Record] = []
    /// The number of bytes that have been read: the end of a record.
    private var offset = 0
    /// The last bytes of these, at most ``tailBytes``; where they are not found again, the log is another one.
    private var tail: [UInt8] = []
    private let decoder = RecordFormat.decoder()

    /// How many of the bytes that were read are compared at the next look.
    private static var tailBytes: Int { 256 }

    /// Makes a follower that has read nothing.
    public init() {}

    /// Reads what is new in a file.
    ///
    /// - Parameter file: the log, the same at each call.
    /// - Returns: whether there are other records than before. Where there is no file, nothing changes.
    /// - Throws: when it is not a log.
    /// - Complexity: O(bytes that are new).
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

    /// Reads on from the last record.
    ///
    /// - Parameter isNew: becomes true when there are other records than before.
    /// - Returns: false when what was read before is gone, or the file is not a log.
    private mutating func read(_ handle: FileHandle, _ isNew: inout Bool) throws -> Bool {
        let start = offset - tail.count
        try handle.seek(toOffset: UInt64(start))
        let bytes = [UInt8](try handle.readToEnd() ?? Data())
        guard bytes.starts(with: tail) else { return false }
        let rest = bytes.dropFirst(tail.count)
        if offset == 0, !rest.isEmpty, !RecordFormat.opensArray(rest) { return false }
        var end = rest.startIndex
        for place in RecordFormat.places(in: rest.span).whole {
            let text = rest[(rest.startIndex + place.lowerBound)..<(rest.startIndex + place.upperBound)]
            guard let record = try? decoder.decode(Record.self, from: Data(text)) else {
                // The first may be of something else; behind others it is one that is being written.
                if offset == 0, records.isEmpty { return false }
                break
            }
            records.append(record)
            end = text.endIndex
            isNew = true
        }
        guard end > rest.startIndex else { return true }
        offset += end - rest.startIndex
        tail = Array(bytes[..<end].suffix(Self.tailBytes))
        return true
    }
}
