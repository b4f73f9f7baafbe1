import Cryptography
import Files
import Foundation
import Records

/// A JSON array in a file that grows at its end, record by record.
///
/// Each record is written over the bracket that ended the array, and a bracket behind it, in one call: the file
/// is a whole array whenever it is read, and a record costs the same however many there are. What a program
/// that is killed while it writes may leave is a last line that is cut off.
///
/// ```
/// [
/// {
///   "round" : 1,
///   …
/// },
/// {
///   "round" : 2,
///   …
/// }
/// ]
/// ```
///
/// The log hashes what it writes, so that a checkpoint can name a position and what stands before it without
/// reading the file.
final class RecordLog {
    /// The file, which need not be there yet.
    private(set) var url: URL
    /// The open file; nil until there is something to write, or while the file cannot be made.
    private var file: GrowingFile?
    /// The hash of the bytes that count: everything in the file but the closing bracket.
    private var hash = SHA256()
    /// The number of records in the file.
    private var count = 0
    /// The records that are still to be written, each as it is to stand there.
    private var pending: [[UInt8]] = []
    /// How many bytes of an earlier job's file are to be kept; nil for a new log.
    private var keptBytes: Int?

    /// The bytes before the first record.
    static let opening = Array("[\n".utf8)
    /// The bytes between two records.
    static let separator = Array(",\n".utf8)
    /// The bytes behind the last record.
    static let closing = Array("\n]\n".utf8)
    /// The contents of a file without records.
    static let empty = Array("[\n]\n".utf8)
    /// The most records that are written in one piece.
    private static let piece = 256
    /// The bytes that are hashed at a time.
    private static let block = 1 << 20

    /// Makes a log without records; the file is not touched until ``begin(isMadeEmpty:)``.
    init(at url: URL) {
        self.url = url
    }

    /// Makes the log of a run that is continued. The file stays as it is until ``begin(isMadeEmpty:)``.
    ///
    /// - Throws: ``LogDefect`` when the file is not what the state says.
    /// - Complexity: O(bytes before the position), which are hashed.
    init(at url: URL, from state: LogState) throws {
        self.url = url
        if state.position.records > 0 {
            let file: GrowingFile
            do { file = try GrowingFile(continuing: url.path) } catch { throw LogDefect.unreadable(error) }
            hash = try Self.verify(file, to: state.position)
            self.file = file
            count = state.position.records
            keptBytes = state.position.bytes
        }
        if !state.rest.isEmpty {
            pending = RecordFormat.places(in: state.rest.span).whole.map { Array(state.rest[$0]) }
        }
    }

    /// Checks that a file holds what a checkpoint relies on. O(bytes before the position).
    ///
    /// - Throws: ``LogDefect`` when it is missing, shorter, or altered before the position.
    static func check(_ url: URL, to position: LogPosition) throws(LogDefect) {
        guard position.records > 0 else { return }
        let file: GrowingFile
        do throws(FileError) { file = try GrowingFile(continuing: url.path) } catch { throw .unreadable(error) }
        _ = try verify(file, to: position)
    }

    /// Hashes a file up to a position.
    ///
    /// - Returns: the hash of what stands before the position, to be continued.
    /// - Throws: ``LogDefect`` when it is shorter than the position, or not what the position says.
    private static func verify(_ file: GrowingFile, to position: LogPosition) throws(LogDefect) -> SHA256 {
        guard file.count >= position.bytes else { throw .short(bytes: file.count, needed: position) }
        var hash = SHA256()
        for start in stride(from: 0, to: position.bytes, by: block) {
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try file.contents(from: start, atMost: min(block, position.bytes - start))
            } catch { throw .unreadable(error) }
            hash.update(bytes)
        }
        guard hash.digestSoFar().hexadecimal == position.sha256 else { throw .altered(position) }
        return hash
    }

    /// Makes the file, or brings it to the state it is continued from: what stands behind is cut off.
    ///
    /// - Parameter isMadeEmpty: whether a log without records has a file.
    func begin(isMadeEmpty: Bool) throws(FileError) {
        if let keptBytes, let file {
            try file.write(Self.closing.span.bytes, from: keptBytes)
            file.reopen(at: keptBytes)
        } else {
            _ = unlink(url.path)  // of rounds that are done again
            if isMadeEmpty { try make() }
        }
        try flush()
    }

    /// Makes an empty file and begins the hash.
    private func make() throws(FileError) {
        let file = try GrowingFile(replacing: url.path, with: Self.empty.span.bytes)
        file.reopen(at: Self.opening.count - 1)
        hash = SHA256()
        hash.update(Self.opening.dropLast())
        self.file = file
    }

    /// Adds a record, which ``flush()`` writes.
    ///
    /// - Throws: an encoder's error.
    func append(_ record: some Encodable) throws {
        pending.append(try RecordFormat.text(of: record))
    }

    /// Whether there is something that ``flush()`` would write.
    var hasPending: Bool { !pending.isEmpty }

    /// Writes what is to be written, as far as it goes. Nothing is lost when it fails; it may be tried again.
    ///
    /// - Throws: `FileError`; records that were written before it are no more pending.
    func flush() throws(FileError) {
        guard !pending.isEmpty else { return }
        if file == nil { try make() }
        guard let file else { return }
        while !pending.isEmpty {
            let records = pending.prefix(Self.piece)
            var bytes: [UInt8] = []
            for (i, record) in records.enumerated() {
                bytes += count + i == 0 ? Self.opening.suffix(1) : Self.separator[...]
                bytes += record
            }
            try file.append(bytes.span.bytes, closing: Self.closing)
            hash.update(bytes)
            count += records.count
            pending.removeFirst(records.count)
        }
    }

    /// The state for a checkpoint: what is in the file, on the disk when this returns, and what is not.
    ///
    /// - Complexity: one `fsync`; O(records that are pending).
    func state() throws(FileError) -> LogState {
        var state = LogState()
        if let file, count > 0 {
            try file.synchronize()
            state.position = LogPosition(
                records: count, bytes: file.count, sha256: hash.digestSoFar().hexadecimal)
        }
        state.rest = Array(pending.joined(separator: Self.separator))
        return state
    }

    /// What there is where the file was; a log that has no file yet counts as being there.
    var place: GrowingFile.Place { file?.place ?? .here }

    /// Makes the file again, in a folder that was deleted and made again, or in another one.
    ///
    /// - Throws: `FileError`; the log then still writes to the file that it had.
    func remake(at url: URL) throws(FileError) {
        self.url = url
        try file?.remake(at: url.path)
    }
}

/// Why a log is not the one that a checkpoint relies on.
enum LogDefect: Error, CustomStringConvertible {
    /// It cannot be opened or read, or is not there.
    case unreadable(FileError)
    /// It ends before the position.
    case short(bytes: Int, needed: LogPosition)
    /// It is long enough, and what stands before the position is not what the checkpoint saw.
    case altered(LogPosition)

    /// The defect as a clause about "it".
    var description: String {
        switch self {
        case .unreadable(let error): error.reason
        case .short(let bytes, let needed):
            "it is cut off: it has \(bytes) of the \(needed.bytes) bytes of its first \(needed.records) records"
        case .altered(let position):
            "it was altered: the SHA-256 of its first \(position.records) records is another"
        }
    }

    /// Whether there is no such file at all.
    var isAbsence: Bool {
        if case .unreadable(let error) = self { error.isGone } else { false }
    }
}
