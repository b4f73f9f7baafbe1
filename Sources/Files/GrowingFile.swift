#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A file that is written piece by piece, such as a log; never through a symbolic link.
public final class GrowingFile {
    public private(set) var path: String
    /// Bytes that it has.
    public private(set) var count: Int
    private var descriptor: Descriptor

    /// Makes it; what had its name is gone.
    /// - Parameter contents: which are there as soon as the name is.
    public init(replacing path: String, with contents: RawSpan? = nil) throws(FileError) {
        self.path = path
        var draft = try FileDraft(of: path)
        if let contents { try draft.write(contents) }
        try draft.publish()
        descriptor = try Descriptor.continuing(path)
        count = draft.count
    }

    /// Opens one that is there.
    /// - Parameter count: how many of its bytes count, those behind are cut off; nil: all.
    /// - Throws: `FileError`, also when it has not so many, when it is a link, or no file.
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
    /// - Parameter closing: bytes that stand behind it, until the next piece is written over them.
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

    /// Replaces what stands from `offset` on.
    public func write(_ bytes: RawSpan, from offset: Int) throws(FileError) {
        try descriptor.write(bytes, at: offset)
        let end = offset + bytes.byteCount
        if end < count { try descriptor.truncate(to: end) }
        count = end
    }

    /// Takes bytes at the end for closing ones, which the next piece is written over.
    public func reopen(at count: Int) {
        precondition(count <= self.count, "a file is reopened where it has bytes")
        self.count = count
    }

    /// Bytes from `offset` on, as far as there are any.
    public func contents(from offset: Int, atMost count: Int) throws(FileError) -> [UInt8] {
        try descriptor.contents(from: offset, atMost: count)
    }

    /// All its bytes.
    public func contents() throws(FileError) -> [UInt8] { try descriptor.contents(atMost: .max) }

    /// Waits until what was written is on the disk.
    public func synchronize() throws(FileError) { try descriptor.synchronize() }
}

extension GrowingFile {
    /// What is to be found under a file's path.
    public enum Place: Sendable {
        case here
        case gone
        /// Another file has its name.
        case taken
    }

    /// Whether its path still leads to it. One system call.
    public var place: Place { descriptor.place }

    /// Makes the file again where it is gone, or somewhere else: what it held can be read for as long as it is open.
    /// - Throws: `FileError`; the file is then what it was.
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
