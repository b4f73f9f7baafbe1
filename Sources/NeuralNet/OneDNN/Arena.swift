import COneDNN

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One zeroed block of memory that tensors lie in, aligned to a cache line, or to a huge page when it is that large.
///
/// The only owner of tensors' memory in this target: `Memory` and the steps of a plan hold addresses into it, so the
/// plan keeps its arenas for as long as its steps.
final class Arena {
    /// First byte.
    let base: UnsafeMutableRawPointer
    /// Usable bytes; 0 gives a valid, but useless, address.
    let byteCount: Int

    private static let cacheLine = 64
    /// Bytes of a huge page of Linux on x86-64 and Arm with 4 KB pages.
    private static let hugePage = 2 << 20

    /// Allocates and clears a block. Zeros matter: padding in blocked layouts must be zero from the beginning.
    init(byteCount: Int) {
        let isLarge = byteCount >= Self.hugePage
        base = UnsafeMutableRawPointer.allocate(
            byteCount: max(byteCount, 1), alignment: isLarge ? Self.hugePage : Self.cacheLine)
        self.byteCount = byteCount
        #if os(Linux)
        // Advice only: without huge pages the memory is the same, with more TLB misses.
        if isLarge { _ = madvise(base, byteCount / Self.hugePage * Self.hugePage, MADV_HUGEPAGE) }
        #endif
        memset(base, 0, byteCount)
    }

    deinit {
        base.deallocate()
    }

    /// Gives a closure the bytes as floats, in the order in which they lie; a rest of fewer than four bytes is left
    /// out.
    /// - Throws: the errors of `body` alone.
    func withFloats<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let floats = UnsafeMutableBufferPointer(
            start: base.assumingMemoryBound(to: Float.self), count: byteCount / MemoryLayout<Float>.stride)
        var span = floats.mutableSpan
        return try body(&span)
    }
}
