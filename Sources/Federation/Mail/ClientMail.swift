import MPI
import Records
import Runtime

/// What goes to the rank that does a client's work, for this client alone, beside the frame that all get: its state, or, in a phase of
/// secure aggregation, a letter.
enum ClientMail {
    /// What the client kept from its last turn.
    case states(ClientStates)
    /// What the server has for each client, by its number.
    case letters([Int: [UInt8]])

    /// Makes a client's message, with room for the head before it.
    /// - Throws: `ClientStatesError` when a state is damaged.
    func message(to client: Int) throws -> Buffer<UInt8> {
        switch self {
        case .states(let states):
            var message = Buffer<UInt8>(count: MailMessage.byteCount(floats: states.floats))
            try message.withMutableSpan(of: Float.self, at: MailMessage.headerBytes, count: states.floats) { state in
                try states.read(client, into: &state)
            }
            return message
        case .letters(let letters):
            let letter = letters[client] ?? []
            var message = Buffer<UInt8>(count: MailMessage.headerBytes + letter.count)
            message.withMutableSpan(of: UInt8.self, at: MailMessage.headerBytes, count: letter.count) { bytes in
                for i in letter.indices { bytes[unchecked: i] = letter[i] }
            }
            return message
        }
    }
}

/// The message that brings a client's state, or a letter, to the rank that does its work: round, attempt, client and what it is for
/// (UInt32 each; 0 for a state, otherwise the task's code), then the floats or the bytes, little-endian; tag 7 on the control
/// communicator (docs/WIRE.md).
enum MailMessage {
    /// Bytes before the content.
    static let headerBytes = 16

    /// Size of a message with a state of so many floats.
    static func byteCount(floats: Int) -> Int { headerBytes + floats * 4 }

    /// What the message belongs to: a round and attempt, and in it states, or one task's letters.
    struct Occasion: Equatable {
        var round: RoundID
        /// 0 for states.
        var task: UInt32 = 0
    }

    /// Writes the head.
    static func write(_ occasion: Occasion, client: Int, to message: inout Buffer<UInt8>) {
        message.withMutableSpan(of: UInt8.self, at: 0, count: headerBytes) { header in
            header.store(UInt32(occasion.round.number), at: 0)
            header.store(UInt32(occasion.round.attempt), at: 4)
            header.store(UInt32(client), at: 8)
            header.store(occasion.task, at: 12)
        }
    }

    /// Reads the head; nil of a message that has none.
    static func head(of message: borrowing Buffer<UInt8>) -> (occasion: Occasion, client: Int)? {
        guard message.count >= headerBytes else { return nil }
        return message.withSpan(of: UInt8.self, at: 0, count: headerBytes) { header in
            let round = RoundID(Int(header.load(UInt32.self, at: 0)), attempt: Int(header.load(UInt32.self, at: 4)))
            return (
                Occasion(round: round, task: header.load(UInt32.self, at: 12)), Int(header.load(UInt32.self, at: 8))
            )
        }
    }
}

extension Job {
    /// What messages for a task's clients belong to.
    func occasion(_ task: ClientTask, _ round: RoundID) -> MailMessage.Occasion {
        MailMessage.Occasion(round: round, task: secure == nil ? 0 : task.kind.rawValue)
    }
}
