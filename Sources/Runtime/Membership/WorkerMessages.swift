package import MPI

/// Messages between the server and its workers, point to point, that are under way. Nobody waits for one of them alone.
package final class WorkerMessages {
    /// Where they travel.
    private let communicator: any Communicator
    /// Sent, and not known to have been received.
    private var outgoing: [PendingMessage] = []
    /// Announced, and not here completely.
    private var incoming: [(tag: Int, message: PendingMessage)] = []

    /// No message yet.
    ///
    /// - Parameter communicator: its rank 0 is the server.
    package init(on communicator: any Communicator) {
        self.communicator = communicator
    }

    /// Whether something is being received.
    package var isReceiving: Bool { !incoming.isEmpty }

    /// Sends a message without waiting for it to be received.
    package func send(_ message: consuming Buffer<UInt8>, to worker: Int, tag: Int) throws {
        outgoing.append(PendingMessage(worker, try communicator.startSend(message, to: worker + 1, tag: tag)))
    }

    /// Moves what was sent along, and forgets what has arrived.
    package func advance() throws {
        try outgoing.advance()
    }

    /// Begins to receive what workers have sent under a tag.
    /// - Parameter begun: told of each such message.
    package func startReceiving(tag: Int, begun: (_ worker: Int, _ bytes: Int) -> Void = { _, _ in }) throws {
        while let status = try communicator.iprobe(from: nil, tag: tag) {
            let request = try communicator.startReceive(
                into: Buffer<UInt8>(count: status.byteCount), from: status.source, tag: tag)
            incoming.append((tag, PendingMessage(status.source - 1, request)))
            begun(status.source - 1, status.byteCount)
        }
    }

    /// Hands over what has come completely.
    /// - Returns: whether there was something.
    package func takeReceived(
        _ body: (_ worker: Int, _ tag: Int, _ message: consuming Buffer<UInt8>) throws -> Void
    ) throws -> Bool {
        var hasCome = false
        var underWay: [(tag: Int, message: PendingMessage)] = []
        for (tag, pending) in incoming {
            guard let message = try pending.completed() else {
                underWay.append((tag, pending))
                continue
            }
            hasCome = true
            try body(pending.worker, tag, message)
        }
        incoming = underWay
        return hasCome
    }

    /// Forgets what a lost worker will neither receive nor send.
    package func withdraw(_ worker: Int) {
        outgoing.removeAll { $0.worker == worker }
        incoming.removeAll { $0.message.worker == worker }
    }
}
