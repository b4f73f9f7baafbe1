#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file mapped read-only. The pages are shared by every process that maps the file, and read when touched, so
/// opening is O(1) whatever the file's size.
///
/// The only owner of the mapping: `deinit` removes it, so nothing may keep an address; all reads go through the
/// methods, which check their range. A file that another process truncates while it is mapped would end this
/// one by SIGBUS; the cache never does so, it replaces files whole.
///
/// `@unchecked Sendable`: `base` and `count` never change after `init`, and the memory is never written.
final class MappedFile: @unchecked Sendable {
    private let base: UnsafeRawPointer?
    /// Bytes of the file that this view hides at its beginning.
    private let start: Int
    /// Number of bytes of the view; offsets in all methods count from its first one.
    let count: Int
    /// Status of the file when it was mapped.
    let status: OpenFile.Status

    /// Maps a file.
    ///
    /// - Parameters:
    ///   - path: path of the file.
    ///   - start: bytes to hide at its beginning, such as a copy's header.
    /// - Throws: ``DatasetError/unreadable(file:reason:)``.
    convenience init(path: String, from start: Int = 0) throws(DatasetError) {
        try self.init(OpenFile(reading: path), from: start)
    }

    /// Maps what is open; the descriptor may be closed afterwards.
    init(_ file: borrowing OpenFile, from start: Int = 0) throws(DatasetError) {
        status = try file.status()
        let length = status.byteCount
        self.start = min(start, length)
        count = length - self.start
        // Nothing can be mapped of an empty file.
        guard length > 0 else {
            base = nil
            return
        }
        guard let address = mmap(nil, length, PROT_READ, MAP_SHARED, file.descriptor, 0), address != MAP_FAILED else {
            throw .unreadable(file: file.path, reason: FileSystem.reason(errno))
        }
        base = UnsafeRawPointer(address)
    }

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), start + count) }
    }

    /// One byte.
    ///
    /// - Precondition: 0 ≤ index < count.
    subscript(index: Int) -> UInt8 {
        address(of: index..<index + 1).load(as: UInt8.self)
    }

    /// A copy of a range of bytes, which must lie within the view.
    func copy(_ range: Range<Int>) -> [UInt8] {
        range.isEmpty ? [] : [UInt8](UnsafeRawBufferPointer(start: address(of: range), count: range.count))
    }

    /// Largest byte of a range, 0 when it is empty. O(range).
    func largest(in range: Range<Int>) -> Int {
        guard !range.isEmpty else { return 0 }
        return Int(UnsafeRawBufferPointer(start: address(of: range), count: range.count).reduce(0, max))
    }

    /// Writes bytes as floats in [0, 1]: byte / 255, rounded as that division is. The hot loop of reading
    /// images.
    ///
    /// - Parameters:
    ///   - offset: index of the first byte.
    ///   - count: number of bytes.
    ///   - result: receives them at `position ..< position + count`.
    ///   - position: index of the first float.
    /// - Precondition: bytes and floats lie within their bounds.
    /// - Complexity: O(count), vectorised.
    func readUnitFloats(at offset: Int, count: Int, into result: inout MutableSpan<Float>, at position: Int) {
        precondition(position >= 0 && position <= result.count - count, "the floats do not fit")
        let bytes = address(of: offset..<offset + count).assumingMemoryBound(to: UInt8.self)
        result.withUnsafeMutableBufferPointer { result in
            guard let base = result.baseAddress else { return }
            // One index without an addition in it, so that the loop is vectorised: a quarter of the time.
            let floats = base + position
            for i in 0..<count { floats[i] = UnitFloat.from(bytes[i]) }
        }
    }

    /// Writes an image of bytes that lies column after column as floats in [0, 1], row after row.
    ///
    /// - Parameters:
    ///   - offset: index of the first byte.
    ///   - rows: number of rows of the image that is written.
    ///   - columns: number of its columns.
    ///   - result: receives `rows · columns` floats from `position` on.
    ///   - position: index of the first float.
    /// - Precondition: bytes and floats lie within their bounds.
    /// - Complexity: O(rows · columns).
    func readTransposedUnitFloats(
        at offset: Int, rows: Int, columns: Int, into result: inout MutableSpan<Float>, at position: Int
    ) {
        let count = rows * columns
        precondition(position >= 0 && position <= result.count - count, "the floats do not fit")
        let bytes = address(of: offset..<offset + count).assumingMemoryBound(to: UInt8.self)
        for row in 0..<rows {
            for column in 0..<columns {
                result[unchecked: position &+ row &* columns &+ column] = UnitFloat.from(bytes[column &* rows &+ row])
            }
        }
    }

    /// The address of a range of bytes, for the reads in this folder: it must not outlive the call.
    func address(of range: Range<Int>) -> UnsafeRawPointer {
        guard let base, range.lowerBound >= 0, range.upperBound <= count else {
            preconditionFailure("bytes \(range) are outside 0 ..< \(count)")
        }
        return base + start + range.lowerBound
    }
}
