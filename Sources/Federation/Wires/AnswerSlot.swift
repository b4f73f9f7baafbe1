import MPI

/// A place for one client's answer that a wire lends: the client's work writes its numbers there, and the wire sends
/// them from where they lie, without a copy, or encodes them first, where there is a codec. Cannot be copied: it goes
/// back to the wire by `put`, or is dropped with work that is broken off.
struct AnswerSlot: ~Copyable {
    private var buffer: Buffer<UInt8>
    private let offset: Int
    private let floats: Int

    /// Lends memory.
    /// - Parameters:
    ///   - buffer: the wire's memory, which it has not while the slot is lent.
    ///   - offset: where the numbers begin, in bytes.
    ///   - floats: how many there are: the update's, and the state's behind them.
    init(_ buffer: consuming Buffer<UInt8>, at offset: Int, floats: Int) {
        self.buffer = buffer
        self.offset = offset
        self.floats = floats
    }

    /// Gives the numbers to `body`, which writes all of them; what they were before is of no meaning.
    mutating func withNumbers<R>(_ body: (inout MutableSpan<Float>) throws -> R) throws -> R {
        try buffer.withMutableSpan(of: Float.self, at: offset, count: floats, body)
    }

    /// Gives the memory back, to the wire that has lent it.
    consuming func intoBuffer() -> Buffer<UInt8> { buffer }
}
