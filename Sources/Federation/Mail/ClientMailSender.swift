import MPI
import Records
import Runtime

/// The server's end of the transport of clients' mail: sends a worker what is for the clients that it works for next, states straight
/// from the file. A collective round asks for it part by part, so that little is in memory at a time.
final class ClientMailSender {
    /// Sends under way.
    private let messages: WorkerMessages

    /// Registers with the pool, which forgets messages to a worker that is lost.
    /// - Parameters:
    ///   - pool: the workers.
    ///   - control: for messages point to point.
    init(to pool: WorkerPool, on control: any Communicator) {
        messages = WorkerMessages(on: control)
        pool.look(after: messages)
    }

    /// Sends these clients' mail without waiting for it to be received. One message for each client, of a state with one read of
    /// the file; the memory is free again once a message has been received.
    /// - Parameters:
    ///   - mail: what is sent.
    ///   - clients: clients that the worker works for next.
    ///   - worker: the worker; its rank is one more.
    ///   - occasion: what it belongs to, which the message names.
    /// - Throws: `ClientStatesError` when a state is damaged; errors of MPI.
    func send(
        _ mail: ClientMail, for clients: some Sequence<Int>, to worker: Int, _ occasion: MailMessage.Occasion
    ) throws {
        try messages.advance()
        for client in clients {
            var message = try mail.message(to: client)
            MailMessage.write(occasion, client: client, to: &message)
            try messages.send(message, to: worker, tag: ControlMessage.Tag.mail)
        }
    }
}
