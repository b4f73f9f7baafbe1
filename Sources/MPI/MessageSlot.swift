/// Memory for messages that are sent or received one after another, without an allocation for each.
///
/// For streams of many messages (features and answers of split inference), where a ``Request`` with its own
/// buffer per message would allocate. It owns its bytes and the transfer under way: while `isIdle` is false
/// they may neither be read nor written, which ``read(_:at:count:_:)`` and ``write(_:at:count:_:)`` check. One
/// slot has one message under way; a window of messages is an array of slots.
public final class MessageSlot {
    /// The bytes, in an object of their own: it outlives the slot if a transfer does.
    private final class Storage {
        var bytes: Buffer<UInt8>
        init(byteCount: Int) { bytes = Buffer(count: byteCount) }
    }

    private let storage: Storage
    private var transfer: (any PendingTransfer)?
    /// Whether nothing is under way, as of the last ``test()``; reading it asks the library nothing.
    public private(set) var isIdle = true

    /// The room for a message in bytes: the longest that can be sent or received.
    public let byteCount: Int

    /// Makes an idle slot of zero bytes; one allocation, the transfer's comes with the first message.
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

    /// Begins to send the first `count` bytes. Does not block.
    ///
    /// - Precondition: nothing is under way in this slot; `count` is at most `byteCount`.
    public func startSend(
        _ count: Int, to destination: Int, tag: Int, on communicator: any Communicator
    ) throws(MPIError) {
        precondition(isIdle, "a message is under way in this slot")
        let region = storage.bytes.region.slice(0, count: count)
        transfer = try communicator.start(.send(region, to: destination, tag: tag), reusing: transfer)
        isIdle = false
    }

    /// Begins to wait for a message of at most `byteCount` bytes. Does not block.
    ///
    /// - Precondition: nothing is under way in this slot.
    public func startReceive(from source: Int, tag: Int, on communicator: any Communicator) throws(MPIError) {
        precondition(isIdle, "a message is under way in this slot")
        let transfer = Transfer.receive(storage.bytes.region, from: source, tag: tag)
        self.transfer = try communicator.start(transfer, reusing: self.transfer)
        isIdle = false
    }

    /// Asks the library whether the transfer is complete, and lets it make progress. Does not block.
    ///
    /// - Returns: whether the slot is idle; true also where nothing was begun.
    /// - Throws: ``MPIError``, such as for a message longer than the slot.
    public func test() throws(MPIError) -> Bool {
        if !isIdle, let transfer { isIdle = try transfer.test() }
        return isIdle
    }

    /// The length in bytes of the message that was received last; 0 while a transfer is under way and after a send.
    public var receivedBytes: Int { isIdle ? transfer?.status?.byteCount ?? 0 : 0 }

    /// Withdraws a receive; a message that has come meanwhile is dropped. The slot is idle afterwards.
    ///
    /// - Precondition: what is under way, if anything, is a receive.
    public func cancelReceive() throws(MPIError) {
        if !isIdle, let transfer { _ = try transfer.cancel() }
        isIdle = true
    }

    /// Reads a part of the message as elements of a type, in place.
    ///
    /// - Parameters:
    ///   - type: the type of the elements.
    ///   - byteOffset: where the part begins; a multiple of the type's alignment.
    ///   - count: the number of elements; the part lies inside the slot.
    ///   - body: gets the elements, valid until it returns.
    /// - Precondition: nothing is under way.
    @inline(__always)
    public func read<T: MPIScalar, R: ~Copyable, E: Error>(
        _ type: T.Type, at byteOffset: Int, count: Int, _ body: (Span<T>) throws(E) -> R
    ) throws(E) -> R {
        precondition(isIdle, "a message is under way in this slot")
        return try storage.bytes.withSpan(of: type, at: byteOffset, count: count, body)
    }

    /// Changes a part of the message as elements of a type, in place; the parameters are those of
    /// ``read(_:at:count:_:)``.
    ///
    /// - Precondition: nothing is under way.
    @inline(__always)
    public func write<T: MPIScalar, R: ~Copyable, E: Error>(
        _ type: T.Type, at byteOffset: Int, count: Int, _ body: (inout MutableSpan<T>) throws(E) -> R
    ) throws(E) -> R {
        precondition(isIdle, "a message is under way in this slot")
        return try storage.bytes.withMutableSpan(of: type, at: byteOffset, count: count, body)
    }
}
