import MPI

/// A place for one client's answer that a wire lends: what is written to it is sent from where it lies.
struct AnswerSlot: ~Copyable {
    private var buffer: Buffer<UInt8>
    private let offset: Int
    private let floats: Int

    /// - Parameters:
    ///   - offset: in bytes, where the numbers begin.
    ///   - floats: how many there are: the update's, and the state's behind them.
    init(_ buffer: consuming Buffer<UInt8>, at offset: Int, floats: Int) {
        self.buffer = buffer
        self.offset = offset
        self.floats = floats
    }

    /// Gives the numbers to `body`, which writes all of them.
    mutating func withNumbers<R>(_ body: (inout MutableSpan<Float>) throws -> R) throws -> R {
        try buffer.withMutableSpan(of: Float.self, at: offset, count: floats, body)
    }

    /// The memory, for the wire that has lent it.
    consuming func intoBuffer() -> Buffer<UInt8> { buffer }
}
