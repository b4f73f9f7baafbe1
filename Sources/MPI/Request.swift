/// A non-blocking operation under way, and the owner of the buffers it uses.
///
/// Exactly one of ``wait(_:)``, ``cancel()`` and ``abandon()`` ends it; the type cannot be copied, so none is
/// called twice. A request that is dropped before it is complete leaks its buffers on purpose: the library may
/// still write to them.
///
/// ```swift
/// var request = try world.startReceive(into: Buffer<Float>(count: 1_000), from: 0, tag: 1)
/// while try !request.test() { trainOneBatch() }
/// let weights = try request.wait()
/// ```
public struct Request<Payload: ~Copyable>: ~Copyable {
    private let state: State

    init(_ transfer: any PendingTransfer, payload: consuming Payload) {
        state = State(transfer, payload: payload)
    }

    /// The source, tag and length of a completed receive; otherwise nil.
    public var status: Status? { state.isComplete ? state.transfer.status : nil }

    /// Whether the operation is complete; lets the library make progress (`MPI_Test`, MPI 3.1 §3.7.3). Does not block.
    ///
    /// Once it has been true it stays true, without another library call.
    public mutating func test() throws(MPIError) -> Bool {
        try state.test()
    }

    /// Waits, sleeping as `backoff` says, and gives the buffers back.
    ///
    /// It waits for ever if a peer is dead; see ``Backoff/wait(for:unless:)`` for a wait that watches the peer.
    ///
    /// - Throws: the library's error; the buffers are then leaked.
    public consuming func wait(_ backoff: Backoff = .default) throws(MPIError) -> Payload {
        _ = try backoff.wait { () throws(MPIError) in try state.test() }
        return state.take()
    }

    /// Waits until the operation is complete or the deadline is past.
    ///
    /// - Returns: whether it is complete; `wait()` then returns at once. If not, the operation is still under way.
    public mutating func wait(
        until deadline: ContinuousClock.Instant, _ backoff: Backoff = .default
    ) throws(MPIError) -> Bool {
        try backoff.wait(until: deadline) { () throws(MPIError) in try state.test() }
    }

    /// Withdraws a receive that nobody has answered (`MPI_Cancel`, MPI 3.1 §3.8.4).
    ///
    /// - Returns: whether it was withdrawn; if the message had arrived, the buffers with it.
    /// - Precondition: the operation is a receive. Collectives cannot be cancelled (§5.12), and sends not reliably.
    @discardableResult
    public consuming func cancel() throws(MPIError) -> Cancellation<Payload> {
        if try state.cancel() { return .withdrawn }
        return .complete(state.take())
    }

    /// Leaves the operation to itself and leaks its buffers, for a peer that is dead and will never complete it.
    ///
    /// The end of the request's life does it; a call only says that it is meant.
    public consuming func abandon() {}

    /// Abandons the operation after its payload was read once more, so that what it sends can be sent another way.
    ///
    /// - Parameter body: may read only what the operation itself only reads; a receive's buffer may change under it.
    public consuming func abandon<R: ~Copyable, E: Error>(
        reading body: (borrowing Payload) throws(E) -> R
    ) throws(E) -> R {
        try state.read(body)
    }
}

/// What became of a receive that was cancelled.
@frozen
public enum Cancellation<Payload: ~Copyable>: ~Copyable {
    /// No message was there, and none will be taken. The buffers are freed.
    case withdrawn
    /// The message had arrived; it is in the buffers.
    case complete(Payload)
}

extension Request where Payload: ~Copyable {
    /// The heap part of a request, which outlives it if the operation does; one allocation per request.
    private final class State {
        let transfer: any PendingTransfer
        private var payload: Payload?
        private(set) var isComplete = false
        private var isWithdrawn = false

        init(_ transfer: any PendingTransfer, payload: consuming Payload) {
            self.transfer = transfer
            self.payload = consume payload
        }

        func test() throws(MPIError) -> Bool {
            if !isComplete { isComplete = try transfer.test() }
            return isComplete
        }

        func cancel() throws(MPIError) -> Bool {
            if isComplete { return false }
            isWithdrawn = try transfer.cancel()
            isComplete = !isWithdrawn
            return isWithdrawn
        }

        func take() -> Payload {
            guard let payload = payload.take() else { preconditionFailure("the buffers of a request taken twice") }
            return payload
        }

        func read<R: ~Copyable, E: Error>(_ body: (borrowing Payload) throws(E) -> R) throws(E) -> R {
            guard let value = payload.take() else { preconditionFailure("the buffers of a request taken twice") }
            do {
                let result = try body(value)
                payload = .some(value)
                return result
            } catch {
                payload = .some(value)
                throw error
            }
        }

        deinit {
            if isComplete || isWithdrawn { return }
            _ = Unmanaged.passRetained(transfer as AnyObject)
            if let payload = payload.take() { leak(payload) }
        }
    }
}

/// Moves a value into memory that is never freed, because the library may still use what it owns.
func leak<T: ~Copyable>(_ value: consuming T) {
    UnsafeMutablePointer<T>.allocate(capacity: 1).initialize(to: value)
}
