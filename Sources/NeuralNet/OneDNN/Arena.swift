import COneDNN

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One zeroed block of memory, aligned to a huge page when it is large.
final class Arena {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    private static let cacheLine = 64
    private static let hugePage = 2 << 20

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

    /// Its bytes as floats, for the duration of `body`.
    func withFloats<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let floats = UnsafeMutableBufferPointer(
            start: base.assumingMemoryBound(to: Float.self), count: byteCount / MemoryLayout<Float>.stride)
        var span = floats.mutableSpan
        return try body(&span)
    }
}
