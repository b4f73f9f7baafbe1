import MPI
import Records
import Runtime

/// A worker's end of the transport of clients' mail: receives the states of the clients that it trains next, or letters to them.
///
/// Mail may come before or after the frame that it belongs to, and late of a round that was given up; each
/// message names what it belongs to, and others are dropped. Nothing here waits.
final class ClientMailReceiver {
    /// Bytes of a message with a state; nil where letters come, which are of any length.
    private let stateBytes: Int?
    private let control: any Communicator
    /// What mail is kept for.
    private var occasion = MailMessage.Occasion(round: RoundID(0))
    /// What has come and is not taken yet, by client.
    private var mail: [Int: Message] = [:]
    /// Messages whose receive has begun and not ended.
    private var incoming: [PendingMessage] = []

    /// A buffer in a dictionary: buffers cannot be copied.
    private final class Message {
        let bytes: Buffer<UInt8>
        init(_ bytes: consuming Buffer<UInt8>) { self.bytes = bytes }
    }

    /// Receives mail on a communicator of messages.
    /// - Parameter floats: numbers of a state; nil where letters come.
    init(floats: Int?, control: any Communicator) {
        stateBytes = floats.map(MailMessage.byteCount)
        self.control = control
    }

    /// Takes in what has come; what belongs to something else is dropped.
    ///
    /// Receives are started, not waited for: the server may be gone before a large message's end. States of another
    /// size are dropped.
    /// - Parameters:
    ///   - clients: the clients whose mail is wanted.
    ///   - occasion: what is under way; another one than at the last call forgets what was kept.
    /// - Returns: whether the mail of all these clients is here.
    /// - Complexity: O(messages under way).
    func hasAll(_ clients: some Sequence<Int>, of occasion: MailMessage.Occasion) throws -> Bool {
        if occasion != self.occasion {
            self.occasion = occasion
            mail.removeAll()
        }
        while let status = try control.iprobe(from: 0, tag: ControlMessage.Tag.mail) {
            // Without waiting for its end: the server may be gone before that.
            let request = try control.startReceive(
                into: Buffer<UInt8>(count: status.byteCount), from: 0, tag: ControlMessage.Tag.mail)
            incoming.append(PendingMessage(0, request))
        }
        var underWay: [PendingMessage] = []
        for pending in incoming {
            guard let message = try pending.completed() else {
                underWay.append(pending)
                continue
            }
            guard message.count == stateBytes ?? message.count, let head = MailMessage.head(of: message) else {
                continue
            }
            if head.occasion == occasion { mail[head.client] = Message(message) }
        }
        incoming = underWay
        return clients.allSatisfy { mail[$0] != nil }
    }

    /// Copies a client's state out and forgets it. O(floats).
    /// - Parameter state: `[floats]`.
    /// - Precondition: the state is here.
    func take(_ client: Int, into state: inout MutableSpan<Float>) {
        let message = take(client)
        message.bytes.withSpan(of: Float.self, at: MailMessage.headerBytes, count: state.count) { kept in
            for i in kept.indices { state[unchecked: i] = kept[unchecked: i] }
        }
    }

    /// Gives a client's letter out and forgets it.
    /// - Precondition: the letter is here.
    func takeLetter(to client: Int) -> [UInt8] {
        let message = take(client)
        let count = message.bytes.count - MailMessage.headerBytes
        return message.bytes.withSpan(of: UInt8.self, at: MailMessage.headerBytes, count: count) { bytes in
            bytes.indices.map { bytes[unchecked: $0] }
        }
    }

    private func take(_ client: Int) -> Message {
        guard let message = mail.removeValue(forKey: client) else { preconditionFailure("the mail has not come") }
        return message
    }
}
