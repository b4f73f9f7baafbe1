/// Memory for messages that are sent or received one after another, without an allocation for each.
///
/// It owns its bytes and the transfer under way: what is not `isIdle` may neither be read nor written.
public final class MessageSlot {
    /// Outlives the slot if a transfer does.
    private final class Storage {
        var bytes: Buffer<UInt8>
        init(byteCount: Int) { bytes = Buffer(count: byteCount) }
    }

    private let storage: Storage
    private var transfer: (any PendingTransfer)?
    /// Whether nothing is under way.
    public private(set) var isIdle = true

    /// The longest message.
    public let byteCount: Int

    public init(byteCount: Int) {
        self.byteCount = byteCount
        storage = Storage(byteCount: byteCount)
    }

    /// A slot that is dropped with a transfer under way leaks its memory: the library may still use it.
    deinit {
        if isIdle { return }
        _ = Unmanaged.passRetained(storage)
        if let transfer { _ = Unmanaged.passRetained(transfer as AnyObject) }
    }

    /// Begins to send the first bytes.
    /// - Precondition: nothing is under way, here or on another communicator.
    public func startSend(
        _ count: Int, to destination: Int, tag: Int, on communicator: any Communicator
    ) throws(MPIError) {
        precondition(isIdle, "a message is under way in this slot")
        let region = storage.bytes.region.slice(0, count: count)
        transfer = try communicator.start(.send(region, to: destination, tag: tag), reusing: transfer)
        isIdle = false
    }

    /// Begins to wait for a message of at most `byteCount` bytes.
    /// - Precondition: nothing is under way, here or on another communicator.
    public func startReceive(from source: Int, tag: Int, on communicator: any Communicator) throws(MPIError) {
        precondition(isIdle, "a message is under way in this slot")
        let transfer = Transfer.receive(storage.bytes.region, from: source, tag: tag)
        self.transfer = try communicator.start(transfer, reusing: self.transfer)
        isIdle = false
    }

    /// Whether nothing is under way any longer; lets the library make progress. Does not block.
    public func test() throws(MPIError) -> Bool {
        if !isIdle, let transfer { isIdle = try transfer.test() }
        return isIdle
    }

    /// The length of the message that was received last.
    public var receivedBytes: Int { isIdle ? transfer?.status?.byteCount ?? 0 : 0 }

    /// Withdraws a receive; a message that has come meanwhile is dropped.
    /// - Precondition: what is under way, if anything, is a receive.
    public func cancelReceive() throws(MPIError) {
        if !isIdle, let transfer { _ = try transfer.cancel() }
        isIdle = true
    }

    /// Reads a part of the message as elements of a type.
    /// - Precondition: nothing is under way; the offset is a multiple of the type's alignment.
    @inline(__always)
    public func read<T: MPIScalar, R: ~Copyable, E: Error>(
        _ type: T.Type, at byteOffset: Int, count: Int, _ body: (Span<T>) throws(E) -> R
    ) throws(E) -> R {
        precondition(isIdle, "a message is under way in this slot")
        return try storage.bytes.withSpan(of: type, at: byteOffset, count: count, body)
    }

    /// Changes a part of the message as elements of a type.
    /// - Precondition: nothing is under way; the offset is a multiple of the type's alignment.
    @inline(__always)
    public func write<T: MPIScalar, R: ~Copyable, E: Error>(
        _ type: T.Type, at byteOffset: Int, count: Int, _ body: (inout MutableSpan<T>) throws(E) -> R
    ) throws(E) -> R {
        precondition(isIdle, "a message is under way in this slot")
        return try storage.bytes.withMutableSpan(of: type, at: byteOffset, count: count, body)
    }
}
