#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A file that is written piece by piece, such as a log; never through a symbolic link.
///
/// The logs of a run are JSON arrays that are whole at any moment: each piece is written together with the
/// bracket that closes the array, and the next piece over that bracket. ``count`` is the length without such
/// closing bytes. One thread writes; others may read the file by its path.
public final class GrowingFile {
    /// The path that it was opened or made again under.
    public private(set) var path: String
    /// The bytes that count; closing ones behind them do not.
    public private(set) var count: Int
    private var descriptor: Descriptor

    /// Makes the file; what had its name is gone.
    ///
    /// - Parameters:
    ///   - path: the path of the file; its folder must be there.
    ///   - contents: bytes that are in it as soon as the name is there; nil for an empty file.
    /// - Throws: ``FileError``; the former file is then what it was.
    public init(replacing path: String, with contents: RawSpan? = nil) throws(FileError) {
        self.path = path
        var draft = try FileDraft(of: path)
        if let contents { try draft.write(contents) }
        try draft.publish()
        descriptor = try Descriptor.continuing(path)
        count = draft.count
    }

    /// Opens a file that is there, to write on.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - count: how many of its bytes count, those behind are cut off; nil for all.
    /// - Throws: ``FileError``, also when it has fewer bytes than `count`, when it is a link, or no regular file.
    public init(continuing path: String, at count: Int? = nil) throws(FileError) {
        self.path = path
        descriptor = try Descriptor.continuing(path)
        let size = Int(try descriptor.status("write").st_size)
        guard count ?? 0 <= size else {
            throw FileError("write", path, reason: "it is cut off: it has \(size) bytes instead of \(count ?? 0)")
        }
        self.count = count ?? size
        if self.count < size { try descriptor.truncate(to: self.count) }
    }

    /// Adds bytes at its end, all or none: what was written of a piece that does not fit is taken back.
    ///
    /// - Parameters:
    ///   - bytes: the piece.
    ///   - closing: bytes that stand behind it until the next piece is written over them, such as `\n]`.
    /// - Throws: ``FileError``, most often for want of room; the file then ends as before, with its closing bytes.
    /// - Complexity: one `pwrite`; with closing bytes also a copy of the piece.
    public func append(_ bytes: RawSpan, closing: [UInt8] = []) throws(FileError) {
        do throws(FileError) {
            // In one call: who reads meanwhile is to see an end.
            if closing.isEmpty {
                try descriptor.write(bytes, at: count)
            } else {
                let piece = bytes.withUnsafeBytes { Array($0) } + closing
                try descriptor.write(piece.span.bytes, at: count)
            }
        } catch {
            try? descriptor.truncate(to: count)
            // There was room for it before.
            if !closing.isEmpty { try? descriptor.write(closing.span.bytes, at: count) }
            throw error
        }
        count += bytes.byteCount
    }

    /// Replaces all bytes from `offset` on with others; the file then ends behind them.
    ///
    /// - Throws: ``FileError``; bytes from `offset` on may then be new in part.
    public func write(_ bytes: RawSpan, from offset: Int) throws(FileError) {
        try descriptor.write(bytes, at: offset)
        let end = offset + bytes.byteCount
        if end < count { try descriptor.truncate(to: end) }
        count = end
    }

    /// Declares the bytes from `count` on to be closing ones, which the next piece is written over. Writes nothing.
    public func reopen(at count: Int) {
        precondition(count <= self.count, "a file is reopened where it has bytes")
        self.count = count
    }

    /// The bytes from `offset` on, at most `count`; fewer where the file ends before. Closing bytes are among them.
    public func contents(from offset: Int, atMost count: Int) throws(FileError) -> [UInt8] {
        try descriptor.contents(from: offset, atMost: count)
    }

    /// The bytes of the whole file, closing ones too.
    public func contents() throws(FileError) -> [UInt8] { try descriptor.contents(atMost: .max) }

    /// Waits until what was written is on the disk (`fsync`).
    public func synchronize() throws(FileError) { try descriptor.synchronize() }
}

extension GrowingFile {
    /// What there is under a file's path while the file is open.
    public enum Place: Sendable {
        /// The file itself.
        case here
        /// Nothing; the open file still has its contents.
        case gone
        /// Another file has its name.
        case taken
    }

    /// Whether its path still leads to it; two system calls.
    ///
    /// Somebody may delete or move a run's folder while it runs; writes to the open file would go on without an
    /// error, into nothing.
    public var place: Place { descriptor.place }

    /// Makes the file again where it is gone, or somewhere else, from what the open file still holds.
    ///
    /// - Parameter path: the new path; nil for the old one. Nothing may have the name.
    /// - Throws: ``FileError``; the object then still writes to the file that it had.
    /// - Complexity: one copy of the whole file, through memory.
    public func remake(at path: String? = nil) throws(FileError) {
        let path = path ?? self.path
        let whole = try descriptor.contents(atMost: .max)
        let new = try Descriptor(creating: path)
        do throws(FileError) {
            try new.write(whole.span.bytes, at: 0)
        } catch {
            unlink(path)
            throw error
        }
        descriptor = new
        self.path = path
    }
}
