#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Memory for `count` elements: zero at first, aligned to 64 bytes, with one owner.
///
/// The alignment is a cache line and the width of an AVX-512 register. Large buffers are zero pages of the
/// operating system, so that making one touches no memory. The address never changes, which non-blocking
/// transfers depend on: an array could move. A buffer that a non-blocking operation uses is inside its
/// ``Request`` until the operation is complete, and cannot be copied, only moved, so that the compiler refuses
/// to touch it meanwhile.
public struct Buffer<Element: MPIScalar>: ~Copyable, @unchecked Sendable {
    // Sendable: the memory has one owner, and writing to it needs exclusive access to that owner.

    @usableFromInline let elements: UnsafeMutablePointer<Element>
    private let allocation: UnsafeMutableRawPointer
    /// The number of elements.
    public let count: Int

    /// Makes a buffer of zeros.
    ///
    /// - Parameter count: the number of elements, from 0.
    /// - Precondition: the system has the memory; running out of it ends the process.
    /// - Complexity: O(1) for large buffers, whose pages are made when they are first touched.
    public init(count: Int) {
        precondition(count >= 0, "a buffer of \(count) elements")
        let alignment = 64
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        precondition(!overflow && byteCount <= Int.max - alignment, "a buffer of \(count) elements")
        guard let allocation = calloc(1, byteCount + alignment) else {
            preconditionFailure("no memory for a buffer of \(byteCount) bytes")
        }
        self.allocation = allocation
        self.count = count
        elements = allocation.alignedUp(toMultipleOf: alignment).bindMemory(to: Element.self, capacity: count)
    }

    /// Makes a buffer with the elements of a collection; O(count), one allocation.
    public init(_ values: some Collection<Element>) {
        self.init(count: values.count)
        _ = UnsafeMutableBufferPointer(start: elements, count: count).update(fromContentsOf: values)
    }

    /// Makes a buffer with the elements of another; O(count), one allocation.
    public init(copying other: borrowing Buffer<Element>) {
        self.init(count: other.count)
        elements.update(from: other.elements, count: count)
    }

    deinit { free(allocation) }

    /// The elements, to read; valid while the buffer is borrowed. Costs nothing.
    @inlinable
    public var span: Span<Element> {
        @_lifetime(borrow self)
        get { _overrideLifetime(Span(_unsafeStart: elements, count: count), borrowing: self) }
    }

    /// The elements, to change; exclusive access to the buffer while the span lives. Costs nothing.
    @inlinable
    public var mutableSpan: MutableSpan<Element> {
        @_lifetime(&self)
        mutating get { _overrideLifetime(MutableSpan(_unsafeStart: elements, count: count), mutating: &self) }
    }

    /// The element at an index, with a bounds check; loops use ``span`` or ``mutableSpan``.
    @inlinable
    public subscript(i: Int) -> Element {
        get {
            precondition(i >= 0 && i < count, "index out of range")
            return elements[i]
        }
        set {
            precondition(i >= 0 && i < count, "index out of range")
            elements[i] = newValue
        }
    }

    /// A copy of the elements as an array.
    public func array() -> [Element] {
        Array(UnsafeBufferPointer(start: elements, count: count))
    }

    /// The elements as an operand of a transfer. The region does not keep the buffer alive.
    package var region: MemoryRegion {
        MemoryRegion(base: UnsafeMutableRawPointer(elements), count: count, datatype: Element.datatype)
    }
}

/// Bytes read and written as numbers: a frame is one buffer, one transfer, with a header and weights in it.
extension Buffer where Element == UInt8 {
    /// Reads a part of the bytes as elements of another type, so that one buffer holds a header and numbers.
    ///
    /// - Precondition: the offset is a multiple of the type's alignment and the part lies inside the buffer.
    @inlinable
    public func withSpan<T: MPIScalar, R: ~Copyable, E: Error>(
        of type: T.Type, at byteOffset: Int, count: Int, _ body: (Span<T>) throws(E) -> R
    ) throws(E) -> R {
        try body(Span(_unsafeStart: typed(type, at: byteOffset, count: count), count: count))
    }

    /// Changes a part of the bytes as elements of another type.
    ///
    /// - Precondition: the offset is a multiple of the type's alignment and the part lies inside the buffer.
    @inlinable
    public mutating func withMutableSpan<T: MPIScalar, R: ~Copyable, E: Error>(
        of type: T.Type, at byteOffset: Int, count: Int, _ body: (inout MutableSpan<T>) throws(E) -> R
    ) throws(E) -> R {
        var span = MutableSpan(_unsafeStart: typed(type, at: byteOffset, count: count), count: count)
        return try body(&span)
    }

    /// Checks alignment and bounds, then gives the address of a part as elements of `T`.
    @usableFromInline
    func typed<T: MPIScalar>(_ type: T.Type, at byteOffset: Int, count: Int) -> UnsafeMutablePointer<T> {
        precondition(byteOffset >= 0 && byteOffset % MemoryLayout<T>.alignment == 0, "a misaligned byte offset")
        precondition(
            count >= 0 && byteOffset <= self.count && count <= (self.count - byteOffset) / MemoryLayout<T>.stride,
            "a view outside the buffer")
        return UnsafeMutableRawPointer(elements + byteOffset).assumingMemoryBound(to: T.self)
    }
}
