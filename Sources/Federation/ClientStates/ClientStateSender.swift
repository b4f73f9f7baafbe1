import MPI
import Records
import Runtime

/// A client's state on its way to the rank that trains it, point to point: round, attempt and client (UInt32 each), 0, the
/// floats.
enum StateMessage {
    static let headerBytes = 16

    static func byteCount(floats: Int) -> Int { headerBytes + floats * 4 }
}

/// The server's end: sends the states of the clients that a worker trains next.
final class ClientStateSender {
    private let states: ClientStates
    private let messages: WorkerMessages

    /// - Parameter pool: of the workers.
    init(_ states: ClientStates, to pool: WorkerPool, on control: any Communicator) {
        self.states = states
        messages = WorkerMessages(on: control)
        pool.look(after: messages)
    }

    /// Sends these clients' states without waiting for them to be received.
    func send(_ clients: some Sequence<Int>, to worker: Int, round: RoundID) throws {
        try messages.advance()
        for client in clients {
            var message = Buffer<UInt8>(count: StateMessage.byteCount(floats: states.floats))
            message.withMutableSpan(of: UInt8.self, at: 0, count: StateMessage.headerBytes) { header in
                header.store(UInt32(round.number), at: 0)
                header.store(UInt32(round.attempt), at: 4)
                header.store(UInt32(client), at: 8)
            }
            try message.withMutableSpan(of: Float.self, at: StateMessage.headerBytes, count: states.floats) { state in
                try states.read(client, into: &state)
            }
            try messages.send(message, to: worker, tag: ControlMessage.Tag.state)
        }
    }
}
