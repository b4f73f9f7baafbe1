import MPI
import Records
import Runtime

/// The message that brings a client's state to the rank that trains it: round, attempt and client (UInt32 each), 0
/// (UInt32), then the floats, little-endian; tag 7 on the control communicator (docs/WIRE.md).
enum StateMessage {
    /// Bytes before the floats.
    static let headerBytes = 16

    /// Size of a message with a state of so many floats.
    static func byteCount(floats: Int) -> Int { headerBytes + floats * 4 }
}

/// The server's end of the transport of clients' states: sends a worker the states of the clients that it trains next,
/// straight from the file. A collective round asks for them part by part, so that few are in memory at a time.
final class ClientStateSender {
    private let states: ClientStates
    /// Sends under way.
    private let messages: WorkerMessages

    /// Registers with the pool, which forgets messages to a worker that is lost.
    /// - Parameters:
    ///   - states: the file.
    ///   - pool: the workers.
    ///   - control: for messages point to point.
    init(_ states: ClientStates, to pool: WorkerPool, on control: any Communicator) {
        self.states = states
        messages = WorkerMessages(on: control)
        pool.look(after: messages)
    }

    /// Sends these clients' states without waiting for them to be received. One read of the file and one message for
    /// each client; the memory is free again once a message has been received.
    /// - Parameters:
    ///   - clients: clients that the worker trains next.
    ///   - worker: the worker; its rank is one more.
    ///   - round: number and attempt, which the message names.
    /// - Throws: `ClientStatesError` when a state is damaged; errors of MPI.
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
