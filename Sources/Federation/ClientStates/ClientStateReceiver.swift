import MPI
import Records
import Runtime

/// A worker's end of the transport of clients' states: receives the states of the clients that it trains next.
///
/// States may come before or after the frame that they belong to, and late ones of a round that was given up; each
/// names round and attempt, and those of others are dropped. Nothing here waits.
final class ClientStateReceiver {
    /// Length of a state.
    private let floats: Int
    private let control: any Communicator
    /// The round and attempt that states are kept for.
    private var round = RoundID(0)
    /// States that have come and are not taken yet, by client.
    private var states: [Int: Message] = [:]
    /// Messages whose receive has begun and not ended.
    private var incoming: [PendingMessage] = []

    /// A buffer in a dictionary: buffers cannot be copied.
    private final class Message {
        let bytes: Buffer<UInt8>
        init(_ bytes: consuming Buffer<UInt8>) { self.bytes = bytes }
    }

    /// Receives states of this length on a communicator of messages.
    init(floats: Int, control: any Communicator) {
        self.floats = floats
        self.control = control
    }

    /// Takes in what has come; states of other rounds and attempts are dropped.
    ///
    /// Receives are started, not waited for: the server may be gone before a large message's end. Messages of another
    /// size are dropped.
    /// - Parameters:
    ///   - clients: the clients whose states are wanted.
    ///   - round: the round and attempt under way; another one than at the last call forgets what was kept.
    /// - Returns: whether all of these clients' states are here.
    /// - Complexity: O(messages under way).
    func hasAll(_ clients: some Sequence<Int>, of round: RoundID) throws -> Bool {
        if round != self.round {
            self.round = round
            states.removeAll()
        }
        while let status = try control.iprobe(from: 0, tag: ControlMessage.Tag.state) {
            // Without waiting for its end: the server may be gone before that.
            let request = try control.startReceive(
                into: Buffer<UInt8>(count: status.byteCount), from: 0, tag: ControlMessage.Tag.state)
            incoming.append(PendingMessage(0, request))
        }
        var underWay: [PendingMessage] = []
        for pending in incoming {
            guard let message = try pending.completed() else {
                underWay.append(pending)
                continue
            }
            guard message.count == StateMessage.byteCount(floats: floats) else { continue }
            let (named, client) = message.withSpan(of: UInt8.self, at: 0, count: StateMessage.headerBytes) { header in
                (
                    RoundID(Int(header.load(UInt32.self, at: 0)), attempt: Int(header.load(UInt32.self, at: 4))),
                    Int(header.load(UInt32.self, at: 8))
                )
            }
            if named == round { states[client] = Message(message) }
        }
        incoming = underWay
        return clients.allSatisfy { states[$0] != nil }
    }

    /// Copies a client's state out and forgets it. O(floats).
    /// - Parameter state: `[floats]`.
    /// - Precondition: the state is here.
    func take(_ client: Int, into state: inout MutableSpan<Float>) {
        guard let message = states.removeValue(forKey: client) else { preconditionFailure("the state has not come") }
        message.bytes.withSpan(of: Float.self, at: StateMessage.headerBytes, count: floats) { kept in
            for i in 0..<floats { state[unchecked: i] = kept[unchecked: i] }
        }
    }
}
